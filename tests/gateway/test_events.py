"""Events of cameras through Home Assistant, against the simulated cloud."""

import asyncio
from collections.abc import Mapping
import logging

from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.client.camera import events as client_events
from custom_components.netrex.const import CONF_CAMERA_EVENTS
from custom_components.netrex.diagnostics import async_get_config_entry_diagnostics
from custom_components.netrex.gateway import events
from simulator import Simulator
from simulator.camera.camera import SimulatedCamera
from simulator.camera.events import OBJECT_ANALYTICS, TAMPERING, VIDEO_MOTION, Event
from tests.waiting import eventually

from .conftest import DOCUMENTATION, Entities

ACCOUNT = DOCUMENTATION
pytestmark = pytest.mark.usefixtures("haste")

SENSOR = "binary_sensor"


async def ready(entities: Entities) -> None:
    """Wait until the camera has reported its states."""
    await eventually(lambda: entities.has(SENSOR, "input_1"))


async def shows(entities: Entities, key: str, state: str, seconds: float = 15) -> None:
    """Wait until an entity has a state; fail after `seconds`."""
    await eventually(lambda: entities.state(SENSOR, key) == state, seconds)


def send(
    camera: SimulatedCamera, topic: str, data: Mapping[str, str] | None = None
) -> None:
    """Let a camera send an event."""
    camera.events.emit(Event(topic, data=data or {}))


async def test_entities_appear_with_the_states_that_the_camera_reports(
    hass: HomeAssistant, entities: Entities
) -> None:
    await ready(entities)
    keys = (
        "input_0",
        "input_1",
        "object_device1scenario1",
        "motion_vmd_camera1profile1",
    )
    await eventually(
        lambda: {entities.state(SENSOR, key) for key in keys} == {STATE_OFF}
    )
    for key, name in {
        "input_0": "Input 1",
        "object_device1scenario1": "Object 1",
        "motion_vmd_camera1profile1": "Motion 1",
    }.items():
        assert entities.registered(SENSOR, key).original_name == name
    for key in ("daylight_1", "moving_channel_1"):
        assert entities.registered(SENSOR, key).disabled
    # Outputs are switches.
    assert entities.find(SENSOR, "output_2") is None


async def test_sources_of_one_kind_have_different_names(
    hass: HomeAssistant, entities: Entities, camera: SimulatedCamera
) -> None:
    await ready(entities)
    guard = "tnsaxis:CameraApplicationPlatform/MotionGuard/Camera1Profile1"
    camera.events.emit(Event(guard, data={"active": "0"}))
    for number in "01":
        pir = "tns1:Device/tnsaxis:Sensor/PIR"
        camera.events.emit(Event(pir, {"sensor": number}, {"state": "0"}))
    for disk in ("SD_DISK", "NetworkShare"):
        alert = "tnsaxis:Storage/Alert"
        camera.events.emit(Event(alert, {"disk_id": disk}, {"alert": "0"}))
    for key, name in {
        "motion_vmd_camera1profile1": "Motion 1",
        "motion_motionguard_camera1profile1": "Motion Guard 1",
        "motion_pir_0": "Motion PIR",
        "motion_pir_1": "Motion PIR 2",
        "storage_sd_disk": "Storage SD_DISK",
        "storage_networkshare": "Storage NetworkShare",
    }.items():
        await shows(entities, key, STATE_OFF)
        assert entities.registered(SENSOR, key).original_name == name


async def test_an_input_changes_its_entity_within_a_second(
    entities: Entities, camera: SimulatedCamera
) -> None:
    await ready(entities)
    for active, state in ((True, STATE_ON), (False, STATE_OFF)) * 3:
        camera.ports.set(0, active=active)
        await shows(entities, "input_0", state, 1)
    assert entities.state(SENSOR, "input_1") == STATE_OFF


async def test_analytics_switch_their_own_sensor_only(
    entities: Entities, camera: SimulatedCamera
) -> None:
    await ready(entities)
    send(camera, OBJECT_ANALYTICS, {"active": "1", "classTypes": "human"})
    await eventually(lambda: entities.state(SENSOR, "object_device1scenario1") == "on")
    assert entities.state(SENSOR, "motion_vmd_camera1profile1") == STATE_OFF


async def test_a_stateless_event_triggers_the_event_entity(
    hass: HomeAssistant, entities: Entities, camera: SimulatedCamera
) -> None:
    await ready(entities)
    assert entities.state("event", "alert") == "unknown"
    send(camera, TAMPERING, {"tampering": "1"})
    await eventually(lambda: entities.state("event", "alert") != "unknown")
    state = hass.states.get(entities.id("event", "alert"))
    assert state is not None
    assert state.attributes["event_type"] == "tampering"
    assert state.attributes["place"]


async def test_ten_cuts_are_visible_and_followed_by_a_reconnect(
    hass: HomeAssistant, entities: Entities, camera: SimulatedCamera
) -> None:
    await ready(entities)
    seen: list[str] = []
    entity_id = entities.id(SENSOR, "input_0")
    hass.bus.async_listen(
        "state_changed",
        lambda event: (
            seen.append(event.data["new_state"].state)
            if event.data["entity_id"] == entity_id
            else None
        ),
    )
    for number in range(10):
        assert camera.events.cut() == 1
        await eventually(lambda: entities.state(SENSOR, "input_0") == STATE_UNAVAILABLE)
        assert entities.state("event", "alert") == STATE_UNAVAILABLE
        # Changes during the outage are known afterwards.
        camera.ports.set(0, active=number % 2 == 0)
        await shows(entities, "input_0", STATE_ON if number % 2 == 0 else STATE_OFF)
    assert seen.count(STATE_UNAVAILABLE) == 10
    assert camera.events.listeners == 1


