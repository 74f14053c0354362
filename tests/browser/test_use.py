"""Whoever uses it: with a keyboard, a screen reader, a phone, a wide screen; light and dark."""

from importlib import resources
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.chromium import requires_chromium
from tests.browser.conftest import Open, Start

pytestmark = requires_chromium

AXE = (resources.files("axe_playwright_python") / "axe.min.js").read_text()
AXE_RUN = """async () => (await axe.run()).violations.map(
  ({id, nodes}) => [id, nodes.map(({html}) => html)])"""

WIDTHS = [380, 768, 1181, 1280, 1500, 1700, 1920, 2560]

ROOMY = 1181
"""From this width on every table has room for all of its columns."""

ONE_COLUMN = 1699
"""Up to this width sections follow each other from the top; beyond it there is a column beside."""

CUT = """() => [...document.querySelectorAll(".scroll")]
  .filter((box) => box.scrollWidth > box.clientWidth).map((box) => box.innerText)"""

TOPS = """() => [...document.querySelectorAll(".board > .panel")]
  .map((panel) => panel.getBoundingClientRect().top)"""

WATCH_SHIFTS = """() => {
  globalThis.shifted = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) globalThis.shifted += entry.value;
  }).observe({type: "layout-shift"});
}"""

SHIFT_MAX = 0.001
"""Of what moved, and how far, as browsers measure it; 0.1 is said to be good."""


def violations(page: Page) -> list[Any]:
    """Return what axe finds wrong."""
    page.evaluate(AXE)
    found: list[Any] = page.evaluate(AXE_RUN)
    return found


def first_names(page: Page, table: str) -> list[str]:
    """Return what names the rows of a table, from the top."""
    cells: list[str] = page.locator(f"#{table} tbody th").all_text_contents()
    return cells


def test_axe_finds_nothing(busy: str, open_page: Open) -> None:
    """Names, roles, contrast and order are right: light, dark, small, with the dialog open."""
    # What axe does to look is not what the page may do.
    page = open_page(busy, bypass_csp=True).page
    assert violations(page) == []
    page.emulate_media(color_scheme="dark")
    assert violations(page) == []
    page.set_viewport_size({"width": 380, "height": 800})
    assert violations(page) == []
    page.get_by_role("button", name="PromQL of the models").click()
    assert violations(page) == []


def test_axe_finds_nothing_in_an_empty_page(start: Start, open_page: Open) -> None:
    """Nor where the page tells how to begin."""
    url, _ = start()
    page = open_page(url, bypass_csp=True).page
    expect(page.locator("#start")).to_be_visible()
    assert violations(page) == []


def test_no_width_makes_the_page_scroll_sideways(busy: str, open_page: Open) -> None:
    """From a phone to a wall; a wide table scrolls in its section, and the focus goes down."""
    page = open_page(busy).page
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
        assert width < ROOMY or page.evaluate(CUT) == [], width
        tops = page.evaluate(TOPS)
        assert width > ONE_COLUMN or tops == sorted(tops), width
    page.emulate_media(media="print")
    expect(page.locator("#models-table thead")).to_contain_text("Success")
    expect(page.locator("#models-table").get_by_role("button", name="Success")).to_be_visible()
    expect(page.get_by_role("button", name="Pause")).to_be_hidden()


def test_a_table_is_sorted_by_keyboard(busy: str, open_page: Open) -> None:
    """The head is a button; it says which way it is sorted, unknown values come last both ways."""
    page = open_page(busy).page
    heads = page.locator("#models-table thead th")
    expect(heads.filter(has_text="Calls")).to_have_attribute("aria-sort", "descending")
    cost = heads.get_by_role("button", name="Cost")
    cost.focus()
    page.keyboard.press("Enter")
    expect(heads.filter(has_text="Cost")).to_have_attribute("aria-sort", "descending")
    expect(heads.filter(has_text="Calls")).not_to_have_attribute("aria-sort", "descending")
    assert first_names(page, "models-table") == [
        "claude-opus-5anthropic",
        "localbox",
        "gpt-5openai",
    ]
    page.keyboard.press("Space")
    expect(heads.filter(has_text="Cost")).to_have_attribute("aria-sort", "ascending")
    assert first_names(page, "models-table") == [
        "localbox",
        "claude-opus-5anthropic",
        "gpt-5openai",
    ]
    expect(cost).to_be_focused()


def test_the_first_tab_skips_to_the_models(busy: str, open_page: Open) -> None:
    """And what is focused can be seen."""
    page = open_page(busy).page
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the models")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#models")).to_be_focused()


def test_a_refresh_keeps_rows_and_focus(busy: str, open_page: Open) -> None:
    """Rows are the same elements after it, so that nothing jumps and nothing loses the focus."""
    page = open_page(busy).page
    page.evaluate("for (const row of document.querySelectorAll('tr, .tile, li')) row.mark = 1")
    rows = page.locator("tr, .tile").count()
    page.locator("#models-table thead button").first.focus()
    page.evaluate(WATCH_SHIFTS)
    for path in ("overview", "exporter"):
        with page.expect_response(f"**/api/v1/{path}"):
            pass
    assert page.evaluate("shifted") < SHIFT_MAX
    assert (
        page.evaluate(
            "[...document.querySelectorAll('tr, .tile')].filter((row) => row.mark).length"
        )
        == rows
    )
    expect(page.locator("#models-table thead button").first).to_be_focused()


def test_promql_can_be_copied(busy: str, open_page: Open) -> None:
    """A dialog shows the query of a tile, its button copies it, and Escape leads back."""
    page = open_page(busy, permissions=["clipboard-read", "clipboard-write"]).page
    opener = page.get_by_role("button", name="PromQL of Cost an hour")
    opener.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("sum(rate(agent_cost_usd_total[5m])) * 3600")
    copy = dialog.get_by_role("button", name="Copy: At the rate of the last 5 minutes")
    copy.click()
    expect(copy).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == (
        "sum(rate(agent_cost_usd_total[5m])) * 3600"
    )
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()


def test_without_the_clipboard_api_copying_works_too(busy: str, open_page: Open) -> None:
    """As on http from another machine: by the old command."""
    visit = open_page(busy, permissions=["clipboard-read"])
    page = visit.page
    page.evaluate("navigator.clipboard.writeText = undefined")
    page.locator("[data-tile=in_flight] button").click()
    copy = page.get_by_role("button", name="Copy: Now")
    copy.click()
    expect(copy).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "sum(agent_requests_in_flight)"
