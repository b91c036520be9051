"""Camera entities: live streams, still images, and their costs."""

import asyncio
from http import HTTPStatus
import io
from typing import override

import av
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components import camera as ha_camera
from homeassistant.components.camera import (
    Camera,
    CameraState,
    CameraWebRTCProvider,
    WebRTCSendMessage,
    async_register_webrtc_provider,
)
from homeassistant.components.stream import Stream
from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import CoreState, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from PIL import Image
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
from webrtc_models import RTCIceCandidateInit

from custom_components.netrex.const import DOMAIN
from custom_components.netrex.live import VideoSource
from simulator import Simulator

from .leaks import assert_log_clean
from .relay.players import until, watch
from .waiting import token_checked_twice


def entity_of(hass: HomeAssistant, entry: MockConfigEntry, source: VideoSource) -> str:
    """Return the entity id of a video source."""
    suffix = "" if source.channel_id is None else f"_{source.channel_id}"
    unique_id = f"{entry.unique_id}_{source.camera_id}_camera{suffix}"
    entity_id = er.async_get(hass).async_get_entity_id(
        ha_camera.DOMAIN, DOMAIN, unique_id
    )
    assert entity_id is not None
    return entity_id


@pytest.fixture
def camera_id(cloud: Simulator) -> int:
    """Return a camera's node id."""
    return next(iter(cloud.world.cameras))


@pytest.fixture
def entity_id(hass: HomeAssistant, entry: MockConfigEntry, camera_id: int) -> str:
    """Return the entity of that camera."""
    return entity_of(hass, entry, VideoSource(camera_id))


def state_of(hass: HomeAssistant, entity_id: str) -> str | None:
    """Return an entity's state."""
    state = hass.states.get(entity_id)
    return None if state is None else state.state


def link_queries(cloud: Simulator) -> list[str]:
    """Return the queries for live links."""
    return [record.query for record in cloud.queries if "live_view" in record.query]


async def refresh_status(entry: MockConfigEntry) -> None:
    """Refresh the statuses."""
    await entry.runtime_data.status.async_refresh()


