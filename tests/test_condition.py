"""Conditions are true only for what is known."""

from collections.abc import Mapping
from datetime import timedelta

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import condition
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import voluptuous as vol

from simulator import Simulator

from .test_inventory import connectivity, shop_id
from .test_trigger import camera_of, device, sensor, status

OFFLINE = "netrex.camera_is_offline"
KPI = "netrex.kpi_is"


async def holds(
    hass: HomeAssistant,
    name: str,
    target: Mapping[str, object],
    options: Mapping[str, object] | None = None,
) -> bool | None:
    """Return the result of a condition."""
    config = await condition.async_validate_condition_config(
        hass, {"condition": name, "target": target, "options": options or {}}
    )
    check = await condition.async_from_config(hass, config)
    return check.async_check()


@pytest.mark.parametrize("behavior", ["any", "all"])
async def test_a_camera_is_offline(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry, behavior: str
) -> None:
    cameras = [connectivity(hass, entry, node_id) for node_id in cloud.world.cameras]
    target = {"entity_id": cameras}
    options = {"behavior": behavior}
    assert not await holds(hass, OFFLINE, target, options)
    cloud.world.cameras[camera_of(cloud)].is_connected = False
    await status(hass, entry)
    assert await holds(hass, OFFLINE, target, options) == (behavior == "any")
    for camera in cloud.world.cameras.values():
        camera.is_connected = False
    await status(hass, entry)
    assert await holds(hass, OFFLINE, target, options)
    # Unknown is not offline, and neither is a target without cameras.
    entry.runtime_data.status.last_update_success = False
    entry.runtime_data.status.async_update_listeners()
    assert not await holds(hass, OFFLINE, target, options)
    assert not await holds(hass, OFFLINE, {"area_id": "empty"}, options)


async def test_a_camera_has_been_offline_for_some_time(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    node_id = camera_of(cloud)
    target = {"device_id": device(hass, entry, node_id)}
    cloud.world.cameras[node_id].is_connected = False
    await status(hass, entry)
    options = {"for": {"minutes": 10}}
    assert not await holds(hass, OFFLINE, target, options)
    freezer.tick(timedelta(minutes=11))
    assert await holds(hass, OFFLINE, target, options)


async def test_a_kpi_is_above(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    await hass.async_block_till_done(wait_background_tasks=True)
    shop = shop_id(cloud)
    target = {"device_id": device(hass, entry, shop)}
    threshold = {"type": "above", "value": {"number": 100}}
    for behavior in ("any", "all"):
        options = {"threshold": threshold, "behavior": behavior}
        with pytest.raises(vol.Invalid, match="option kpi"):
            await holds(hass, KPI, target, options)
        options["kpi"] = "visitors_today"
        for value, expected in (("101", True), ("100", False), ("unknown", False)):
            entity_id = sensor(hass, entry, shop, "visitors_today")
            hass.states.async_set(entity_id, value)
            assert await holds(hass, KPI, target, options) is expected
