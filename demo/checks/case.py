"""The account under test, and helpers of the checks."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
import time

from ..account import Account
from ..stage import Running

POLL_INTERVAL = 0.5


class Failed(Exception):  # noqa: N818 - an outcome, not an error of the program
    """A check failed; the text says why."""


class NotRun(Exception):  # noqa: N818 - an outcome, too
    """A check cannot run on this machine; the text says why."""


@dataclass(frozen=True, slots=True)
class Case:
    """The processes, the added account, and Home Assistant's folder."""

    running: Running
    account: Account
    config: Path


def expect(condition: object, text: str) -> None:
    """Raise Failed with the text unless the condition holds."""
    if not condition:
        raise Failed(text)


async def eventually(
    condition: Callable[[], Awaitable[bool]], seconds: float, text: str
) -> float:
    """Wait for a condition; return the seconds it took, or raise Failed after some."""
    started = time.monotonic()
    while not await condition():
        expect(time.monotonic() - started < seconds, f"{text} within {seconds:.0f} s")
        await asyncio.sleep(POLL_INTERVAL)
    return time.monotonic() - started


async def refresh(case: Case, entity_id: str) -> None:
    """Make the coordinator of an entity refresh now."""
    await case.running.client.request(
        "POST",
        "/api/services/homeassistant/update_entity",
        {"entity_id": entity_id},
    )
