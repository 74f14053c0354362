"""What a newcomer sees, and that it works as it stands there."""

import subprocess
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.chromium import requires_chromium
from tests.browser.conftest import Open, Start

pytestmark = requires_chromium


def test_the_first_push_is_the_command_that_the_page_shows(
    start: Start, tmp_path: Path, open_page: Open
) -> None:
    """Nothing is made up before it; run as it is, it is taken, and the page fills."""
    config = tmp_path / "exporter.yml"
    config.write_text("store: {window_secs: 1800}\n")
    url, _ = start(f"--config.file={config}")
    page = open_page(url).page
    beginning = page.locator("#start")
    expect(beginning).to_be_visible()
    expect(page.locator("[data-tile=completions] .figure")).to_have_text("0")
    expect(page.locator("[data-tile=p95] .figure")).to_have_text("—")
    expect(page.locator("#models")).to_be_hidden()
    expect(page.locator("#otlp")).to_contain_text(f"OTEL_EXPORTER_OTLP_ENDPOINT={url}")
    # The page's own jump puts a fragment into its address.
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(beginning).to_be_focused()
    assert page.url == f"{url}/#start"
    with page.expect_response("**/api/v1/exporter"):
        pass
    page.evaluate("new Promise((done) => setTimeout(done))")
    command = page.locator("#curl").inner_text()
    assert f"{url}/api/v1/events" in command
    answer = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)  # noqa: S607 - as a newcomer does
    assert '"accepted":1' in answer.stdout
    expect(beginning).to_be_hidden()
    expect(page.locator("#models-table")).to_contain_text("my-provider/my-model")
    expect(page.locator("#models-table")).to_contain_text("2,546")
    expect(page.locator("#sessions-table")).to_be_hidden()
    for tile, words in (
        ("completions", "Completions in each 30 s of the last 30 min: 1 at the most"),
        ("tokens", "Tokens in each 30 s of the last 30 min: 2,546 at the most"),
        ("errors", "Failed completions in each 30 s of the last 30 min: 0 at the most"),
        ("p95", "Latency p95 in each 30 s of the last 30 min: 1.80 s at the most"),
        ("cost", "Cost in each 30 s of the last 30 min: $0.0189 at the most"),
    ):
        expect(page.locator(f"[data-tile={tile}] svg")).to_have_attribute("aria-label", words)


def test_a_page_that_takes_no_pushes_says_where_they_are_taken(
    start: Start, tmp_path: Path, open_page: Open
) -> None:
    """Behind `--ingest.listen-address` the command names that address, and shows the token."""
    token = tmp_path / "token"
    token.write_text("open-sesame-as-they-say-in-the-tale\n")
    config = tmp_path / "exporter.yml"
    config.write_text(f"ingest: {{token_file: {token}}}\n")
    pushes, _ = start("--ingest.listen-address=127.0.0.1:0", f"--config.file={config}")
    log = (tmp_path / "exporter.log").read_text()
    addresses = [line.partition("address=")[2].strip() for line in log.splitlines()]
    served = {f"http://{address}" for address in addresses if address}
    (url,) = served - {pushes}
    page = open_page(url).page
    expect(page.locator("#start-where")).to_contain_text("not taken at this address")
    expect(page.locator("#curl")).to_contain_text(f"{pushes}/api/v1/events")
    expect(page.locator("#otlp")).to_contain_text(f"ENDPOINT={pushes}")
    command = page.locator("#curl").inner_text()
    answer = subprocess.run(
        ["sh", "-c", command],  # noqa: S607 - as a newcomer does
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    assert '"accepted":1' in answer.stdout
