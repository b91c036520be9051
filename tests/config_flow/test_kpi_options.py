"""Which KPIs of which nodes the user wants."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.const import (
    CONF_HISTORY_DAYS,
    CONF_KPI_METRICS,
    CONF_KPI_NODES,
)
from custom_components.netrex.devices import async_known_nodes, async_node_devices
from custom_components.netrex.kpi.places import find_nodes
from simulator import Simulator

from ..kpi.test_sensor import sensor, settle, shop_id
from ..kpi_options import ALL_SENSORS
from .steps import open_page, save, suggested

DAYS = {CONF_HISTORY_DAYS: 365}


def choices(result: ConfigFlowResult, field: str) -> Mapping[str, str]:
    """Return the labels of a field's choices by value."""
    schema = result["data_schema"]
    assert schema
    options: list[Any] = schema.schema[field].config["options"]
    return {option["value"]: option["label"] for option in options}


async def test_nodes_are_listed_by_their_paths(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    offered = choices(await open_page(hass, entry, "kpi"), CONF_KPI_NODES)

    nodes = {node.node_id: node for node in cloud.world.nodes}
    shop = nodes[shop_id(cloud)]
    camera = next(n for n in nodes.values() if n.parent_node_id == shop.node_id)
    root = next(n for n in nodes.values() if n.parent_node_id is None)
    assert offered[str(root.node_id)] == root.name
    assert offered[str(shop.node_id)].endswith(str(shop.name))
    assert offered[str(camera.node_id)] == (
        f"{offered[str(shop.node_id)]} / {camera.name}"
    )
    assert {nodes[int(value)].type for value in offered} == {
        "camera",
        "folder",
        "location",
    }
    # As in the portal: a place is followed by what is below it.
    order = list(offered)
    assert order.index(str(shop.node_id)) < order.index(str(camera.node_id))


@pytest.mark.parametrize("entry_options", [ALL_SENSORS])
async def test_deselected_nodes_are_neither_read_nor_shown(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    await settle(hass, entry)
    shop = shop_id(cloud)
    counter = next(c for c in cloud.world.cameras if cloud.kpi.sources(c))
    assert sensor(hass, entry, shop, "people_in_today")
    assert sensor(hass, entry, shop, "transactions_week")
    assert sensor(hass, entry, counter, "occupancy")
    connectivity = f"{entry.unique_id}_{counter}_connectivity"

    result = await save(
        hass,
        entry,
        "kpi",
        **(DAYS | ALL_SENSORS),
        **{CONF_KPI_NODES: [str(counter)], CONF_KPI_METRICS: ["people_in", "visitors"]},
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await settle(hass, entry)
    assert list(entry.runtime_data.kpi.nodes) == [counter]
    assert sensor(hass, entry, counter, "people_in_today")
    assert sensor(hass, entry, counter, "people_out_today") is None
    # Made of in and out.
    assert sensor(hass, entry, counter, "occupancy") is None
    assert sensor(hass, entry, shop, "people_in_today") is None
    assert shop not in async_known_nodes(hass, entry)
    assert er.async_get(hass).async_get_entity_id(
        "binary_sensor", "netrex", connectivity
    )
    assert {s.node_id for s in entry.runtime_data.history.series()} == {counter}
    assert {s.metric for s in entry.runtime_data.history.series()} == {
        "people_in",
        "visitors",
    }

    # Without a choice all is back.
    await save(hass, entry, "kpi", **(DAYS | ALL_SENSORS))
    await settle(hass, entry)
    assert CONF_KPI_NODES not in entry.options
    assert sensor(hass, entry, shop, "people_in_today")
    assert sensor(hass, entry, counter, "occupancy")
    assert shop in async_known_nodes(hass, entry)


async def test_the_probe_requests_only_selected_metrics(
    hass: HomeAssistant, cloud: Simulator, config_entry: MockConfigEntry
) -> None:
    config_entry.add_to_hass(hass)
    shop = shop_id(cloud)
    hass.config_entries.async_update_entry(
        config_entry,
        options={CONF_KPI_NODES: [str(shop)], CONF_KPI_METRICS: ["transactions"]},
    )
    await hass.config_entries.async_setup(config_entry.entry_id)
    await settle(hass, config_entry)

    asked = [q.query for q in cloud.queries if "ByGranularity" in q.query]
    assert asked
    for query in asked:
        assert "transactionCountPositive" in query
        assert "people" not in query
        assert query.count("node_id:") == query.count(f"node_id:{shop}") == 1
    assert sensor(hass, config_entry, shop, "transactions_today")


async def test_a_selected_node_without_data_is_probed_daily(
    hass: HomeAssistant,
    cloud: Simulator,
    config_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    config_entry.add_to_hass(hass)
    silent = next(c for c in cloud.world.cameras if not cloud.kpi.sources(c))
    hass.config_entries.async_update_entry(
        config_entry, options={CONF_KPI_NODES: [str(silent)]}
    )
    await hass.config_entries.async_setup(config_entry.entry_id)
    await settle(hass, config_entry)

    def probes() -> int:
        return sum("granularity:D" in query.query for query in cloud.queries)

    asked = probes()
    assert asked == 1
    freezer.tick(timedelta(hours=23))
    await settle(hass, config_entry)
    assert probes() == asked
    freezer.tick(timedelta(hours=2))
    await settle(hass, config_entry)
    assert probes() == asked + 1


async def test_an_external_id_is_kept_and_follows_its_node(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    """A place that was made anew in the portal has another node id."""
    node = next(n for n in cloud.world.nodes if n.external_id)
    names = [node.external_id, str(shop_id(cloud))]
    await save(hass, entry, "kpi", **DAYS, **{CONF_KPI_NODES: names})
    assert entry.options[CONF_KPI_NODES] == names
    again = await open_page(hass, entry, "kpi")
    assert suggested(again, CONF_KPI_NODES) == names
    assert entry.runtime_data.kpi.wants(node.node_id)

    other = next(
        n for n in cloud.world.nodes if n.node_id not in (node.node_id, shop_id(cloud))
    )
    other.external_id, node.external_id = node.external_id, None
    await entry.runtime_data.inventory.async_refresh()
    assert entry.runtime_data.kpi.wants(other.node_id)
    assert entry.runtime_data.kpi.wants(node.node_id) is (
        node.node_id == shop_id(cloud)
    )


async def test_a_node_id_takes_precedence_over_an_external_id(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    shop = shop_id(cloud)
    other = next(n for n in cloud.world.nodes if n.node_id != shop)
    other.external_id = str(shop)
    await entry.runtime_data.inventory.async_refresh()
    await save(hass, entry, "kpi", **DAYS, **{CONF_KPI_NODES: [str(shop)]})
    assert entry.options[CONF_KPI_NODES] == [str(shop)]
    assert entry.runtime_data.kpi.wants(shop)
    assert not entry.runtime_data.kpi.wants(other.node_id)


async def test_an_external_id_of_several_nodes_is_refused_and_names_them(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    first, second = cloud.world.nodes[1:3]
    first.external_id = second.external_id = "twice"
    await entry.runtime_data.inventory.async_refresh()
    result = await save(hass, entry, "kpi", **DAYS, **{CONF_KPI_NODES: ["twice"]})
    assert result["errors"] == {CONF_KPI_NODES: "ambiguous_node"}
    shown = result["description_placeholders"]
    assert shown is not None
    assert shown["node"] == "twice"
    for node in (first, second):
        assert f"({node.node_id})" in shown["nodes"]
    with pytest.raises(ServiceValidationError, match="twice"):
        find_nodes(hass, entry, ["twice"])


async def test_an_unknown_node_is_refused(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    names = [str(shop_id(cloud)), "nowhere"]
    result = await save(hass, entry, "kpi", **DAYS, **{CONF_KPI_NODES: names})
    assert result["errors"] == {CONF_KPI_NODES: "unknown_node"}
    assert result["description_placeholders"] == {"node": "nowhere"}
    assert suggested(result, CONF_KPI_NODES) == names
    assert not entry.options


async def test_a_selected_node_that_is_gone_does_not_block_the_page(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    chosen = {CONF_KPI_NODES: ["4711"]}
    hass.config_entries.async_update_entry(entry, options=chosen)
    await hass.async_block_till_done()
    result = await save(hass, entry, "kpi", **{CONF_HISTORY_DAYS: 30}, **chosen)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert entry.options.items() >= ({CONF_HISTORY_DAYS: 30} | chosen).items()


async def test_the_page_keeps_the_selection_while_the_portal_is_down(
    hass: HomeAssistant, config_entry: MockConfigEntry
) -> None:
    config_entry.add_to_hass(hass)
    chosen = {CONF_KPI_NODES: ["1"]}
    hass.config_entries.async_update_entry(config_entry, options=chosen)
    assert config_entry.state is ConfigEntryState.NOT_LOADED
    page = await open_page(hass, config_entry, "kpi")
    assert page["data_schema"]
    assert CONF_KPI_NODES not in page["data_schema"].schema
    await hass.config_entries.options.async_configure(
        page["flow_id"], {CONF_HISTORY_DAYS: 30}
    )
    # The options reload the account.
    await hass.async_block_till_done()
    assert config_entry.options.items() >= ({CONF_HISTORY_DAYS: 30} | chosen).items()


async def test_a_deselected_node_keeps_the_cameras(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    await settle(hass, entry)
    counter = next(c for c in cloud.world.cameras if cloud.kpi.sources(c))
    await save(hass, entry, "kpi", **DAYS, **{CONF_KPI_NODES: [str(counter)]})
    await settle(hass, entry)
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    assert async_known_nodes(hass, entry) == set(cloud.world.cameras)
    account = next(device for device in devices if device.entry_type)
    nodes = async_node_devices(hass, entry).values()
    assert {device.via_device_id for device in nodes} == {account.id}
