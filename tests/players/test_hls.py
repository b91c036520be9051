"""Home Assistant's own streams: HLS, recordings, snapshots, preferences."""

import asyncio
from pathlib import Path

import av
from homeassistant.components import camera as ha_camera
from homeassistant.components.camera.const import DATA_CAMERA_PREFS
from homeassistant.components.stream import (
    ATTR_SETTINGS,
    HLS_PROVIDER,
    Orientation,
    Stream,
)
from homeassistant.components.stream.core import StreamOutput
from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
from homeassistant.core import HomeAssistant
from PIL import Image
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.netrex.live import links
from simulator import Simulator

from ..relay.players import until
from .conftest import OpenViewer
from .hls import decode

WIDTH, HEIGHT = 640, 360
RECORDING_SECONDS = 20


def count_frames(file: Path) -> tuple[int, float]:
    """Return the number of frames and the time from the first to the last (s)."""
    with av.open(file) as container:
        times = [frame.time for frame in container.decode(video=0)]
    known = [time for time in times if time is not None]
    return len(times), max(known) - min(known)


@pytest.fixture
def folder(hass: HomeAssistant, tmp_path: Path) -> Path:
    """Return a folder that Home Assistant may write to."""
    hass.config.allowlist_external_dirs = {str(tmp_path)}
    return tmp_path


async def call(hass: HomeAssistant, action: str, **data: object) -> None:
    """Run an action of the camera integration and wait for it."""
    await hass.services.async_call(ha_camera.DOMAIN, action, data, blocking=True)


async def set_preferences(
    hass_ws_client: WebSocketGenerator, entity_id: str, **preferences: object
) -> None:
    """Change a camera's preferences as the frontend does."""
    websocket = await hass_ws_client()
    await websocket.send_json_auto_id(
        {"type": "camera/update_prefs", "entity_id": entity_id, **preferences}
    )
    answer = await websocket.receive_json()
    assert answer["success"], answer


@pytest.mark.parametrize(("configured", "used"), [(5.9, 1.9), (3.9, 3.9)])
async def test_segments_are_short_unless_a_length_is_configured(
    hass: HomeAssistant,
    cloud: Simulator,
    entity_id: str,
    configured: float,
    used: float,
) -> None:
    hass.data["stream"][ATTR_SETTINGS].min_segment_duration = configured
    camera = hass.data[ha_camera.DATA_COMPONENT].get_entity(entity_id)
    assert camera is not None

    stream = await camera.async_create_stream()

    assert stream is not None
    assert await camera.async_create_stream() is stream
    assert stream.outputs() == {}
    settings = stream.add_provider(HLS_PROVIDER).stream_settings
    assert settings.min_segment_duration == pytest.approx(used)
    # Streams of other integrations are not affected.
    assert hass.data["stream"][ATTR_SETTINGS].min_segment_duration == configured
    assert cloud.links == []


