"""The report of an account check; it contains nothing private (decision 0032)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

type Finding = str | int | float | bool


class Outcome(StrEnum):
    """The result of one step of the check."""

    WORKS = "works"
    # The portal or the camera refused, which can be the right answer.
    REFUSED = "refused"
    # The answer has the expected form, but is empty.
    EMPTY = "empty"
    # The answer cannot be used.
    UNUSABLE = "unusable"
    NO_ANSWER = "no_answer"
    # The account has nothing to try this with, or the limit of queries is reached.
    NOT_TRIED = "not_tried"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the report. All texts are ours; none is taken from an answer.

    Attributes:
        capability: What was checked.
        request: What was requested.
        outcome: What happened.
        seconds: Time until the answer, without the wait for the query's turn.
        settles: Findings about undocumented behavior, by the names of the simulator's
            switches where there is one.
        note: Why something was not tried, or a detail.
    """

    capability: str
    request: str
    outcome: Outcome
    seconds: float | None = None
    settles: Mapping[str, Finding] = field(default_factory=dict)
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the row as the response of an action."""
        row: dict[str, Any] = {
            "capability": self.capability,
            "request": self.request,
            "outcome": self.outcome.value,
        }
        if self.seconds is not None:
            row["seconds"] = round(self.seconds, 2)
        if self.settles:
            row["settles"] = dict(self.settles)
        if self.note:
            row["note"] = self.note
        return row


def as_table(rows: list[Row]) -> str:
    """Return the report as a Markdown table, for a bug report."""
    lines = ["| capability | request | outcome | seconds | settles |", "|" + "---|" * 5]
    for row in rows:
        settles = ", ".join(f"{key}: {value}" for key, value in row.settles.items())
        seconds = "" if row.seconds is None else f"{row.seconds:.2f}"
        details = "; ".join(filter(None, (settles, row.note)))
        lines.append(
            f"| {row.capability} | {row.request} | {row.outcome} | {seconds} "
            f"| {details} |"
        )
    return "\n".join(lines)
