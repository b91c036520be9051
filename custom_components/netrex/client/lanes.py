"""Who waits for a request: the pacer's order and the ledger's shares."""

from enum import IntEnum


class Lane(IntEnum):
    """Priorities of requests; the lowest number goes first."""

    INTERACTIVE = 0  # a person is waiting: live view, play
    COMMAND = 1  # an action
    STATUS = 2
    KPI = 3
    BACKFILL = 4
