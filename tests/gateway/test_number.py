"""Image settings as numbers: read only if enabled, read back after a write."""

from datetime import timedelta

from homeassistant.components.number import DOMAIN as NUMBER_DOMAIN
from homeassistant.config_entries import RELOAD_AFTER_UPDATE_DELAY
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN, EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.netrex.const import DOMAIN
from custom_components.netrex.gateway import CameraGateway
from custom_components.netrex.kpi.place_entities import (
    OCCUPANCY_LIMIT,
    VISITORS_TARGET,
)
from simulator import Simulator

from .conftest import BRIGHTNESS, SENSOR, Entities, parameter_calls, parameters


def value_of(hass: HomeAssistant, entity_id: str) -> str:
    """Return the state of an entity."""
    state = hass.states.get(entity_id)
    assert state is not None
    return str(state.state)


async def switch_on(
    hass: HomeAssistant, entry: MockConfigEntry, node_id: int, *keys: str
) -> list[str]:
    """Enable entities as a user does, and wait for the reload that follows."""
    entities = Entities(hass, entry, node_id)
    entity_ids = [entities.id(NUMBER_DOMAIN, key) for key in keys]
    for entity_id in entity_ids:
        er.async_get(hass).async_update_entity(entity_id, disabled_by=None)
    await hass.async_block_till_done()
    async_fire_time_changed(
        hass, dt_util.utcnow() + timedelta(seconds=RELOAD_AFTER_UPDATE_DELAY + 1)
    )
    await hass.async_block_till_done(wait_background_tasks=True)
    return entity_ids


async def set_number(hass: HomeAssistant, entity_id: str, value: float) -> None:
    """Set a number."""
    await hass.services.async_call(
        NUMBER_DOMAIN,
        "set_value",
        {"entity_id": entity_id, "value": value},
        blocking=True,
    )


async def test_numbers_are_disabled_by_default_and_cause_no_call(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    gateway: CameraGateway,
) -> None:
    numbers = [
        one
        for one in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
        if one.domain == NUMBER_DOMAIN
        # These belong to a place and need no camera.
        and one.translation_key not in {OCCUPANCY_LIMIT, VISITORS_TARGET}
    ]
    assert len(numbers) == 4 * len(cloud.world.cameras)
    for one in numbers:
        assert one.disabled_by is er.RegistryEntryDisabler.INTEGRATION
        assert one.entity_category is EntityCategory.CONFIG
    del cloud.calls[:]
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(hours=2))
    await hass.async_block_till_done(wait_background_tasks=True)
    assert parameter_calls(cloud) == []


async def test_enabled_numbers_are_read_with_one_call_an_hour(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    gateway: CameraGateway,
    node_id: int,
) -> None:
    parameters(cloud, node_id)[BRIGHTNESS] = "33"
    del cloud.calls[:]
    brightness, sharpness = await switch_on(
        hass, entry, node_id, "brightness", "sharpness"
    )
    assert value_of(hass, brightness) == "33"
    assert value_of(hass, sharpness) == "50"
    [call] = parameter_calls(cloud)
    assert dict(call.arguments)["group"].split(",") == [
        f"{SENSOR}.{name}"
        for name in ("Brightness", "ColorLevel", "Contrast", "Sharpness")
    ]

    # Again after an hour.
    parameters(cloud, node_id)[BRIGHTNESS] = "34"
    for passed, state in ((59, "33"), (62, "34")):
        async_fire_time_changed(hass, dt_util.utcnow() + timedelta(minutes=passed))
        await hass.async_block_till_done(wait_background_tasks=True)
        assert value_of(hass, brightness) == state
    assert len(parameter_calls(cloud)) == 2


async def test_a_number_writes_and_shows_the_value_read_back(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    gateway: CameraGateway,
    node_id: int,
) -> None:
    [brightness] = await switch_on(hass, entry, node_id, "brightness")
    await set_number(hass, brightness, 61)
    assert parameters(cloud, node_id)[BRIGHTNESS] == "61"
    assert value_of(hass, brightness) == "61"

    # Changes by the action are shown as well.
    await hass.services.async_call(
        DOMAIN,
        "set_camera_parameters",
        {
            "entity_id": Entities(hass, entry, node_id).id("camera", "camera"),
            "parameters": {BRIGHTNESS: 12, f"{SENSOR}.Contrast": 13},
        },
        blocking=True,
    )
    assert value_of(hass, brightness) == "12"


async def test_a_failed_read_is_retried_soon(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    gateway: CameraGateway,
    node_id: int,
) -> None:
    cloud.faults.add("gateway", "cut", count=None)
    [brightness] = await switch_on(hass, entry, node_id, "brightness")
    assert value_of(hass, brightness) == STATE_UNAVAILABLE
    cloud.faults.clear()
    # After minutes, not after an hour.
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(minutes=6))
    await hass.async_block_till_done(wait_background_tasks=True)
    assert value_of(hass, brightness) == "50"

    cloud.faults.add("gateway", "status", 503)
    with pytest.raises(HomeAssistantError):
        await set_number(hass, brightness, 61)
    assert value_of(hass, brightness) == "50"


async def test_an_offline_camera_is_unavailable_at_once(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    gateway: CameraGateway,
    node_id: int,
) -> None:
    [brightness] = await switch_on(hass, entry, node_id, "brightness")
    cloud.world.cameras[node_id].is_connected = False
    await entry.runtime_data.status.async_refresh()
    assert value_of(hass, brightness) == STATE_UNAVAILABLE
    cloud.world.cameras[node_id].is_connected = True
    await entry.runtime_data.status.async_refresh()
    assert value_of(hass, brightness) == "50"


async def test_a_replaced_camera_is_read_and_written(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    gateway: CameraGateway,
    node_id: int,
) -> None:
    [brightness] = await switch_on(hass, entry, node_id, "brightness")
    removed = parameters(cloud, node_id)
    cloud.world.cameras[node_id].serial_number = "ACCC8E0AAAA0"
    parameters(cloud, node_id)[BRIGHTNESS] = "21"
    assert removed[BRIGHTNESS] == "50"
    await entry.runtime_data.inventory.async_refresh()
    await hass.async_block_till_done(wait_background_tasks=True)
    assert value_of(hass, brightness) == "21"

    await set_number(hass, brightness, 61)
    assert value_of(hass, brightness) == "61"
    assert parameters(cloud, node_id)[BRIGHTNESS] == "61"
    assert removed[BRIGHTNESS] == "50"


async def test_a_value_that_is_not_a_number_is_unknown(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    gateway: CameraGateway,
    node_id: int,
) -> None:
    [brightness] = await switch_on(hass, entry, node_id, "brightness")
    for value in ("auto", "nan", "", "1e999"):
        parameters(cloud, node_id)[BRIGHTNESS] = value
        await entry.runtime_data.gateway.parameters(node_id).async_refresh()
        await hass.async_block_till_done()
        assert value_of(hass, brightness) == STATE_UNKNOWN


async def test_a_second_sensor_has_numbers_of_its_own(
    hass: HomeAssistant, cloud: Simulator, config_entry: MockConfigEntry, node_id: int
) -> None:
    second = "ImageSource.I1.Sensor.Brightness"
    parameters(cloud, node_id)[second] = "71"
    config_entry.add_to_hass(hass)
    await hass.config_entries.async_setup(config_entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    [entity_id] = await switch_on(hass, config_entry, node_id, "brightness_2")
    state = hass.states.get(entity_id)
    assert state is not None
    assert state.state == "71"
    assert state.name.endswith("Brightness of sensor 2")
