"""Viewers of streams that the portal ends repeatedly."""

import asyncio

from homeassistant.components import camera as ha_camera
from homeassistant.components.stream import Stream
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import Event, EventStateChangedData, HomeAssistant
from homeassistant.helpers.event import async_track_state_change_event
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.live import links
from simulator import Simulator

from ..leaks import assert_log_clean
from ..relay.players import until
from .conftest import OpenViewer
from .hls import decode

RECOVERY_SECONDS = 5.0
DROPS = 3


@pytest.fixture(autouse=True)
def _short_sessions_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """Count a second of video as a good session, to allow frequent drops."""
    monkeypatch.setattr(links, "_GOOD_SESSION_SECONDS", 1.0)


def stream_of(hass: HomeAssistant, entity_id: str) -> Stream:
    """Return Home Assistant's stream of a camera."""
    camera = hass.data[ha_camera.DATA_COMPONENT].get_entity(entity_id)
    assert camera is not None
    assert camera.stream is not None
    return camera.stream


async def test_hls_continues_within_five_seconds_of_each_drop(
    hass: HomeAssistant,
    cloud: Simulator,
    entity_id: str,
    height: int,
    open_viewer: OpenViewer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    states: set[str] = set()

    def note(event: Event[EventStateChangedData]) -> None:
        if (state := event.data["new_state"]) is not None:
            states.add(state.state)

    async_track_state_change_event(hass, [entity_id], note)
    viewer = await open_viewer(entity_id)
    assert await viewer.watch()

    for _ in range(DROPS):
        await asyncio.sleep(1.5)
        assert cloud.drop_sessions() == 1
        async with asyncio.timeout(RECOVERY_SECONDS):
            await viewer.next_frames()

    # The stream was never restarted, which players handle badly.
    assert stream_of(hass, entity_id).get_diagnostics()["start_worker"] == 1
    assert set(decode(await viewer.movie())) == {height}
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
    assert [link.used for link in cloud.links] == [1] * (DROPS + 1)
    assert STATE_UNAVAILABLE not in states
    # Without viewers, the stream is not resumed.
    (output,) = stream_of(hass, entity_id).outputs().values()
    await stream_of(hass, entity_id).remove_provider(output)
    await until(lambda: not cloud.rtsp.sessions)
    await asyncio.sleep(0.5)
    assert len(cloud.links) == DROPS + 1
    assert_log_clean(caplog, cloud.secrets)


async def test_unloading_right_after_a_drop_stops_the_stream(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    entity_id: str,
    open_viewer: OpenViewer,
) -> None:
    viewer = await open_viewer(entity_id)
    assert await viewer.watch()

    cloud.drop_sessions()
    assert await hass.config_entries.async_unload(entry.entry_id)

    await until(lambda: not cloud.rtsp.sessions)


async def test_a_waiting_stream_is_not_restarted(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    camera_id: int,
    entity_id: str,
    open_viewer: OpenViewer,
) -> None:
    viewer = await open_viewer(entity_id)
    assert await viewer.watch()
    cloud.faults.add("rtsp", "status", 503, count=None)
    cloud.drop_sessions()
    stream = stream_of(hass, entity_id)
    await until(lambda: not stream.available)
    outputs = stream.outputs()

    cloud.faults.clear()

    # It waits for 10 s; a restart would stop it.
    entry.runtime_data.live._streams[f"stream_{camera_id}"].restart()
    await asyncio.sleep(0.2)

    assert stream.outputs() == outputs
    async with asyncio.timeout(20):
        await viewer.next_frames()


async def test_a_stream_stopped_during_a_restart_stops(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    camera_id: int,
    entity_id: str,
    open_viewer: OpenViewer,
) -> None:
    """Home Assistant's worker cannot tell a restart from a stop."""
    viewer = await open_viewer(entity_id)
    assert await viewer.watch()
    stream = stream_of(hass, entity_id)
    (output,) = stream.outputs().values()

    entry.runtime_data.live._streams[f"stream_{camera_id}"].restart()
    async with asyncio.timeout(8):
        await stream.remove_provider(output)

    await until(lambda: not cloud.rtsp.sessions)
    # The next viewer gets a new stream, which stops normally.
    viewer = await open_viewer(entity_id)
    assert await viewer.watch()
    stream = stream_of(hass, entity_id)
    (output,) = stream.outputs().values()
    async with asyncio.timeout(5):
        await stream.remove_provider(output)
    assert [link.used for link in cloud.links] == [1, 1]
