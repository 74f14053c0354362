"""A real Chromium without a screen, where it is installed."""

import contextlib
import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

PROGRAM = shutil.which("chromium")

MISSING = [name for name in ("chromium", "curl") if shutil.which(name) is None]

if MISSING and os.environ.get("CI"):
    raise RuntimeError(f"with CI set nothing may be skipped; missing: {', '.join(MISSING)}")

requires_chromium = pytest.mark.skipif(
    bool(MISSING),
    reason=f"not installed: {', '.join(MISSING)} (`make test` as root on Debian does)",
)

ARGUMENTS = [
    # Its sandbox does not run as root, and the only page it opens is ours.
    "--no-sandbox",
    "--disable-gpu",
    # Nothing but the page may ask for anything.
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Run it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PROGRAM, args=ARGUMENTS)
        yield browser
        browser.close()
