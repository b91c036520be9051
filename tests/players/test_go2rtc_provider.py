"""Home Assistant's go2rtc integration, with a server that only records requests.

Checks what Home Assistant sends to go2rtc about the cameras; the server plays nothing.
`test_go2rtc.py` runs the real one.
"""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from homeassistant.components import camera as ha_camera
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.netrex.live import VideoSource
from simulator import Simulator

# Home Assistant requires at least 1.9.13.
INFO = {"version": "1.9.15", "config_path": "", "rtsp": {}, "host": ""}


@dataclass
class Recorder:
    """Answers Home Assistant and records its requests.

    `streams` has the registered sources of each stream.
    """

    url: str = ""
    puts: list[tuple[str, list[str]]] = field(default_factory=list)
    streams: dict[str, list[str]] = field(default_factory=dict)

    async def info(self, _: web.Request) -> web.Response:
        """Return the version."""
        return web.json_response(INFO)

    async def schemes(self, _: web.Request) -> web.Response:
        """Return the supported schemes of sources."""
        return web.json_response(["ffmpeg", "rtsp", "rtsps"])

    async def list(self, _: web.Request) -> web.Response:
        """Return the streams."""
        streams: dict[str, Any] = {
            name: {"producers": [{"url": source} for source in sources]}
            for name, sources in self.streams.items()
        }
        return web.json_response(streams)

    async def put(self, request: web.Request) -> web.Response:
        """Register a stream."""
        name, sources = request.query["name"], request.query.getall("src")
        self.puts.append((name, sources))
        self.streams[name] = sources
        return web.Response()

    async def preload(self, _: web.Request) -> web.Response:
        """Return the preloaded streams: none."""
        return web.json_response({})

    async def frame(self, _: web.Request) -> web.Response:
        """Return a still image."""
        return web.Response(body=b"JPEG", content_type="image/jpeg")


@pytest.fixture
async def recorder(socket_enabled: None) -> AsyncGenerator[Recorder]:
    """Run the server."""
    recorder = Recorder()
    app = web.Application()
    app.router.add_get("/api", recorder.info)
    app.router.add_get("/api/schemes", recorder.schemes)
    app.router.add_get("/api/streams", recorder.list)
    app.router.add_put("/api/streams", recorder.put)
    app.router.add_get("/api/preload", recorder.preload)
    app.router.add_get("/api/frame.jpeg", recorder.frame)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    recorder.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    yield recorder
    await runner.cleanup()


@pytest.fixture
async def provider(
    hass: HomeAssistant, recorder: Recorder, entry: MockConfigEntry
) -> ha_camera.CameraWebRTCProvider:
    """Set up the go2rtc integration with an external server."""
    assert await async_setup_component(
        hass, "go2rtc", {"go2rtc": {"url": recorder.url}}
    )
    await hass.async_block_till_done(wait_background_tasks=True)
    (config_entry,) = hass.config_entries.async_entries("go2rtc")
    provider: ha_camera.CameraWebRTCProvider = config_entry.runtime_data
    return provider


async def test_all_cameras_support_webrtc_without_a_link(
    hass: HomeAssistant,
    cloud: Simulator,
    provider: ha_camera.CameraWebRTCProvider,
    recorder: Recorder,
    entity_id: str,
    hass_ws_client: WebSocketGenerator,
) -> None:
    websocket = await hass_ws_client()
    await websocket.send_json_auto_id(
        {"type": "camera/capabilities", "entity_id": entity_id}
    )
    answer = await websocket.receive_json()

    assert set(answer["result"]["frontend_stream_types"]) == {"hls", "web_rtc"}
    assert recorder.puts == []
    assert cloud.links == []


async def test_the_source_is_stable(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    provider: ha_camera.CameraWebRTCProvider,
    recorder: Recorder,
    camera_id: int,
    entity_id: str,
) -> None:
    """A stream with a new source is recreated and no longer shared by viewers."""
    camera = hass.data[ha_camera.DATA_COMPONENT].get_entity(entity_id)
    assert camera is not None

    for _ in range(3):
        assert await provider.async_get_image(camera) == b"JPEG"
        entry.runtime_data.live.async_select_profile(camera_id, None)
        await entry.runtime_data.inventory.async_refresh()

    (put,) = recorder.puts
    source = entry.runtime_data.live.stream_source(VideoSource(camera_id))
    assert put[1][0] == source
    # go2rtc would parse what follows as options.
    assert "#" not in source
    assert cloud.links == []
