"""The table of a check run."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """How a check went."""

    PASSED = "ok"
    FAILED = "FAIL"
    NOT_RUN = "--"


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that was checked, and what came out."""

    name: str
    outcome: Outcome
    detail: str


def render(rows: Sequence[Row]) -> str:
    """Return the rows as a table, with the sum below."""
    width = max((len(row.name) for row in rows), default=0)
    lines = [
        f"  {row.outcome:<4}  {row.name:<{width}}  {row.detail}".rstrip()
        for row in rows
    ]
    outcomes = [row.outcome for row in rows]
    if failed := outcomes.count(Outcome.FAILED):
        verdict = f"{failed} of {len(rows)} failed"
    else:
        verdict = f"{outcomes.count(Outcome.PASSED)} of {len(rows)} passed"
        if skipped := outcomes.count(Outcome.NOT_RUN):
            verdict += f", {skipped} not run"
    return "\n".join([*lines, "", f"  {verdict}"])
