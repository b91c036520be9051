"""The choice of a camera's stream profile."""

from homeassistant.components.select import (
    ATTR_OPTION,
    ATTR_OPTIONS,
    DOMAIN as SELECT_DOMAIN,
    SERVICE_SELECT_OPTION,
)
from homeassistant.const import (
    ATTR_ENTITY_ID,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
    EntityCategory,
)
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.const import DOMAIN
from custom_components.netrex.live import VideoSource
from simulator import Simulator
from simulator.world.model import Camera, StreamProfile

from .relay.players import watch


def entity_of(hass: HomeAssistant, entry: MockConfigEntry, camera: Camera) -> str:
    """Return the select of a camera."""
    entity_id = er.async_get(hass).async_get_entity_id(
        SELECT_DOMAIN, DOMAIN, f"{entry.unique_id}_{camera.node_id}_stream_profile"
    )
    assert entity_id is not None
    return entity_id


@pytest.fixture
def camera(cloud: Simulator) -> Camera:
    """Return a camera."""
    return next(iter(cloud.world.cameras.values()))


@pytest.fixture
def entity_id(hass: HomeAssistant, entry: MockConfigEntry, camera: Camera) -> str:
    """Return the select of that camera."""
    return entity_of(hass, entry, camera)


def state_of(hass: HomeAssistant, entity_id: str) -> str:
    """Return an entity's state."""
    state = hass.states.get(entity_id)
    assert state
    return state.state


async def select(hass: HomeAssistant, entity_id: str, option: str) -> None:
    """Select an option."""
    await hass.services.async_call(
        SELECT_DOMAIN,
        SERVICE_SELECT_OPTION,
        {ATTR_ENTITY_ID: entity_id, ATTR_OPTION: option},
        blocking=True,
    )


async def test_the_next_stream_uses_the_selected_profile(
    hass: HomeAssistant, entry: MockConfigEntry, camera: Camera, entity_id: str
) -> None:
    address = entry.runtime_data.live.stream_source(VideoSource(camera.node_id))
    state = hass.states.get(entity_id)
    assert state
    sizes = [f"{p.width}x{p.height}" for p in camera.stream_profiles]
    assert state.attributes[ATTR_OPTIONS] == sizes
    assert state.state == "1920x1080"
    described = er.async_get(hass).async_get(entity_id)
    assert described
    assert described.entity_category is EntityCategory.CONFIG

    await select(hass, entity_id, sizes[0])

    assert state_of(hass, entity_id) == sizes[0]
    assert await watch(address) == [camera.stream_profiles[0].height] * 3
    with pytest.raises(ServiceValidationError):
        await select(hass, entity_id, "1x1")


async def test_a_selection_survives_a_reload_of_an_offline_account(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    camera: Camera,
    entity_id: str,
) -> None:
    option = f"{camera.stream_profiles[0].width}x{camera.stream_profiles[0].height}"
    await select(hass, entity_id, option)
    cloud.faults.add("graphql", "status", 500, count=None, match="cameraList")
    await entry.runtime_data.status.async_refresh()
    assert state_of(hass, entity_id) == option
    entry.runtime_data.status._answered_at = 0.0  # long ago
    await entry.runtime_data.status.async_refresh()
    assert state_of(hass, entity_id) == STATE_UNAVAILABLE

    cloud.faults.clear()
    assert await hass.config_entries.async_reload(entry.entry_id)

    assert state_of(hass, entity_id) == option
    address = entry.runtime_data.live.stream_source(VideoSource(camera.node_id))
    assert await watch(address) == [camera.stream_profiles[0].height] * 3


async def test_a_selected_profile_that_is_gone_falls_back_to_the_default(
    hass: HomeAssistant, entry: MockConfigEntry, camera: Camera, entity_id: str
) -> None:
    gone = camera.stream_profiles.pop(0)
    await select(hass, entity_id, f"{gone.width}x{gone.height}")
    camera.stream_profiles.append(StreamProfile(7, 1920, 1080))

    await entry.runtime_data.inventory.async_refresh()

    state = hass.states.get(entity_id)
    assert state
    assert state.state == "1920x1080"
    assert state.attributes[ATTR_OPTIONS][-1] == "1920x1080 (2)"
    # A camera that vanished has nothing to choose.
    inventory = entry.runtime_data.inventory
    del inventory.data.cameras[camera.node_id]
    inventory.async_update_listeners()
    assert state_of(hass, entity_id) == STATE_UNKNOWN


async def test_a_camera_gets_a_select_when_it_has_several_profiles(
    hass: HomeAssistant, entry: MockConfigEntry, cloud: Simulator
) -> None:
    registry = er.async_get(hass)
    camera = next(iter(cloud.world.cameras.values()))
    profiles = camera.stream_profiles
    registry.async_remove(entity_of(hass, entry, camera))
    camera.stream_profiles = profiles[:1]
    assert await hass.config_entries.async_reload(entry.entry_id)
    unique_id = f"{entry.unique_id}_{camera.node_id}_stream_profile"
    assert not registry.async_get_entity_id(SELECT_DOMAIN, DOMAIN, unique_id)

    camera.stream_profiles = profiles
    await entry.runtime_data.inventory.async_refresh()
    await hass.async_block_till_done()

    assert state_of(hass, entity_of(hass, entry, camera)) == "1920x1080"
