"""How many limits are kept, and how many of them may be in force."""

from exporter.store.limit import HOLDERS_MAX
from exporter.store.limits import CALL, WHOLE_PROVIDER, LimitTable
from exporter.store.telemetry import TelemetryStore
from tests.builders import NOW, limit_hit, quota


def test_limits_are_bounded() -> None:
    """The pair that was signalled longest ago is forgotten, and that is counted."""
    store = TelemetryStore()
    store.apply([limit_hit(model=f"m{n}") for n in range(1000)], NOW)
    store.apply([limit_hit(model="m0"), limit_hit(model="one more")], NOW)
    assert store.evictions["limit"] == 1
    assert store.model_performance("m0", now=NOW).subscription_limit_reached
    assert not store.model_performance("m1", now=NOW).subscription_limit_reached


def test_the_holders_of_a_limit_are_bounded() -> None:
    """The window that was read longest ago is forgotten, with its limit, and that is counted."""
    store = TelemetryStore()
    for n in (*range(HOLDERS_MAX), 0, HOLDERS_MAX):
        store.apply([quota(window=f"w{n}", limited=True, resets_at=NOW + 9000 - n)], NOW)
    store.apply([quota(window="w0", limited=False)], NOW)
    assert store.gauge_rows(NOW) == [("p", "", True, NOW + 9000 - 2)]
    assert store.evictions["limit"] == 1


def test_what_may_be_in_force_is_counted() -> None:
    """Every limit counts once until it is lifted, disproved or forgotten, and then no more."""
    table = LimitTable(limits_max=2, ttl_secs=3600)

    def signal(model: str, holder: str, resets_at: float | None = None) -> int:
        table.signal("p", model, holder, at=NOW, resets_at=resets_at, now=NOW)
        return table.unlifted

    def lift(model: str, holder: str) -> int:
        table.lift("p", model, holder, at=NOW)
        return table.unlifted

    def success(model: str) -> int:
        table.success("p", model, began_at=NOW + 1, at=NOW + 2)
        return table.unlifted

    held = [signal("m", CALL), signal("m", "5h", NOW + 60), signal("m", CALL)]
    assert [*held, signal(WHOLE_PROVIDER, "7d"), signal(WHOLE_PROVIDER, "5h")] == [1, 2, 2, 3, 4]
    assert [success("m"), success("m"), signal("m", CALL)] == [1, 1, 2]
    assert [lift("m", "5h"), lift("m", "5h"), lift("m", "7d"), lift("n", CALL)] == [1, 1, 1, 1]
    assert [signal("n", CALL), signal("o", CALL), success("n"), success("o")] == [2, 2, 1, 0]
