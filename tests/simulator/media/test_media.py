"""Pictures of the whole cloud: a query to the API, then the media servers."""

import asyncio
from collections.abc import AsyncGenerator
import io

from aiohttp import ClientSession
import av
import pytest

from simulator import Simulator, Switches
from simulator.switches import TRANSPORTS

from ..portal_client import PortalClient
from ..rtsp.test_rtsp import watch
from ..rtsp_client import RtspClient


@pytest.fixture
async def api() -> AsyncGenerator[PortalClient]:
    """Run a cloud with all transports and without a rate limit."""
    switches = Switches(rate_limit=False, transports=TRANSPORTS)
    async with (
        Simulator("shop", switches=switches) as cloud,
        ClientSession() as session,
    ):
        yield PortalClient(session, cloud, cloud.create_api_token())


async def test_live_view_links_of_all_transports_play(api: PortalClient) -> None:
    camera = next(iter(api.cloud.world.cameras.values()))
    profile = camera.stream_profiles[0]
    remote = " ".join(f"{name} {{ url }}" for name in TRANSPORTS)
    data = await api.data(
        f"{{ camera(node_id: {camera.node_id}) {{ live_view("
        f"stream_profile_id: {profile.stream_profile_id}) {{"
        f" remote {{ {remote} }} local {{ rtsp {{ url }} }} }} }} }}"
    )

    view = data["camera"]["live_view"]
    assert {
        name: link["url"].partition(":")[0] for name, link in view["remote"].items()
    } == {
        "rtsp": "rtsp",
        "rtsph": "http",
        "rtsphs": "https",
        "rtspws": "ws",
        "rtspwss": "wss",
    }
    for url in (view["remote"]["rtsp"]["url"], view["local"]["rtsp"]["url"]):
        frames = await asyncio.to_thread(watch, url, 2)
        assert frames[0].width == profile.width
    assert len(api.cloud.links) == 6
    assert sum(link.used for link in api.cloud.links) == 2


async def test_a_recording_is_prepared_and_downloaded(api: PortalClient) -> None:
    camera = next(iter(api.cloud.world.cameras.values()))
    start = int(api.cloud.clock.now()) - 300
    data = await api.data(
        f"{{ camera(node_id: {camera.node_id}) {{ recordings(from: {start}, "
        f"to: {start + 6}) {{ recording_id duration outputs {{ height }} }} }} }}"
    )
    row = data["camera"]["recordings"][0]
    assert row["duration"] == 6
    name, height = row["recording_id"], row["outputs"][0]["height"]
    data = await api.data(
        f'mutation {{ recordingPrepare(recording_id: "{name}", height: {height}) }}'
    )
    assert data == {"recordingPrepare": True}
    api.cloud.clock.jump(60)
    data = await api.data(
        f'{{ recording(recording_id: "{name}") {{ progress download_url }} }}'
    )
    assert data["recording"]["progress"] == 100

    async with api.session.get(data["recording"]["download_url"]) as response:
        body = await response.read()
    with av.open(io.BytesIO(body), "r") as container:
        assert container.duration == pytest.approx(6_000_000, abs=200_000)
        assert container.streams.video[0].height == height


async def test_the_gateway_returns_a_cameras_parameters(api: PortalClient) -> None:
    camera = next(iter(api.cloud.world.cameras.values()))
    url = f"{api.cloud.url}/camera/{camera.serial_number}/axis-cgi/param.cgi"
    headers = {"Authorization": f"Token {api.token}"}
    params = {"action": "list", "group": "Brand.ProdShortName"}
    async with api.session.get(url, params=params, headers=headers) as response:
        assert await response.text() == (f"root.Brand.ProdShortName={camera.model}\r\n")


async def test_an_offline_camera_may_have_a_link_that_does_not_work(
    api: PortalClient,
) -> None:
    camera = next(iter(api.cloud.world.cameras.values()))
    camera.is_connected = False
    query = (
        f"{{ camera(node_id: {camera.node_id}) {{ live_view(stream_profile_id: "
        f"{camera.stream_profiles[0].stream_profile_id})"
        " { remote { rtsp { url } } } } }"
    )
    assert "errors" in await api.query(query)
    api.cloud.switches.offline_live_view = "null"
    assert (await api.data(query))["camera"]["live_view"] is None
    api.cloud.switches.offline_live_view = "link"
    view = (await api.data(query))["camera"]["live_view"]
    async with await RtspClient.connect(view["remote"]["rtsp"]["url"]) as client:
        assert (await client.request("DESCRIBE")).status == 503
