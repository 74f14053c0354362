"""Writes the manifests in `monitoring/` that hold rules, for the operator, of `deploy/prometheus`.

    python -m deploy.k8s.prometheus_rule           write them
    python -m deploy.k8s.prometheus_rule --check   exit with 1 where one would be another

A file of rules becomes a PrometheusRule of its own, as groups of two files may have the same name.
The text is taken over line by line, comments too, so that both read alike.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).parent
RULES = HERE.parent / "prometheus" / "rules"
WRITTEN = HERE / "monitoring"

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


def main(arguments: Sequence[str]) -> int:
    """Write the manifests, or check them; returns the exit code."""
    stale = [
        path for path, text in manifests().items() if not path.is_file() or path.read_text() != text
    ]
    if "--check" in arguments:
        for path in stale:
            sys.stderr.write(f"{path.name} is out of date: python -m deploy.k8s.prometheus_rule\n")
        return 1 if stale else 0
    for path in stale:
        path.write_text(manifests()[path])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