async def test_every_camera_and_additional_channel_is_an_entity(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    sources = {
        VideoSource(camera.node_id, channel.node_id if channel else None)
        for camera in cloud.world.cameras.values()
        for channel in (None, *camera.video_channels)
    }
    assert any(source.channel_id for source in sources)

    entities = {entity_of(hass, entry, source) for source in sources}

    assert entities == set(hass.states.async_entity_ids(ha_camera.DOMAIN))
    assert {state_of(hass, entity) for entity in entities} == {CameraState.IDLE}
    assert cloud.links == []


class Provider(CameraWebRTCProvider):
    """Requests the stream source of each camera, as go2rtc does."""

    @property
    @override
    def domain(self) -> str:
        return "go2rtc"

    @callback
    @override
    def async_is_supported(self, stream_source: str) -> bool:
        return stream_source.startswith("rtsp")

    @override
    async def async_handle_async_webrtc_offer(
        self,
        camera: Camera,
        offer_sdp: str,
        session_id: str,
        send_message: WebRTCSendMessage,
    ) -> None:
        raise NotImplementedError

    @override
    async def async_on_webrtc_candidate(
        self, session_id: str, candidate: RTCIceCandidateInit
    ) -> None:
        raise NotImplementedError


async def test_a_webrtc_provider_gets_all_addresses_without_a_query(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry, entity_id: str
) -> None:
    async_register_webrtc_provider(hass, Provider())
    await hass.async_block_till_done()

    first = await ha_camera.async_get_stream_source(hass, entity_id)
    assert first == await ha_camera.async_get_stream_source(hass, entity_id)
    assert first is not None
    assert first.startswith("rtsp://127.0.0.1:")
    assert link_queries(cloud) == []


async def test_a_player_plays_the_stream_address(
    hass: HomeAssistant, cloud: Simulator, entity_id: str, camera_id: int
) -> None:
    address = await ha_camera.async_get_stream_source(hass, entity_id)
    assert address is not None

    assert await watch(address) == [1080] * 3

    assert [link.node_id for link in cloud.links] == [camera_id]
    assert len(link_queries(cloud)) == 1
    await until(lambda: state_of(hass, entity_id) == CameraState.IDLE)


def stream_of(hass: HomeAssistant, entity_id: str) -> Stream:
    """Return Home Assistant's stream of a camera."""
    camera = hass.data[ha_camera.DATA_COMPONENT].get_entity(entity_id)
    assert camera is not None
    assert camera.stream is not None
    return camera.stream


async def hls_segment(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, entity_id: str
) -> bytes:
    """Play as the frontend does and return the first segment (MP4)."""
    url = await ha_camera.async_request_stream(hass, entity_id, "hls")
    client = await hass_client()
    base = url.rpartition("/")[0]

    async def get(path: str) -> bytes:
        response = await client.get(f"{base}/{path}")
        assert response.status == HTTPStatus.OK
        return await response.read()

    assert b"playlist.m3u8" in await get("master_playlist.m3u8")
    playlist = (await get("playlist.m3u8")).decode()
    assert "#EXTM3U" in playlist
    return await get("init.mp4") + await get("segment/0.m4s")


async def test_home_assistants_own_stream_plays_a_camera(
    hass: HomeAssistant,
    cloud: Simulator,
    entity_id: str,
    hass_client: ClientSessionGenerator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    movie = await hls_segment(hass, hass_client, entity_id)

    assert b"ftyp" in movie[:12]
    assert b"moof" in movie
    # Activity and history must not show who looks, and when.
    assert state_of(hass, entity_id) == CameraState.IDLE
    assert [link.used for link in cloud.links] == [1]
    (output,) = stream_of(hass, entity_id).outputs().values()
    await stream_of(hass, entity_id).remove_provider(output)
    assert_log_clean(caplog, cloud.secrets)


async def test_a_failed_stream_leaves_the_camera_available(
    hass: HomeAssistant,
    cloud: Simulator,
    entity_id: str,
    hass_client: ClientSessionGenerator,
) -> None:
    await hls_segment(hass, hass_client, entity_id)

    cloud.faults.add("rtsp", "status", 503, count=None)
    cloud.drop_sessions()
    await until(lambda: not stream_of(hass, entity_id).available)

    assert state_of(hass, entity_id) == CameraState.IDLE


async def test_the_portals_status_determines_availability(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    entity_id: str,
    camera_id: int,
    freezer: FrozenDateTimeFactory,
) -> None:
    camera = cloud.world.cameras[camera_id]
    camera.is_connected = False
    await refresh_status(entry)
    assert state_of(hass, entity_id) == STATE_UNAVAILABLE
    with pytest.raises(HomeAssistantError):
        await ha_camera.async_get_image(hass, entity_id)
    assert cloud.links == []

    camera.is_connected = True
    await refresh_status(entry)
    assert state_of(hass, entity_id) == CameraState.IDLE

    # A lost answer is not a fact about the camera; the next ones are (decision 0026).
    cloud.faults.add("graphql", "status", 500, count=2, match="cameraList")
    await refresh_status(entry)
    assert state_of(hass, entity_id) == CameraState.IDLE
    freezer.tick(2 * entry.runtime_data.status.interval)
    await refresh_status(entry)
    assert state_of(hass, entity_id) == STATE_UNAVAILABLE
    await refresh_status(entry)
    assert state_of(hass, entity_id) == CameraState.IDLE


def size_of(image: bytes) -> tuple[int, int]:
    """Return the size of a JPEG."""
    picture = Image.open(io.BytesIO(image))
    assert picture.format == "JPEG"
    picture.load()
    return picture.size


async def test_ten_concurrent_snapshots_share_one_live_session(
    hass: HomeAssistant, cloud: Simulator, entity_id: str
) -> None:
    images = await asyncio.gather(
        *(ha_camera.async_get_image(hass, entity_id) for _ in range(10))
    )

    assert {size_of(image.content) for image in images} == {(1920, 1080)}
    assert {image.content_type for image in images} == {"image/jpeg"}
    again = await ha_camera.async_get_image(hass, entity_id)
    assert again.content == images[0].content
    assert [link.used for link in cloud.links] == [1]
    # A still image does not count as a viewer.
    assert state_of(hass, entity_id) == CameraState.IDLE


async def test_no_still_is_taken_while_home_assistant_starts(
    hass: HomeAssistant, cloud: Simulator, entity_id: str
) -> None:
    hass.set_state(CoreState.starting)
    with pytest.raises(HomeAssistantError):
        await ha_camera.async_get_image(hass, entity_id)
    assert cloud.links == []

    hass.set_state(CoreState.running)
    assert await ha_camera.async_get_image(hass, entity_id)


async def test_motion_jpeg_uses_thumbnails(
    hass: HomeAssistant,
    cloud: Simulator,
    entity_id: str,
    hass_client: ClientSessionGenerator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("custom_components.netrex.camera.MJPEG_INTERVAL_SECONDS", 0.5)
    client = await hass_client()
    async with client.get(f"/api/camera_proxy_stream/{entity_id}") as response:
        assert response.status == HTTPStatus.OK
        assert b"image/jpeg" in await response.content.readuntil(b"\r\n\r\n")
        await asyncio.sleep(1.5)
    assert len(cloud.links) == 1


async def test_a_revoked_token_starts_one_reauthentication(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    entity_id: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    address = await ha_camera.async_get_stream_source(hass, entity_id)
    assert address is not None
    cloud.world.tokens.clear()

    for _ in range(2):
        with pytest.raises(av.HTTPForbiddenError):
            await watch(address)
    assert state_of(hass, entity_id) == CameraState.IDLE
    await token_checked_twice(hass, entry)

    flows = hass.config_entries.flow.async_progress()
    assert [flow["context"]["source"] for flow in flows] == [SOURCE_REAUTH]
    assert_log_clean(caplog, cloud.secrets)


async def test_no_link_is_requested_for_a_removed_camera(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    entity_id: str,
    camera_id: int,
) -> None:
    address = await ha_camera.async_get_stream_source(hass, entity_id)
    assert address is not None
    del cloud.world.cameras[camera_id]
    cloud.world.nodes = [n for n in cloud.world.nodes if n.node_id != camera_id]
    with pytest.raises(av.HTTPNotFoundError):
        await watch(address)
    await entry.runtime_data.inventory.async_refresh()

    with pytest.raises(av.HTTPNotFoundError):
        await watch(address)

    assert len(link_queries(cloud)) == 1


async def test_the_selected_profile_is_shown(
    cloud: Simulator, entry: MockConfigEntry, camera_id: int
) -> None:
    live = entry.runtime_data.live
    smallest = cloud.world.cameras[camera_id].stream_profiles[0]
    address = live.stream_source(VideoSource(camera_id))

    live.async_select_profile(camera_id, smallest.stream_profile_id)
    assert await watch(address) == [smallest.height] * 3
    live.async_select_profile(camera_id, None)
    assert await watch(address) == [1080] * 3
    # A profile that the camera no longer has is not requested.
    live.async_select_profile(camera_id, 1)
    assert await watch(address) == [1080] * 3


async def test_a_video_channel_shows_its_own_picture(
    cloud: Simulator, entry: MockConfigEntry
) -> None:
    camera = next(c for c in cloud.world.cameras.values() if c.video_channels)
    source = VideoSource(camera.node_id, camera.video_channels[0].node_id)

    assert await watch(entry.runtime_data.live.stream_source(source)) == [1080] * 3

    assert f"video_channel_node_id:{source.channel_id}" in link_queries(cloud)[-1]


async def test_unload_disconnects_viewers_and_their_streams(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    entity_id: str,
    hass_client: ClientSessionGenerator,
) -> None:
    await hls_segment(hass, hass_client, entity_id)
    assert cloud.rtsp.sessions == 1

    assert await hass.config_entries.async_unload(entry.entry_id)

    await until(lambda: not cloud.rtsp.sessions)
    assert len(cloud.links) == 1
