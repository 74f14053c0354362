"""The limits on one pair of provider and model: who set each, until when, and what lifts it."""

from collections import OrderedDict
from collections.abc import Iterator
from typing import Final, Self

HOLDERS_MAX: Final = 8
"""How many may hold a limit on one pair; the least recently signalled leaves."""

RESET_AHEAD_SECS_MAX: Final = 32 * 86_400
"""How far ahead a reset is believed: no allowance is counted over more than a month."""


class Limit:
    """The newest signal of one holder about one pair.

    `reset_at` is `None` once it was lifted. `known` is whether the reset, or that it was lifted, is
    known: a guess may turn out wrong.
    """

    __slots__ = ("known", "reset_at", "signalled_at")

    def __init__(self, *, signalled_at: float, reset_at: float | None, known: bool) -> None:
        self.signalled_at = signalled_at
        self.reset_at = reset_at
        self.known = known

    @classmethod
    def signalled(cls, at: float, resets_at: float | None, ttl_secs: float) -> Self:
        """Return the limit that a signal tells of; a reset beyond belief is guessed instead."""
        if resets_at is not None and 0 < resets_at - at <= RESET_AHEAD_SECS_MAX:
            return cls(signalled_at=at, reset_at=resets_at, known=True)
        return cls(signalled_at=at, reset_at=at + ttl_secs, known=False)

    def holds(self, now: float) -> bool:
        """Return whether the limit is in force at `now`."""
        return self.reset_at is not None and self.reset_at > now

    def yields_to(self, newer: "Limit", now: float) -> bool:
        """Return whether a later signal replaces this one: a guess never shortens knowledge."""
        if newer.signalled_at < self.signalled_at:
            return False
        if newer.known or not self.known or not self.holds(now):
            return True
        return (newer.reset_at or 0.0) >= (self.reset_at or 0.0)

    def disproved(self, *, began_at: float, at: float) -> bool:
        """Return whether a success shows that the limit, not lifted before, is over.

        One whose reset came is over anyway; lifting it spares the hot path the question.
        """
        if self.reset_at is None:
            return False
        return at >= self.reset_at or (not self.known and began_at > self.signalled_at)


class PairLimits:
    """The limits on one pair, by their holders, the least recently signalled first."""

    __slots__ = ("_by_holder",)

    def __init__(self) -> None:
        self._by_holder: OrderedDict[str, Limit] = OrderedDict()

    @property
    def unlifted(self) -> int:
        """How many limits nobody has lifted, their time up or not."""
        return sum(limit.reset_at is not None for limit in self._by_holder.values())

    def reset_at(self, now: float) -> float | None:
        """Return the latest reset of the limits in force at `now`; `None` without one."""
        held = [limit for limit in self._by_holder.values() if limit.holds(now)]
        return max((limit.reset_at for limit in held if limit.reset_at is not None), default=None)

    def signal(self, holder: str, limit: Limit, now: float) -> bool:
        """Take a signal in; return whether it stands, rather than what its holder said before."""
        before = self._by_holder.get(holder)
        if before is not None and not before.yields_to(limit, now):
            return False
        self.put(holder, limit)
        return True

    def merge(self, holder: str, limit: Limit, now: float) -> None:
        """Take in what a holder said elsewhere, as if both had been said here in their order."""
        ours = self._by_holder.get(holder)
        if ours is not None and limit.signalled_at < ours.signalled_at:
            if limit.yields_to(ours, now):
                return
        elif ours is not None and not ours.yields_to(limit, now):
            return
        self.put(holder, limit)

    def put(self, holder: str, limit: Limit) -> None:
        """Let this be what a holder said, and said last."""
        self._by_holder[holder] = limit
        self._by_holder.move_to_end(holder)

    def items(self) -> Iterator[tuple[str, Limit]]:
        """Yield the holders and what they said, the least recently signalled first."""
        return iter(self._by_holder.items())

    def make_room(self) -> int:
        """Forget what is one too many; return how many limits that was."""
        if len(self._by_holder) <= HOLDERS_MAX:
            return 0
        self._by_holder.popitem(last=False)
        return 1

    def lift(self, holder: str, at: float) -> int:
        """Lift what a holder said, unless it was said after `at`; return how many limits that is.

        What was lifted is kept, so that an older signal that comes late does not set it again.
        """
        limit = self._by_holder.get(holder)
        if limit is None or at < limit.signalled_at:
            return 0
        lifted = limit.reset_at is not None
        limit.signalled_at = at
        limit.reset_at = None
        limit.known = True
        return lifted

    def success(self, *, began_at: float, at: float) -> int:
        """Lift every limit that a success disproves; return how many that is."""
        lifted = 0
        for limit in self._by_holder.values():
            if limit.disproved(began_at=began_at, at=at):
                limit.reset_at = None
                lifted += 1
        return lifted
