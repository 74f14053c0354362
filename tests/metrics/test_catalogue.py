"""The catalogue is what it says it is, and the page made of it is up to date."""

import subprocess
import sys
from pathlib import Path

import pytest

from exporter.metrics.catalogue import CATALOGUE, Closed, Family
from exporter.metrics.reference import page

FORBIDDEN_LABELS = {"session", "session_id", "request", "request_id", "user", "le", "job"}


def test_the_page_of_metrics_is_what_the_catalogue_says() -> None:
    """`make docs` has been run since the catalogue changed."""
    assert Path("docs/metrics.md").read_text() == page()


def test_the_page_is_printed_by_the_module() -> None:
    """`python -m exporter.metrics` prints it."""
    done = subprocess.run(
        [sys.executable, "-m", "exporter.metrics"], capture_output=True, text=True, check=True
    )
    assert done.stdout == page()


@pytest.mark.parametrize("family", CATALOGUE, ids=lambda family: family.name)
def test_a_family_keeps_to_the_rules(family: Family) -> None:
    """A namespace, a help text, no label of an id, ascending buckets, base units."""
    assert family.name.startswith("agent_")
    assert family.help.endswith(".")
    assert not FORBIDDEN_LABELS & set(family.labels)
    assert len(set(family.labels)) == len(family.labels)
    assert list(family.buckets) == sorted(set(family.buckets))
    assert not family.name.endswith(("_ms", "_milliseconds", "_percent", "_count", "_sum"))


def test_names_are_unique() -> None:
    """No two families share one."""
    assert len({family.name for family in CATALOGUE}) == len(CATALOGUE)


@pytest.mark.parametrize(
    "arguments",
    [
        {"name": "Agent_x"},
        {"name": "a\n"},
        {"name": "a_total"},
        {"name": "a", "type": "histogram"},
        {"name": "a", "buckets": (1.0,)},
        {"name": "a", "open_labels": ("b-c",)},
        {"name": "a", "closed_labels": (Closed("é"),)},
    ],
    ids=str,
)
def test_a_family_that_breaks_a_rule_cannot_be_made(arguments: dict[str, object]) -> None:
    """Names are checked whole, and buckets go with histograms only."""
    with pytest.raises(ValueError, match=r"no name|do not go"):
        Family(**{"type": "counter", "help": "A.", **arguments})  # type: ignore[arg-type] # a table
