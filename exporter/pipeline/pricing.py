"""What a completion cost, where its sender did not say and a price was configured.

The first entry that matches gives the prices, and whatever it leaves open is unknown: a cost is
never guessed. Prices are looked for by the model's name with and without the provider before it,
however the sender wrote it, so that `opus` and `anthropic/opus` from `anthropic` are one model.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Final, NamedTuple

from exporter.event.tokens import PARTS, Tokens
from exporter.event.types import UNKNOWN, USD_MAX, Completion

ANYTHING: Final = "*"
"""What stands in a pattern for any characters, or none; all others stand for themselves.

Brackets do too: there are models that have them in their names.
"""

PriceEntry = tuple[str, Sequence[float | None]]
"""A pattern, and dollars per million tokens of each of `PARTS`; `None` is unknown."""

_REMEMBERED_MAX: Final = 4_096
_TOKENS_PER_PRICE: Final = 1_000_000
_MICRO_USD_MAX: Final = USD_MAX * _TOKENS_PER_PRICE


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars per million tokens, part by part; NaN where that is unknown, and so is any sum."""

    input: float
    output: float
    reasoning: float
    cache_read: float
    cache_write: float
    free: bool

    def cost_usd(self, tokens: Tokens | None) -> float | None:
        """Return what tokens cost; `None` where a part has no price, or none was reported.

        What is free costs 0, however much it was. A cost beyond what an event may have is unknown.
        """
        if self.free:
            return 0.0
        if tokens is None:
            return None
        micro_usd = 0.0
        # Each field is read once: on every completion's way, and a read is half of the work.
        if count := tokens.input:
            micro_usd += count * self.input
        if count := tokens.output:
            micro_usd += count * self.output
        if count := tokens.reasoning:
            micro_usd += count * self.reasoning
        if count := tokens.cache_read:
            micro_usd += count * self.cache_read
        if count := tokens.cache_write:
            micro_usd += count * self.cache_write
        if 0 < micro_usd <= _MICRO_USD_MAX:  # NaN is not.
            return micro_usd / _TOKENS_PER_PRICE
        reported = tokens.prompt is not None or tokens.generated is not None
        return 0.0 if reported and micro_usd == 0 else None


class _Priced(NamedTuple):
    """An entry: what a name begins with, what follows that with anything between, and its price.

    Where nothing `follows`, the name is what it begins with.
    """

    start: str
    follows: tuple[str, ...]
    price: Price

    @classmethod
    def read(cls, pattern: str, usd: Sequence[float | None]) -> "_Priced":
        start, *follows = pattern.split(ANYTHING)
        return cls(start, tuple(follows), _price(usd))

    def matches(self, name: str) -> bool:
        """Return whether a name matches; in time linear in it, whatever the pattern."""
        if not self.follows:
            return name == self.start
        position = len(self.start)
        *between, end = self.follows
        for piece in between:
            position = name.find(piece, position)
            if position < 0:
                return False
            position += len(piece)
        return len(name) - len(end) >= position and name.endswith(end)


def _price(usd: Sequence[float | None]) -> Price:
    named = dict(zip(PARTS, usd, strict=True))
    if named["reasoning"] is None:
        named["reasoning"] = named["output"]
    known = {part: math.nan if price is None else price for part, price in named.items()}
    return Price(**known, free=not any(known.values()))


def _first_match(priced: Iterable[_Priced], provider: str, model: str) -> Price | None:
    name = model.removeprefix(f"{provider}/")
    full_name = f"{provider}/{name}"
    for entry in priced:
        # Nearly all are told apart by this, at a third of what a call takes.
        start = entry.start
        if name.startswith(start) and entry.matches(name):
            return entry.price
        if full_name.startswith(start) and entry.matches(full_name):
            return entry.price
    return None


class Prices:
    """The prices of models, as configured. Nothing of it changes once it is made.

    Where reasoning has no price of its own it has that of output, as providers bill it.
    """

    __slots__ = ("_price_of",)

    def __init__(self, entries: Iterable[PriceEntry] = ()) -> None:
        priced = tuple(_Priced.read(pattern, usd) for pattern, usd in entries)
        # The same few models come again and again.
        find = lru_cache(_REMEMBERED_MAX)(partial(_first_match, priced))
        self._price_of = find if priced else None

    def __bool__(self) -> bool:
        return self._price_of is not None

    def cost_usd(self, event: Completion) -> float | None:
        """Return what a completion cost by these prices; `None` where they do not tell."""
        if self._price_of is None:
            return None
        price = self._price_of(event.provider or UNKNOWN, event.model)
        return None if price is None else price.cost_usd(event.tokens)


NO_PRICES: Final = Prices()
