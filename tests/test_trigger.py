"""Triggers fire for changes, and never for restarts, reloads, or failed readings."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.helpers import (
    area_registry as ar,
    config_validation as cv,
    device_registry as dr,
    entity_registry as er,
    floor_registry as fr,
    label_registry as lr,
    restore_state,
)
from homeassistant.helpers.trigger import async_validate_trigger_config
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)
import voluptuous as vol

from custom_components.netrex.automation_targets import SENSOR_KEYS
from custom_components.netrex.const import DOMAIN
from custom_components.netrex.devices import node_identifier
from custom_components.netrex.recordings import Clip, JobEvent, JobState
from simulator import Simulator

from .automations import automate
from .conftest import SetUp
from .test_inventory import connectivity, shop_id

OFFLINE = "netrex.camera_went_offline"
BACK = "netrex.camera_came_back"
CROSSED = "netrex.kpi_crossed_threshold"


async def status(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Read the connection states once."""
    await entry.runtime_data.status.async_refresh()
    await hass.async_block_till_done()


async def validate(
    hass: HomeAssistant,
    trigger: str,
    target: Mapping[str, object],
    options: Mapping[str, object] | None = None,
) -> Any:  # noqa: ANN401 - the configuration
    """Validate a trigger as the editor does."""
    config = {"trigger": trigger, "target": target, "options": options or {}}
    return await async_validate_trigger_config(hass, cv.TRIGGER_SCHEMA([config]))


def camera_of(cloud: Simulator) -> int:
    """Return the first camera."""
    return next(iter(cloud.world.cameras))


def sensor(hass: HomeAssistant, entry: MockConfigEntry, node_id: int, key: str) -> str:
    """Return the entity id of a KPI."""
    entity_id = er.async_get(hass).async_get_entity_id(
        "sensor", DOMAIN, f"{entry.unique_id}_{node_id}_{key}"
    )
    assert entity_id
    return entity_id


def device(hass: HomeAssistant, entry: MockConfigEntry, node_id: int) -> str:
    """Return the device id of a node."""
    found = dr.async_get(hass).async_get_device_by_identifier(
        node_identifier(entry, node_id), entry.entry_id
    )
    assert found
    return found.id


@pytest.mark.parametrize("by", ["entity", "device", "area", "floor", "label"])
async def test_connectivity_fires_for_every_kind_of_target(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry, by: str
) -> None:
    node_id = camera_of(cloud)
    entity_id = connectivity(hass, entry, node_id)
    device_id = device(hass, entry, node_id)
    area = ar.async_get(hass).async_create("Brno")
    dr.async_get(hass).async_update_device(device_id, area_id=area.id)
    label = lr.async_get(hass).async_create("Doors")
    er.async_get(hass).async_update_entity(entity_id, labels={label.label_id})
    target: dict[str, str] = {
        "entity": {"entity_id": entity_id},
        "device": {"device_id": device_id},
        "area": {"area_id": area.id},
        "label": {"label_id": label.label_id},
    }.get(by, {})
    if by == "floor":
        floor = fr.async_get(hass).async_create("Ground")
        ar.async_get(hass).async_update(area.id, floor_id=floor.floor_id)
        target = {"floor_id": floor.floor_id}
    runs = await automate(
        hass, triggers=[{"trigger": kind, "target": target} for kind in (OFFLINE, BACK)]
    )

    cloud.world.cameras[node_id].is_connected = False
    await status(hass, entry)
    assert [run.data["entity_id"] for run in runs] == [entity_id]
    cloud.world.cameras[node_id].is_connected = True
    await status(hass, entry)
    assert len(runs) == 2


