"""What a benchmark finds: rows of a table, and curves to be plotted.

A row has one figure of the exporter, and the baseline's beside it, measured in the same run. Both
are medians of the rounds; the ratio is the median of the rounds' ratios, each of its own moment,
since figures drift on a shared machine and their ratio hardly does.
"""

from collections.abc import Sequence
from pathlib import Path
from statistics import median

import msgspec
from msgspec import Struct


class Target(Struct, frozen=True, kw_only=True):
    """What a figure should come to: a largest value, or a least ratio to the baseline."""

    value_max: float | None = None
    ratio_min: float | None = None

    @property
    def text(self) -> str:
        """The target as it stands in the table."""
        if self.ratio_min is not None:
            return f">= {self.ratio_min:g}x"
        return f"<= {self.value_max:g}"

    def met_by(self, value: float, ratio: float | None) -> bool | None:
        """Return whether it is met, or `None` where the baseline it needs is not there."""
        if self.value_max is not None:
            return value <= self.value_max
        return None if ratio is None or self.ratio_min is None else ratio >= self.ratio_min


class Row(Struct, frozen=True, kw_only=True):
    """One line of the table.

    `value` and `baseline` are in `unit`; `beside` names the baseline. `ratio` says how many times
    better the exporter is. `note` is what a reader has to know to take the figure rightly.
    """

    section: str
    work: str
    unit: str
    value: float | None = None
    beside: str = ""
    baseline: float | None = None
    ratio: float | None = None
    target: str = ""
    met: bool | None = None
    note: str = ""


class Curve(Struct, frozen=True, kw_only=True):
    """How one figure goes as another grows: `y` over `x`, of one contender."""

    plot: str
    name: str
    x_label: str
    y_label: str
    x: list[float]
    y: list[float]


class Findings(Struct, frozen=True, kw_only=True):
    """What a section, or all of them, found; `machine` is what it was found on."""

    rows: list[Row] = []
    curves: list[Curve] = []
    machine: dict[str, str] = {}


def compared(
    section: str,
    work: str,
    unit: str,
    values: Sequence[float],
    baselines: Sequence[float] = (),
    *,
    beside: str = "",
    more_is_better: bool = False,
    target: Target | None = None,
    note: str = "",
) -> Row:
    """Make a row of a value a round, and the baseline's value of the same rounds."""
    value = median(values)
    ratio = _ratio(values, baselines, more_is_better=more_is_better)
    return Row(
        section=section,
        work=work,
        unit=unit,
        value=value,
        beside=beside if baselines else "",
        baseline=median(baselines) if baselines else None,
        ratio=ratio,
        target=target.text if target else "",
        met=target.met_by(value, ratio) if target else None,
        note=note,
    )


def _ratio(
    values: Sequence[float], baselines: Sequence[float], *, more_is_better: bool
) -> float | None:
    pairs = [(one, base) for one, base in zip(values, baselines, strict=False) if one and base]
    if not pairs:
        return None
    return median(one / base if more_is_better else base / one for one, base in pairs)


def save(findings: Findings, path: Path) -> None:
    """Write the findings as JSON."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(findings), indent=1) + b"\n")


def load(path: Path) -> Findings:
    """Read findings back. Raises `msgspec.DecodeError` or `OSError` where there are none."""
    return msgspec.json.decode(path.read_bytes(), type=Findings)
