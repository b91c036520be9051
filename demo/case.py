"""What the checks have in common: the account under test and ways to say no."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
import time

from .account import Account
from .stage import Running

POLL_INTERVAL = 0.5


class Failed(Exception):  # noqa: N818 - an outcome, not an error of the program
    """A check found something wrong; the text says what."""


class NotRun(Exception):  # noqa: N818 - the same
    """A check can't run on this machine; the text says why."""


@dataclass(frozen=True, slots=True)
class Case:
    """The processes, the account in them and Home Assistant's folder."""

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
    """Wait for a condition and return the seconds it took; Failed if it stays away."""
    started = time.monotonic()
    while not await condition():
        expect(time.monotonic() - started < seconds, f"{text} within {seconds:.0f} s")
        await asyncio.sleep(POLL_INTERVAL)
    return time.monotonic() - started
