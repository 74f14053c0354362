"""The page and the exporter apart: gone, back, paused, hidden, unwell."""

import re
import resource
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import requires_chromium
from tests.browser.conftest import Open, Start, Visit
from tests.browser.facts import everything
from tests.e2e.processes import exporter, free_port, push

pytestmark = requires_chromium

HIDE = """(state) => {
  Object.defineProperty(document, "visibilityState", {value: state, configurable: true});
  document.dispatchEvent(new Event("visibilitychange"));
}"""

PATIENCE_MS = 30_000

LOG = {"type": "log", "level": "info", "source": "s"}


@pytest.fixture
def standing(busy: str, open_page: Open) -> Visit:
    """Open a page whose time goes on only when the test says so."""
    visit = open_page(busy)
    visit.page.clock.install()
    visit.page.reload()
    visit.page.wait_for_selector("[data-connection=live] #models-table tbody tr")
    visit.page.clock.pause_at("2100-01-01")
    return visit


def polls(visit: Visit, page: Page) -> int:
    """Return how many questions were asked within a minute of the page's time."""
    visit.asked.clear()
    page.clock.run_for(60_000)
    return len(visit.asked)


def test_the_page_outlives_a_restart(tmp_path: Path, open_page: Open) -> None:
    """It says since when it is alone, and goes on by itself, the stream too."""
    address = f"127.0.0.1:{free_port()}"
    url = f"http://{address}"
    flag = f"--web.listen-address={address}"
    connection = "#connection"
    with exporter(tmp_path, flag):
        push(url, [{**LOG, "message": "before"}])
        visit = open_page(url)
        visit.may_complain = True
        page = visit.page
        expect(page.locator("#events-sub")).to_contain_text("live")
    expect(page.locator(connection)).to_contain_text("Disconnected since", timeout=PATIENCE_MS)
    expect(page.locator("#events-list")).to_contain_text("before")
    with exporter(tmp_path, flag):
        expect(page.locator(connection)).to_have_text("Live", timeout=PATIENCE_MS)
        # Of pushes before its start an exporter knows by the agents that it remembers.
        expect(page.locator("#facts dd").first).to_have_text(re.compile(r"^\d+ s ago$"))
        push(url, [{**LOG, "message": "after"}])
        expect(page.locator("#events-list li").first).to_contain_text("after", timeout=PATIENCE_MS)
        expect(page.locator("#events-sub")).to_contain_text("live", timeout=PATIENCE_MS)
        expect(page.locator("#events-list li", has_text="before")).to_have_count(1)
        expect(page.locator("#events-list li", has_text="after")).to_have_count(1)
        page.context.close()


def test_events_begun_anew_are_told_from_those_before(tmp_path: Path, open_page: Open) -> None:
    """An exporter over another storage numbers its events from 1 again."""
    address = f"127.0.0.1:{free_port()}"
    flag = f"--web.listen-address={address}"
    another = tmp_path / "another"
    another.mkdir()
    events = "#events-list li"
    with exporter(tmp_path, flag):
        push(f"http://{address}", [{**LOG, "message": f"old {n}"} for n in range(3)])
        visit = open_page(f"http://{address}")
        visit.may_complain = True
        expect(visit.page.locator("#events-sub")).to_contain_text("live")
    with exporter(another, flag):
        push(f"http://{address}", [{**LOG, "message": "new 0"}])
        expect(visit.page.locator(events).first).to_contain_text("new 0", timeout=PATIENCE_MS)
        texts = visit.page.locator(events).all_inner_texts()
        assert [text.split("\n")[-1] for text in texts] == [
            "new 0",
            "the exporter began its events anew",
            "old 2",
            "old 1",
            "old 0",
        ]
        visit.page.context.close()


def test_a_hidden_page_asks_nothing(standing: Visit) -> None:
    """And goes on as soon as somebody looks."""
    page = standing.page
    page.evaluate(HIDE, "hidden")
    expect(page.locator("#connection")).to_have_text("Paused")
    assert polls(standing, page) == 0
    page.evaluate(HIDE, "visible")
    page.clock.resume()
    expect(page.locator("#connection")).to_have_text("Live")


