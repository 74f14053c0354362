"""Which models their provider refuses to serve just now, and until when.

A signal either says when the limit resets or leaves that to be guessed (a TTL). A known reset is
believed until it comes. A guess is given up as soon as a call that began after the signal succeeds.
Signals may come late and out of order: the one with the newest instant stands.

Several may hold a limit on the same pair at once: refused calls, and each window of a quota. What
one of them says leaves the others' limits as they are, since an agent reports all of its windows
together, and the week may be used up while the five hours are not. The pair is limited while one
of them is in force, and until the latest reset of those.

A limit of model "" (`WHOLE_PROVIDER`) is one of all models of its provider, unless nobody knows
which provider that is.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Final

from exporter.event.types import UNKNOWN

WHOLE_PROVIDER: Final = ""

CALL: Final = ""
"""Who holds the limit that refused calls tell of; all others are windows of a quota, and named."""

HOLDERS_MAX: Final = 8
"""How many may hold a limit on one pair; the least recently signalled leaves."""

RESET_AHEAD_SECS_MAX: Final = 32 * 86_400
"""How far ahead a reset is believed: no allowance is counted over more than a month."""

GaugeRow = tuple[str, str, bool, float | None]
"""Provider, model, whether it is limited, and the Unix second of the reset if it is."""


class Limit:
    """The newest signal of one holder about one pair; `reset_at` is `None` once it was lifted."""

    __slots__ = ("known", "reset_at", "signalled_at")

    def __init__(self, *, signalled_at: float, resets_at: float | None, ttl_secs: float) -> None:
        self.signalled_at = signalled_at
        self.reset_at: float | None = signalled_at + ttl_secs
        self.known = False
        if resets_at is not None and 0 < resets_at - signalled_at <= RESET_AHEAD_SECS_MAX:
            self.reset_at = resets_at
            self.known = True

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
        self._by_holder[holder] = limit
        self._by_holder.move_to_end(holder)
        return True

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
        return lifted

    def success(self, *, began_at: float, at: float) -> int:
        """Lift every limit that a success disproves; return how many that is."""
        lifted = 0
        for limit in self._by_holder.values():
            if limit.disproved(began_at=began_at, at=at):
                limit.reset_at = None
                lifted += 1
        return lifted


class LimitTable:
    """At most `limits_max` pairs that are or were limited; the least recently signalled leaves.

    `evictions` counts those that had to go, pairs and single holders. `unlifted` is how many limits
    may be in force: what the hot path asks first.
    """

    def __init__(self, *, limits_max: int, ttl_secs: float) -> None:
        self.limits_max = limits_max
        self.ttl_secs = ttl_secs
        self.evictions = 0
        self.unlifted = 0
        self._pairs: OrderedDict[tuple[str, str], PairLimits] = OrderedDict()

    def signal(
        self,
        provider: str,
        model: str,
        holder: str,
        *,
        at: float,
        resets_at: float | None,
        now: float,
    ) -> float | None:
        """Take in that calls were refused at `at`; return the reset if the pair was not limited.

        A reset that does not lie after the signal, or lies more than `RESET_AHEAD_SECS_MAX` after
        it, is no reset, and is guessed instead. A limit that would be over by `now` is not set.
        """
        limit = Limit(signalled_at=at, resets_at=resets_at, ttl_secs=self.ttl_secs)
        if not limit.holds(now):
            return None
        key = (provider, model)
        pair = self._pairs.get(key) or PairLimits()
        limited, unlifted = pair.reset_at(now) is not None, pair.unlifted
        if not pair.signal(holder, limit, now):
            return None
        self.evictions += pair.make_room()
        self.unlifted += pair.unlifted - unlifted
        self._pairs[key] = pair
        self._pairs.move_to_end(key)
        if len(self._pairs) > self.limits_max:
            self.unlifted -= self._pairs.popitem(last=False)[1].unlifted
            self.evictions += 1
        return None if limited else limit.reset_at

    def lift(self, provider: str, model: str, holder: str, *, at: float) -> None:
        """Take in that calls were accepted again at `at`, as far as this holder goes."""
        pair = self._pairs.get((provider, model))
        if pair is not None:
            self.unlifted -= pair.lift(holder, at)

    def success(self, provider: str, model: str, *, began_at: float, at: float) -> None:
        """Take in that a call succeeded: what it disproves is lifted, whoever holds it."""
        for pair in self._about(provider, model):
            self.unlifted -= pair.success(began_at=began_at, at=at)

    def reset_at(self, provider: str, model: str, now: float) -> float | None:
        """Return when the limit on a model ends, its provider's included; `None` without one."""
        resets = [pair.reset_at(now) for pair in self._about(provider, model)]
        return max((reset_at for reset_at in resets if reset_at is not None), default=None)

    def in_force(self, now: float) -> Iterator[tuple[str, str]]:
        """Yield the pairs that are limited at `now`."""
        return (key for key, pair in self._pairs.items() if pair.reset_at(now) is not None)

    def rows(self, models: Iterable[tuple[str, str]], now: float) -> list[GaugeRow]:
        """Return a row for each of `models` and for each pair that is or has been limited."""
        pairs = dict.fromkeys(models) | dict.fromkeys(self._pairs)
        rows = [(pair, self.reset_at(*pair, now)) for pair in pairs]
        return [(*pair, reset_at is not None, reset_at) for pair, reset_at in rows]

    def _about(self, provider: str, model: str) -> list[PairLimits]:
        """Return what limits a model: its own limits, and those of its provider if it is known."""
        names = (model,) if provider == UNKNOWN else (model, WHOLE_PROVIDER)
        return [pair for name in names if (pair := self._pairs.get((provider, name))) is not None]
