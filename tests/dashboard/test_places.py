"""The WebSocket command `netrex/places`: what it tells, and to whom."""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.netrex.const import CONF_HISTORY_DAYS
from simulator import Simulator

from ..conftest import SetUp


async def read(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator, **fields: object
) -> dict[str, Any]:
    client = await hass_ws_client(hass)
    await client.send_json_auto_id({"type": "netrex/places", **fields})
    response: dict[str, Any] = await client.receive_json()
    return response


async def accounts(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator
) -> list[dict[str, Any]]:
    response = await read(hass, hass_ws_client)
    assert response["success"], response
    assert response["result"]["version"] == 1
    found: list[dict[str, Any]] = response["result"]["accounts"]
    return found


def by_name(account: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {place["name"]: place for place in account["places"]}


@pytest.fixture
async def loaded(hass: HomeAssistant, entry: MockConfigEntry) -> MockConfigEntry:
    """Return the entry once all its KPIs have been found."""
    await hass.async_block_till_done(wait_background_tasks=True)
    return entry


async def test_without_an_account_there_are_no_places(
    hass: HomeAssistant, set_up: SetUp, hass_ws_client: WebSocketGenerator
) -> None:
    entry = await set_up()
    assert await accounts(hass, hass_ws_client)
    await hass.config_entries.async_unload(entry.entry_id)
    assert await accounts(hass, hass_ws_client) == []


async def test_the_command_costs_no_query(
    hass: HomeAssistant,
    cloud: Simulator,
    loaded: MockConfigEntry,
    hass_ws_client: WebSocketGenerator,
) -> None:
    before = len(cloud.queries)
    for _ in range(3):
        assert await accounts(hass, hass_ws_client)
    assert len(cloud.queries) == before


async def test_the_tree_comes_with_parents_first(
    hass: HomeAssistant,
    cloud: Simulator,
    loaded: MockConfigEntry,
    hass_ws_client: WebSocketGenerator,
) -> None:
    [account] = await accounts(hass, hass_ws_client)

    assert account["entry_id"] == loaded.entry_id
    assert account["name"] == "Demo shop"
    assert account["entities"]["queries_used"].startswith("sensor.")
    nodes = {node.node_id: node for node in cloud.world.nodes}
    seen: set[int] = set()
    for place in account["places"]:
        node = nodes[place["node_id"]]
        assert (place["name"], place["type"]) == (node.name, node.type)
        assert place["parent_node_id"] in {None, *seen}
        assert place["parent_node_id"] == node.parent_node_id
        seen.add(node.node_id)
    assert seen >= set(cloud.world.cameras)


async def test_a_place_has_its_entities_by_key(
    hass: HomeAssistant, loaded: MockConfigEntry, hass_ws_client: WebSocketGenerator
) -> None:
    [account] = await accounts(hass, hass_ws_client)

    registry = er.async_get(hass)
    for place in account["places"]:
        for key, entity_id in place["entities"].items():
            found = registry.async_get(entity_id)
            assert found is not None
            assert not found.disabled
            assert found.unique_id == f"{loaded.unique_id}_{place['node_id']}_{key}"
    counting = [p for p in account["places"] if "visitors_today" in p["entities"]]
    assert counting
    assert all("visitors" in place["counts"] for place in counting)


async def test_a_camera_has_its_images_and_its_recordings(
    hass: HomeAssistant,
    cloud: Simulator,
    loaded: MockConfigEntry,
    hass_ws_client: WebSocketGenerator,
) -> None:
    [account] = await accounts(hass, hass_ws_client)

    cameras = {p["node_id"]: p for p in account["places"] if "cameras" in p}
    assert cameras.keys() == cloud.world.cameras.keys()
    for node_id, place in cameras.items():
        assert place["cameras"][0] == place["entities"]["camera"]
        channels = cloud.world.cameras[node_id].video_channels
        assert len(place["cameras"]) == 1 + len(channels)
        assert place["recordings"] == (
            f"media-source://netrex/{loaded.entry_id}/camera/{node_id}"
        )
    assert not [
        p for p in account["places"] if p["type"] != "camera" and "cameras" in p
    ]


async def test_names_and_areas_are_the_users(
    hass: HomeAssistant, loaded: MockConfigEntry, hass_ws_client: WebSocketGenerator
) -> None:
    [account] = await accounts(hass, hass_ws_client)
    place = next(p for p in account["places"] if p["device_id"])
    dr.async_get(hass).async_update_device(
        place["device_id"], name_by_user="Corner", area_id="corner"
    )

    [account] = await accounts(hass, hass_ws_client)

    assert by_name(account)["Corner"]["node_id"] == place["node_id"]
    assert by_name(account)["Corner"]["area_id"] == "corner"


async def test_disabled_and_hidden_entities_are_left_out(
    hass: HomeAssistant, loaded: MockConfigEntry, hass_ws_client: WebSocketGenerator
) -> None:
    [account] = await accounts(hass, hass_ws_client)
    place = next(p for p in account["places"] if "visitors_today" in p["entities"])
    registry = er.async_get(hass)
    registry.async_update_entity(
        place["entities"]["visitors_today"], hidden_by=er.RegistryEntryHider.USER
    )
    registry.async_update_entity(
        place["entities"]["people_in_today"],
        disabled_by=er.RegistryEntryDisabler.USER,
    )

    [account] = await accounts(hass, hass_ws_client)

    shown = by_name(account)[place["name"]]["entities"]
    assert not {"visitors_today", "people_in_today"} & shown.keys()
    assert "occupancy" in shown


async def test_users_get_only_what_they_may_read(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    hass_admin_user: MockUser,
    hass_ws_client: WebSocketGenerator,
) -> None:
    [account] = await accounts(hass, hass_ws_client)
    camera = next(p for p in account["places"] if "cameras" in p)
    visible = camera["entities"]["connectivity"]
    hass_admin_user.groups = []
    hass_admin_user.mock_policy({"entities": {"entity_ids": {visible: {"read": True}}}})

    [account] = await accounts(hass, hass_ws_client)

    assert account["entities"] == {}
    assert [p["entities"] for p in account["places"] if p["entities"]] == [
        {"connectivity": visible}
    ]
    path = {p["node_id"] for p in account["places"]}
    assert camera["node_id"] in path
    assert len(path) == len(
        loaded.runtime_data.inventory.data.tree.path(camera["node_id"])
    )
    for place in account["places"]:
        assert not place["counts"]
        assert not place["statistics"]
        assert not place.get("cameras")
        assert "recordings" not in place


async def test_a_newer_page_is_told_that_it_is_not_supported(
    hass: HomeAssistant, loaded: MockConfigEntry, hass_ws_client: WebSocketGenerator
) -> None:
    response = await read(hass, hass_ws_client, version=2)
    assert response["error"]["code"] == "not_supported"
    assert (await read(hass, hass_ws_client, version=0))["error"]["code"] == (
        "invalid_format"
    )
    assert (await read(hass, hass_ws_client, version=1))["success"]


async def test_the_answer_costs_no_query_and_has_no_secret(
    hass: HomeAssistant,
    cloud: Simulator,
    loaded: MockConfigEntry,
    hass_ws_client: WebSocketGenerator,
) -> None:
    before = len(cloud.queries)
    text = str(await read(hass, hass_ws_client))

    assert len(cloud.queries) == before
    assert loaded.data["api_token"] not in text
    for camera in loaded.runtime_data.inventory.data.cameras.values():
        assert camera.source_ip is None or camera.source_ip not in text


@pytest.mark.parametrize("entry_options", [{CONF_HISTORY_DAYS: 0}])
async def test_without_history_there_are_no_statistics(
    hass: HomeAssistant, loaded: MockConfigEntry, hass_ws_client: WebSocketGenerator
) -> None:
    [account] = await accounts(hass, hass_ws_client)
    assert any(place["counts"] for place in account["places"])
    assert not any(place["statistics"] for place in account["places"])
