"""Setup and unload of an account: its queries, and nothing left behind."""

import asyncio
from datetime import timedelta
from typing import Any
from unittest.mock import Mock

from homeassistant.components.camera import DOMAIN as CAMERA_DOMAIN
from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)
from yarl import URL

from custom_components.netrex import async_remove_config_entry_device
from custom_components.netrex.client import Lane
from custom_components.netrex.const import DOMAIN
from custom_components.netrex.devices import node_identifier
from custom_components.netrex.live import VideoSource
from custom_components.netrex.relay.endpoint import Endpoint
from custom_components.netrex.relay.server import Relay
from simulator import Simulator

from .conftest import SetUp
from .ledgers import restored


def fields(cloud: Simulator) -> list[str]:
    """Return the first field of each query so far."""
    return [record.fields[0] for record in cloud.queries]


@pytest.mark.parametrize("scenario", ["large"])
async def test_a_thousand_cameras_start_with_two_queries_and_no_link(
    hass: HomeAssistant, cloud: Simulator, set_up: SetUp
) -> None:
    entry = await set_up()

    assert entry.state is ConfigEntryState.LOADED
    start = [name for name in fields(cloud) if not name.startswith("statistic")]
    assert start == ["__schema", "nodeList"]
    assert cloud.links == []
    channels = sum(len(c.video_channels) for c in cloud.world.cameras.values())
    assert len(cloud.world.cameras) == 1000
    assert len(hass.states.async_entity_ids(CAMERA_DOMAIN)) == 1000 + channels


async def test_a_restart_sends_one_query(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    await hass.async_block_till_done(wait_background_tasks=True)
    await hass.config_entries.async_unload(entry.entry_id)
    cloud.queries.clear()
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)

    assert [f for f in fields(cloud) if not f.startswith("statistic")] == ["nodeList"]
    assert "granularity:D" not in "".join(record.query for record in cloud.queries)


async def test_unloading_leaves_no_port_and_no_task(
    hass: HomeAssistant, cloud: Simulator, set_up: SetUp
) -> None:
    before = asyncio.all_tasks()
    entry = await set_up()
    port = URL(entry.runtime_data.live.stream_source(VideoSource(1))).port
    assert port
    _reader, writer = await asyncio.open_connection("127.0.0.1", port)
    assert await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)

    assert entry.state is ConfigEntryState.NOT_LOADED
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)
    writer.close()
    assert not [
        task
        for task in asyncio.all_tasks() - before
        if "netrex" in repr(task.get_coro())
    ]


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        ("cut", ConfigEntryState.SETUP_RETRY),
        ("html", ConfigEntryState.SETUP_RETRY),
        ("empty", ConfigEntryState.SETUP_RETRY),
        ("garbage", ConfigEntryState.SETUP_RETRY),
        ("refuse", ConfigEntryState.SETUP_RETRY),
    ],
)
async def test_setup_is_retried_while_the_portal_fails(
    cloud: Simulator, set_up: SetUp, kind: str, state: ConfigEntryState
) -> None:
    cloud.faults.add("graphql", kind, count=None)

    assert (await set_up()).state is state


async def test_a_refused_token_asks_to_sign_in_once(
    hass: HomeAssistant, cloud: Simulator, set_up: SetUp
) -> None:
    cloud.world.tokens.clear()
    entry = await set_up()

    assert entry.state is ConfigEntryState.SETUP_ERROR
    flows = hass.config_entries.flow.async_progress()
    assert [flow["context"]["source"] for flow in flows] == [SOURCE_REAUTH]


