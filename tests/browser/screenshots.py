"""Makes the pictures in `docs/images`: `python -m tests.browser.screenshots`.

An exporter with a window of five minutes is shown under made-up traffic for as long, so that every
step of its charts has something in it. Then its storage is made to fail, as a full disk would.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser

from tests.browser.chromium import chromium
from tests.e2e.processes import COMMAND, exporter_process

IMAGES = Path(__file__).parents[2] / "docs" / "images"

WINDOW_SECS = 300
RATE = 25
SEED = 7
SCRAPE_SECS = 2
LIMIT_PATIENCE_SECS = 240

DESK = {"width": 1280, "height": 960}
PHONE = {"width": 380, "height": 820}

LIGHT: dict[str, Any] = {"color_scheme": "light"}
DARK: dict[str, Any] = {"color_scheme": "dark"}

LOOKS: dict[str, dict[str, Any]] = {
    "live-page": {"viewport": DESK, **LIGHT},
    "live-page-dark": {"viewport": DESK, **DARK},
    "live-page-phone": {"viewport": PHONE, "device_scale_factor": 2, **LIGHT},
}


def shoot(browser: Browser, url: str, name: str, look: dict[str, Any], wait_for: str) -> None:
    """Make one picture once something is there."""
    page = browser.new_page(**look)
    page.goto(f"{url}/")
    page.wait_for_selector(wait_for, state="attached")
    page.wait_for_selector("#labels-table tbody tr", state="attached")
    page.evaluate("document.fonts.ready")
    page.screenshot(path=IMAGES / f"{name}.png")
    page.close()


def fetch(url: str) -> bytes:
    """Return what is there."""
    with urllib.request.urlopen(url) as response:  # noqa: S310 - http, ours
        body: bytes = response.read()
        return body


def await_limit(url: str) -> None:
    """Wait for a model to be limited; the made-up traffic sees to that every few minutes."""
    ends_at = time.monotonic() + LIMIT_PATIENCE_SECS
    while time.monotonic() < ends_at:
        if json.loads(fetch(f"{url}/api/v1/overview"))["models_limited"]:
            return
        time.sleep(SCRAPE_SECS)


def scrape_for(url: str, secs: float) -> None:
    """Scrape as Prometheus would, for so long."""
    ends_at = time.monotonic() + secs
    while time.monotonic() < ends_at:
        fetch(f"{url}/metrics")
        time.sleep(SCRAPE_SECS)


def main(arguments: list[str]) -> None:
    """Make them all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--secs", type=float, default=WINDOW_SECS, help="how long traffic goes on")
    secs = parser.parse_args(arguments).secs
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as directory, chromium() as browser:
        config = Path(directory) / "exporter.yml"
        config.write_text(f"store: {{window_secs: {WINDOW_SECS}}}\n")
        with exporter_process(Path(directory), f"--config.file={config}") as (url, pid):
            shoot(browser, url, "live-page-empty", LOOKS["live-page"], "#start:not([hidden])")
            demo = [str(COMMAND), "demo", f"--url={url}", f"--rate={RATE}", f"--seed={SEED}"]
            with subprocess.Popen(demo, stdout=subprocess.DEVNULL) as traffic:
                scrape_for(url, secs)
                for name, look in LOOKS.items():
                    shoot(browser, url, name, look, "#models-table svg .bars[d]")
                await_limit(url)
                _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, hard))
                shoot(browser, url, "live-page-failing", LOOKS["live-page"], "#attention-list li")
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
                traffic.terminate()


if __name__ == "__main__":
    main(sys.argv[1:])
