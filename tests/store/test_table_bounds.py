"""The total bounds of the tables: what a few large entries may push out, and what makes room."""

from collections.abc import Iterable
from itertools import count

from exporter.store.model_window import ModelWindow
from exporter.store.models import ModelTable
from exporter.store.rolling import LATE_SLOTS_MAX, SLOT_ENTRIES
from exporter.store.sessions import SessionTable
from exporter.store.window import SlotClock
from tests.builders import NOW, completion

SLOTS = 10
SLOT_SECS = 10.0
BUCKETS = range(1, 101)
FULL_SLOT = SLOT_ENTRIES + len(BUCKETS)

uses = count()


class Models:
    """A table with room for five full slots in all, at some slot of its clock."""

    def __init__(self) -> None:
        self.clock = SlotClock(window_secs=SLOTS * SLOT_SECS, slots=SLOTS)
        self.table = ModelTable(self.clock, models_max=10, entries_max=5 * FULL_SLOT)
        self.advance(0)

    def advance(self, index: int) -> None:
        """Let the slot with that index begin."""
        self.clock.advance(index * SLOT_SECS)
        self.table.expire()

    def fill(self, model: str, index: int, buckets: Iterable[int] = BUCKETS) -> None:
        """Book a completion in each of some buckets of a model's slot."""
        slot = self.table.slot(("p", model), index, next(uses))
        for bucket in buckets:
            slot.latencies[bucket] = slot.latencies.get(bucket, 0) + 1
            slot.successes += 1

    def names(self) -> list[str]:
        """Return the models that are kept."""
        return sorted(model for _, model in self.table.keys())  # noqa: SIM118 - it is no dict


def test_histograms_push_out_the_least_recently_used_model() -> None:
    """Once the sealed slots of all models pass the bound, a model leaves, and that is counted."""
    models = Models()
    for model in "abc":
        for index in range(3):
            models.fill(model, index)
    assert (models.names(), models.table.evictions) == (["b", "c"], 1)
    total = models.table.total(("p", "c"))
    assert total is not None
    assert total.successes == 3 * len(BUCKETS)


def test_what_comes_late_counts_towards_the_bound() -> None:
    """Late completions fill sealed slots, and push out others like those in time."""
    models = Models()
    models.advance(9)
    models.fill("a", 9)
    for index in (9, *range(9)):
        models.fill("b", index)
    assert (models.names(), models.table.evictions) == (["b"], 1)


def test_a_sealed_slot_that_grows_counts_for_more() -> None:
    """Late completions in new buckets of slots that are sealed already push out others too."""
    models = Models()
    models.advance(9)
    models.fill("a", 9)
    for index in range(5):
        models.fill("b", index)
    for index in range(4):
        models.fill("b", index, range(101, 201))
    models.fill("b", 9)
    assert (models.names(), models.table.evictions) == (["b"], 1)


def test_a_sole_model_stays() -> None:
    """A model that passes the bound by itself is kept as long as it is alone."""
    models = Models()
    for index in range(SLOTS):
        models.fill("a", index)
    assert (models.names(), models.table.evictions) == (["a"], 0)


def test_histograms_that_left_make_room() -> None:
    """What has left the window, in time, late or with its model, pushes nobody out."""
    models = Models()
    for index in range(0, 40 * SLOTS, 7):
        models.advance(index)
        models.fill("a", index)
        models.fill("a", index - 1)
        models.fill(f"model of {index}", index - 1)
        models.fill(f"model of {index}", index)
        models.advance(index + 3)
        models.table.total(("p", "a"))
    assert models.table.evictions == 0


def test_what_left_makes_room_before_anybody_goes() -> None:
    """Slots that have left the window count for nothing, though nobody asked for their model."""
    models = Models()
    models.advance(4)
    for index in range(4):
        models.fill("idle", index)
    models.fill("idle", 4, [1])
    models.advance(12)
    for index in range(9, 13):
        models.fill("busy", index)
    assert (models.names(), models.table.evictions) == (["busy", "idle"], 0)


def test_a_model_that_goes_takes_nothing_along_but_what_is_in_the_window() -> None:
    """Nor what others sealed late in a slot that had left: all models still add up to each."""
    models = Models()
    models.fill("idle", 0)
    models.fill("idle", 5)
    models.advance(9)
    models.fill("busy", 9)
    models.fill("busy", 0, [101])
    models.advance(12)
    models.fill("busy", 12)
    models.table.windows_max = 2
    models.fill("new", 12)
    assert (models.names(), models.table.evictions) == (["busy", "new"], 1)
    together = models.table.together(models.clock.floor + 1)
    sums = {index: slot.successes for index, slot in together.items()}
    assert sums == {9: len(BUCKETS), 12: 2 * len(BUCKETS)}


def test_few_slots_are_open_for_what_comes_late() -> None:
    """However many slots late completions are for, few are gathered at a time, and none is lost."""
    window = ModelWindow()
    window.slot(1000, 880)
    for index in range(900, 1000):
        window.slot(index, 880).failures += 1
        assert len(window.late) <= LATE_SLOTS_MAX
    assert window.total(880).messages == 100


class Sessions:
    """A table with room for 120 usages in all."""

    def __init__(self) -> None:
        self.clock = SlotClock(window_secs=3600, slots=120)
        self.table = SessionTable(self.clock, sessions_max=10, usages_max=120, active_secs=300)

    def use(self, session_id: str, models: int, at: float) -> None:
        """Have a session use some models, at `at`, which is now."""
        if self.clock.advance(at):
            self.table.expire()
        for n in range(models):
            event = completion(model=f"m{n}", session_id=session_id)
            self.table.usage(event, at, self.clock.head, next(uses))

    def ids(self) -> list[str]:
        """Return the sessions that are kept."""
        return sorted(self.table.top("recent", 10))


def test_usage_pushes_out_the_least_recently_used_session() -> None:
    """Sessions with many models push out others before their memory grows past the bound."""
    sessions = Sessions()
    for session_id in "abc":
        sessions.use(session_id, 50, NOW)
    assert (sessions.ids(), sessions.table.evictions) == (["b", "c"], 1)
    session = sessions.table.get("c")
    assert session is not None
    assert len(session.newest()) == 50


def test_usage_that_left_makes_room_before_anybody_goes() -> None:
    """Usage that has left the window counts for nothing, though nobody asked for its session."""
    sessions = Sessions()
    sessions.use("idle", 60, NOW)
    sessions.use("idle", 1, NOW + 3000)
    sessions.use("busy", 100, NOW + 4000)
    assert (sessions.ids(), sessions.table.evictions) == (["busy", "idle"], 0)


def test_usage_that_left_makes_room() -> None:
    """What has left the window, of live sessions or passed ones, pushes nobody out."""
    sessions = Sessions()
    for hour in range(4):
        at = NOW + hour * 3000
        sessions.use("long", 50, at)
        sessions.use(f"s{hour}", 1, at)
        sessions.use("long", 1, at + 2000)
    for day in range(1, 40):
        for session_id in "st":
            sessions.use(session_id, 6, NOW + day * 86_400)
    assert sessions.table.evictions == 0
