"""The values on the system health page."""

from typing import Any

from homeassistant.components.system_health import DOMAIN as SYSTEM_HEALTH_DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    get_system_health_info,
)

from custom_components.netrex.const import DOMAIN
from simulator import Simulator

from .repository.project import INTEGRATION, read_json


async def health(hass: HomeAssistant) -> dict[str, Any]:
    """Return the values as the page gets them."""
    assert await async_setup_component(hass, SYSTEM_HEALTH_DOMAIN, {})
    await hass.async_block_till_done()
    info: dict[str, Any] = await get_system_health_info(hass, DOMAIN)
    info["can_reach_portal"] = await info["can_reach_portal"]
    return info


async def test_health_shows_the_portal_and_the_budget(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    # Background tasks of the setup send queries as well.
    await hass.async_block_till_done(wait_background_tasks=True)
    asked = len(cloud.queries)
    assert asked

    assert await health(hass) == {
        "can_reach_portal": "ok",
        "queries_24h": str(asked),
        "queries_remaining": str(8000 - asked),
    }
    # The page sends no query.
    assert len(cloud.queries) == asked

    entry.runtime_data.pacer.pause(90)
    assert (await health(hass))["paused_for"] in {"89 s", "90 s"}


async def test_health_shows_a_portal_that_is_down(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    await hass.config_entries.async_unload(entry.entry_id)
    await cloud.stop()

    assert await health(hass) == {
        "can_reach_portal": {"type": "failed", "error": "unreachable"},
        "queries_24h": "",
        "queries_remaining": "",
    }


@pytest.mark.parametrize("language", ["en", "cs"])
def test_every_value_has_a_name(language: str) -> None:
    texts = read_json(INTEGRATION / "translations" / f"{language}.json")
    assert set(texts["system_health"]["info"]) == {
        "can_reach_portal",
        "queries_24h",
        "queries_remaining",
        "paused_for",
    }
