"""The event list: live, filtered, bounded, and whatever agents write stays text."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import requires_chromium
from tests.browser.conftest import Open, get
from tests.e2e.processes import exporter, push

pytestmark = requires_chromium

LOG: dict[str, Any] = {"type": "log", "agent": "a", "level": "info", "source": "s"}
STREAMING = "live"
POLLING = "every few seconds"


@pytest.fixture(scope="module")
def talkative(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run an exporter for tests that push events of their own; yield its URL."""
    with exporter(tmp_path_factory.mktemp("talkative")) as url:
        push(url, [{**LOG, "message": "the first of all"}])
        yield url


def streams(page: Page) -> None:
    """Wait until events come by the stream."""
    expect(page.locator("#events-sub")).to_contain_text(STREAMING, timeout=15_000)


def message(page: Page, text: str) -> Any:  # noqa: ANN401 - Playwright's own
    """Return the events whose message is this."""
    return page.locator("#events-list .message").get_by_text(text, exact=True)


def test_an_event_is_shown_as_it_happens(talkative: str, open_page: Open) -> None:
    """By the stream, on top, without another request for events."""
    visit = open_page(talkative)
    streams(visit.page)
    visit.asked.clear()
    push(talkative, [{**LOG, "level": "error", "source": "hooks", "message": "just now"}])
    expect(message(visit.page, "just now")).to_have_count(1)
    first = visit.page.locator("#events-list li").first
    expect(first).to_contain_text("just now")
    expect(first.locator(".level")).to_have_text("error")
    expect(first.locator(".source")).to_have_text("hooks")
    with visit.page.expect_response("**/api/v1/exporter"):
        pass
    assert not [address for address in visit.asked if "/api/v1/events" in address]
    missed_nothing(talkative, visit.page, "streamed")
    visit.asked.clear()
    visit.page.get_by_role("button", name="Warn", exact=True).click()
    streams(visit.page)
    newest = get(talkative, "events")["newest"]
    assert f"{talkative}/api/v1/stream?after={newest}&level=warn" in visit.asked
    expect(visit.page.locator("#events-list li")).to_have_count(0)


def test_without_a_stream_events_are_asked_for(talkative: str, open_page: Open) -> None:
    """Where the exporter has too many readers already; the stream is tried again and again."""
    push(talkative, [{**LOG, "message": "before it came"}])
    visit = open_page(talkative)
    visit.may_complain = True
    visit.page.route("**/api/v1/stream*", lambda route: route.fulfill(status=429))
    visit.page.reload()
    expect(visit.page.locator("#events-sub")).to_contain_text(POLLING)
    expect(message(visit.page, "before it came")).to_have_count(1)
    push(talkative, [{**LOG, "message": "polled"}])
    expect(message(visit.page, "polled")).to_have_count(1)
    expect(message(visit.page, "before it came")).to_have_count(1)
    missed_nothing(talkative, visit.page, "asked for")
    pause = visit.page.get_by_role("button", name="Pause")
    pause.click()
    push(talkative, [{**LOG, "message": f"too many {n}"} for n in range(1_000)])
    pause.click()
    expect(message(visit.page, "too many 999")).to_have_count(1)
    visit.page.get_by_label("Filter by text").fill("")
    visit.page.unroute("**/api/v1/stream*")
    streams(visit.page)


def missed_nothing(url: str, page: Page, what: str) -> None:
    """Require that what happens while the page is paused is told afterwards, all of it."""
    pause = page.get_by_role("button", name="Pause")
    pause.click()
    expect(page.locator("#connection")).to_have_text("Paused")
    push(url, [{**LOG, "message": f"{what} {n}"} for n in range(300)])
    pause.click()
    expect(message(page, f"{what} 299")).to_have_count(1)
    expect(page.locator("#events-list .break")).to_have_count(0)
    # More are kept than are drawn: a filter shows the older ones.
    page.get_by_label("Filter by text").fill(f"{what} 0")
    expect(message(page, f"{what} 0")).to_have_count(1)
    page.get_by_label("Filter by text").fill("")


def test_many_windows_are_answered_all(talkative: str, open_page: Open) -> None:
    """A browser has six connections for an exporter: a few windows stream, the others ask."""
    context = open_page(talkative).page.context
    for _ in range(6):
        context.new_page().goto(f"{talkative}/")
    push(talkative, [{**LOG, "message": "for all windows"}])
    for page in context.pages:
        expect(message(page, "for all windows")).to_have_count(1)
        expect(page.locator("#connection")).to_have_text("Live")
    modes = [page.locator("#events-sub").inner_text() for page in context.pages]
    assert sum(STREAMING in mode for mode in modes) == 3


def test_events_are_filtered_by_level_and_text(busy: str, open_page: Open) -> None:
    """The level by the exporter, which has more of it than the page; the text at once, here."""
    page = open_page(busy).page
    events = page.locator("#events-list li")
    for level in ("warn", "error"):
        told = get(busy, f"events?level={level}")["events"]
        page.get_by_role("button", name=level.capitalize(), exact=True).click()
        expect(events.locator(".message")).to_have_text([event["message"] for event in told])
        expect(events.locator(".level")).to_have_text([level] * len(told))
    page.get_by_label("Filter by text").fill("HOOK")
    expect(events).to_have_count(1)
    expect(events).to_contain_text(["the hook failed"])
    page.get_by_label("Filter by text").fill("nothing like it")
    expect(events).to_have_count(0)
    page.get_by_label("Filter by text").fill("")
    page.get_by_role("button", name="All", exact=True).click()
    expect(events).to_have_count(len(get(busy, "events")["events"]))


