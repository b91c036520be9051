"""An account without a camera access token."""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.const import CONF_CAMERA_EVENTS, CONF_DEVICE_URL, DOMAIN
from custom_components.netrex.diagnostics import async_get_config_entry_diagnostics
from custom_components.netrex.kpi.place_entities import (
    OCCUPANCY_LIMIT,
    VISITORS_TARGET,
)
from simulator import Simulator

from .conftest import DOCUMENTATION, SENSOR, Entities

ACCOUNT = DOCUMENTATION


@pytest.fixture
def entry_options(camera_options: dict[str, Any], node_id: int) -> dict[str, Any]:
    """Return the other options of camera access, which have no effect alone."""
    return {
        CONF_DEVICE_URL: camera_options[CONF_DEVICE_URL],
        CONF_CAMERA_EVENTS: [str(node_id)],
    }


async def test_there_are_no_calls_and_no_entities_for_a_token(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry, node_id: int
) -> None:
    await hass.async_block_till_done(wait_background_tasks=True)
    assert entry.runtime_data.gateway is None
    registered = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    assert registered
    domains = {
        entity.domain
        for entity in registered
        # These belong to a place and need no camera.
        if entity.translation_key not in {OCCUPANCY_LIMIT, VISITORS_TARGET}
    }
    assert not domains & {"button", "number", "switch"}
    keys = {entity.translation_key for entity in registered}
    assert not keys & {"input", "motion", "broadcasting", "alert"}
    diagnostics = await async_get_config_entry_diagnostics(hass, entry)
    assert diagnostics["gateway"] is None
    assert cloud.calls == []
    assert cloud.camera(node_id).events.listeners == 0


@pytest.mark.parametrize(
    ("action", "data", "has_response"),
    [
        ("get_camera_parameters", {"group": SENSOR}, True),
        ("set_camera_parameters", {"parameters": {f"{SENSOR}.Brightness": 1}}, True),
        ("ptz", {"pan": 1}, False),
    ],
)
async def test_actions_require_a_token(
    hass: HomeAssistant,
    cloud: Simulator,
    entities: Entities,
    action: str,
    data: dict[str, Any],
    has_response: bool,
) -> None:
    target = {"entity_id": entities.id("camera", "camera")}
    with pytest.raises(ServiceValidationError) as caught:
        await hass.services.async_call(
            DOMAIN, action, target | data, blocking=True, return_response=has_response
        )
    assert caught.value.translation_key == "no_camera_token"
    assert cloud.calls == []
