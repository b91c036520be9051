"""Waiting for background work."""

import asyncio
from collections.abc import Callable

from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

type Condition = Callable[[], object]


async def eventually(condition: Condition, seconds: float = 15) -> float:
    """Wait until a condition holds; return how long that took."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    while not condition():
        assert loop.time() - started < seconds, "the condition was not met in time"
        await asyncio.sleep(0.01)
    return loop.time() - started


async def token_checked_twice(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Wait for the query that checks a refused token, and run the one after it.

    The first refusal asks for nothing.
    """
    await hass.async_block_till_done(wait_background_tasks=True)
    assert not list(entry.async_get_active_flows(hass, {SOURCE_REAUTH}))
    await entry.runtime_data.status.async_refresh()
    await hass.async_block_till_done()
