"""What to write so that a statistic holds new values, and its sums stay one staircase.

Pure. A row's `state` is the hour's own value and `sum` the total of all hours up to
it, so the sums follow from the states. Whatever is put in before existing rows
(older history, a correction) raises or lowers all sums after it, and those rows are
written again in the same go. Nothing is written for rows that are right already.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

# Numbers have at most two decimals; years of sums must not drift by binary fractions.
_DIGITS = 6
_TOLERANCE = 1e-6

type Hours = Mapping[int, float]


@dataclass(frozen=True, slots=True)
class SumRow:
    """One hour of a count or of money."""

    start: int
    state: float
    sum: float


@dataclass(frozen=True, slots=True)
class MeanRow:
    """One hour of a ratio."""

    start: int
    mean: float


def sum_rows(existing: Iterable[SumRow], base: float, values: Hours) -> list[SumRow]:
    """Return the rows to write.

    Args:
        existing: All rows from the first hour of `values` on, up to the newest.
        base: The sum before them.
        values: New values by the start of their hour.
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
    """Return the sum before the first of the existing rows.

    Args:
        first: The first existing row from some hour on, if there is one.
        last_sum: The newest sum of the whole statistic, if it has any row.
    """
    if first is not None:
        return round(first.sum - first.state, _DIGITS)
    return last_sum or 0.0


def mean_rows(existing: Hours, values: Hours) -> list[MeanRow]:
    """Return the rows to write for a mean; `existing` holds means by hour."""
    return [
        MeanRow(start, value)
        for start, value in sorted(values.items())
        if start not in existing or not _same(existing[start], value)
    ]


def _same(left: float, right: float) -> bool:
    return abs(left - right) < _TOLERANCE
