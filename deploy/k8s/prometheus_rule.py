"""Writes the manifests in `monitoring/` that hold rules, for the operator, of `deploy/prometheus`.

    python -m deploy.k8s.prometheus_rule                  write them
    python -m deploy.k8s.prometheus_rule --check          exit with 1 where one would be another
    python -m deploy.k8s.prometheus_rule --runbooks=URL   print them, every `runbook_url` below URL

A file of rules becomes a PrometheusRule of its own, as groups of two files may have the same name.
The text is taken over line by line, comments too, so that both read alike.
"""

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).parent
RULES = HERE.parent / "prometheus" / "rules"
WRITTEN = HERE / "monitoring"

RUNBOOKS = "docs/runbooks.md"
"""The page of runbooks, as the rules have it: below this project, wherever that is."""

HEAD = """\
# Made by `python -m deploy.k8s.prometheus_rule` of deploy/prometheus/rules/{name}.yml. Change that.
# Depending on the operator's `ruleSelector`, it has to carry a label of yours to be seen.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: agent-exporter-{name}
  labels:
    app.kubernetes.io/name: agent-exporter
spec:
  groups:
"""


def manifest(name: str, text: str) -> str:
    """Return the manifest of a file of rules. Raises `ValueError` where it does not begin so."""
    before, found, groups = f"\n{text}".partition("\ngroups:\n")
    if not found or [line for line in before.splitlines() if line and not line.startswith("#")]:
        raise ValueError("a file of rules begins with `groups:`, after comments")
    lines = [f"  {line}".rstrip() for line in groups.splitlines()]
    return HEAD.format(name=name) + "\n".join(lines).rstrip() + "\n"


def manifests() -> dict[Path, str]:
    """Return what is to be written, by where. Raises `ValueError` as `manifest`."""
    return {
        WRITTEN / f"{path.stem}.yaml": manifest(path.stem, path.read_text())
        for path in sorted(RULES.glob("*.yml"))
    }


def with_runbooks(text: str, url: str) -> str:
    """Return manifests whose alerts lead to a page of runbooks at `url`, a heading for each."""
    return re.sub(
        rf"^(\s*runbook_url: ){re.escape(RUNBOOKS)}#",
        lambda found: f"{found[1]}{url}#",
        text,
        flags=re.MULTILINE,
    )


def _page(text: str) -> str:
    """Return the address of a page, if it can stand as it is in YAML and take a fragment."""
    if not re.fullmatch(r"https?://[\w.~:/?&=%@+-]+", text, flags=re.ASCII):
        raise argparse.ArgumentTypeError("expected the http address of a page, without a fragment")
    return text


def main(arguments: Sequence[str]) -> int:
    """Write the manifests, check them, or print them; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m deploy.k8s.prometheus_rule")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--check", action="store_true", help="whether what is written is up to date")
    how.add_argument("--runbooks", type=_page, metavar="URL", help="print, with links to this page")
    options = parser.parse_args(arguments)
    if options.runbooks is not None:
        sys.stdout.write(with_runbooks("---\n".join(manifests().values()), options.runbooks))
        return 0
    return _check() if options.check else _write()


def _stale() -> dict[Path, str]:
    return {
        path: text
        for path, text in manifests().items()
        if not path.is_file() or path.read_text() != text
    }


def _check() -> int:
    stale = _stale()
    for path in stale:
        sys.stderr.write(f"{path.name} is out of date: python -m deploy.k8s.prometheus_rule\n")
    return 1 if stale else 0


def _write() -> int:
    for path, text in _stale().items():
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
