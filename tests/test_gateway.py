"""The cameras' own interfaces as an account has them: none without a token."""

from typing import Any

from homeassistant.components.camera import DOMAIN as CAMERA_DOMAIN
from homeassistant.const import ATTR_ENTITY_ID
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.const import DOMAIN
from simulator import Simulator

SENSOR = "ImageSource.I0.Sensor"


@pytest.fixture
def entry_options(device_options: dict[str, Any]) -> dict[str, Any]:
    """Let the account have a device access token."""
    return device_options


def camera_entity(hass: HomeAssistant, entry: MockConfigEntry, node_id: int) -> str:
    """Return the entity of a camera."""
    entity_id = er.async_get(hass).async_get_entity_id(
        CAMERA_DOMAIN, DOMAIN, f"{entry.unique_id}_{node_id}_camera"
    )
    assert entity_id is not None
    return entity_id


def parameter_calls(cloud: Simulator) -> int:
    """Return how often cameras were asked for parameters."""
    return sum("param.cgi" in call.path for call in cloud.calls)


async def test_capabilities_are_found_out_once(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    await hass.async_block_till_done(wait_background_tasks=True)
    gateway = entry.runtime_data.gateway
    connected = {
        node_id
        for node_id, camera in cloud.world.cameras.items()
        if camera.is_connected
    }
    assert gateway.capabilities.data.keys() == connected
    asked = parameter_calls(cloud)
    assert asked == 2 * len(connected)

    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert entry.runtime_data.gateway is not gateway
    assert entry.runtime_data.gateway.capabilities.data == gateway.capabilities.data
    assert parameter_calls(cloud) == asked


async def test_parameters_are_read_and_written(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    node_id = next(iter(cloud.world.cameras))
    target = {ATTR_ENTITY_ID: camera_entity(hass, entry, node_id)}
    name = f"{SENSOR}.Brightness"
    answer = await hass.services.async_call(
        DOMAIN,
        "set_camera_parameters",
        target | {"parameters": {name: 61}},
        blocking=True,
        return_response=True,
    )
    entity_id = target[ATTR_ENTITY_ID]
    assert answer == {entity_id: {"before": {name: "50"}, "after": {name: "61"}}}
    answer = await hass.services.async_call(
        DOMAIN,
        "get_camera_parameters",
        target | {"group": SENSOR},
        blocking=True,
        return_response=True,
    )
    assert answer is not None
    values = answer[entity_id]
    assert isinstance(values, dict)
    assert values[name] == "61"
