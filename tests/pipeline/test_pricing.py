"""Facts about what a completion costs by configured prices."""

import tracemalloc
from fnmatch import fnmatchcase
from fractions import Fraction

import msgspec
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from exporter.event.tokens import COUNT_MAX, PARTS, Tokens
from exporter.event.types import USD_MAX, Completion
from exporter.pipeline.pricing import NO_PRICES, PriceEntry, Prices

ANY = (1.0, 1.0, 1.0, 1.0, 1.0)
FREE = (0.0, 0.0, 0.0, 0.0, 0.0)
FLAT = (5.0, 25.0, None, 0.5, 6.25)
MILLION = 1_000_000


def cost(
    prices: Prices, tokens: Tokens | None, *, model: str = "m", provider: str | None = "p"
) -> float | None:
    """Return what a completion of these tokens costs."""
    return prices.cost_usd(Completion(model=model, provider=provider, tokens=tokens))


@pytest.mark.parametrize(
    ("pattern", "provider", "model", "matches"),
    [
        ("opus", "anthropic", "opus", True),
        ("opus", "anthropic", "anthropic/opus", True),
        ("opus", None, "opus", True),
        ("opus", "anthropic", "opus-5", False),
        ("opus", "anthropic", "xopus", False),
        ("opus", "bedrock", "anthropic/opus", False),
        ("anthropic/opus", "anthropic", "opus", True),
        ("anthropic/opus", "anthropic", "anthropic/opus", True),
        ("anthropic/opus", "openrouter", "anthropic/opus", True),
        ("anthropic/opus", "openrouter", "openrouter/anthropic/opus", True),
        ("openrouter/anthropic/opus", "openrouter", "anthropic/opus", True),
        ("anthropic/opus", "bedrock", "opus", False),
        ("opus-*", "anthropic", "opus-5-20270101", True),
        ("opus-*", "anthropic", "opus-", True),
        ("opus-*", "anthropic", "opus", False),
        ("*opus", "bedrock", "eu.anthropic/opus", True),
        ("*", "p", "anything", True),
        ("*", "p", "", True),
        ("my-box/*", "my-box", "llama", True),
        ("my-box/*", "other", "llama", False),
        ("*-mini-*", "openai", "o9-mini-high", True),
        ("*-mini-*", "openai", "o9-mini", False),
        ("a*b*a", "p", "aba", True),
        ("a*b*a", "p", "aa", False),
        ("a*a", "p", "a", False),
        ("a*a", "p", "aa", True),
        ("**a", "p", "a", True),
        ("opus[1m]", "anthropic", "opus[1m]", True),
        ("opus[1m]", "anthropic", "opus1", False),
        ("opu?", "anthropic", "opus", False),
        ("Opus", "anthropic", "opus", False),
    ],
)
def test_what_matches(pattern: str, provider: str | None, model: str, *, matches: bool) -> None:
    """The name with its provider or without; `*` is anything, all else is itself."""
    found = cost(Prices([(pattern, ANY)]), Tokens(input=MILLION), model=model, provider=provider)
    assert found == (1.0 if matches else None)


@pytest.mark.parametrize(
    ("model", "usd"), [("opus-5-fast", 1.0), ("opus-5", 2.0), ("opus", None), ("other", 4.0)]
)
def test_the_first_that_matches_counts(model: str, usd: float | None) -> None:
    """Whatever matches after it, and whatever it leaves out."""
    entries: list[PriceEntry] = [
        ("p/opus-5-fast", (1, None, None, None, None)),
        ("opus-5*", (2, None, None, None, None)),
        ("opus", (None, None, None, None, None)),
        ("*", (4, None, None, None, None)),
    ]
    assert cost(Prices(entries), Tokens(input=MILLION), model=model) == usd


@pytest.mark.parametrize(
    ("prices", "tokens", "usd"),
    [
        (FLAT, Tokens(input=MILLION), 5.0),
        (FLAT, Tokens(output=MILLION), 25.0),
        (FLAT, Tokens(cache_read=MILLION), 0.5),
        (FLAT, Tokens(cache_write=MILLION), 6.25),
        (FLAT, Tokens(input=2_000, output=300, reasoning=100, cache_read=10_000), 0.025),
        # Reasoning is billed as output, unless it is said otherwise.
        (FLAT, Tokens(reasoning=MILLION), 25.0),
        ((5.0, 25.0, 2.0, None, None), Tokens(output=MILLION, reasoning=MILLION), 27.0),
        ((5.0, 25.0, 0.0, None, None), Tokens(reasoning=MILLION), 0.0),
        ((5.0, None, 2.0, None, None), Tokens(reasoning=MILLION), 2.0),
        # No other part has a price but its own.
        ((5.0, 25.0, None, None, 6.25), Tokens(input=1, cache_read=1), None),
        ((5.0, 25.0, None, 0.5, None), Tokens(input=1, cache_write=1), None),
        ((5.0, None, None, None, None), Tokens(input=1, output=1), None),
        ((5.0, None, None, None, None), Tokens(input=1, reasoning=1), None),
        ((None, 25.0, None, None, None), Tokens(input=1, output=1), None),
        ((5.0, None, None, None, None), Tokens(input=MILLION, output=0, cache_read=0), 5.0),
        # What was not reported counts as nothing, unless nothing was reported at all.
        (FLAT, Tokens(input=0), 0.0),
        (FLAT, Tokens(cache_write=0), 0.0),
        (FLAT, Tokens(reasoning=0, total=7), 0.0),
        (FLAT, Tokens(input=MILLION, total=7), 5.0),
        (FLAT, Tokens(), None),
        (FLAT, Tokens(total=7), None),
        (FLAT, None, None),
        # Free is free, however much it was.
        (FREE, Tokens(input=1, output=1, reasoning=1, cache_read=1, cache_write=1), 0.0),
        ((0.0, 0.0, None, 0.0, 0.0), Tokens(reasoning=1), 0.0),
        (FREE, Tokens(total=7), 0.0),
        (FREE, Tokens(), 0.0),
        (FREE, None, 0.0),
        ((0.0, 0.0, 0.0, 0.0, None), None, None),
        ((0.0, 0.0, 0.0, 0.0, None), Tokens(input=1), 0.0),
        ((0.0, 0.0, 0.0, 0.0, None), Tokens(cache_write=1), None),
        # More than an event may cost is not known either.
        ((1e6, 1e6, None, None, None), Tokens(input=10**9), USD_MAX),
        ((1e6, 1e6, None, None, None), Tokens(input=10**9 + 1), None),
        (ANY, Tokens(*[COUNT_MAX] * 5), None),
    ],
)
def test_what_tokens_cost(
    prices: tuple[float | None, ...], tokens: Tokens | None, usd: float | None
) -> None:
    """Each part by its price; unknown where one has none, and never guessed."""
    assert cost(Prices([("*", prices)]), tokens) == usd