async def test_a_stream_starts_without_the_private_settings_of_its_outputs(
    hass: HomeAssistant, entity_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_provider = Stream.add_provider

    def add_without_settings(stream: Stream, fmt: str) -> StreamOutput:
        output = add_provider(stream, fmt)
        del output.stream_settings
        return output

    monkeypatch.setattr(Stream, "add_provider", add_without_settings)
    camera = hass.data[ha_camera.DATA_COMPONENT].get_entity(entity_id)
    assert camera is not None

    stream = await camera.async_create_stream()

    assert stream is not None
    assert stream.source.startswith("rtsp://127.0.0.1:")
    assert stream.outputs() == {}


async def test_viewers_and_a_recording_share_one_link(
    hass: HomeAssistant,
    cloud: Simulator,
    entity_id: str,
    open_viewer: OpenViewer,
    folder: Path,
) -> None:
    viewers = [await open_viewer(entity_id) for _ in range(3)]
    file = folder / "door.mp4"
    recording = call(
        hass, "record", entity_id=entity_id, filename=str(file), duration=2
    )

    frames, *_ = await asyncio.gather(viewers[0].watch(), viewers[1].watch(), recording)

    assert set(frames) == {HEIGHT}
    assert set(decode(await viewers[2].movie())) == {HEIGHT}
    assert set(decode(await asyncio.to_thread(file.read_bytes))) == {HEIGHT}
    assert [link.used for link in cloud.links] == [1]


async def test_a_recording_continues_after_a_drop(
    hass: HomeAssistant, cloud: Simulator, entity_id: str, folder: Path
) -> None:
    file = folder / "door.mp4"
    recording = asyncio.create_task(
        call(hass, "record", entity_id=entity_id, filename=str(file), duration=8)
    )
    await until(lambda: cloud.rtsp.sessions)
    await asyncio.sleep(3)
    cloud.drop_sessions()
    await recording

    # At 10 frames/s, this covers both sides of the gap.
    assert len(decode(await asyncio.to_thread(file.read_bytes))) > 50
    assert [link.used for link in cloud.links] == [1, 1]


async def test_a_snapshot_is_written_during_playback(
    hass: HomeAssistant,
    cloud: Simulator,
    entity_id: str,
    open_viewer: OpenViewer,
    folder: Path,
) -> None:
    viewer = await open_viewer(entity_id)
    await viewer.watch()
    file = folder / "door.jpg"

    await call(hass, "snapshot", entity_id=entity_id, filename=str(file))

    with Image.open(file) as image:
        assert image.size == (WIDTH, HEIGHT)
    assert await viewer.movie()


async def test_a_rotated_stream_plays(
    cloud: Simulator,
    entity_id: str,
    open_viewer: OpenViewer,
    hass_ws_client: WebSocketGenerator,
) -> None:
    await set_preferences(
        hass_ws_client, entity_id, orientation=Orientation.ROTATE_LEFT.value
    )

    # The rotation is in the MP4 header; the frames are unchanged.
    assert set(await (await open_viewer(entity_id)).watch()) == {HEIGHT}
    assert [link.used for link in cloud.links] == [1]


async def test_a_preloaded_stream_starts_by_itself_and_recovers(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    entity_id: str,
    open_viewer: OpenViewer,
) -> None:
    preferences = hass.data[DATA_CAMERA_PREFS]
    await preferences.async_update(entity_id, preload_stream=True)
    assert cloud.links == []

    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await until(lambda: cloud.rtsp.sessions == 1)
    viewer = await open_viewer(entity_id)
    await viewer.watch()
    cloud.drop_sessions()
    async with asyncio.timeout(5):
        await viewer.next_frames()
    assert [link.used for link in cloud.links] == [1, 1]

    assert await hass.config_entries.async_unload(entry.entry_id)
    await until(lambda: not cloud.rtsp.sessions)
    assert len(cloud.links) == 2


@pytest.mark.parametrize(
    ("dialect", "video", "audio"),
    [
        ("gstreamer", "h264", "aac"),
        ("live555", "h264_b_frames", "pcma"),
        ("axis_new", "h265", "opus"),
    ],
)
async def test_a_recording_loses_few_frames_in_drops(
    hass: HomeAssistant,
    cloud: Simulator,
    entity_id: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    dialect: str,
    video: str,
    audio: str,
) -> None:
    """The picture of the recording is complete but for the time without a session."""
    monkeypatch.setattr(links, "_GOOD_SESSION_SECONDS", 1.0)
    cloud.switches.set("rtsp_dialect", dialect)
    cloud.switches.set("live_video", video)
    cloud.switches.set("live_audio", audio)
    file = folder / "door.mp4"
    recording = asyncio.create_task(
        call(
            hass,
            "record",
            entity_id=entity_id,
            filename=str(file),
            duration=RECORDING_SECONDS,
        )
    )
    await until(lambda: cloud.rtsp.sessions)
    for _ in range(3):
        await asyncio.sleep(RECORDING_SECONDS / 4)
        cloud.drop_sessions()
    await recording

    frames, seconds = await asyncio.to_thread(count_frames, file)
    # The simulator sends 10 frames per second. At each drop and at the end, up to two
    # B-frames are missing that would have followed the last frame.
    lost = 4 * 2 if video == "h264_b_frames" else 3
    assert frames >= 10 * seconds - lost
    assert seconds > RECORDING_SECONDS - 4
    assert [link.used for link in cloud.links] == [1] * 4
