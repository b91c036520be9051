"""The devices of cameras and of their video channels."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
)
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex import async_remove_config_entry_device
from custom_components.netrex.areas import AreaPlan
from custom_components.netrex.const import DOMAIN
from custom_components.netrex.coordinator import READS_UNTIL_GONE
from custom_components.netrex.devices import (
    async_known_nodes,
    async_node_devices,
    channel_identifier,
    device_node_id,
)
from simulator import Simulator
from simulator.world.model import Camera, VideoChannel


async def read(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Read the inventory."""
    await entry.runtime_data.inventory.async_refresh()
    await hass.async_block_till_done()


@pytest.fixture
def camera(cloud: Simulator) -> Camera:
    """Return a camera with another video channel."""
    return next(one for one in cloud.world.cameras.values() if one.video_channels)


def channel_device(
    hass: HomeAssistant, entry: MockConfigEntry, camera: Camera
) -> dr.DeviceEntry | None:
    """Return the device of the first further channel of a camera."""
    identifier = channel_identifier(
        entry, camera.node_id, camera.video_channels[0].node_id
    )
    return dr.async_get(hass).async_get_device_by_identifier(identifier, entry.entry_id)


async def test_a_video_channel_has_a_device_below_its_camera(
    hass: HomeAssistant, entry: MockConfigEntry, camera: Camera
) -> None:
    channel = camera.video_channels[0]
    device = channel_device(hass, entry, camera)
    above = async_node_devices(hass, entry)[camera.node_id]
    assert device is not None
    assert device.via_device_id == above.id
    assert device.area_id == above.area_id
    assert (device.manufacturer, device.model) == ("Netrex", "Video channel")
    assert device.name is not None
    assert device.name.startswith(f"{above.name} ")
    [entity] = er.async_entries_for_device(er.async_get(hass), device.id)
    assert (
        entity.unique_id
        == f"{entry.unique_id}_{camera.node_id}_camera_{channel.node_id}"
    )
    state = hass.states.get(entity.entity_id)
    assert state is not None
    assert state.name == device.name
    # It counts as a part of its camera, and not as a node.
    assert device_node_id(entry, device) == camera.node_id
    assert channel.node_id not in async_known_nodes(hass, entry)


async def test_the_device_follows_the_name_at_the_next_reading(
    hass: HomeAssistant, entry: MockConfigEntry, cloud: Simulator, camera: Camera
) -> None:
    channel = camera.video_channels[0]
    channel.name = "Sklad"
    for node in cloud.world.nodes:
        if node.node_id == channel.node_id:
            node.name = "Sklad"
    await read(hass, entry)
    device = channel_device(hass, entry, camera)
    assert device is not None
    assert device.name is not None
    assert device.name.endswith("Sklad")
    [entity] = er.async_entries_for_device(er.async_get(hass), device.id)
    state = hass.states.get(entity.entity_id)
    assert state is not None
    assert state.name == device.name


async def test_the_device_of_a_removed_channel_can_be_removed(
    hass: HomeAssistant, entry: MockConfigEntry, cloud: Simulator, camera: Camera
) -> None:
    device = channel_device(hass, entry, camera)
    assert device is not None
    assert not await async_remove_config_entry_device(hass, entry, device)
    channel = camera.video_channels.pop()
    cloud.world.nodes = [
        node for node in cloud.world.nodes if node.node_id != channel.node_id
    ]
    await read(hass, entry)
    assert await async_remove_config_entry_device(hass, entry, device)


async def test_the_devices_of_a_camera_go_together(
    hass: HomeAssistant, entry: MockConfigEntry, cloud: Simulator, camera: Camera
) -> None:
    device = channel_device(hass, entry, camera)
    assert device is not None
    gone = {camera.node_id, *(one.node_id for one in camera.video_channels)}
    del cloud.world.cameras[camera.node_id]
    cloud.world.nodes = [node for node in cloud.world.nodes if node.node_id not in gone]
    for _ in range(READS_UNTIL_GONE):
        await read(hass, entry)
    registry = dr.async_get(hass)
    assert camera.node_id not in async_known_nodes(hass, entry)
    assert registry.async_get(device.id) is None
    assert not [
        one
        for one in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
        if one.unique_id.startswith(f"{entry.unique_id}_{camera.node_id}_")
    ]


async def test_channels_move_with_their_camera(
    hass: HomeAssistant, entry: MockConfigEntry, camera: Camera
) -> None:
    plan = AreaPlan(hass, entry)
    area = ar.async_get(hass).async_create("Another shop")
    registry = dr.async_get(hass)
    device = channel_device(hass, entry, camera)
    assert device is not None
    above = async_node_devices(hass, entry)[camera.node_id]
    plan.async_move(above, area.id)
    moved = channel_device(hass, entry, camera)
    assert moved is not None
    assert moved.area_id == area.id
    # What the user chose for the channel stays.
    own = ar.async_get(hass).async_create("Storage room")
    registry.async_update_device(device.id, area_id=own.id)
    plan.async_move(async_node_devices(hass, entry)[camera.node_id], None)
    kept = channel_device(hass, entry, camera)
    assert kept is not None
    assert kept.area_id == own.id


async def test_an_action_on_the_device_of_a_channel_is_for_its_camera(
    hass: HomeAssistant, entry: MockConfigEntry, camera: Camera
) -> None:
    device = channel_device(hass, entry, camera)
    assert device is not None
    answer = await hass.services.async_call(
        DOMAIN,
        "list_recordings",
        {
            "device_id": device.id,
            "start": "2026-01-01 00:00",
            "end": "2026-01-01 01:00",
        },
        blocking=True,
        return_response=True,
    )
    assert answer is not None
    [entity_id] = answer
    entity = er.async_get(hass).async_get(entity_id)
    assert entity is not None
    assert entity.device_id == device.id


async def test_a_new_channel_gets_its_device_without_a_reload(
    hass: HomeAssistant, entry: MockConfigEntry, cloud: Simulator
) -> None:
    camera = next(one for one in cloud.world.cameras.values() if not one.video_channels)
    camera.video_channels.append(VideoChannel(4711, "Pohled 9"))
    await read(hass, entry)
    await read(hass, entry)
    device = channel_device(hass, entry, camera)
    assert device is not None
    assert er.async_entries_for_device(er.async_get(hass), device.id)
