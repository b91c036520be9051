"""Checks an account: every documented call once, with a report for a bug report.

The report settles what the vendor's documentation leaves open, without names, ids,
links, or addresses (decision 0032).
"""

from ..errors import NetrexAuthError, NetrexError, NetrexRateLimitedError
from .calls import MAX_QUERIES, OutOfQueriesError, PortalCalls
from .cameras import check_cameras
from .kpi import check_kpi, check_money
from .live import check_live, check_offline_live
from .portal import check_errors, check_inventory, check_schema, check_status
from .recordings import check_recordings
from .report import Outcome, Row, as_table
from .subject import Step, Subject

__all__ = [
    "MAX_QUERIES",
    "Outcome",
    "PortalCalls",
    "Row",
    "Subject",
    "as_table",
    "check_account",
]

# In this order: the first steps find the examples for the others.
_STEPS: tuple[tuple[str, Step], ...] = (
    ("schema", check_schema),
    ("inventory", check_inventory),
    ("status", check_status),
    ("errors", check_errors),
    ("kpi", check_kpi),
    ("kpi", check_money),
    ("live", check_live),
    ("live", check_offline_live),
    ("recordings", check_recordings),
    ("cameras", check_cameras),
)


async def check_account(subject: Subject) -> list[Row]:
    """Run all steps; a failure ends only the step in which it occurs.

    Raises:
        NetrexAuthError: There is no token.
    """
    rows: list[Row] = []
    for capability, step in _STEPS:
        try:
            rows.extend([row async for row in step(subject)])
        except NetrexAuthError:
            raise
        except OutOfQueriesError:
            note = f"{MAX_QUERIES} queries are used"
            rows.append(Row(capability, "the rest", Outcome.NOT_TRIED, note=note))
        except NetrexRateLimitedError:
            note = "the portal's limit is reached"
            rows.append(Row(capability, "the rest", Outcome.REFUSED, note=note))
        except NetrexError as err:
            # The class only: a text could contain an address.
            rows.append(
                Row(capability, "the rest", Outcome.NO_ANSWER, note=type(err).__name__)
            )
    note = f"{subject.portal.sent} of at most {MAX_QUERIES}"
    rows.append(Row("queries", "sent", Outcome.WORKS, note=note))
    return rows
