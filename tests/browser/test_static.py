"""What the page is made of: nothing that turns text into HTML, no family that is not there."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from playwright.sync_api import Page

from exporter.metrics.catalogue import CATALOGUE
from exporter.web.page import INDEX, packaged
from tests.browser.chromium import requires_chromium
from tests.prometheus import requires_prometheus

FILES = {name: content.decode() for name, content in packaged().items()}
SCRIPTS = [name for name in FILES if name.endswith(".js")]

FORBIDDEN = {
    "HTML made of text": r"\b(inner|outer)HTML\b|insertAdjacentHTML|document\.write|srcdoc"
    r"|DOMParser|createContextualFragment|setHTML",
    "code made of text": r"\beval\(|new Function|set(Timeout|Interval)\(\s*[\"'`]|javascript:",
    "something from elsewhere": r"https?://(?!www\.w3\.org/)(?!\$\{)",
    "storage in the browser": r"localStorage|sessionStorage|indexedDB|document\.cookie",
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_has(what: str) -> None:
    """Text of agents never becomes HTML or code, and nothing is fetched or kept elsewhere."""
    found = {name for name, text in FILES.items() if re.search(FORBIDDEN[what], text)}
    assert found == set()


def test_the_markup_has_no_script_and_no_style_of_its_own() -> None:
    """The policy forbids them: handlers, style attributes, and elements with anything in them."""
    markup = FILES[INDEX]
    assert not re.search(r"\son\w+=|\sstyle=|<style|<script[^>]*>[^<]", markup)


def test_every_file_is_used() -> None:
    """The page names scripts, styles and icon, and the scripts import each other."""
    texts = "\n".join(FILES.values())
    named = set(re.findall(r'(?<!modulepreload" href=)"(?:static/|\./)([a-z_]+\.[a-z]+)"', texts))
    assert named == set(FILES) - {INDEX}


def test_the_page_asks_for_every_script_at_once() -> None:
    """It names them all, not only the one that imports the others."""
    named = re.findall(r'<link rel="modulepreload" href="static/([a-z_]+\.js)">', FILES[INDEX])
    assert sorted([*named, "main.js"]) == sorted(SCRIPTS)


def test_every_button_has_its_queries() -> None:
    """The sections in the markup, and the tiles in their script."""
    names = set(re.findall(r'data-queries="(\w+)"', FILES[INDEX]))
    names |= set(re.findall(r'^    name: "(\w+)",$', FILES["tiles.js"], re.MULTILINE))
    assert names == set(re.findall(r"^  (\w+): \{$", FILES["promql.js"], re.MULTILINE))


@pytest.fixture(scope="module")
def queries(busy_page: Page) -> list[str]:
    """Return every query that the page offers, as it is copied."""
    found: list[str] = busy_page.evaluate(
        """async () => {
          const main = document.querySelector("script[src]").src;
          const { QUERIES } = await import(new URL("promql.js", main));
          return Object.values(QUERIES).flatMap(({queries}) => queries.map(([, query]) => query));
        }"""
    )
    return found


@requires_chromium
def test_every_query_asks_for_what_there_is(queries: list[str]) -> None:
    """Its families and their labels are those of the catalogue."""
    samples: dict[str, Any] = {}
    for family in CATALOGUE:
        samples[family.sample_name] = family
        if family.type == "histogram":
            samples |= {f"{family.name}_{part}": family for part in ("bucket", "sum", "count")}
    for query in queries:
        names = re.findall(r"\bagent_\w+", query)
        assert names
        assert set(names) <= set(samples), query
        labels = {label for name in names for label in samples[name].labels} | {"le"}
        by = {
            part.strip()
            for found in re.findall(r"by \(([^)]*)\)", query)
            for part in found.split(",")
        }
        by |= set(re.findall(r"[{,](\w+)=", query))
        assert by <= labels, query


@requires_chromium
@requires_prometheus
@pytest.mark.prometheus
def test_every_query_is_promql(queries: list[str], tmp_path: Path) -> None:
    """Prometheus's own tool reads each."""
    rules = [{"record": f"q:{place}", "expr": query} for place, query in enumerate(queries)]
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "page", "rules": rules}]}))
    checked = subprocess.run(
        ["promtool", "check", "rules", str(file)],  # noqa: S607 - on PATH, as the marker checked
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
