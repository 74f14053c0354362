"""What the page shows is what the API answers, said as a person reads it."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.chromium import requires_chromium
from tests.browser.conftest import get

pytestmark = requires_chromium

ROWS = """(id) => [...document.querySelectorAll(`#${id} tbody tr`)].map((row) =>
  [...row.cells].map((cell) => cell.dataset.value ?? cell.textContent))"""


def raw(value: float | None) -> str:
    """Return a number as a script writes it, and nothing where there is none."""
    if value is None:
        return ""
    return str(int(value)) if value == int(value) else repr(value)


def rows(page: Page, table: str) -> list[list[str]]:
    """Return the cells of a table: the exact number where there is one, else the text."""
    found: list[list[str]] = page.evaluate(ROWS, table)
    return found


def test_each_model_shows_what_the_api_tells_of_it(busy: str, busy_page: Page) -> None:
    """Calls, success, latencies, tokens and cost of each, the busiest first."""
    shown = {row[0]: row[3:12] for row in rows(busy_page, "models-table")}
    told = {
        f"{model['model']}{model['provider']}": [
            raw(number)
            for number in (
                model["successful_completions"] + model["failed_completions"],
                model["success_rate"],
                model["p50_latency_ms"],
                model["p95_latency_ms"],
                model["p99_latency_ms"],
                model["avg_ttft_ms"],
                model["output_tokens_per_second"],
                model["tokens"]["total"],
                model["cost_usd"],
            )
        ]
        for model in get(busy, "models")["models"]
    }
    assert shown == told
    assert list(shown) == ["claude-opus-5anthropic", "gpt-5openai", "localbox"]


def test_what_is_unknown_is_a_dash(busy_page: Page) -> None:
    """A free call costs 0, one whose cost nobody told is not known."""
    texts = busy_page.locator("#models-table tbody tr").all_inner_texts()
    cost = {text.split("\n")[0]: text.split("\t")[-2] for text in texts}
    assert cost == {"claude-opus-5": "$5.50", "gpt-5": "—", "local": "$0"}
    expect(busy_page.locator("#models-table [data-value='']").first).to_have_text("—")


def test_the_tiles_show_the_overview(busy_page: Page) -> None:
    """Each the figure of the very answer that came last."""
    with busy_page.expect_response("**/api/v1/overview") as answered:
        pass
    overview = answered.value.json()
    recent = overview["recent"]
    told = {
        "in_flight": overview["requests_in_flight"],
        "completions": recent["completions_per_minute"],
        "tokens": recent["tokens_per_minute"],
        "errors": recent["error_ratio"],
        "p95": recent["p95_latency_ms"],
        "cost": recent["cost_usd_per_hour"],
        "limited": overview["models_limited"],
    }
    for tile, number in told.items():
        figure = busy_page.locator(f"[data-tile={tile}] .figure")
        expect(figure).to_have_attribute("data-value", raw(number), timeout=2_000)
    expect(busy_page.locator("[data-tile=in_flight] .figure")).to_have_text("2")
    expect(busy_page.locator("[data-tile=limited] .figure")).to_have_text("1")


def test_the_other_tables_show_what_the_api_tells(busy: str, busy_page: Page) -> None:
    """Sessions by cost, requests, tools, and the labels with their budgets."""
    busy_page.wait_for_selector("#tools-table tbody tr")
    assert [row[:4] for row in rows(busy_page, "sessions-table")] == [
        [
            session["id"],
            *map(raw, (totals["cost_usd"], totals["total_tokens"], totals["message_count"])),
        ]
        for session in get(busy, "sessions?sort=cost")["sessions"]
        for totals in [session["totals"]]
    ]
    assert [row[:1] + row[2:] for row in rows(busy_page, "requests-table")] == [
        ["request-one", "codex", "cli", "session-of-codex"],
        ["request-two", "claude-code", "ide", "session-of-claude"],
    ]
    assert [row[1:6] for row in rows(busy_page, "tools-table")] == [
        [
            raw(tool[name])
            for name in ("calls", "failures", "success_rate", "avg_duration_ms", "p95_duration_ms")
        ]
        for tool in get(busy, "tools")["tools"]
    ]
    folded = {row[0]: row[1:] for row in rows(busy_page, "labels-table")}
    assert folded == {
        name: [raw(label["values"]), raw(label["folded"])]
        for name, label in get(busy, "cardinality")["labels"].items()
    }


def test_readings_are_shown_as_bars(busy_page: Page) -> None:
    """The most used first, what is nearly used up marked; each queue by its depth."""
    quotas = busy_page.locator("#quotas-list .gauge")
    expect(quotas.locator(".name")).to_have_text(
        ["codex · openai · 5h", "claude-code · anthropic · 7d"]
    )
    expect(quotas.locator(".value")).to_have_text(["93.0 %", "31.0 %"])
    assert (
        busy_page.locator("#quotas-list .gauge[data-bad] .name").inner_text()
        == "codex · openai · 5h"
    )
    widths = [fill.evaluate("fill => fill.style.width") for fill in quotas.locator(".fill").all()]
    assert widths == ["93%", "31%"]
    expect(busy_page.locator("#queues-list .gauge")).to_contain_text(["codex · reviews"])
    expect(busy_page.locator("#queues-list .value")).to_have_text("7")


def test_a_trend_shows_each_step_of_the_timeline(busy: str, busy_page: Page) -> None:
    """Its words tell what the picture does; a step that failed is red."""
    trend = busy_page.locator("#models-table tbody tr", has_text="claude-opus-5").locator("svg")
    expect(trend).to_have_attribute(
        "aria-label", "Completions of 60 min in steps of 1 min: highest 23, failed in all 1"
    )
    assert trend.locator(".failed").get_attribute("d")
    points = len(get(busy, "timeline")["total"]["completions"])
    assert trend.get_attribute("viewBox") == f"0 0 {points * 4} 24"


def test_the_exporters_own_health_is_that_of_the_api(busy: str, busy_page: Page) -> None:
    """Series against their cap, events, who pushed, and that nobody has scraped."""
    own = get(busy, "exporter")
    facts = busy_page.locator(".facts div")

    def fact(name: str) -> Locator:
        return facts.filter(has=busy_page.get_by_text(name, exact=True)).locator("dd")

    expect(fact("Last scrape")).to_have_text(re.compile(r"not since the start \(\d+ (s|min) ago\)"))
    expect(fact("Last push")).to_have_text(re.compile(r"^\d+ (s|min) ago$"))
    expect(fact("Events accepted")).to_have_attribute("data-value", raw(own["events"]["accepted"]))
    expect(fact("Series")).to_have_attribute("data-value", raw(own["series"]))
    agents = {row[0]: row[2] for row in rows(busy_page, "agents-table")}
    assert agents == {
        agent["agent"]: raw(agent["events"]) for agent in get(busy, "agents")["agents"]
    }


@pytest.mark.parametrize(
    ("shown", "rows", "total", "text"),
    [
        (10, 10, 10, None),
        (10, 40, 40, "Show all 40"),
        (40, 40, 40, "Show fewer"),
        (10, 200, 10_000, "Show 200 of 10,000"),
        (25, 1_000, 1_000, "Show 500 of 1,000"),
        (500, 1_000, 1_000, "Show fewer (500 of 1,000 are shown)"),
    ],
)
def test_a_list_says_how_much_of_it_is_shown(
    formats: Page, shown: int, rows: int, total: int, text: str | None
) -> None:
    """By the button that shows more and less; where all is there, there is none."""
    told = {"shown": shown, "folded": min(shown, 25), "rows": rows, "total": total}
    said = formats.evaluate(
        """(told) => {
          const button = document.createElement("button");
          more.showMore(button, told);
          return button.hidden ? null : button.textContent;
        }""",
        told,
    )
    assert said == text


@pytest.mark.parametrize(
    ("pushes", "command"),
    [
        (None, "curl -s {page}"),
        ({"here": True, "addresses": ["[::]:1"], "auth": "password"}, "curl -s -u USER {page}"),
        (
            {"here": True, "addresses": ["127.0.0.1:1"], "auth": "token"},
            'curl -s -H "Authorization: Bearer $(cat token)" {page}',
        ),
        (
            {"here": False, "addresses": ["10.0.0.1:1"], "auth": "none", "scheme": "https"},
            "curl -s https://10.0.0.1:1",
        ),
        *(
            (
                {"here": False, "addresses": [address], "auth": "none", "scheme": "http"},
                "curl -s http://127.0.0.1:1",
            )
            for address in ("0.0.0.0:1", "[::]:1")
        ),
    ],
)
def test_the_first_command_fits_the_exporter(
    busy: str, formats: Page, pushes: dict[str, object] | None, command: str
) -> None:
    """Its scheme, what must be shown, and an address that can be reached."""
    said = formats.evaluate(
        """(pushes) => {
          start.showStart(pushes);
          return document.getElementById("curl").textContent;
        }""",
        pushes,
    )
    assert said.startswith(command.format(page=busy) + "/api/v1/events ")


@pytest.mark.parametrize(
    ("call", "text"),
    [
        ("count(null)", "—"),
        ("count(0)", "0"),
        ("count(99999)", "99,999"),
        ("count(2100000)", "2.10M"),
        ("amount(0.004)", "<0.01"),
        ("amount(41.28)", "41.3"),
        ("percent(0)", "0 %"),
        ("percent(1)", "100 %"),
        ("percent(0.9999)", ">99.9 %"),
        ("percent(0.0001)", "<0.1 %"),
        ("percent(0.031)", "3.1 %"),
        ("latency(0)", "0 ms"),
        ("latency(999.4)", "999 ms"),
        ("latency(1834)", "1.83 s"),
        ("latency(83000)", "83.0 s"),
        ("latency(125000)", "2:05"),
        ("dollars(0)", "$0"),
        ("dollars(0.00001)", "<$0.0001"),
        ("dollars(0.0189)", "$0.0189"),
        ("dollars(4.274962)", "$4.27"),
        ("dollars(123456)", "$123K"),
        ("bytes(229.1 * 1024)", "229.1 KiB"),
        ("duration(3723)", "1:02:03"),
        ("duration(-5)", "0:00"),
        ("duration(90000)", "1 d 1 h"),
        ("age(59)", "59 s ago"),
        ("age(7200)", "2 h ago"),
        ("span(3600)", "60 min"),
        ("span(86400)", "24 h"),
        ("span(45)", "45 s"),
        ("cut('ab', 2)", "ab"),
        ("cut('abc', 2)", "ab…"),
    ],
)
def test_a_number_reads_well(formats: Page, call: str, text: str) -> None:
    """Three digits, the unit that fits, and never more certain than it is."""
    assert formats.evaluate(f"formats.{call}") == text


@pytest.fixture(scope="module")
def formats(busy_page: Page) -> Page:
    """Return a page whose script can be asked how it writes numbers."""
    busy_page.evaluate(
        """async () => {
          const main = document.querySelector("script[src]").src;
          globalThis.formats = await import(new URL("format.js", main));
          globalThis.more = await import(new URL("more.js", main));
          globalThis.start = await import(new URL("start.js", main));
        }"""
    )
    return busy_page
