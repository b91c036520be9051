"""Cameras that come, go and come back."""

from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.client.days import DAY, HOUR
from custom_components.netrex.const import DOMAIN
from custom_components.netrex.coordinator import READS_UNTIL_GONE
from custom_components.netrex.devices import async_known_nodes
from simulator import Simulator
from simulator.world.model import Node, VideoChannel
from simulator.world.scenarios import add_camera

from .conftest import SetUp


async def read(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Read inventory and status as the rhythm would."""
    await entry.runtime_data.inventory.async_refresh()
    await entry.runtime_data.status.async_refresh()
    await hass.async_block_till_done()


def connectivity(hass: HomeAssistant, entry: MockConfigEntry, node_id: int) -> str:
    """Return the entity id of a camera's connectivity."""
    entity_id = er.async_get(hass).async_get_entity_id(
        "binary_sensor", "netrex", f"{entry.unique_id}_{node_id}_connectivity"
    )
    assert entity_id
    return entity_id


def shop_id(cloud: Simulator) -> int:
    """Return the node id of the shop."""
    return next(n.node_id for n in cloud.world.nodes if n.type == "location")


def remove(cloud: Simulator, node_id: int) -> object:
    """Take a camera out of the portal."""
    cloud.world.nodes[:] = [n for n in cloud.world.nodes if n.node_id != node_id]
    return cloud.world.cameras.pop(node_id)


async def test_a_new_camera_appears_without_a_reload(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    camera = add_camera(cloud.world, "Nová kamera", shop_id(cloud))
    await read(hass, entry)

    state = hass.states.get(connectivity(hass, entry, camera.node_id))
    assert state
    assert state.state == "on"
    assert state.name == "Nová kamera Connectivity"


async def test_a_camera_is_removed_after_several_complete_reads_and_can_come_back(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    camera = add_camera(cloud.world, "Nová kamera", shop_id(cloud))
    node = cloud.world.nodes[-1]
    await read(hass, entry)
    entity_id = connectivity(hass, entry, camera.node_id)

    remove(cloud, camera.node_id)
    for _ in range(READS_UNTIL_GONE - 1):
        await read(hass, entry)
        state = hass.states.get(entity_id)
        assert state
        assert state.state == STATE_UNAVAILABLE
    await read(hass, entry)
    assert hass.states.get(entity_id) is None
    assert camera.node_id not in async_known_nodes(hass, entry)

    cloud.world.nodes.append(node)
    cloud.world.cameras[camera.node_id] = camera
    await read(hass, entry)
    state = hass.states.get(entity_id)
    assert state
    assert state.state == "on"


async def test_a_camera_that_comes_back_in_time_stays(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    camera = add_camera(cloud.world, "Nová kamera", shop_id(cloud))
    node = cloud.world.nodes[-1]
    await read(hass, entry)
    for _ in range(3):
        remove(cloud, camera.node_id)
        for _ in range(READS_UNTIL_GONE - 1):
            await read(hass, entry)
        cloud.world.nodes.append(node)
        cloud.world.cameras[camera.node_id] = camera
        await read(hass, entry)

    state = hass.states.get(connectivity(hass, entry, camera.node_id))
    assert state
    assert state.state == "on"


@pytest.mark.parametrize("kind", ["half", "wrong_types", "html", "cut", "refuse"])
async def test_a_failing_portal_removes_nothing(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry, kind: str
) -> None:
    before = async_known_nodes(hass, entry)
    cloud.faults.add("graphql", kind, count=None)
    for _ in range(READS_UNTIL_GONE + 1):
        await read(hass, entry)

    assert async_known_nodes(hass, entry) >= before


async def test_an_account_without_any_camera_removes_nothing(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    before = async_known_nodes(hass, entry)
    for camera in list(cloud.world.cameras):
        remove(cloud, camera)
    for _ in range(READS_UNTIL_GONE + 1):
        await read(hass, entry)

    assert async_known_nodes(hass, entry) >= before


@pytest.mark.parametrize("scenario", ["broken_tree"])
async def test_a_broken_tree_is_set_up(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)

    assert set(cloud.world.cameras) <= async_known_nodes(hass, entry)
    assert all(device.name for device in devices)


async def test_a_new_channel_of_a_known_camera_appears_without_a_reload(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    camera = next(iter(cloud.world.cameras.values()))
    before = set(hass.states.async_entity_ids("camera"))
    cloud.world.nodes.append(Node(4711, camera.node_id, "videoChannel", "Pohled 9"))
    camera.video_channels.append(VideoChannel(4711, "Pohled 9"))
    await read(hass, entry)
    await read(hass, entry)

    (new,) = set(hass.states.async_entity_ids("camera")) - before
    assert new.endswith("pohled_9")


async def test_a_failed_schema_query_is_retried_with_the_next_read(
    hass: HomeAssistant, cloud: Simulator, set_up: SetUp
) -> None:
    cloud.faults.add("graphql", "html", match="__schema")
    entry = await set_up()
    assert entry.state is ConfigEntryState.LOADED
    schema = entry.runtime_data.client.schema
    assert not schema.introspected

    await read(hass, entry)
    learned = entry.runtime_data.client.schema
    assert learned.introspected

    # A week later.
    entry.runtime_data.store.data["schema"]["learned"] = 0
    cloud.faults.add("graphql", "html", match="__schema")
    await read(hass, entry)
    assert entry.runtime_data.client.schema is learned
    await read(hass, entry)
    assert entry.runtime_data.client.schema is not learned
    assert entry.runtime_data.client.schema.introspected


@pytest.mark.parametrize("ahead", [2 * HOUR, 5 * DAY, 365 * DAY, -HOUR, -DAY])
async def test_a_schema_of_a_wrong_clock_is_not_kept_for_longer(
    hass: HomeAssistant, set_up: SetUp, ahead: int
) -> None:
    entry = await set_up()
    schema = entry.runtime_data.client.schema
    entry.runtime_data.store.data["schema"]["learned"] += ahead
    await read(hass, entry)
    assert (entry.runtime_data.client.schema is schema) == (ahead < 0)


@pytest.mark.parametrize(
    "stored",
    [
        {"learned": 0},
        {"types": {}},
        {"learned": "yesterday", "types": 5},
        {"learned": 1e300, "types": {"types": {"Query": {"nodeList": None}}}},
        ["learned"],
        "x",
    ],
)
async def test_a_damaged_schema_is_learned_again(
    cloud: Simulator,
    config_entry: MockConfigEntry,
    set_up: SetUp,
    hass_storage: dict[str, Any],
    stored: object,
) -> None:
    key = f"{DOMAIN}.{config_entry.entry_id}"
    hass_storage[key] = {
        "version": 1,
        "minor_version": 1,
        "key": key,
        "data": {"schema": stored},
    }
    entry = await set_up()
    assert entry.state is ConfigEntryState.LOADED
    assert entry.runtime_data.client.schema.introspected
    assert sum("__schema" in query.query for query in cloud.queries) == 1
