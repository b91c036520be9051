"""Request priorities: the pacer's queue order and the ledger's quotas."""

from enum import IntEnum


class Lane(IntEnum):
    """Priority of a request; the lowest number goes first."""

    INTERACTIVE = 0  # a user is waiting: live view, playback
    COMMAND = 1  # an action
    STATUS = 2
    KPI = 3
    BACKFILL = 4
