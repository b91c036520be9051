"""Diagnostics are useful and have nothing private."""

import json
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.netrex.client import NetrexPermissionError
from custom_components.netrex.devices import node_identifier
from custom_components.netrex.kpi import SeriesKey
from simulator import Simulator


async def download(
    hass: HomeAssistant, client: ClientSessionGenerator, entry: MockConfigEntry
) -> dict[str, Any]:
    """Download the diagnostics over HTTP."""
    assert await async_setup_component(hass, "diagnostics", {})
    response = await (await client()).get(
        f"/api/diagnostics/config_entry/{entry.entry_id}"
    )
    assert response.status == 200
    data: dict[str, Any] = (await response.json())["data"]
    return data


async def test_diagnostics_have_counts_and_states(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    cloud: Simulator,
    entry: MockConfigEntry,
) -> None:
    await hass.async_block_till_done(wait_background_tasks=True)
    data = await download(hass, hass_client, entry)

    assert data["entry"]["sign_in"] == "token"
    assert data["inventory"]["cameras"] == len(cloud.world.cameras)
    assert data["inventory"]["nodes"]["camera"] == len(cloud.world.cameras)
    assert data["connected"] == {"True": len(cloud.world.cameras)}
    assert data["kpi"]["nodes"] == len(entry.runtime_data.kpi.nodes) > 0
    assert data["kpi"]["refused"] == data["kpi"]["refused_ratios"] == {}
    # There is no recorder here.
    assert data["history"] == {
        "hours_imported": None,
        "hours_wanted": None,
        "last_error": None,
    }
    assert sum(data["ledger"]["used_by_lane"].values()) == len(cloud.queries)
    assert data["refreshes"]["status"]["success"] is True
    assert data["live"]["live_sessions"] == 0
    assert data["recordings"] == {"jobs": {}, "ended": {}}


async def test_devices_have_diagnostics_of_their_own(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    cloud: Simulator,
    entry: MockConfigEntry,
) -> None:
    await hass.async_block_till_done(wait_background_tasks=True)
    assert await async_setup_component(hass, "diagnostics", {})
    client = await hass_client()
    camera = next(c for c in cloud.world.cameras if cloud.kpi.sources(c))
    shop = next(n.node_id for n in cloud.world.nodes if n.type == "location")
    refused = entry.runtime_data.kpi.queries.refused
    refused.failed(SeriesKey(shop, "visitors"), NetrexPermissionError(""))

    async def read(node_id: int | None) -> dict[str, Any]:
        device = dr.async_get(hass).async_get_device_by_identifier(
            node_identifier(entry, node_id), entry.entry_id
        )
        assert device
        response = await client.get(
            f"/api/diagnostics/config_entry/{entry.entry_id}/device/{device.id}"
        )
        assert response.status == 200
        # The response also has the general data of the manifest and the issues.
        data: dict[str, Any] = (await response.json())["data"]
        text = json.dumps(data, ensure_ascii=False).casefold()
        names = [node.name for node in cloud.world.nodes if node.name]
        assert not any(f'"{name.casefold()}"' in text for name in names)
        assert not any(str(node) in text for node in cloud.world.cameras)
        return data

    of_camera, of_shop = await read(camera), await read(shop)
    assert of_camera["type"] == "camera"
    assert of_camera["camera"]["connected"] is True
    assert of_camera["camera"]["stream_profiles"] > 0
    assert of_camera["entities"]["enabled"] > 1
    assert "visitors" in of_camera["kpi"]
    assert of_camera["kpi_refused"] == []
    assert of_shop["type"] == "location"
    assert of_shop["camera"] is None
    assert of_shop["kpi_selected"] is True
    assert of_shop["kpi_refused"] == ["visitors"]
    assert (await read(None))["type"] == "account"


async def test_refused_items_are_counted_by_reason(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    entry: MockConfigEntry,
) -> None:
    kpi = entry.runtime_data.kpi
    for number, metric in enumerate(("people_in", "people_out")):
        kpi.queries.refused.failed(SeriesKey(number, metric), NetrexPermissionError(""))
    data = await download(hass, hass_client, entry)
    assert data["kpi"]["refused"] == {"no_permission": 2}


async def test_diagnostics_have_nothing_private(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    cloud: Simulator,
    entry: MockConfigEntry,
) -> None:
    text = json.dumps(
        await download(hass, hass_client, entry), ensure_ascii=False
    ).casefold()

    for secret in cloud.secrets:
        assert secret.casefold() not in text
    for node in cloud.world.nodes:
        assert f'"{(node.name or "-").casefold()}"' not in text
    for camera in cloud.world.cameras.values():
        assert camera.serial_number.casefold() not in text
        assert (camera.source_ip or "-") not in text