async def test_devices_form_the_portals_tree(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    registry = dr.async_get(hass)
    await hass.async_block_till_done(wait_background_tasks=True)

    def parent(node_id: int | None) -> str | None:
        device = registry.async_get_device_by_identifier(
            node_identifier(entry, node_id), entry.entry_id
        )
        assert device
        if device.via_device_id is None:
            return None
        via = registry.async_get(device.via_device_id)
        assert via
        return next(identifier for _, identifier in via.identifiers)

    shop = next(n for n in cloud.world.nodes if n.type == "location")
    camera = next(iter(cloud.world.cameras))
    assert parent(None) is None
    assert shop.parent_node_id
    assert parent(shop.parent_node_id) == entry.unique_id
    assert parent(shop.node_id) == f"{entry.unique_id}_{shop.parent_node_id}"
    assert parent(camera) == f"{entry.unique_id}_{shop.node_id}"


async def test_unique_ids_contain_the_account(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    entities = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)

    assert len(entities) > 10
    assert entry.unique_id
    assert all(e.unique_id.startswith(entry.unique_id) for e in entities)


async def test_only_devices_that_the_portal_does_not_list_can_be_removed(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    registry = dr.async_get(hass)
    camera = next(iter(cloud.world.cameras))
    device = registry.async_get_device_by_identifier(
        node_identifier(entry, camera), entry.entry_id
    )
    account = registry.async_get_device_by_identifier(
        node_identifier(entry), entry.entry_id
    )
    gone = registry.async_get_or_create(
        config_entry_id=entry.entry_id, identifiers={node_identifier(entry, 4711)}
    )
    assert device
    assert account

    assert not await async_remove_config_entry_device(hass, entry, device)
    assert not await async_remove_config_entry_device(hass, entry, account)
    assert await async_remove_config_entry_device(hass, entry, gone)


async def test_removing_an_entry_deletes_its_stored_data(
    hass: HomeAssistant, hass_storage: dict[str, object], entry: MockConfigEntry
) -> None:
    await hass.config_entries.async_unload(entry.entry_id)
    assert f"{DOMAIN}.{entry.entry_id}" in hass_storage
    await hass.config_entries.async_remove(entry.entry_id)

    assert f"{DOMAIN}.{entry.entry_id}" not in hass_storage


async def test_a_failed_setup_saves_its_queries_immediately(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    cloud: Simulator,
    set_up: SetUp,
) -> None:
    cloud.faults.add("graphql", "html", count=None, match="nodeList")
    entry = await set_up()
    assert entry.state is ConfigEntryState.SETUP_RETRY

    stored = hass_storage[f"{DOMAIN}.{entry.entry_id}"]["data"]
    assert restored(stored["ledger"]).used == 2
    await hass.config_entries.async_remove(entry.entry_id)
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(hours=1))
    await hass.async_block_till_done()
    assert f"{DOMAIN}.{entry.entry_id}" not in hass_storage


async def test_a_setup_that_fails_late_leaves_no_port(
    hass: HomeAssistant, set_up: SetUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = asyncio.all_tasks()
    ports = []
    listen = Relay.listen

    async def async_listen(relay: Relay, endpoint: Endpoint) -> Endpoint:
        endpoint = await listen(relay, endpoint)
        ports.append(endpoint.port)
        return endpoint

    monkeypatch.setattr(Relay, "listen", async_listen)
    monkeypatch.setattr(
        hass.config_entries, "async_forward_entry_setups", Mock(side_effect=OSError)
    )
    entry = await set_up()

    assert entry.state is ConfigEntryState.SETUP_ERROR
    assert len(ports) == 1
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", ports[0])
    assert not [
        task
        for task in asyncio.all_tasks() - before
        if "Relay" in repr(task.get_coro())
    ]


async def test_the_ledger_is_saved_without_listeners(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    cloud: Simulator,
    entry: MockConfigEntry,
) -> None:
    await hass.async_block_till_done(wait_background_tasks=True)
    for minutes in (11, 17):
        async_fire_time_changed(hass, dt_util.utcnow() + timedelta(minutes=minutes))
        await hass.async_block_till_done(wait_background_tasks=True)

    stored = hass_storage[f"{DOMAIN}.{entry.entry_id}"]["data"]
    assert restored(stored["ledger"]).used >= 4


async def test_queries_between_two_setups_count(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    """A query of a flow, or one that was sent while the store was saved."""
    await hass.async_block_till_done(wait_background_tasks=True)
    pacer = entry.runtime_data.pacer
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert pacer.ledger.used == len(cloud.queries)
    pacer.ledger.record(Lane.INTERACTIVE)

    assert await hass.config_entries.async_setup(entry.entry_id)

    await hass.async_block_till_done(wait_background_tasks=True)
    assert entry.runtime_data.pacer.ledger.used == len(cloud.queries) + 1


async def test_a_reload_during_a_query_logs_no_error(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await hass.async_block_till_done(wait_background_tasks=True)
    cloud.faults.add("graphql", "delay", 1)
    poll = hass.async_create_task(entry.runtime_data.status.async_refresh())
    await asyncio.sleep(0.2)
    assert await hass.config_entries.async_unload(entry.entry_id)
    await poll
    await asyncio.sleep(1)

    assert "Error fetching" not in caplog.text