def test_a_page_can_be_paused(standing: Visit) -> None:
    """By a button that says so, also while the page is looked at."""
    page = standing.page
    pause = page.get_by_role("button", name="Pause")
    pause.click()
    expect(pause).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#connection")).to_have_text("Paused")
    assert polls(standing, page) == 0
    pause.click()
    page.clock.resume()
    expect(page.locator("#connection")).to_have_text("Live")


def refuse(page: Page, path: str, status: int) -> None:
    """Have the page get this status for a path of the API from now on."""
    page.route(f"**/api/v1/{path}", lambda route: route.fulfill(status=status))


def test_what_is_not_answered_any_more_is_marked(busy: str, open_page: Open) -> None:
    """In its own section, with why; what keeps the whole page away is told apart, too."""
    visit = open_page(busy)
    visit.may_complain = True
    page = visit.page
    refuse(page, "models", 429)
    stale = page.locator("#models .stale")
    expect(stale).to_have_text(
        re.compile(r"As of [\d:]{8}: models not renewed since \(asked to slow down\)\."),
        timeout=PATIENCE_MS,
    )
    expect(page.locator(".stale")).to_have_count(1)
    page.unroute("**/api/v1/models")
    expect(stale).to_have_count(0)
    for status, said in ((403, "Not allowed"), (429, "Asked to slow down"), (500, "with errors")):
        refuse(page, "overview", status)
        expect(page.locator("#connection")).to_contain_text(said, timeout=PATIENCE_MS)


def test_a_page_whose_scripts_do_not_load_says_so(busy: str, open_page: Open) -> None:
    """Whichever is missing: after a while, without any script."""
    visit = open_page(busy)
    visit.may_complain = True
    page = visit.page
    expect(page.locator("#unloaded")).to_have_count(0)
    page.route("**/format.js", lambda route: route.abort())
    page.reload(wait_until="load")
    expect(page.locator("#unloaded")).to_be_hidden()
    page.evaluate("document.getAnimations().forEach((animation) => animation.finish())")
    expect(page.locator("#unloaded")).to_be_visible()
    expect(page.locator("#unloaded")).to_contain_text("did not load")


def test_a_limit_counts_down(standing: Visit) -> None:
    """Second by second, by the exporter's clock, also between two answers; so do durations."""
    page = standing.page
    page.get_by_role("button", name="Pause").click()
    left = page.locator("#models-table tbody tr", has_text="gpt-5").locator(
        "[data-timed=countdown]"
    )
    running = page.locator("#requests-table tbody tr").first.locator("[data-timed=running]")

    def shown() -> list[int]:
        clocks = (left.inner_text().split(":"), running.inner_text().split(":"))
        return [int(minutes) * 60 + int(secs) for minutes, secs in clocks]

    page.clock.run_for(1_000)
    before = shown()
    page.clock.run_for(7_000)
    assert [now - then for then, now in zip(before, shown(), strict=True)] == [-7, 7]
    assert before[1] >= 75


@pytest.mark.hostile(25)
def test_a_storage_that_fails_is_said_on_the_page(start: Start, open_page: Open) -> None:
    """What is the matter, and what it means for pushes; it goes when it passes."""
    url, pid = start()
    push(url, everything())
    page = open_page(url).page
    attention = page.locator("#attention")
    expect(attention).to_be_hidden()
    soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, hard))
    with pytest.raises(OSError, match="503"):
        push(url, everything())
    expect(attention).to_be_visible(timeout=PATIENCE_MS)
    expect(attention).to_contain_text("journal: failing")
    expect(attention).to_contain_text("Pushes are refused with 503")
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))
    expect(attention).to_be_hidden(timeout=PATIENCE_MS)


@pytest.mark.hostile(37)
def test_pushes_from_anybody_are_said_on_the_page(start: Start, open_page: Open) -> None:
    """Where other machines may push without credentials, the page warns of it, always."""
    url, _ = start("--web.listen-address=0.0.0.0:0")
    visit = open_page(url)
    page = visit.page
    warning = "Pushes are taken from other machines without credentials."
    expect(page.locator("#attention")).to_be_visible()
    expect(page.locator("#attention")).to_contain_text(warning)
    visit.may_complain = True
    page.route("**/api/v1/overview", lambda route: route.abort())
    with page.expect_response("**/health"):
        pass
    expect(page.locator("#connection")).to_contain_text("Disconnected since")
    expect(page.locator("#attention")).to_contain_text(warning)