async def test_a_camera_that_goes_offline_during_an_outage_fires_once(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    node_id = camera_of(cloud)
    target = {"entity_id": connectivity(hass, entry, node_id)}
    runs = await automate(hass, triggers=[{"trigger": OFFLINE, "target": target}])

    async def outage() -> None:
        coordinator = entry.runtime_data.status
        coordinator.last_update_success = False
        coordinator.async_update_listeners()
        await hass.async_block_till_done()
        found = hass.states.get(target["entity_id"])
        assert found
        assert found.state == "unavailable"
        assert len(runs) == before

    before = 0
    await outage()
    cloud.world.cameras[node_id].is_connected = False
    await status(hass, entry)
    assert len(runs) == 1
    before = 1
    for _ in range(3):
        await outage()
        await status(hass, entry)
        assert len(runs) == 1


async def test_a_reload_fires_only_for_what_changed_during_it(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    node_id = camera_of(cloud)
    target = {"entity_id": connectivity(hass, entry, node_id)}
    runs = await automate(
        hass, triggers=[{"trigger": kind, "target": target} for kind in (OFFLINE, BACK)]
    )
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert not runs

    await hass.config_entries.async_unload(entry.entry_id)
    cloud.world.cameras[node_id].is_connected = False
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert len(runs) == 1
    for _ in range(2):
        await hass.config_entries.async_reload(entry.entry_id)
        await hass.async_block_till_done()
    assert len(runs) == 1
    found = hass.states.get(target["entity_id"])
    assert found
    assert found.state == "off"


@pytest.mark.parametrize("was_online", [True, False])
async def test_a_camera_that_went_offline_while_home_assistant_was_away_fires_once(
    hass: HomeAssistant,
    cloud: Simulator,
    config_entry: MockConfigEntry,
    set_up: SetUp,
    was_online: bool,
) -> None:
    """Automations attach their triggers only when Home Assistant has started."""
    node_id = camera_of(cloud)
    cloud.world.cameras[node_id].is_connected = was_online
    await set_up()
    entity_id = connectivity(hass, config_entry, node_id)
    await restore_state.async_get(hass).async_dump_states()
    stored = restore_state.async_get(hass)
    await hass.config_entries.async_unload(config_entry.entry_id)
    hass.states.async_remove(entity_id)
    await stored.async_load()

    cloud.world.cameras[node_id].is_connected = False
    hass.set_state(CoreState.starting)
    await hass.config_entries.async_setup(config_entry.entry_id)
    await hass.async_block_till_done()
    hass.set_state(CoreState.running)
    runs = await automate(
        hass, triggers=[{"trigger": OFFLINE, "target": {"entity_id": entity_id}}]
    )
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await hass.async_block_till_done()
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=10))
    await hass.async_block_till_done()
    assert len(runs) == was_online
    found = hass.states.get(entity_id)
    assert found
    assert found.state == "off"
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(minutes=5))
    await status(hass, config_entry)
    assert len(runs) == was_online


async def test_for_waits(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    node_id = camera_of(cloud)
    trigger = {
        "trigger": OFFLINE,
        "target": {"entity_id": connectivity(hass, entry, node_id)},
        "options": {"for": {"minutes": 5}},
    }
    runs = await automate(hass, triggers=[trigger])
    cloud.world.cameras[node_id].is_connected = False
    await status(hass, entry)
    assert not runs
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(minutes=6))
    await hass.async_block_till_done()
    assert len(runs) == 1


