"""The command that writes the operator's rules, and prints them with links to a page of yours."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from deploy.k8s.prometheus_rule import RULES, WRITTEN
from tests.deploy.k8s import operator_kinds

PAGE = "https://wiki.example/agents/runbooks?view=plain"
AS_WRITTEN = "docs/runbooks.md"


def _run(*arguments: str, directory: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "deploy.k8s.prometheus_rule", *arguments],
        cwd=directory,
        check=False,
        capture_output=True,
        text=True,
    )


def test_every_alert_leads_to_the_page_that_is_named() -> None:
    """To the heading that it led to before; all else is as it is written."""
    done = _run(f"--runbooks={PAGE}")
    assert done.returncode == 0, done.stderr
    printed = list(yaml.safe_load_all(done.stdout))
    written = "---\n".join(
        (WRITTEN / f"{path.stem}.yaml").read_text() for path in sorted(RULES.glob("*.yml"))
    )
    assert printed == list(yaml.safe_load_all(written.replace(f" {AS_WRITTEN}#", f" {PAGE}#")))
    for manifest in printed:
        operator_kinds.require_valid(manifest)
    links = [
        rule["annotations"]["runbook_url"]
        for manifest in printed
        for group in manifest["spec"]["groups"]
        for rule in group["rules"]
        if "alert" in rule
    ]
    assert links
    assert all(link.startswith(f"{PAGE}#") for link in links)


def test_only_who_asks_for_nothing_else_has_it_written(tmp_path: Path) -> None:
    """What is out of date is found by a check, stays as it is when printed, and is then mended."""
    shutil.copytree("deploy", tmp_path / "deploy")
    stale = tmp_path / WRITTEN.relative_to(Path.cwd()) / "alerts.yaml"
    stale.write_text("out of date")
    check = _run("--check", directory=tmp_path)
    assert (check.returncode, check.stdout) == (1, "")
    assert check.stderr.startswith("alerts.yaml is out of date")
    assert _run(f"--runbooks={PAGE}", directory=tmp_path).returncode == 0
    assert stale.read_text() == "out of date"
    assert _run(directory=tmp_path).returncode == 0
    assert _run("--check", directory=tmp_path).returncode == 0


@pytest.mark.parametrize(
    "address",
    ["", "wiki", "/runbooks.md", "ftp://wiki/a", f"{PAGE}#top", "https://a b", "http://a: b"],
)
def test_what_is_no_address_of_a_page_is_refused(address: str) -> None:
    """A link that leads nowhere is worse than none when the alert fires; nothing is printed."""
    done = _run(f"--runbooks={address}")
    assert (done.returncode, done.stdout) == (2, "")
    assert "the http address of a page" in done.stderr


def test_to_check_and_to_print_are_two_things() -> None:
    """Both at once is a mistake of whoever asks."""
    assert _run("--check", f"--runbooks={PAGE}").returncode == 2


def test_the_page_of_operations_shows_the_command_as_it_is() -> None:
    """What it prints there is what `rules.yaml` holds then."""
    text = Path("docs/operations.md").read_text()
    assert "-m deploy.k8s.prometheus_rule --runbooks=https://" in text
