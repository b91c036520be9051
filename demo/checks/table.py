"""The table of results."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """The outcome of a check."""

    PASSED = "ok"
    FAILED = "FAIL"
    NOT_RUN = "--"


@dataclass(frozen=True, slots=True)
class Row:
    """A check and its result."""

    name: str
    outcome: Outcome
    detail: str


def render_row(row: Row, width: int) -> str:
    """Return a line of the table; `width` is that of the longest name."""
    return f"  {row.outcome:<4}  {row.name:<{width}}  {row.detail}".rstrip()


def verdict(rows: Sequence[Row]) -> str:
    """Return the summary of a table."""
    outcomes = [row.outcome for row in rows]
    if failed := outcomes.count(Outcome.FAILED):
        return f"{failed} of {len(rows)} failed"
    passed = f"{outcomes.count(Outcome.PASSED)} of {len(rows)} passed"
    skipped = outcomes.count(Outcome.NOT_RUN)
    return f"{passed}, {skipped} not run" if skipped else passed
