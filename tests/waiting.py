"""Waiting for background work."""

import asyncio
from collections.abc import Callable

type Condition = Callable[[], object]


async def eventually(condition: Condition, seconds: float = 15) -> float:
    """Wait until a condition holds; return how long that took."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    while not condition():
        assert loop.time() - started < seconds, "the condition was not met in time"
        await asyncio.sleep(0.01)
    return loop.time() - started
