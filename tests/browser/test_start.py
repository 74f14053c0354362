"""What a newcomer sees, and that it works as it stands there."""

import subprocess
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.chromium import requires_chromium
from tests.browser.conftest import Open, Start

pytestmark = requires_chromium


def test_the_first_push_is_the_command_that_the_page_shows(start: Start, open_page: Open) -> None:
    """Nothing is made up before it; run as it is, it is taken, and the page fills."""
    url, _ = start()
    page = open_page(url).page
    beginning = page.locator("#start")
    expect(beginning).to_be_visible()
    expect(page.locator("[data-tile=completions] .figure")).to_have_text("0")
    expect(page.locator("[data-tile=p95] .figure")).to_have_text("—")
    expect(page.locator("#models")).to_be_hidden()
    expect(page.locator("#otlp")).to_contain_text(f"OTEL_EXPORTER_OTLP_ENDPOINT={url}")
    command = page.locator("#curl").inner_text()
    assert f"{url}/api/v1/events" in command
    answer = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)  # noqa: S607 - as a newcomer does
    assert '"accepted":1' in answer.stdout
    expect(beginning).to_be_hidden()
    expect(page.locator("#models-table")).to_contain_text("my-provider/my-model")
    expect(page.locator("#models-table")).to_contain_text("2,546")
    expect(page.locator("#sessions-table")).to_be_hidden()


def test_a_page_that_takes_no_pushes_says_where_they_are_taken(
    start: Start, tmp_path: Path, open_page: Open
) -> None:
    """Behind `--ingest.listen-address` the command names that address."""
    pushes, _ = start("--ingest.listen-address=127.0.0.1:0")
    log = (tmp_path / "exporter.log").read_text()
    addresses = [line.partition("address=")[2].strip() for line in log.splitlines()]
    served = {f"http://{address}" for address in addresses if address}
    (url,) = served - {pushes}
    page = open_page(url).page
    expect(page.locator("#start-where")).to_contain_text("not taken at this address")
    expect(page.locator("#curl")).to_contain_text(f"{pushes}/api/v1/events")
    expect(page.locator("#otlp")).to_contain_text(f"ENDPOINT={pushes}")
