"""Fixtures for viewers of a camera in Home Assistant."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from http import HTTPStatus

from homeassistant.components import camera as ha_camera
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import (
    ClientSessionGenerator,
    WebSocketGenerator,
)

from custom_components.netrex.const import DOMAIN
from simulator import Simulator

from .hls import HlsViewer

type OpenViewer = Callable[[str], Awaitable[HlsViewer]]


def entity_of(hass: HomeAssistant, entry: MockConfigEntry, camera_id: int) -> str:
    """Return the entity of a camera."""
    entity_id = er.async_get(hass).async_get_entity_id(
        ha_camera.DOMAIN, DOMAIN, f"{entry.unique_id}_{camera_id}_camera"
    )
    assert entity_id is not None
    return entity_id


@pytest.fixture(autouse=True)
async def _unloaded(
    hass: HomeAssistant, entry: MockConfigEntry
) -> AsyncGenerator[None]:
    """Stop Home Assistant's streams before the cloud stops.

    A stream whose upstream ends while Home Assistant stops may start once more.
    """
    yield
    if entry.state is ConfigEntryState.LOADED:
        await hass.config_entries.async_unload(entry.entry_id)


@pytest.fixture
def camera_id(cloud: Simulator) -> int:
    """Return a camera's node id."""
    return next(iter(cloud.world.cameras))


@pytest.fixture
def height(cloud: Simulator, entry: MockConfigEntry, camera_id: int) -> int:
    """Select the smallest profile to save CPU time; return its height (pixels)."""
    profile = cloud.world.cameras[camera_id].stream_profiles[0]
    entry.runtime_data.live.async_select_profile(camera_id, profile.stream_profile_id)
    return profile.height


@pytest.fixture
def entity_id(
    hass: HomeAssistant, entry: MockConfigEntry, camera_id: int, height: int
) -> str:
    """Return the entity of that camera."""
    return entity_of(hass, entry, camera_id)


@pytest.fixture
def open_viewer(
    hass_ws_client: WebSocketGenerator, hass_client: ClientSessionGenerator
) -> OpenViewer:
    """Return a function that starts a camera's stream as the frontend does."""

    async def open_viewer(entity_id: str) -> HlsViewer:
        client = await hass_client()

        async def get(path: str) -> bytes:
            response = await client.get(path)
            assert response.status == HTTPStatus.OK
            return await response.read()

        websocket = await hass_ws_client()
        await websocket.send_json_auto_id(
            {"type": "camera/stream", "entity_id": entity_id, "format": "hls"}
        )
        answer = await websocket.receive_json()
        assert answer["success"], answer
        return HlsViewer(get, answer["result"]["url"])

    return open_viewer
