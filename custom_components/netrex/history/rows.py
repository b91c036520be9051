"""The rows that add new values to a statistic and keep its sums cumulative.

Pure. A row's `state` is the value of the hour; its `sum` is the total of all hours up
to it. Inserting values before existing rows (older history, a correction) changes all
later sums, so those rows are rewritten in the same transaction. Rows that are already
correct are not written.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from .coverage import Hours

# Values have at most two decimals. Rounding keeps binary rounding errors from adding up
# over the years.
_DIGITS = 6
_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class SumRow:
    """An hour of a count or an amount of money."""

    start: int
    state: float
    sum: float


@dataclass(frozen=True, slots=True)
class MeanRow:
    """An hour of a ratio."""

    start: int
    mean: float


def sum_rows(existing: Iterable[SumRow], base: float, values: Hours) -> list[SumRow]:
    """Return the rows to write.

    Args:
        existing: All rows from the first hour of `values` to the newest row.
        base: The sum before them.
        values: The new values.
    """
    rows = {row.start: row for row in existing}
    total = base
    changed = []
    for start in sorted(rows.keys() | values.keys()):
        row = rows.get(start)
        state = values[start] if start in values else rows[start].state
        total = round(total + state, _DIGITS)
        if row is None or not (_same(row.state, state) and _same(row.sum, total)):
            changed.append(SumRow(start, state, total))
    return changed


def base_sum(first: SumRow | None, last_sum: float | None) -> float:
    """Return the sum before the new values.

    Args:
        first: The first existing row at or after their first hour, if any.
        last_sum: The newest sum of the statistic, if it has rows.
    """
    if first is not None:
        return round(first.sum - first.state, _DIGITS)
    return last_sum or 0.0


def mean_rows(existing: Hours, values: Hours) -> list[MeanRow]:
    """Return the rows of a mean to write."""
    return [
        MeanRow(start, value)
        for start, value in sorted(values.items())
        if start not in existing or not _same(existing[start], value)
    ]


def _same(left: float, right: float) -> bool:
    return abs(left - right) < _TOLERANCE
