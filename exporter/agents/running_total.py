"""Running totals: what an agent has used since it began, told again after each turn.

What a turn used is the difference to what was told before. Where a count went down, its teller
began anew, and what it tells now is all since then.
"""

from collections.abc import Mapping

Counts = dict[str, int]


def began_anew(total: Mapping[str, int], before: Mapping[str, int]) -> bool:
    """Return whether a total cannot go on from the one before; a count that is not told is 0."""
    return any(total.get(name, 0) < count for name, count in before.items())


def added(total: Mapping[str, int], before: Mapping[str, int]) -> Counts:
    """Return what a total adds to the one before."""
    if began_anew(total, before):
        return dict(total)
    return {name: count - before.get(name, 0) for name, count in total.items()}
