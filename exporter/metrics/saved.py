"""The recorded series as bytes, and back: what a snapshot keeps of the metrics.

A field may only be added at the end of a form here, with a default, so that older parts still read.
A part holds some series of one family. What a newer version of the catalogue has changed about a
family (its labels, its buckets) begins anew: its old series are passed over, never bent to fit.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

import msgspec
from msgspec import Struct

from exporter.metrics.catalogue import CATALOGUE, Family, FamilyType
from exporter.metrics.registry import Registry
from exporter.metrics.series import Counter, Exemplar, Gauge, Histogram

SERIES_PER_PART = 500
"""About 2 ms of work for histograms."""

INTEGER_MAX = 2**63 - 1
"""The largest integer that is written as one; larger ones are written as their digits."""

PREFIX = "metrics/"

Labels = tuple[str, ...]
Number = int | float | str


class SavedCounter(Struct, array_like=True):
    """A counter: its labels, its value and when it began, Unix seconds."""

    labels: Labels
    value: Number
    created: float


class SavedGauge(Struct, array_like=True):
    """A gauge: its labels, its value, and when it was read and ends, Unix seconds."""

    labels: Labels
    value: float
    updated_at: float
    ends_at: float = math.inf


class SavedHistogram(Struct, array_like=True):
    """A histogram; `exemplars` by the index of their bucket."""

    labels: Labels
    sum: Number
    created: float
    counts: list[int]
    exemplars: dict[int, tuple[str, float, float]]


class SavedFamily(Struct):
    """Some series of one family, and what must not have changed about it; one list is filled."""

    name: str
    type: FamilyType
    labels: Labels
    buckets: tuple[float, ...] = ()
    counters: list[SavedCounter] = []
    gauges: list[SavedGauge] = []
    histograms: list[SavedHistogram] = []


_encode = msgspec.msgpack.Encoder().encode
_decoder = msgspec.msgpack.Decoder(SavedFamily)

S = TypeVar("S")
T = TypeVar("T")


def save(registry: Registry) -> Iterator[tuple[str, bytes]]:
    """Yield the recorded series, part by part: a name and msgpack.

    Nothing may be recorded until the last part was taken; reading is no harm.
    """
    registry.fold()
    for family in CATALOGUE:
        if not family.recorded:
            continue
        for number, part in enumerate(_parts(registry, family)):
            yield f"{PREFIX}{family.name}/{number}", _encode(part)


def restore(
    registry: Registry, parts: Iterable[tuple[str, bytes]], *, counters: bool = True
) -> None:
    """Put saved series into a registry that has none of them; without `counters`, gauges alone.

    Parts of others are passed over. Raises `ValueError` where one of ours cannot be read.
    """
    families = {family.name: family for family in CATALOGUE if family.recorded}
    for name, body in parts:
        if not name.startswith(PREFIX):
            continue
        saved = _decoder.decode(body)
        family = families.get(saved.name)
        if family is None or not _is_same(family, saved):
            continue
        if counters or family.type == "gauge":
            _restore_family(registry, family, saved)


def _parts(registry: Registry, family: Family) -> Iterator[SavedFamily]:
    saved = SavedFamily(family.name, family.type, family.labels, family.buckets)
    if family.type == "counter":
        for counters in _pieces(registry.counters(family).all(), _saved_counter):
            yield msgspec.structs.replace(saved, counters=counters)
    elif family.type == "gauge":
        for gauges in _pieces(registry.gauges(family).all(), _saved_gauge):
            yield msgspec.structs.replace(saved, gauges=gauges)
    else:
        for histograms in _pieces(registry.histograms(family).all(), _saved_histogram):
            yield msgspec.structs.replace(saved, histograms=histograms)


def _pieces(series: Sequence[S], saved: Callable[[S], T]) -> Iterator[list[T]]:
    for start in range(0, len(series), SERIES_PER_PART):
        yield [saved(one) for one in series[start : start + SERIES_PER_PART]]


def _saved_counter(series: Counter) -> SavedCounter:
    return SavedCounter(series.labels, _number(series.value), series.created)


def _saved_gauge(series: Gauge) -> SavedGauge:
    return SavedGauge(series.labels, series.value, series.updated_at, series.ends_at)


def _saved_histogram(series: Histogram) -> SavedHistogram:
    exemplars = {
        index: (exemplar.trace_id, exemplar.value, exemplar.at)
        for index, exemplar in series.exemplars.items()
    }
    total = _number(series.sum)
    return SavedHistogram(series.labels, total, series.created, series.counts, exemplars)


def _is_same(family: Family, saved: SavedFamily) -> bool:
    now = (family.type, family.labels, family.buckets)
    return now == (saved.type, saved.labels, saved.buckets)


def _restore_family(registry: Registry, family: Family, saved: SavedFamily) -> None:
    for counter in saved.counters:
        series = registry.counters(family).join(counter.labels, counter.created)
        series.value = _value(counter.value)
    for gauge in saved.gauges:
        reading = registry.gauges(family).join(gauge.labels, gauge.updated_at)
        reading.value, reading.ends_at = gauge.value, gauge.ends_at
    for histogram in saved.histograms:
        _restore_histogram(registry, family, histogram)


def _restore_histogram(registry: Registry, family: Family, saved: SavedHistogram) -> None:
    series = registry.histograms(family).join(saved.labels, saved.created)
    if len(saved.counts) != len(series.counts):
        raise ValueError("a histogram with another number of buckets")
    series.counts = saved.counts
    series.sum = _value(saved.sum)
    series.exemplars = {index: Exemplar(*rest) for index, rest in saved.exemplars.items()}


def _number(value: float) -> Number:
    return str(value) if isinstance(value, int) and value > INTEGER_MAX else value


def _value(number: Number) -> float:
    return int(number) if isinstance(number, str) else number
