"""One session: who works in it, when it was last heard of, and what it used over the window.

It is self-contained, so that evicting it is a single step. Its slots are longer than the clock's
(see `exporter.store.sessions`), and hold a `SessionUsage` for each model. Beside them it keeps what
would take too long to find out from them: in how many slots each model is, how many usages there
are, and what was spent in all.
"""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Final

from exporter.event.types import OTHER, UNKNOWN
from exporter.store.aggregate import SessionUsage, Spending, Usage, UsageSums
from exporter.store.saved import SavedSession, SavedUsage, saved
from exporter.store.window import NEVER, SlotRow

SESSION_SLOTS: Final = 12
"""Into how many slots at most the window is divided for the usage of a session."""

SESSION_MODELS_MAX: Final = 100
"""Once a session has so many models, the usage of others is booked under `OTHER`."""

Usages = dict[str, SessionUsage]
"""Usage in one slot, by model."""

UsageByModel = Mapping[str, Usage]

_save_usage = saved(SavedUsage)


def stride(slots: int) -> int:
    """Return how many of a clock's slots make one of a session's, where they make up the window."""
    return ceil(slots / SESSION_SLOTS)


def added_up(parts: Sequence[UsageByModel]) -> UsageByModel:
    """Return usage by model added up, models in the order they come in; it is to be read alone."""
    totals: dict[str, Usage] = {}
    own: set[str] = set()
    for part in parts:
        for model, usage in part.items():
            before = totals.get(model)
            if before is None:
                totals[model] = usage
            else:
                if model not in own:
                    own.add(model)
                    totals[model] = Usage()
                    totals[model].merge(before)
                totals[model].merge(usage)
    return totals


class Session(SlotRow[Usages]):
    """`usages` is how many `SessionUsage` objects the slots hold.

    `past_used` is the number of the latest use that wrote to another slot than `open`, or began it.
    `last_event_at` is the newest instant (Unix seconds) of any event and `last_slot` the clock's
    slot that it is in. `recent` is whether the table lists it among those that may be at work.
    `open` is the newest slot that has usage, the one with the index `head`.
    """

    __slots__ = (
        "_names",
        "agent",
        "head",
        "last_event_at",
        "last_slot",
        "open",
        "past_used",
        "recent",
        "spending",
        "usages",
        "used",
    )

    def __init__(self) -> None:
        super().__init__()
        self.agent = UNKNOWN
        self.used = 0
        self.recent = False
        self.last_event_at = float("-inf")
        self.last_slot = NEVER
        self.head = NEVER
        self.open: Usages = {}
        self.spending = Spending()
        self.usages = 0
        self.past_used = 0
        # A decoded name is a new object in every event: the first of each is kept, beside the
        # number of slots that the model is in.
        self._names: dict[str, tuple[str, int]] = {}

    def hear(self, agent: str, at: float, slot: int) -> None:
        """Take in that elsewhere it was last heard of at `at` (Unix seconds), in that slot."""
        if agent != UNKNOWN and (self.agent == UNKNOWN or at >= self.last_event_at):
            self.agent = agent
        self.last_slot = max(self.last_slot, slot)
        self.last_event_at = max(self.last_event_at, at)

    def slot(self, index: int) -> Usages:
        """Return the usages of the slot with that index, which is about to be written to."""
        if index not in self.slots:
            self.put(index, {})
        if index != self.head:
            self.past_used = self.used
        if index > self.head:
            self.head = index
            self.open = self.slots[index]
        return self.slots[index]

    def new_usage(
        self, model: str, slot: Usages, models_max: int = SESSION_MODELS_MAX
    ) -> SessionUsage:
        """Return where to book a model that a slot does not have yet, making it if need be."""
        name, slots = self._names.get(model, (model, 0))
        if not slots and len(self._names) >= models_max:
            name, slots = OTHER, self._names.get(OTHER, (OTHER, 0))[1]
            if OTHER in slot:
                return slot[OTHER]
        usage = slot[name] = SessionUsage(self.spending)
        self._names[name] = (name, slots + 1)
        self.usages += 1
        return usage

    def absorb(
        self, index: int, by_model: Mapping[str, UsageSums], models_max: int = SESSION_MODELS_MAX
    ) -> None:
        """Add usage to the slot with that index."""
        slot = self.slot(index)
        for model, sums in by_model.items():
            usage = slot.get(model)
            if usage is None:
                usage = self.new_usage(model, slot, models_max)
            usage.book(sums)

    def leave(self, floor: int) -> None:
        """Let go of the slots up to `floor`."""
        if self.oldest > floor:
            return
        for slot in self.expire(floor):
            for model, usage in slot.items():
                self._forget(model)
                self.spending.remove(usage)
            self.usages -= len(slot)
        if self.head <= floor:
            self.head = NEVER

    def newest(self) -> UsageByModel:
        """Return the usage of the newest slot that has any, which is our own."""
        return self.slots.get(self.head, {})

    def past_usages(self) -> tuple[UsageByModel, UsageByModel]:
        """Return the usage of the slots that are before `open` in `slots`, and of those after it.

        It stays what it is until `past_used` or `oldest` changes.
        """
        indices = list(self.slots)
        at = indices.index(self.head) if self.head in self.slots else len(indices)
        before, after = indices[:at], indices[at + 1 :]
        return (
            added_up([self.slots[index] for index in before]),
            added_up([self.slots[index] for index in after]),
        )

    def save(self, session_id: str) -> SavedSession:
        """Return the form of this session as it is."""
        return SavedSession(
            session_id,
            agent=self.agent,
            used=self.used,
            recent=self.recent,
            last_event_at=self.last_event_at,
            last_slot=self.last_slot,
            slots={
                index: {model: _save_usage(usage) for model, usage in slot.items()}
                for index, slot in self.slots.items()
            },
        )

    def restore(self, form: SavedSession) -> None:
        """Become the session that was saved, but for its slots; this one must be fresh."""
        self.agent = form.agent
        self.used = form.used
        self.recent = form.recent
        self.last_event_at = form.last_event_at
        self.last_slot = form.last_slot

    def _forget(self, model: str) -> None:
        name, slots = self._names.pop(model)
        if slots > 1:
            self._names[name] = (name, slots - 1)
