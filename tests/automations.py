"""Automations for tests of triggers and conditions."""

from typing import Any

from homeassistant.components.automation import DOMAIN as AUTOMATION
from homeassistant.core import Event, HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import async_capture_events

FIRED = "automation_ran"


async def automate(hass: HomeAssistant, **config: Any) -> list[Event[dict[str, Any]]]:  # noqa: ANN401 - any configuration
    """Set an automation up and return the list of its runs, which grows."""
    runs = async_capture_events(hass, FIRED)
    action = {
        "event": FIRED,
        "event_data": {"entity_id": "{{ trigger.entity_id | default('') }}"},
    }
    assert await async_setup_component(
        hass, AUTOMATION, {AUTOMATION: {"actions": [action], **config}}
    )
    await hass.async_block_till_done()
    return runs
