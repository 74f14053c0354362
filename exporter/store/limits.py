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
from exporter.store.limit import Limit, PairLimits
from exporter.store.parts import in_parts
from exporter.store.saved import SavedLimit

WHOLE_PROVIDER: Final = ""

CALL: Final = ""
"""Who holds the limit that refused calls tell of; all others are windows of a quota, and named."""

GaugeRow = tuple[str, str, bool, float | None]
"""Provider, model, whether it is limited, and the Unix second of the reset if it is."""


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
        limit = Limit.signalled(at, resets_at, self.ttl_secs)
        if not limit.holds(now):
            return None
        key = (provider, model)
        pair = self._pairs.get(key) or PairLimits()
        limited, unlifted = pair.reset_at(now) is not None, pair.unlifted
        if not pair.signal(holder, limit, now):
            return None
        self.evictions += self._put(key, pair, unlifted)
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

    def merge(self, provider: str, model: str, holder: str, limit: Limit, now: float) -> None:
        """Take in what was said elsewhere, as if it had been said here in its order."""
        key = (provider, model)
        pair = self._pairs.get(key) or PairLimits()
        unlifted = pair.unlifted
        pair.merge(holder, limit, now)
        self.evictions += self._put(key, pair, unlifted)

    def save(self) -> Iterator[list[SavedLimit]]:
        """Yield all limits, those of the least recently signalled pairs first."""
        forms = (
            SavedLimit(*key, holder, limit.signalled_at, limit.reset_at, limit.known)
            for key, pair in list(self._pairs.items())
            for holder, limit in pair.items()
        )
        return in_parts(forms, lambda _: 1)

    def restore(self, form: SavedLimit) -> None:
        """Take in a limit that was saved, after all that were signalled before it."""
        key = (form.provider, form.model)
        pair = self._pairs.get(key) or PairLimits()
        unlifted = pair.unlifted
        limit = Limit(signalled_at=form.signalled_at, reset_at=form.reset_at, known=form.known)
        pair.put(form.holder, limit)
        self._put(key, pair, unlifted)

    def _put(self, key: tuple[str, str], pair: PairLimits, unlifted: int) -> int:
        """Put a pair in as the latest, which had so many unlifted; return how many had to go."""
        gone = pair.make_room()
        self.unlifted += pair.unlifted - unlifted
        self._pairs[key] = pair
        self._pairs.move_to_end(key)
        if len(self._pairs) > self.limits_max:
            self.unlifted -= self._pairs.popitem(last=False)[1].unlifted
            gone += 1
        return gone

    def _about(self, provider: str, model: str) -> list[PairLimits]:
        """Return what limits a model: its own limits, and those of its provider if it is known."""
        names = (model,) if provider == UNKNOWN else (model, WHOLE_PROVIDER)
        return [pair for name in names if (pair := self._pairs.get((provider, name))) is not None]
