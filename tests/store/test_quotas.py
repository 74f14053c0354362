"""Readings of quotas and queues: which one stands, for how long, and how many are kept."""

import pytest

from exporter.store.answers import QueueReading, QuotaReading, instant
from exporter.store.bounds import QUEUES_MAX, QUOTAS_MAX
from exporter.store.telemetry import TelemetryStore
from tests.builders import NOW, queue_depth, quota
from tests.store.filled import restored


def used(store: TelemetryStore, now: float) -> list[float | None]:
    """Return how much of each allowance is used, in the order told."""
    return [one.used_ratio for one in store.board.quotas(now)]


def test_a_quota_is_told_in_full() -> None:
    """As it was read; without a model it is the provider's."""
    store = TelemetryStore()
    store.apply([quota(used_ratio=0.5, limited=False, resets_at=NOW + 60, at=NOW - 5)], NOW)
    store.apply([quota(window="7d", used_ratio=None, model="m", provider=None)], NOW)
    whole, model = store.board.quotas(NOW)
    assert whole == QuotaReading(
        agent="claude-code",
        provider="p",
        model=None,
        window="5h",
        used_ratio=0.5,
        limited=False,
        resets_at=instant(NOW + 60),
        read_at=instant(NOW - 5),
    )
    assert model == QuotaReading(
        agent="claude-code",
        provider="unknown",
        model="m",
        window="7d",
        used_ratio=None,
        limited=None,
        resets_at=None,
        read_at=instant(NOW),
    )


def test_the_latest_reading_stands() -> None:
    """By its own instant, whatever came when; each of agent, provider, model, window has one."""
    store = TelemetryStore()
    store.apply([quota(used_ratio=0.5), quota(used_ratio=0.25, at=NOW - 1)], NOW)
    others = [
        quota(agent="a", used_ratio=0.1),
        quota(provider="a", used_ratio=0.2),
        quota(model="m", used_ratio=0.3),
        quota(window="1h", used_ratio=0.4),
    ]
    store.apply(others, NOW)
    assert used(store, NOW) == [0.1, 0.2, 0.4, 0.5, 0.3]


@pytest.mark.parametrize(
    ("later_secs", "told"),
    [(0, [(0.75, True)]), (59, [(0.75, True)]), (60, [(None, None)]), (900, [])],
)
def test_a_renewed_allowance_is_unknown(
    later_secs: float, told: list[tuple[float | None, bool | None]]
) -> None:
    """Once its reset has come nobody has read it since; then the reading grows too old."""
    store = TelemetryStore(gauge_ttl_secs=900)
    store.apply([quota(used_ratio=0.75, limited=True, resets_at=NOW + 60)], NOW)
    quotas = store.board.quotas(NOW + later_secs)
    assert [(one.used_ratio, one.limited) for one in quotas] == told


def test_quotas_are_bounded() -> None:
    """The one read longest ago is forgotten, and that is counted, but not once it is too old."""
    store = TelemetryStore(gauge_ttl_secs=900)
    store.apply([quota(window=f"w{n}") for n in range(QUOTAS_MAX + 1)], NOW)
    windows = {one.window for one in store.board.quotas(NOW)}
    assert (len(windows), "w0" in windows, store.evictions["quota"]) == (QUOTAS_MAX, False, 1)
    store.apply([quota(window=f"x{n}", at=NOW + 900) for n in range(QUOTAS_MAX)], NOW + 900)
    assert store.evictions["quota"] == 1


def test_what_is_too_old_to_be_told_takes_no_room() -> None:
    """A replay of yesterday's readings pushes none of today's out."""
    store = TelemetryStore(gauge_ttl_secs=900)
    store.apply([queue_depth(queue="now", depth=3)], NOW)
    old = [queue_depth(queue=f"q{n}", depth=n, at=NOW - 900) for n in range(QUEUES_MAX)]
    store.apply(old, NOW)
    assert [reading.queue for reading in store.board.queues(NOW)] == ["now"]
    assert store.evictions["queue"] == 0


def test_which_was_read_when_comes_back() -> None:
    """After a restart the one read longest ago is still the first to go."""
    store = TelemetryStore()
    store.apply([quota(window=f"w{n}") for n in range(QUOTAS_MAX)], NOW)
    store.apply([quota(window="w0")], NOW + 1)
    again = restored(store.save())
    again.apply([quota(window="new")], NOW + 1)
    windows = {one.window for one in again.board.quotas(NOW + 1)}
    assert windows & {"w0", "w1", "new"} == {"w0", "new"}


def test_queues_are_told_one_by_one() -> None:
    """Sorted by agent and name, each as it was read last, until that is too old."""
    store = TelemetryStore(gauge_ttl_secs=900)
    store.apply([queue_depth(queue="b", depth=2), queue_depth(queue="a", depth=1, at=NOW - 9)], NOW)
    store.apply([queue_depth(queue="a", agent="agent", depth=0)], NOW)
    assert store.board.queues(NOW) == [
        QueueReading("agent", "a", 0, instant(NOW)),
        QueueReading("claude-code", "a", 1, instant(NOW - 9)),
        QueueReading("claude-code", "b", 2, instant(NOW)),
    ]
    assert [one.depth for one in store.board.queues(NOW + 891)] == [0, 2]
    assert store.board.queues(NOW + 900) == []
