"""Ledgers restored from stored data."""

from collections.abc import Callable, Mapping
import time

from custom_components.netrex.client import DEFAULT_ALLOWANCE, Lane, Ledger


def restored(
    stored: object,
    clock: Callable[[], float] = time.time,
    *,
    allowance: int = DEFAULT_ALLOWANCE,
) -> Ledger:
    """Return a new ledger with the data of an earlier one."""
    ledger = Ledger(allowance=allowance, clock=clock)
    ledger.restore(stored)
    return ledger


def spent(
    hours: Mapping[int, int],
    clock: Callable[[], float],
    *,
    allowance: int = DEFAULT_ALLOWANCE,
) -> Ledger:
    """Return a ledger with requests that no poller made, by hour since the epoch."""
    kind = Lane.COMMAND.name.lower()
    stored = {"hours": {str(hour): {kind: count} for hour, count in hours.items()}}
    return restored(stored, clock, allowance=allowance)