def test_a_context_is_shown_where_it_is_wanted(busy: str, open_page: Open) -> None:
    """As the JSON it is, and searched whether it is shown or not."""
    page = open_page(busy).page
    page.get_by_label("Filter by text").fill("session-of-claude")
    context = page.locator("#events-list .context").first
    expect(context).to_be_hidden()
    page.get_by_role("button", name="Context").click()
    expect(context).to_be_visible()
    assert json.loads(context.inner_text())["session_id"] == "session-of-claude"


HOSTILE = [
    '<img src=x onerror="document.title = 1">',
    "<script>document.title = 2</script>",
    "${document.title = 3} {{constructor.constructor('document.title=4')()}}",
    "\u202egnp.exe \u2067\u05e9\u05dc\u05d5\u05dd\u2069 and on",
    "👩‍👩‍👧‍👦 e\u0301 \u0000 \ufeff \x1b[31mred\x1b[0m",
    "javascript:document.title=5//" + "W" * 5_000,
]


def test_hostile_texts_are_shown_as_texts(talkative: str, open_page: Open) -> None:
    """In messages, sources, contexts, and the names of everything; nothing of them is run."""
    visit = open_page(talkative)
    streams(visit.page)
    before = visit.page.evaluate("document.images.length")
    for text in HOSTILE:
        mine = {"agent": text, "session_id": text[:256], "source": text}
        reply = push(
            talkative,
            [
                {**LOG, **mine, "message": text, "context": {text: text}},
                {**mine, "type": "completion", "model": text, "provider": text, "cost_usd": 1},
                {**mine, "type": "tool_call", "tool": text},
                {**mine, "type": "queue_depth", "queue": text, "depth": 1},
                {**mine, "type": "quota", "window": text, "provider": text, "used_ratio": 0.5},
                {**mine, "type": "request_started", "request_id": text[:256], "channel": text},
            ],
        )
        assert reply["rejected"] == 0, reply
    push(talkative, [{**LOG, "message": "the last of them"}])
    expect(message(visit.page, "the last of them")).to_have_count(1)
    for text in HOSTILE[:4]:
        expect(message(visit.page, text)).to_have_count(1)
    # Told apart, though a line end between their names would make one of them.
    tricky = [("a\nb", "c"), ("a", "b\nc")]
    push(talkative, [{"type": "tool_call", "agent": a, "tool": tool} for a, tool in tricky])
    rows = len(HOSTILE) + len(tricky)
    expect(visit.page.locator("#tools-table tbody tr")).to_have_count(rows, timeout=10_000)
    expect(visit.page.locator("#models-table .name", has_text=HOSTILE[0])).to_have_count(1)
    assert visit.page.evaluate("document.images.length") == before
    assert visit.page.title() == "agent-exporter"
    longest = max(map(len, visit.page.locator("#events-list .message").all_text_contents()))
    assert longest <= 1_001
    width = "document.documentElement.scrollWidth <= innerWidth"
    assert visit.page.evaluate(width)
    visit.page.set_viewport_size({"width": 380, "height": 800})
    assert visit.page.evaluate(width)


def test_a_flood_leaves_the_page_small(talkative: str, open_page: Open) -> None:
    """However many events come, a bounded number of rows is shown: the newest."""
    page = open_page(talkative).page
    streams(page)
    for batch in range(4):
        push(talkative, [{**LOG, "message": f"flood {batch} {n}"} for n in range(1_000)])
    expect(message(page, "flood 3 999")).to_have_count(1)
    expect(page.locator("#events-list li")).to_have_count(200)


def test_long_lists_are_cut_and_say_so(talkative: str, open_page: Open) -> None:
    """How much of how much is shown; what is cut can be unfolded and folded again."""
    quotas = [{"type": "quota", "window": f"{n}h", "used_ratio": n / 100} for n in range(30)]
    quotas[29]["resets_at"] = time.time() + 1
    push(talkative, [{**quota, "agent": "q", "provider": "p"} for quota in quotas])
    push(talkative, [{"type": "tool_call", "agent": "q", "tool": f"t{n}"} for n in range(250)])
    page = open_page(talkative).page
    tools = len(get(talkative, "tools?limit=500")["tools"])
    expect(page.locator("#tools-sub")).to_have_text(f"200 of {tools}")
    expect(page.locator("#tools .more")).to_have_text(f"Show 200 of {tools}")
    gauges = page.locator("#quotas-list .gauge")
    expect(gauges).to_have_count(20)
    page.locator("#quotas .more").click()
    expect(gauges).to_have_count(len(get(talkative, "quotas")["quotas"]))
    expect(page.locator("#quotas-list")).to_contain_text("renewed, not read since")
    page.get_by_role("button", name="Show fewer", exact=True).click()
    expect(gauges).to_have_count(20)
