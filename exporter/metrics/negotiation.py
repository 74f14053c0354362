"""Which format a scraper gets: its `Accept` header against the list of what is spoken.

Nothing of the header is ever repeated in the answer, and nothing in it is an error: a scraper that
asks for what there is not gets the plainest text.
"""

from collections.abc import Iterator
from typing import NamedTuple

from exporter.metrics.exposition import Format

_VERSIONS = {
    ("application/openmetrics-text", ""): Format.OPENMETRICS_1_0_0,
    ("application/openmetrics-text", "1.0.0"): Format.OPENMETRICS_1_0_0,
    ("text/plain", ""): Format.TEXT_0_0_4,
    ("text/plain", "0.0.4"): Format.TEXT_0_0_4,
    ("text/plain", "1.0.0"): Format.TEXT_1_0_0,
    ("text/*", ""): Format.TEXT_0_0_4,
    ("*/*", ""): Format.TEXT_0_0_4,
}

_ESCAPINGS = frozenset({"allow-utf-8", "underscores", "values"})
"""The schemes under which our names stay as they are; `dots` would double every underscore."""


class _Offer(NamedTuple):
    """One element of a list header: its name in lower case, its parameters, its weight."""

    name: str
    parameters: dict[str, str]
    weight: float


def choose_format(accept: str) -> tuple[Format, str]:
    """Return the format that `accept` likes best of those spoken, and its `Content-Type`."""
    best, best_weight, escaping = Format.TEXT_0_0_4, 0.0, ""
    for offer in _offers(accept):
        form = _VERSIONS.get((offer.name, offer.parameters.get("version", "")))
        if form is not None and offer.weight > best_weight:
            best, best_weight = form, offer.weight
            escaping = offer.parameters.get("escaping", "")
    content_type = f"{best.value}; charset=utf-8"
    if best is not Format.TEXT_0_0_4:
        scheme = escaping if escaping in _ESCAPINGS else "underscores"
        content_type = f"{content_type}; escaping={scheme}"
    return best, content_type


def accepts_gzip(accept_encoding: str) -> bool:
    """Return whether an `Accept-Encoding` header allows gzip."""
    weights = {offer.name: offer.weight for offer in _offers(accept_encoding)}
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def _offers(header: str) -> Iterator[_Offer]:
    for element in header.split(","):
        name, *rest = (part.strip().lower() for part in element.split(";"))
        parameters = {
            key.strip(): value.strip().strip('"')
            for key, sign, value in (part.partition("=") for part in rest)
            if sign
        }
        try:
            weight = float(parameters.pop("q", "1"))
        except ValueError:
            continue
        if 0 < weight <= 1:
            yield _Offer(name, parameters, weight)
        elif weight == 0:
            yield _Offer(name, {"version": "none"}, 0.0)
