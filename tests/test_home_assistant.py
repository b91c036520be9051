"""What Home Assistant itself says about the integration."""

import logging

from homeassistant.core import HomeAssistant
import pytest

from .conftest import SetUp

# Said of every custom integration.
UNTESTED = "We found a custom integration netrex which has not been tested"


async def test_home_assistant_logs_no_complaint(
    hass: HomeAssistant, set_up: SetUp, caplog: pytest.LogCaptureFixture
) -> None:
    """No deprecated call, no blocking call, no wrong unit, on any tested release."""
    entry = await set_up()
    await hass.async_block_till_done(wait_background_tasks=True)
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    said = [
        record.getMessage()
        for record in caplog.records
        if record.levelno >= logging.WARNING
        # In debug mode it logs slow callbacks, which depend on this machine.
        and record.name != "asyncio"
    ]
    ours = [message for message in said if "netrex" in message]
    assert any(message.startswith(UNTESTED) for message in ours)
    assert not [message for message in ours if not message.startswith(UNTESTED)]
