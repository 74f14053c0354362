"""One Chromium and one exporter for all tests here, and a page that must do nothing wrong."""

import contextlib
import json
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request

from tests.browser.chromium import chromium
from tests.browser.facts import everything
from tests.e2e.processes import exporter, exporter_process, push

WATCH_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`violates ${event.violatedDirective}: ${event.blockedURI}`));
"""

CONTEXT: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}}

PATIENCE_MS = 30_000


@dataclass
class Visit:
    """A page that was opened, what it asked for, and what it complained of."""

    page: Page
    url: str
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    may_complain: bool = False

    def listen(self) -> None:
        """Hear of every request and every complaint from now on."""

        def hear(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning"):
                self.complaints.append(message.text)

        def ask(request: Request) -> None:
            self.asked.append(request.url)

        self.page.add_init_script(WATCH_VIOLATIONS)
        self.page.on("console", hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", ask)

    def check(self) -> None:
        """Require that it asked nobody else, and, unless it may, that it did not complain."""
        assert {address for address in self.asked if not address.startswith(self.url)} == set()
        assert self.may_complain or not self.complaints, self.complaints


Open = Callable[..., Visit]
"""Opens the page of an exporter's URL; named arguments are those of a new browser context."""


def get(url: str, path: str) -> Any:  # noqa: ANN401 - any JSON
    """Return the JSON of a path of the API."""
    with urllib.request.urlopen(f"{url}/api/v1/{path}") as response:  # noqa: S310 - http, ours
        return json.load(response)


Start = Callable[..., tuple[str, int]]
"""Starts an exporter with these flags; returns its URL and its process id."""


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Run a browser for all tests here."""
    with chromium() as running:
        yield running


@pytest.fixture(scope="package")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run an exporter that knows of something of everything; yield its URL."""
    with exporter(tmp_path_factory.mktemp("busy")) as url:
        batch = everything()
        assert push(url, batch)["accepted"] == len(batch)
        yield url


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Return what starts an exporter for one test, that outlives its pages."""
    with contextlib.ExitStack() as running:
        yield lambda *flags: running.enter_context(exporter_process(tmp_path, *flags))


@pytest.fixture
def open_page(browser: Browser, start: Start) -> Iterator[Open]:
    """Return what opens pages; each must have been quiet and stayed at home."""
    visits: list[Visit] = []

    def opened(url: str, **context: Any) -> Visit:  # noqa: ANN401 - Playwright's own many options
        visits.append(visited(browser, url, **context))
        return visits[-1]

    yield opened
    for visit in visits:
        visit.page.context.close()
    for visit in visits:
        visit.check()


@pytest.fixture(scope="package")
def busy_page(browser: Browser, busy: str) -> Iterator[Page]:
    """Open the page of the busy exporter once, for tests that do no more than look."""
    visit = visited(browser, busy)
    yield visit.page
    visit.page.context.close()
    visit.check()


def visited(browser: Browser, url: str, **context: Any) -> Visit:  # noqa: ANN401 - as above
    """Open the page, and wait until it has shown every answer once."""
    page = browser.new_context(**{**CONTEXT, **context}).new_page()
    visit = Visit(page, url)
    visit.listen()
    page.goto(f"{url}/")
    page.wait_for_selector("[data-connection=live] #labels-table tbody tr", timeout=PATIENCE_MS)
    return visit