async def test_garbage_is_counted_and_silence_is_detected(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    entities: Entities,
    camera: SimulatedCamera,
    cloud: Simulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client_events, "_PING_AFTER_SECONDS", 0.2)
    monkeypatch.setattr(client_events, "_RESPONSE_TIMEOUT_SECONDS", 0.3)
    await ready(entities)
    cloud.faults.add("events", "garbage")
    send(camera, VIDEO_MOTION, {"active": "1"})
    send(camera, "tns1:Device/tnsaxis:Unheard/Of", {"active": "1"})
    send(camera, VIDEO_MOTION, {"active": "1"})
    await eventually(
        lambda: entities.state(SENSOR, "motion_vmd_camera1profile1") == "on"
    )
    diagnostics = await async_get_config_entry_diagnostics(hass, entry)
    diagnosed = diagnostics["gateway"]["events"][0]
    assert diagnosed["unreadable"] == 1
    assert diagnosed["ignored"]["tns1:Device/tnsaxis:Unheard/Of"] == 1
    assert diagnosed["connected"] is True

    cloud.faults.add("events", "silence")
    send(camera, VIDEO_MOTION, {"active": "0"})
    await eventually(lambda: entities.state(SENSOR, "input_0") == STATE_UNAVAILABLE)
    await eventually(
        lambda: entities.state(SENSOR, "motion_vmd_camera1profile1") == "off"
    )


async def test_reconnects_when_the_portal_sees_the_camera_again(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    entities: Entities,
    cloud: Simulator,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    await ready(entities)
    monkeypatch.setattr(events, "MAX_BACKOFF_SECONDS", 60)
    monkeypatch.setattr(events, "MIN_BACKOFF_SECONDS", 60)
    camera = cloud.world.cameras[140094]
    camera.is_connected = False
    cloud.camera(140094).events.cut()
    await entry.runtime_data.status.async_refresh()
    await eventually(lambda: "does not report its events" in caplog.text)
    assert entities.state(SENSOR, "input_0") == STATE_UNAVAILABLE
    camera.is_connected = True
    await entry.runtime_data.status.async_refresh()
    await eventually(lambda: entities.state(SENSOR, "input_0") == STATE_OFF)
    assert caplog.text.count("does not report its events") == 1
    assert caplog.text.count("reports its events again") == 1


async def test_only_chosen_cameras_are_connected(
    hass: HomeAssistant, cloud: Simulator, config_entry: MockConfigEntry
) -> None:
    config_entry.add_to_hass(hass)
    options = {**config_entry.options, CONF_CAMERA_EVENTS: ["62303", "1", "x"]}
    hass.config_entries.async_update_entry(config_entry, options=options)
    await hass.config_entries.async_setup(config_entry.entry_id)
    await eventually(lambda: cloud.camera(62303).events.listeners == 1)
    assert cloud.camera(140094).events.listeners == 0
    assert Entities(hass, config_entry, 140094).find("event", "alert") is None


async def test_permanent_errors_wait_for_the_longest_backoff(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    entities: Entities,
    cloud: Simulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await ready(entities)
    monkeypatch.setattr(events, "MAX_BACKOFF_SECONDS", 60)
    cloud.switches.event_stream = False
    cloud.camera(140094).events.cut()
    await eventually(
        lambda: sum("ws-data-stream" in call.path for call in cloud.calls) == 2
    )
    await asyncio.sleep(0.3)
    # Only the camera's own return shortens the wait, not that of another.
    cloud.switches.event_stream = True
    for node_id in (62303, 140094):
        for is_connected in (False, True):
            assert not entities.has(SENSOR, "input_0")
            cloud.world.cameras[node_id].is_connected = is_connected
            await entry.runtime_data.status.async_refresh()
            await asyncio.sleep(0.1)
    await ready(entities)


async def test_states_and_unknown_topics_are_limited(
    entry: MockConfigEntry,
    entities: Entities,
    camera: SimulatedCamera,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(events, "_MAX_STATES", 10)
    monkeypatch.setattr(events, "_MAX_TOPICS", 5)
    await ready(entities)
    for number in range(20):
        send(camera, f"tnsaxis:Storage/{number}")
        motion = f"tnsaxis:CameraApplicationPlatform/VMD/Camera1Profile{number + 2}"
        send(camera, motion, {"active": "1"})
    camera.ports.set(0, active=True)
    await shows(entities, "input_0", STATE_ON)
    coordinator = entry.runtime_data.gateway.events[140094]
    assert len(coordinator.data.states) == 10
    assert len(coordinator.ignored) == 5


async def test_a_manual_refresh_changes_nothing(
    hass: HomeAssistant,
    entities: Entities,
    camera: SimulatedCamera,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await ready(entities)
    await async_setup_component(hass, "homeassistant", {})
    target = {"entity_id": entities.id(SENSOR, "input_0")}

    async def ask() -> str | None:
        await hass.services.async_call(
            "homeassistant", "update_entity", target, blocking=True
        )
        return entities.state(SENSOR, "input_0")

    assert await ask() == STATE_OFF
    monkeypatch.setattr(events, "MIN_BACKOFF_SECONDS", 60)
    monkeypatch.setattr(events, "MAX_RECONNECT_SECONDS", 60)
    camera.events.cut()
    await shows(entities, "input_0", STATE_UNAVAILABLE)
    assert await ask() == STATE_UNAVAILABLE
    assert not [one for one in caplog.records if one.levelno >= logging.ERROR]


async def test_unloading_closes_the_connection(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    entities: Entities,
    camera: SimulatedCamera,
) -> None:
    await ready(entities)
    await hass.config_entries.async_unload(entry.entry_id)
    await eventually(lambda: camera.events.listeners == 0)
    await asyncio.sleep(0.2)
    assert camera.events.listeners == 0
