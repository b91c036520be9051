"""Names of statistics say which place they are about, and follow a rename."""

from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.statistics import get_metadata
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.client import Node, NodeType, Tree
from custom_components.netrex.devices import node_identifier
from custom_components.netrex.history.names import MAX_LENGTH, unique_names
from simulator import Simulator

from .conftest import settle, statistic_id
from .few import few_series, set_up
from .test_import import shop_id


def node(node_id: int, name: str, parent: int | None = None) -> Node:
    """Return a node."""
    return Node(node_id, parent, NodeType.FOLDER, name)


TREE = Tree(
    [
        node(1, "Shops"),
        node(2, "Brno", 1),
        node(3, "Praha", 1),
        node(4, "Vchod", 2),
        node(5, "Vchod", 3),
        node(6, "Pokladny", 3),
        node(7, "x" * 300, 3),
    ]
)


def test_equal_names_get_those_of_the_places_above() -> None:
    names = unique_names([2, 4, 5, 6, 7, 8], TREE, {})
    assert names[4] == "Brno Vchod"
    assert names[5] == "Praha Vchod"
    # Other names stay short.
    assert names[2] == "Brno"
    assert names[6] == "Pokladny"
    assert len(names[7]) == MAX_LENGTH
    assert names[8] == "8"


def test_names_of_the_user_come_first() -> None:
    assert unique_names([4, 5], TREE, {4: "Front door"}) == {
        4: "Front door",
        5: "Vchod",
    }
    assert unique_names([4, 5], TREE, {2: "Česká"})[4] == "Česká Vchod"


@pytest.fixture
def history_options(cloud: Simulator) -> dict[str, Any]:
    """Return the options of the entry: few series, to be quick."""
    return few_series(cloud)


async def test_a_rename_reaches_the_statistics_at_once(
    hass: HomeAssistant,
    cloud: Simulator,
    clock: FrozenDateTimeFactory,
    config_entry: MockConfigEntry,
) -> None:
    await set_up(hass, config_entry)
    shop = shop_id(cloud)

    async def name() -> str | None:
        wanted = statistic_id(config_entry, shop, "people_in")
        found = await get_instance(hass).async_add_executor_job(
            lambda: get_metadata(hass, statistic_ids={wanted})
        )
        return found[wanted][1]["name"]

    before = await name()
    # At the portal.
    portal_node = next(n for n in cloud.world.nodes if n.node_id == shop)
    portal_node.name = "Nádraží"
    clock.tick(timedelta(minutes=1))
    await config_entry.runtime_data.inventory.async_refresh()
    await settle(hass, config_entry)
    assert await name() == "Nádraží People in" != before
    # By the user.
    devices = dr.async_get(hass)
    device = devices.async_get_device_by_identifier(
        node_identifier(config_entry, shop), config_entry.entry_id
    )
    assert device
    devices.async_update_device(device.id, name_by_user="Hlavní nádraží")
    await settle(hass, config_entry)
    assert await name() == "Hlavní nádraží People in"
