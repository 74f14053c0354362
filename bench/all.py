"""All benchmarks, one after another, as one table.

The exporter stands beside the baseline in every row, measured in the same run, in turns. A full run
takes about 25 minutes, one with `--quick` about three; `--sections` and `--only` leave things out.
Every section is a script of its own too. The exit code is 1 where a section could not be measured.
"""

import sys

import client
import growth
import ingest
import machine
import neighbours
import process
import reads
import render
import scale
import scrape
import section
import server
import stall
import start
from connection import LoadError
from row import Curve, Findings, Row

SECTIONS: dict[str, section.Measure] = {
    "ingest": ingest.measure,
    "neighbours": neighbours.measure,
    "scrape": scrape.measure,
    "render": render.measure,
    "stall": stall.measure,
    "reads": reads.measure,
    "growth": growth.measure,
    "scale": scale.measure,
    "start": start.measure,
    "client": client.measure,
}


def main() -> int:
    """Measure what is asked for, print the table, and return the exit code."""
    arguments = section.parser((__doc__ or "").partition("\n")[0])
    arguments.add_argument(
        "--sections", default=",".join(SECTIONS), help="some of these, separated by commas"
    )
    options = arguments.parse_args()
    about = machine.described(pinned=process.split_cores() is not None, quick=options.quick)
    names = [name for name in options.sections.split(",") if name]
    unknown = set(names) - set(SECTIONS)
    if unknown:
        arguments.error(f"no such section; there are {', '.join(SECTIONS)}")
    plan = section.plan(options)
    rows: list[Row] = []
    curves: list[Curve] = []
    failed = False
    for name in names:
        try:
            found = SECTIONS[name](plan)
        except (server.ServerError, LoadError, OSError) as error:
            failed = True
            rows.append(Row(section=name, work="FAILED", unit="", note=str(error)[:200]))
        else:
            rows.extend(found.rows)
            curves.extend(found.curves)
    section.publish(Findings(rows=rows, curves=curves, machine=about), options.json)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