async def test_a_kpi_of_a_device_fires_for_this_kpi_alone(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    """Every KPI of a place passes a threshold of 0.5 when the first visitor comes."""
    await hass.async_block_till_done(wait_background_tasks=True)
    shop = shop_id(cloud)
    visitors = sensor(hass, entry, shop, "visitors_today")
    sales = sensor(hass, entry, shop, "sales_today")
    trigger = {
        "trigger": CROSSED,
        "target": {"device_id": device(hass, entry, shop)},
        "options": {
            "kpi": "visitors_today",
            "threshold": {"type": "above", "value": {"number": 0.5}},
        },
    }
    runs = await automate(hass, triggers=[trigger])
    for entity_id, values in (
        (sales, ("0", "7")),
        # Becoming known is no crossing, nor is coming back after an outage.
        (visitors, ("unknown", "3", "unavailable", "3", "0.0", "0.4")),
    ):
        for value in values:
            hass.states.async_set(entity_id, value)
    await hass.async_block_till_done()
    assert not runs
    hass.states.async_set(visitors, "1")
    await hass.async_block_till_done()
    assert [run.data["entity_id"] for run in runs] == [visitors]


async def test_a_threshold_can_be_an_entity(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    await hass.async_block_till_done(wait_background_tasks=True)
    visitors = sensor(hass, entry, shop_id(cloud), "visitors_today")
    hass.states.async_set("input_number.goal", "100")
    value = {"entity": "input_number.goal"}
    trigger = {
        "trigger": CROSSED,
        "target": {"entity_id": visitors},
        "options": {"threshold": {"type": "above", "value": value}},
    }
    runs = await automate(hass, triggers=[trigger])
    for number in ("99", "101"):
        hass.states.async_set(visitors, number)
    await hass.async_block_till_done()
    assert len(runs) == 1


@pytest.mark.parametrize(
    ("trigger", "target", "options"),
    [
        (OFFLINE, {"entity_id": "sun.sun"}, {}),
        (CROSSED, {"area_id": "a"}, {"threshold": {"type": "any"}}),
        (
            CROSSED,
            {"area_id": "a"},
            {"threshold": {"type": "above", "value": {"number": 1}}},
        ),
        (
            CROSSED,
            {"area_id": "a"},
            {"kpi": "x", "threshold": {"type": "above", "value": {"number": 1}}},
        ),
        ("netrex.recording_saved", {"entity_id": "sun.sun"}, {}),
        ("netrex.recording_saved", {"area_id": "a"}, {"for": {"minutes": 1}}),
    ],
)
async def test_what_could_never_fire_is_refused(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    trigger: str,
    target: Mapping[str, object],
    options: Mapping[str, object],
) -> None:
    hass.states.async_set("sun.sun", "above_horizon")
    with pytest.raises(vol.Invalid):
        await validate(hass, trigger, target, options)


async def test_a_budget_sensor_is_no_kpi(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    used = er.async_get(hass).async_get_entity_id(
        "sensor", DOMAIN, f"{entry.unique_id}_queries_used"
    )
    threshold = {"type": "above", "value": {"number": 1}}
    with pytest.raises(vol.Invalid, match="queries"):
        await validate(hass, CROSSED, {"entity_id": used}, {"threshold": threshold})


async def test_triggers_of_accounts_that_are_not_loaded_are_valid(
    hass: HomeAssistant, config_entry: MockConfigEntry
) -> None:
    assert config_entry.state is ConfigEntryState.NOT_LOADED
    assert await validate(hass, OFFLINE, {"entity_id": "binary_sensor.later"})


async def test_recordings_fire_once(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    node_id = camera_of(cloud)
    entity_id = er.async_get(hass).async_get_entity_id(
        "event", DOMAIN, f"{entry.unique_id}_{node_id}_recording"
    )
    assert entity_id
    triggers = [
        {"trigger": f"netrex.{name}", "target": {"entity_id": entity_id}, "id": name}
        for name in ("recording_saved", "recording_failed")
    ]
    runs = await automate(hass, triggers=triggers)
    manager = entry.runtime_data.recordings

    async def end(state: JobState, number: int) -> None:
        freezer.tick(1)
        clip = Clip(node_id, 1000 * number, 1000 * number + 60, 90)
        manager._notify(JobEvent(clip, JobState.DOWNLOADING, 10))
        manager._notify(JobEvent(clip, JobState.DOWNLOADING, 50))
        manager._notify(JobEvent(clip, state))
        await hass.async_block_till_done()

    await end(JobState.DOWNLOADED, 1)
    assert len(runs) == 1
    await end(JobState.FAILED, 2)
    assert len(runs) == 2
    # A restored event is not a new one, but one during an outage is.
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert len(runs) == 2
    manager = entry.runtime_data.recordings
    coordinator = entry.runtime_data.status
    coordinator.last_update_success = False
    coordinator.async_update_listeners()
    await hass.async_block_till_done()
    await end(JobState.DOWNLOADED, 3)
    assert len(runs) == 2
    await status(hass, entry)
    assert len(runs) == 3


def test_every_kpi_can_be_chosen() -> None:
    assert {"visitors_today", "sales_month", "occupancy"} <= set(SENSOR_KEYS)
