"""`python bench/page.py FILE`: writes what a run found into docs/performance.md.

Everything between a pair of markers is made of the findings: the machine, the table, and the
figures of the sizing rule. What is outside of them is prose that holds whatever they are.
"""

import argparse
from collections.abc import Callable
from itertools import groupby
from pathlib import Path

import row
import sizing
import table
from msgspec.structs import replace
from row import Findings

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
MARKERS = "<!-- {0}: written by bench/page.py -->\n", "<!-- end of {0} -->"


def machine(findings: Findings) -> str:
    """Tell what it was measured on."""
    lines = [f"| {name} | {text} |" for name, text in findings.machine.items()]
    return "\n".join(["| | |", "|---|---|", *lines])


def results(findings: Findings) -> str:
    """Lay every section out as a table of its own."""
    parts = [
        f"### {section[0].upper()}{section[1:]}\n\n{table.in_markdown(rows)}"
        for section, rows in groupby(findings.rows, key=lambda one: one.section)
    ]
    return "\n\n".join(parts)


def targets(findings: Findings) -> str:
    """Lay out what was asked for, and whether it is so, each under the name of its section."""
    asked = [one for one in findings.rows if one.target]
    return table.in_markdown(replace(one, work=f"{one.section}: {one.work}") for one in asked)


BLOCKS: dict[str, Callable[[Findings], str]] = {
    "machine": machine,
    "targets": targets,
    "sizing": sizing.told,
    "results": results,
}


def rewritten(page: str, findings: Findings) -> str:
    """Return the page with every block made anew. Raises `ValueError` where one has no place."""
    for name, make in BLOCKS.items():
        begin, end = (marker.format(name) for marker in MARKERS)
        start = page.index(begin) + len(begin)
        page = f"{page[:start]}\n{make(findings)}\n\n{page[page.index(end, start) :]}"
    return page


def main() -> None:
    """Rewrite the page."""
    parser = argparse.ArgumentParser(description="Write a run into docs/performance.md.")
    parser.add_argument("file", type=Path, help="what `bench/all.py --json FILE` wrote")
    findings = row.load(parser.parse_args().file)
    PAGE.write_text(rewritten(PAGE.read_text(encoding="utf-8"), findings), encoding="utf-8")


if __name__ == "__main__":
    main()
