"""Ledgers as they are after a restart."""

from collections.abc import Callable
import time

from custom_components.netrex.client import Ledger


def restored(stored: object, clock: Callable[[], float] = time.time) -> Ledger:
    """Return a new ledger with what an earlier one had stored."""
    ledger = Ledger(clock=clock)
    ledger.restore(stored)
    return ledger
