"""One set of numbers for a single shop, not one more for each folder above it."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.devices import async_known_nodes
from custom_components.netrex.entity import split_unique_id
from custom_components.netrex.kpi.repeats import repeating_folders
from simulator import Simulator
from simulator.world.builder import WorldBuilder

from ..test_inventory import read
from .test_sensor import settle, shop_id


def sensor_nodes(hass: HomeAssistant, entry: MockConfigEntry, key: str) -> list[int]:
    """Return the nodes that have a sensor."""
    entries = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    ids = (split_unique_id(entry, found.unique_id) for found in entries)
    return sorted(node for node, found in ids if node is not None and found == key)


@pytest.mark.parametrize("scenario", ["shop", "one_camera"])
async def test_a_single_shop_has_one_set_of_sensors(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    await settle(hass, entry)
    shop = shop_id(cloud)

    assert sensor_nodes(hass, entry, "people_in_today") == [shop]
    root = cloud.world.nodes[0].node_id
    assert root not in async_known_nodes(hass, entry)
    assert root not in entry.runtime_data.kpi.nodes


async def test_a_chosen_folder_has_its_sensors(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    await settle(hass, entry)
    root, shop = cloud.world.nodes[0].node_id, shop_id(cloud)
    hass.config_entries.async_update_entry(
        entry, options={"kpi_nodes": [str(root), str(shop)]}
    )
    await hass.async_block_till_done(wait_background_tasks=True)
    await settle(hass, entry)

    assert sensor_nodes(hass, entry, "people_in_today") == sorted([root, shop])


async def test_a_second_shop_gives_the_folder_its_sensors(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    await settle(hass, entry)
    root = cloud.world.nodes[0].node_id
    build = WorldBuilder(cloud.world, next_id=300_000)
    second = build.shop("Brno, Kounicova", 300, root, 9, cameras=1)
    await read(hass, entry)
    await settle(hass, entry)

    found = sensor_nodes(hass, entry, "people_in_today")
    assert found == sorted([root, shop_id(cloud), second])


@pytest.mark.parametrize("scenario", ["documentation"])
async def test_a_folder_with_another_counter_is_not_a_repetition(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """The root folder also has a camera that counts beside the only shop."""
    data = entry.runtime_data.inventory.data
    assert repeating_folders(data, {138170, 63575, 140094, 62303}) == frozenset()
    # A camera without counts is no reason, nor is the cash desk in the shop.
    assert repeating_folders(data, {138170, 63575, 62303}) == {138170}


@pytest.mark.parametrize("scenario", ["chain"])
async def test_no_folder_of_a_chain_is_a_repetition(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    data = entry.runtime_data.inventory.data
    every = {node.node_id for node in data.tree}
    assert repeating_folders(data, every) == frozenset()
