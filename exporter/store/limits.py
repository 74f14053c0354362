"""Which models their provider refuses to serve just now, and until when.

A signal either says when the limit resets or leaves that to be guessed (a TTL). A known reset is
believed until it comes. A guess is given up as soon as a call that began after the signal succeeds.
Signals may come late and out of order: the one with the newest instant stands.

A limit of model "" (`WHOLE_PROVIDER`) is one of all models of its provider, unless nobody knows
which provider that is.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Final

from exporter.event.types import UNKNOWN

WHOLE_PROVIDER: Final = ""

GaugeRow = tuple[str, str, bool, float | None]
"""Provider, model, whether it is limited, and the Unix second of the reset if it is."""


class Limit:
    """The newest signal about one pair; `reset_at` is `None` once it was lifted."""

    __slots__ = ("known", "reset_at", "signalled_at")

    def __init__(self, *, signalled_at: float, reset_at: float, known: bool) -> None:
        self.signalled_at = signalled_at
        self.reset_at: float | None = reset_at
        self.known = known

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


class LimitTable:
    """At most `limits_max` pairs that are or were limited; the least recently signalled leaves.

    `evictions` counts those that had to go. `any` is whether some limit may be in force: what the
    hot path asks first.
    """

    def __init__(self, *, limits_max: int, ttl_secs: float) -> None:
        self.limits_max = limits_max
        self.ttl_secs = ttl_secs
        self.evictions = 0
        self.any = False
        self._limits: OrderedDict[tuple[str, str], Limit] = OrderedDict()

    def signal(
        self, provider: str, model: str, *, at: float, resets_at: float | None, now: float
    ) -> float | None:
        """Take in that calls were refused at `at`; return the reset if this limits the pair anew.

        A reset that does not lie after the signal is no reset, and is guessed instead. A limit
        that would be over by `now` is not set.
        """
        known = resets_at is not None and resets_at > at
        reset_at = resets_at if known and resets_at is not None else at + self.ttl_secs
        limit = Limit(signalled_at=at, reset_at=reset_at, known=known)
        if not limit.holds(now):
            return None
        key = (provider, model)
        before = self._limits.get(key)
        if before is not None and not before.yields_to(limit, now):
            return None
        self._limits[key] = limit
        self._limits.move_to_end(key)
        self.any = True
        if len(self._limits) > self.limits_max:
            self._limits.popitem(last=False)
            self.evictions += 1
        return None if before is not None and before.holds(now) else reset_at

    def lift(self, provider: str, model: str, *, at: float) -> None:
        """Take in that calls were accepted again at `at`, unless a newer signal said otherwise."""
        limit = self._limits.get((provider, model))
        if limit is not None and at >= limit.signalled_at:
            limit.signalled_at = at
            limit.reset_at = None

    def success(self, provider: str, model: str, *, began_at: float, at: float) -> None:
        """Take in that a call succeeded: what it disproves is lifted."""
        for name in (model, WHOLE_PROVIDER):
            limit = self._limits.get((provider, name))
            if limit is None or limit.reset_at is None or not _applies(provider, name):
                continue
            if at >= limit.reset_at or (not limit.known and began_at > limit.signalled_at):
                limit.reset_at = None
                self.any = any(limit.reset_at is not None for limit in self._limits.values())

    def reset_at(self, provider: str, model: str, now: float) -> float | None:
        """Return when the limit on a model ends, its provider's included; `None` without one."""
        resets = [
            limit.reset_at
            for name in (model, WHOLE_PROVIDER)
            if (limit := self._limits.get((provider, name))) is not None
            and limit.reset_at is not None
            and limit.holds(now)
            and (name == model or _applies(provider, name))
        ]
        return max(resets, default=None)

    def in_force(self, now: float) -> Iterator[tuple[str, str]]:
        """Yield the pairs that are limited at `now`."""
        return (key for key, limit in self._limits.items() if limit.holds(now))

    def rows(self, models: Iterable[tuple[str, str]], now: float) -> list[GaugeRow]:
        """Return a row for each of `models` and for each pair that is or has been limited."""
        pairs = dict.fromkeys(models) | dict.fromkeys(self._limits)
        rows = [(pair, self.reset_at(*pair, now)) for pair in pairs]
        return [(*pair, reset_at is not None, reset_at) for pair, reset_at in rows]


def _applies(provider: str, model: str) -> bool:
    """Return whether a limit stored under `model` says something about models of `provider`."""
    return model != WHOLE_PROVIDER or provider != UNKNOWN