@pytest.mark.parametrize("prices", [NO_PRICES, Prices(), Prices([("other", ANY)])])
def test_without_a_price_the_cost_is_unknown(prices: Prices) -> None:
    """As nobody has told one for this model."""
    assert cost(prices, Tokens(input=1)) is None


USD = st.sampled_from([0, 0.0, 0.075, 5, 1e6]) | st.floats(0, 1e6)
FIVE = st.tuples(*[st.none() | USD] * len(PARTS))
COUNTS = st.none() | st.sampled_from([0, 1, COUNT_MAX]) | st.integers(0, COUNT_MAX)
TOKENS = st.builds(Tokens, *[COUNTS] * (len(PARTS) + 1))
# Few letters, so that patterns match, and those of the shell's patterns too.
LETTERS = "ab/[]?"
NAMES = st.text(LETTERS, min_size=1, max_size=6)
ENTRIES = st.lists(st.tuples(st.text(LETTERS + "*", min_size=1, max_size=6), FIVE), max_size=4)


def expected(prices: tuple[float | None, ...], tokens: Tokens) -> Fraction | None:
    """Return the exact cost, as plainly as it can be said."""
    known = dict(zip(PARTS, prices, strict=True))
    if known["reasoning"] is None:
        known["reasoning"] = known["output"]
    if all(price == 0 for price in known.values()):
        return Fraction(0)
    used = {part: count for part in PARTS if (count := getattr(tokens, part)) is not None}
    total = Fraction(0)
    for part, count in used.items():
        price = known[part]
        if count and price is None:
            return None
        total += count * Fraction(price or 0) / MILLION
    return total if used else None


@given(FIVE, TOKENS)
@example((0.1,) * 5, Tokens(*[COUNT_MAX // 7] * 5))
def test_the_cost_is_the_sum_over_the_parts(
    prices: tuple[float | None, ...], tokens: Tokens
) -> None:
    """To the last few bits of what fractions say, and within what a journal takes back."""
    exact, found = expected(prices, tokens), cost(Prices([("*", prices)]), tokens)
    if exact is None:
        assert found is None
        return
    rounding = exact / 2**50 + Fraction(1, 10**300)
    assume(abs(exact - Fraction(USD_MAX)) > rounding)
    if exact > USD_MAX:
        assert found is None
        return
    assert found is not None
    assert abs(Fraction(found) - exact) <= rounding
    event = Completion(model="m", cost_usd=found)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(event), type=Completion) == event


def globbed(pattern: str, name: str) -> bool:
    """Return whether a name matches, by the standard library's patterns."""
    quoted = "".join(f"[{letter}]" if letter in "[?" else letter for letter in pattern)
    return fnmatchcase(name, quoted)


@given(ENTRIES, st.lists(st.tuples(NAMES, NAMES), min_size=1, max_size=6), TOKENS)
def test_each_model_has_the_first_prices_that_match_it(
    entries: list[tuple[str, tuple[float | None, ...]]],
    models: list[tuple[str, str]],
    tokens: Tokens,
) -> None:
    """However many were asked for before; with the provider written before it or not."""
    prices = Prices(entries)
    for provider, name in models * 2:
        assume(not name.startswith(f"{provider}/"))
        usd = next(
            (
                usd
                for pattern, usd in entries
                if globbed(pattern, name) or globbed(pattern, f"{provider}/{name}")
            ),
            None,
        )
        found = cost(prices, tokens, model=name, provider=provider)
        assert found == cost(prices, tokens, model=f"{provider}/{name}", provider=provider)
        assert found == (None if usd is None else cost(Prices([("*", usd)]), tokens))


def test_what_is_remembered_is_bounded() -> None:
    """Models without number leave a few megabytes behind."""
    prices = Prices([("model-*", ANY)])
    tracemalloc.start()
    for number in range(20_000):
        assert cost(prices, Tokens(input=MILLION), model=f"model-{number:0100}") == 1.0
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert held < 4_000_000
