"""What README.md shows is what happens."""

import json
import re
import subprocess
import urllib.request
from pathlib import Path

from tests.e2e.processes import exporter

README = Path("README.md").read_text()
DEFAULT_ADDRESS = "localhost:24368"


def test_the_curl_line_of_the_readme_does_what_the_readme_says(tmp_path: Path) -> None:
    """It is run as it stands, but for the port; reply and metrics are those shown below it."""
    blocks = re.findall(r"```(\w*)\n(.*?)```", README, re.DOTALL)
    curl = next(text for _, text in blocks if text.startswith("curl"))
    reply = next(json.loads(text) for language, text in blocks if language == "json")
    samples = next(text for _, text in blocks if text.startswith("agent_")).splitlines()
    with exporter(tmp_path) as url:
        command = curl.replace(DEFAULT_ADDRESS, url)
        done = subprocess.run(
            ["sh", "-c", command],  # noqa: S607 - as a reader would
            capture_output=True,
            check=True,
        )
        assert json.loads(done.stdout) == reply
        with urllib.request.urlopen(f"{url}/metrics") as response:  # noqa: S310 - http, ours
            exposed = response.read().decode().splitlines()
    assert set(samples) <= set(exposed)


def test_every_link_leads_somewhere() -> None:
    """Every relative link of every page is a file of the repository, or a heading of a page."""
    for page in (Path("README.md"), Path("CONTRIBUTING.md"), *Path("docs").glob("*.md")):
        for target, anchor in re.findall(r"\]\(([^)#]*)#?([^)]*)\)", page.read_text()):
            if not target.startswith("https://"):
                linked = page.parent / target if target else page
                assert linked.exists(), f"{page}: {target}"
                assert not anchor or anchor in anchors(linked), f"{page}: {target}#{anchor}"


def anchors(page: Path) -> set[str]:
    """Return what the headings of a page are linked by, as GitHub does."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_make_targets_named_exist() -> None:
    """What the pages tell to run, the Makefile knows."""
    targets = set(re.findall(r"^([a-z]+):", Path("Makefile").read_text(), re.MULTILINE))
    named = set()
    for page in (README, Path("CONTRIBUTING.md").read_text()):
        named |= set(re.findall(r"\bmake ([a-z]+)\b(?=`|\s|\"|;)", page))
    assert (
        {"run", "test", "lint", "bench", "docs", "lock", "fuzz", "soak"}
        <= named
        <= targets | {"fetches"}
    )
