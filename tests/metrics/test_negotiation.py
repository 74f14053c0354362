"""Every `Accept` header gets a valid scrape."""

import hypothesis
import pytest
from hypothesis import strategies as st

from exporter.metrics.exposition import Format
from exporter.metrics.negotiation import accepts_gzip, choose_format

PROMETHEUS_2 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores"


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("", TEXT),
        ("*/*", TEXT),
        ("text/html,application/xhtml+xml,*/*;q=0.8", TEXT),
        ("text/plain", TEXT),
        ("text/plain;version=0.0.4", TEXT),
        ("image/png", TEXT),
        (PROMETHEUS_2, OPENMETRICS),
        (PROMETHEUS_3, OPENMETRICS.replace("underscores", "allow-utf-8")),
        ("application/openmetrics-text", OPENMETRICS),
        ('application/openmetrics-text; version="1.0.0"', OPENMETRICS),
        ("Application/OpenMetrics-Text; Version=1.0.0; charset=utf-8", OPENMETRICS),
        ("application/openmetrics-text; version=abc", TEXT),
        ("application/openmetrics-text; version=99.9.9", TEXT),
        ("application/openmetrics-text; version=0.0.1", TEXT),
        ("application/openmetrics-text; version=1.0.0; q=0", TEXT),
        ("application/openmetrics-text; version=1.0.0; q=0.1, text/plain; q=0.9", TEXT),
        ("application/openmetrics-text; version=1.0.0; q=wat", TEXT),
        ("application/openmetrics-text; version=1.0.0; q=2", TEXT),
        ("application/openmetrics-text; version=1.0.0; escaping=dots", OPENMETRICS),
        (
            "text/plain; version=1.0.0; escaping=values",
            "text/plain; version=1.0.0; charset=utf-8; escaping=values",
        ),
        ("text/plain;version=0.0.4, application/openmetrics-text;version=1.0.0", TEXT),
        ("application/openmetrics-text, text/plain", OPENMETRICS),
        (";;;,,,===", TEXT),
    ],
)
def test_a_header_gets_the_format_it_likes_best(accept: str, content_type: str) -> None:
    """Of those spoken; an unknown version, a bad weight or nonsense gets plain text."""
    assert choose_format(accept)[1] == content_type


@hypothesis.given(st.text() | st.text(';,=q. */0123456789abcdefghijklmnopqrstuvwxyz"-'))
def test_no_header_is_an_error_or_is_repeated(accept: str) -> None:
    """Any text gets one of the formats, and one of their content types."""
    form, content_type = choose_format(accept)
    assert isinstance(form, Format)
    assert content_type.split("; escaping=")[0] == f"{form.value}; charset=utf-8"
    assert content_type.partition("; escaping=")[2] in {"", "underscores", "allow-utf-8", "values"}


@pytest.mark.parametrize(
    ("accept_encoding", "gzip"),
    [
        ("", False),
        ("gzip", True),
        ("deflate, gzip;q=0.5", True),
        ("gzip;q=0", False),
        ("gzip;q=0, *", False),
        ("*", True),
        ("*;q=0", False),
        ("identity", False),
        ("GZIP", True),
        ("gzip;q=wat", False),
    ],
)
def test_gzip_is_used_where_it_is_allowed(accept_encoding: str, *, gzip: bool) -> None:
    """And nowhere else."""
    assert accepts_gzip(accept_encoding) is gzip
