"""What every section of the benchmarks has in common: how to measure, and how to be run alone."""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

import machine
import process
import row
import table

BEGAN = time.monotonic()

T = TypeVar("T")


class Plan(NamedTuple):
    """How thoroughly and where to measure.

    `only` is text that the name of a piece of work has to have. State goes below `storage_parent`.
    """

    quick: bool
    only: str
    cores: process.Cores | None
    storage_parent: Path

    @property
    def server_core(self) -> int | None:
        """The core that servers stay on."""
        return self.cores.server if self.cores else None

    def wants(self, work: str) -> bool:
        """Whether this piece of work is asked for."""
        return self.only in work

    def some(self, sizes: Sequence[T]) -> Sequence[T]:
        """Return the sizes to measure at: the least and the largest where it has to be quick."""
        return [sizes[0], sizes[-1]] if self.quick else sizes

    def rounds(self, full: int) -> int:
        """Return how often everything is measured: one time where it has to be quick."""
        return 1 if self.quick else full


Measure = Callable[[Plan], row.Findings]
"""Measures all of a section. Raises `server.ServerError` where a server did not do as it should."""


def parser(description: str) -> argparse.ArgumentParser:
    """Return the arguments that all have."""
    arguments = argparse.ArgumentParser(description=description)
    arguments.add_argument("--quick", action="store_true", help="one short round")
    arguments.add_argument("--only", default="", metavar="TEXT", help="work whose name has this")
    arguments.add_argument("--json", type=Path, metavar="FILE", help="write what was found there")
    arguments.add_argument(
        "--storage", type=Path, default=Path(tempfile.gettempdir()), help="where journals are kept"
    )
    return arguments


def plan(options: argparse.Namespace) -> Plan:
    """Return the plan that was asked for, and keep this process to the core of the load."""
    cores = process.split_cores()
    if cores:
        process.pin(os.getpid(), cores.load)
    return Plan(options.quick, options.only, cores, options.storage)


def alone(measure: Measure, description: str | None) -> None:
    """Run one section from the command line."""
    options = parser((description or "").partition("\n")[0]).parse_args()
    about = machine.described(pinned=process.split_cores() is not None, quick=options.quick)
    found = measure(plan(options))
    publish(row.Findings(rows=found.rows, curves=found.curves, machine=about), options.json)


def publish(findings: row.Findings, path: Path | None) -> None:
    """Print the table, and write the JSON where that is asked for."""
    for name, text in findings.machine.items():
        print(f"{name}: {text}")
    print(f"\n{table.of_rows(findings.rows)}")
    if path:
        row.save(findings, path)


def progress(text: str) -> None:
    """Say how far it is, beside the table, and how many seconds that took."""
    print(f"{time.monotonic() - BEGAN:6.0f} s  {text}", file=sys.stderr, flush=True)
