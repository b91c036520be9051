"""go2rtc, which Home Assistant uses for WebRTC, plays a camera through the relay."""

import asyncio
from collections.abc import AsyncGenerator
from http import HTTPStatus
from pathlib import Path

import aiohttp
import av
from homeassistant.components import camera as ha_camera
from homeassistant.core import HomeAssistant
import pytest

from custom_components.netrex.live import links
from simulator import Simulator

from ..relay.players import until
from .go2rtc import find_go2rtc, run_go2rtc

RECOVERY_SECONDS = 5.0
NAME = "camera"


@pytest.fixture(scope="session")
def program() -> Path:
    """Return the program."""
    return find_go2rtc()


@pytest.fixture
async def api(
    hass: HomeAssistant, program: Path, entity_id: str, tmp_path: Path
) -> AsyncGenerator[str]:
    """Run go2rtc with the camera as a stream.

    Home Assistant also registers a source that transcodes the first one's audio; it
    needs FFmpeg, and the simulated cameras have no audio.
    """
    source = await ha_camera.async_get_stream_source(hass, entity_id)
    assert source is not None
    async with run_go2rtc(program, tmp_path) as url, aiohttp.ClientSession() as session:
        async with session.put(
            f"{url}/api/streams", params={"name": NAME, "src": source}
        ) as response:
            assert response.status == HTTPStatus.OK
        yield url


def _play(url: str, frames: int) -> list[int]:
    with av.open(url, mode="r", timeout=15) as container:
        heights: list[int] = []
        for frame in container.decode(video=0):
            heights.append(frame.height)
            if len(heights) == frames:
                break
        return heights


async def play(api: str, frames: int = 5) -> list[int]:
    """Play go2rtc's MP4 stream and return the heights of some frames (pixels)."""
    return await asyncio.to_thread(_play, f"{api}/api/stream.mp4?src={NAME}", frames)


async def test_no_link_is_requested_without_a_viewer(
    cloud: Simulator, api: str
) -> None:
    await asyncio.sleep(1)

    assert cloud.links == []


async def test_two_viewers_share_one_link(
    cloud: Simulator, api: str, height: int
) -> None:
    both = await asyncio.gather(play(api, 30), play(api, 30))

    assert list(both) == [[height] * 30] * 2
    assert [link.used for link in cloud.links] == [1]
    await until(lambda: not cloud.rtsp.sessions)


async def test_a_viewer_recovers_after_drops(
    cloud: Simulator, api: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "_GOOD_SESSION_SECONDS", 1.0)
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{api}/api/stream.mp4", params={"src": NAME}) as response,
    ):
        assert await response.content.readany()
        for drops in range(1, 4):
            await asyncio.sleep(1.5)
            assert cloud.drop_sessions() == 1
            async with asyncio.timeout(RECOVERY_SECONDS):
                await until(lambda: cloud.rtsp.sessions)
                # Buffered frames, then a second of the new session.
                end = asyncio.get_running_loop().time() + 1
                while asyncio.get_running_loop().time() < end:
                    assert await response.content.readany()
            assert [link.used for link in cloud.links] == [1] * (drops + 1)
