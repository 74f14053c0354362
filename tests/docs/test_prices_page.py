"""What docs/prices.md and the example file show of prices is what they do."""

import re
from pathlib import Path

import pytest

from exporter.config import load
from exporter.event.tokens import Tokens
from exporter.event.types import Completion
from exporter.pipeline.pricing import Prices

PAGE = Path("docs/prices.md").read_text()
EXAMPLE = Path("exporter.example.yml").read_text()


def priced(yaml_text: str) -> Prices:
    """Return the prices of a configuration."""
    return Prices(load(yaml_text=yaml_text, environ={}, flags={}).pricing.table)


def shown() -> Prices:
    """Return the prices that the page shows."""
    (block,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    return priced(block)


@pytest.mark.parametrize(
    ("provider", "model", "usd"),
    [
        ("anthropic", "example-large-5", 5.0),
        ("anthropic", "anthropic/example-large-5", 5.0),
        ("anthropic", "example-large-5[1m]", 5.0),
        ("openrouter", "example-small", 6.0),
        ("my-gpu-box", "llama", 0.0),
        ("openai", "example-small", None),
    ],
)
def test_the_example_prices_what_the_page_says(
    provider: str, model: str, usd: float | None
) -> None:
    """A million tokens of input, in dollars."""
    event = Completion(model=model, provider=provider, tokens=Tokens(input=1_000_000))
    assert shown().cost_usd(event) == usd


def test_the_sum_on_the_page_is_right() -> None:
    """As it is told below the rules."""
    sentence = (
        r"([\d,]+) input tokens, (\d+) of output and (\d+) of reasoning from `(.+)` are \$(.+)\."
    )
    found = re.search(sentence, PAGE)
    assert found
    counts = [int(count.replace(",", "")) for count in found.groups()[:3]]
    event = Completion(model=found[4], tokens=Tokens(*counts))
    assert shown().cost_usd(event) == float(found[5])


def test_the_commented_example_can_be_put_in() -> None:
    """What is commented out in the example file, without its marks, is a right configuration."""
    commented = re.search(r"^pricing:\n((?:  #.*\n)+)  models: \[\]\n", EXAMPLE, re.MULTILINE)
    assert commented
    entries = re.findall(r"^  # ((?:- match|  usd_per).*)$", commented[1], re.MULTILINE)
    text = "\n".join(f"    {entry}" for entry in entries)
    prices = priced(f"pricing:\n  models:\n{text}\n")
    tokens = Tokens(input=1_000_000, reasoning=1_000_000)
    assert prices.cost_usd(Completion(model="example-large-5", tokens=tokens)) == 30.0
    assert prices.cost_usd(Completion(model="my-gpu-box/m", tokens=tokens)) == 0.0
