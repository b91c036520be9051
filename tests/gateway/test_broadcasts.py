"""The CamStreamer App through Home Assistant, against the simulated cloud."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from homeassistant.const import STATE_OFF, STATE_ON
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.gateway import polling
from custom_components.netrex.gateway.broadcasts import BroadcastCoordinator
from simulator import Simulator
from simulator.camera.camera import SimulatedCamera
from simulator.camera.camstreamer import Stream
from tests.conftest import SetUp
from tests.waiting import eventually

from .conftest import DOCUMENTATION, Entities

ACCOUNT = DOCUMENTATION
pytestmark = pytest.mark.usefixtures("haste")


def streams(camera: SimulatedCamera) -> list[Stream]:
    """Return the true streams."""
    return list(camera.camstreamer.streams.values())


def pass_time(broadcasts: BroadcastCoordinator, time: timedelta) -> None:
    """Make cameras due as if time had passed."""
    for node_id in broadcasts._due_at:
        broadcasts._due_at[node_id] -= time.total_seconds()


@pytest.mark.parametrize("generation", ["new", "old"])
async def test_streams_are_shown_and_switched(
    hass: HomeAssistant,
    cloud: Simulator,
    set_up: SetUp,
    camera: SimulatedCamera,
    generation: str,
) -> None:
    cloud.switches.set("camstreamer_api", generation)
    entry = await set_up()
    entities = Entities(hass, entry, 140094)
    first, second = streams(camera)
    on, off = f"broadcast_{first.stream_id}", f"broadcast_{second.stream_id}"
    await eventually(lambda: entities.state("switch", on) == STATE_ON)
    assert entities.state("switch", off) == STATE_OFF
    sending = f"broadcasting_{second.stream_id}"
    assert entities.state("binary_sensor", sending) == STATE_OFF
    assert entities.registered("switch", off).original_name == "Web broadcast"

    await entities.call("switch", "turn_on", off)
    assert second.enabled
    assert entities.state("switch", off) == STATE_ON
    assert entities.state("binary_sensor", sending) == STATE_ON
    await entities.call("switch", "turn_off", on)
    assert not first.enabled


async def test_only_a_change_restarts_a_stream(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    entities: Entities,
    camera: SimulatedCamera,
) -> None:
    first = streams(camera)[0]
    key = f"broadcast_{first.stream_id}"
    await eventually(lambda: entities.has("switch", key))
    broadcasts = entry.runtime_data.gateway.broadcasts
    for _ in range(3):
        broadcasts._due_at.clear()
        await broadcasts.async_refresh()
    await entities.call("switch", "turn_on", key)
    assert first.start_count == 1


async def test_an_enabled_stream_without_trigger_is_not_on_air(
    entry: MockConfigEntry, entities: Entities, camera: SimulatedCamera
) -> None:
    first = streams(camera)[0]
    await eventually(lambda: entities.has("switch", f"broadcast_{first.stream_id}"))
    first.active = False
    broadcasts = entry.runtime_data.gateway.broadcasts
    broadcasts._due_at.clear()
    await broadcasts.async_refresh()
    assert entities.state("switch", f"broadcast_{first.stream_id}") == STATE_ON
    sending = f"broadcasting_{first.stream_id}"
    assert entities.state("binary_sensor", sending) == STATE_OFF


async def test_the_name_of_a_broadcast_follows_the_camera(
    entry: MockConfigEntry, entities: Entities, camera: SimulatedCamera
) -> None:
    first = streams(camera)[0]
    key = f"broadcast_{first.stream_id}"
    await eventually(lambda: entities.has("switch", key))
    first.title = "Kasa"
    broadcasts = entry.runtime_data.gateway.broadcasts
    broadcasts._due_at.clear()
    await broadcasts.async_refresh()
    assert entities.registered("switch", key).original_name == "Kasa broadcast"


async def test_a_missing_stream_or_camera_is_unavailable(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    entities: Entities,
    camera: SimulatedCamera,
    cloud: Simulator,
) -> None:
    first, second = streams(camera)
    key = f"broadcast_{first.stream_id}"
    await eventually(lambda: entities.has("switch", key))
    broadcasts = entry.runtime_data.gateway.broadcasts

    del camera.camstreamer.streams[second.stream_id]
    with pytest.raises(HomeAssistantError) as caught:
        await entities.call("switch", "turn_on", f"broadcast_{second.stream_id}")
    assert caught.value.translation_key == "camera_call_missing"
    broadcasts._due_at.clear()
    await broadcasts.async_refresh()
    assert not entities.has("switch", f"broadcast_{second.stream_id}")

    cloud.faults.add("gateway", "status", 503, count=None, match="camstreamer")
    broadcasts._due_at.clear()
    await broadcasts.async_refresh()
    assert not entities.has("switch", key)
    cloud.faults.clear()
    broadcasts._due_at.clear()
    await broadcasts.async_refresh()
    assert entities.has("switch", key)

    cloud.switches.camstreamer_api = "none"
    broadcasts._due_at.clear()
    await broadcasts.async_refresh()
    assert not entities.has("switch", key)


async def test_streams_of_disabled_entities_are_read_once_a_day(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    entities: Entities,
    camera: SimulatedCamera,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = streams(camera)
    await eventually(lambda: entities.has("switch", f"broadcast_{first.stream_id}"))
    registry = er.async_get(hass)
    for domain, key in (("switch", "broadcast"), ("binary_sensor", "broadcasting")):
        for stream in (first, second):
            registry.async_update_entity(
                entities.id(domain, f"{key}_{stream.stream_id}"),
                disabled_by=er.RegistryEntryDisabler.USER,
            )
    await hass.async_block_till_done()
    calls: list[str] = []
    with monkeypatch.context() as patch:
        patch.setattr(camera.camstreamer, "answer", lambda call, *_: calls.append(call))
        broadcasts = entry.runtime_data.gateway.broadcasts
        pass_time(broadcasts, timedelta(minutes=11))
        await broadcasts.async_refresh()
    assert not calls

    # Once a day all the same, because a stream may have been added.
    third = replace(second, stream_id="10003", title="Third")
    camera.camstreamer.streams[third.stream_id] = third
    pass_time(broadcasts, timedelta(days=1))
    await broadcasts.async_refresh()
    await eventually(lambda: entities.has("switch", f"broadcast_{third.stream_id}"))


async def test_the_first_stream_of_an_app_appears_within_a_day(
    hass: HomeAssistant, set_up: SetUp, camera: SimulatedCamera
) -> None:
    made = dict(camera.camstreamer.streams)
    camera.camstreamer.streams.clear()
    entry = await set_up()
    entities = Entities(hass, entry, 140094)
    broadcasts = entry.runtime_data.gateway.broadcasts
    await eventually(lambda: 140094 in broadcasts._due_at)

    camera.camstreamer.streams.update(made)
    key = f"broadcast_{next(iter(made))}"
    pass_time(broadcasts, timedelta(hours=23))
    await broadcasts.async_refresh()
    assert not entities.has("switch", key)
    pass_time(broadcasts, timedelta(hours=1))
    await broadcasts.async_refresh()
    await eventually(lambda: entities.has("switch", key))


async def test_concurrent_polls_read_each_camera_once(
    entry: MockConfigEntry,
    entities: Entities,
    camera: SimulatedCamera,
    cloud: Simulator,
) -> None:
    first = streams(camera)[0]
    await eventually(lambda: entities.has("switch", f"broadcast_{first.stream_id}"))
    broadcasts = entry.runtime_data.gateway.broadcasts
    broadcasts._due_at.clear()
    del cloud.calls[:]
    await asyncio.gather(*(broadcasts.async_refresh() for _ in range(3)))
    lists = [call.serial_number for call in cloud.calls if "list" in call.path]
    assert len(lists) == len(set(lists)) == 2


async def test_the_data_of_a_removed_camera_are_dropped(
    entry: MockConfigEntry,
    entities: Entities,
    camera: SimulatedCamera,
    cloud: Simulator,
) -> None:
    first = streams(camera)[0]
    await eventually(lambda: entities.has("switch", f"broadcast_{first.stream_id}"))
    broadcasts = entry.runtime_data.gateway.broadcasts
    cloud.world.remove(140094)
    await entry.runtime_data.inventory.async_refresh()
    await broadcasts.async_refresh()
    assert broadcasts.data.keys() == {62303}


async def test_a_camera_offline_at_the_start_is_read_when_online(
    hass: HomeAssistant,
    cloud: Simulator,
    set_up: SetUp,
    camera: SimulatedCamera,
) -> None:
    cloud.world.cameras[140094].is_connected = False
    entry = await set_up()
    entities = Entities(hass, entry, 140094)
    runtime = entry.runtime_data
    await eventually(lambda: 62303 in runtime.gateway.broadcasts.data)
    key = f"broadcast_{streams(camera)[0].stream_id}"
    assert entities.find("switch", key) is None
    cloud.world.cameras[140094].is_connected = True
    await runtime.status.async_refresh()
    await eventually(lambda: entities.has("switch", key))
    await eventually(lambda: entities.has("binary_sensor", "input_0"))
    # Its capabilities are read within ten minutes, and its presets after that.
    await runtime.gateway.capabilities.async_refresh()
    await eventually(lambda: entities.has("button", "preset_5"))


@pytest.mark.parametrize("status", [401, 403, 429])
@pytest.mark.parametrize("number", [0, 1])
async def test_an_app_that_refuses_does_not_stop_the_others(
    cloud: Simulator,
    set_up: SetUp,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    number: int,
) -> None:
    # One after the other, so that a refusal comes before other cameras' calls.
    monkeypatch.setattr(polling, "_MAX_CONCURRENT_CAMERAS", 1)
    refusing, other = list(cloud.world.cameras)[:: 1 if number == 0 else -1]
    cloud.camera(refusing).camstreamer.body_status = status
    entry = await set_up()
    broadcasts = entry.runtime_data.gateway.broadcasts
    await eventually(lambda: other in broadcasts.data)
    await eventually(lambda: broadcasts.failed == {refusing})
    cloud.camera(refusing).camstreamer.body_status = 0
    pass_time(broadcasts, timedelta(minutes=10))
    await broadcasts.async_refresh()
    assert broadcasts.data.keys() == {refusing, other}


async def test_a_rate_limit_ends_the_poll_and_keeps_the_data(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    entities: Entities,
    camera: SimulatedCamera,
    cloud: Simulator,
) -> None:
    key = f"broadcast_{streams(camera)[1].stream_id}"
    await eventually(lambda: entities.has("switch", key))
    cloud.switches.rate_limit = cloud.switches.gateway_counts = True
    with pytest.raises(HomeAssistantError) as caught:
        await entities.call("switch", "turn_on", key)
    assert caught.value.translation_key == "rate_limited"
    broadcasts = entry.runtime_data.gateway.broadcasts
    broadcasts._due_at.clear()
    del cloud.calls[:]
    await broadcasts.async_refresh()
    assert len(cloud.calls) <= 2
    assert broadcasts.data.keys() == cloud.world.cameras.keys()
