"""An account with a camera access token."""

from typing import Any

from homeassistant.components.camera import DOMAIN as CAMERA_DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.const import DOMAIN
from custom_components.netrex.gateway import CameraGateway
from simulator import Simulator
from simulator.records import CallRecord

SENSOR = "ImageSource.I0.Sensor"
BRIGHTNESS = f"{SENSOR}.Brightness"


@pytest.fixture
def entry_options(camera_options: dict[str, Any]) -> dict[str, Any]:
    """Let the account have a camera access token."""
    return camera_options


@pytest.fixture
async def gateway(hass: HomeAssistant, entry: MockConfigEntry) -> CameraGateway:
    """Return the gateway of an account whose cameras have been asked."""
    await hass.async_block_till_done(wait_background_tasks=True)
    found = entry.runtime_data.gateway
    assert isinstance(found, CameraGateway)
    return found


@pytest.fixture
def node_id(cloud: Simulator) -> int:
    """Return a camera's node."""
    return next(iter(cloud.world.cameras))


def camera_entity(hass: HomeAssistant, entry: MockConfigEntry, node_id: int) -> str:
    """Return the entity of a camera."""
    entity_id = er.async_get(hass).async_get_entity_id(
        CAMERA_DOMAIN, DOMAIN, f"{entry.unique_id}_{node_id}_camera"
    )
    assert entity_id is not None
    return entity_id


def parameters(cloud: Simulator, node_id: int) -> dict[str, str]:
    """Return what a camera really has."""
    return cloud.camera(node_id).parameters.values


def parameter_calls(cloud: Simulator) -> list[CallRecord]:
    """Return the calls about parameters; others have other reasons to call cameras."""
    return [call for call in cloud.calls if call.path == "axis-cgi/param.cgi"]
