"""The parts of the cloud together: gateway, recordings, and live view."""

import asyncio
import io
import ssl

import aiohttp
import av
import pytest
from yarl import URL

from simulator import Simulator
from simulator.switches import TRANSPORTS

from .portal_client import PortalClient
from .rtsp.test_rtsp import watch
from .rtsp_client import RtspClient

PARAMETERS = "axis-cgi/param.cgi?action=list&group=Brand"


async def test_the_gateway_answers_by_path_and_by_host(portal: PortalClient) -> None:
    camera = next(iter(portal.cloud.world.cameras.values()))
    headers = {"Authorization": f"Token {portal.token}"}
    host = f"{camera.serial_number.lower()}.device-connect.net"
    for url, extra in (
        (f"{portal.cloud.url}/camera/{camera.serial_number}/{PARAMETERS}", {}),
        (f"{portal.cloud.url}/{PARAMETERS}", {"Host": host}),
    ):
        async with portal.session.get(url, headers=headers | extra) as response:
            assert response.status == 200
            assert "root.Brand.Brand=AXIS" in await response.text()


async def test_the_gateway_requires_the_configuration_permission(
    portal: PortalClient,
) -> None:
    camera = next(iter(portal.cloud.world.cameras.values()))
    token = portal.cloud.create_api_token(scopes=["read", "write"])
    async with portal.session.get(
        f"{portal.cloud.url}/camera/{camera.serial_number}/{PARAMETERS}",
        headers={"Authorization": f"Token {token}"},
    ) as response:
        assert response.status == 403


async def test_a_fault_applies_to_the_gateway(portal: PortalClient) -> None:
    camera = next(iter(portal.cloud.world.cameras.values()))
    portal.cloud.faults.add("gateway", "status", 502)
    async with portal.session.get(
        f"{portal.cloud.url}/{PARAMETERS}",
        headers={"Host": f"{camera.serial_number}.device-connect.net"},
    ) as response:
        assert response.status == 502


async def test_a_listed_recording_can_be_downloaded(portal: PortalClient) -> None:
    cloud = portal.cloud
    camera = next(iter(cloud.world.cameras.values()))
    now = int(cloud.clock.now())
    data = await portal.data(
        f"{{camera(node_id:{camera.node_id}){{recordings(from:{now - 120},"
        f"to:{now - 115}){{recording_id duration outputs{{height}}}}}}}}"
    )
    (recording,) = data["camera"]["recordings"]
    assert recording["duration"] == 5
    name, height = recording["recording_id"], recording["outputs"][0]["height"]
    data = await portal.data(
        f'mutation{{recordingPrepare(recording_id:"{name}",height:{height})}}'
    )
    assert data == {"recordingPrepare": True}
    query = f'{{recording(recording_id:"{name}"){{progress download_url}}}}'
    assert (await portal.data(query))["recording"]["download_url"] is None
    cloud.clock.jump(60)
    row = (await portal.data(query))["recording"]
    assert row["progress"] == 100
    async with portal.session.get(row["download_url"]) as response:
        assert response.content_type == "video/mp4"
        body = await response.read()
    assert body[4:8] == b"ftyp"
    with av.open(io.BytesIO(body), "r") as container:
        assert container.duration == pytest.approx(5_000_000, abs=200_000)
        assert container.streams.video[0].height == height


async def test_a_guest_cannot_reach_hidden_cameras_through_the_gateway(
    portal: PortalClient,
) -> None:
    guest = portal.cloud.world.users["guest"]
    guest.sees = ()
    token = portal.cloud.create_api_token("guest")
    camera = next(iter(portal.cloud.world.cameras.values()))
    async with portal.session.get(
        f"{portal.cloud.url}/camera/{camera.serial_number}/{PARAMETERS}",
        headers={"Authorization": f"Token {token}"},
    ) as response:
        assert response.status == 404


async def test_stop_leaves_nothing_open(cloud: Simulator) -> None:
    await cloud.stop()
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.get(cloud.url)


async def test_a_queried_link_is_described_by_the_server(portal: PortalClient) -> None:
    camera = next(iter(portal.cloud.world.cameras.values()))
    profile = camera.stream_profiles[0].stream_profile_id
    data = await portal.data(
        f"{{camera(node_id:{camera.node_id}){{live_view(stream_profile_id:{profile})"
        "{remote{rtsp{url}} local{rtsp{url}}}}}"
    )
    view = data["camera"]["live_view"]
    urls = [view[side]["rtsp"]["url"] for side in ("remote", "local")]
    assert [link.url for link in portal.cloud.links] == urls
    for url in urls:
        assert url.rpartition("~")[2] in portal.cloud.secrets
        async with await RtspClient.connect(url) as client:
            assert (await client.request("DESCRIBE")).status == 200


@pytest.mark.parametrize(
    ("transport", "scheme"),
    [("rtsph", "http"), ("rtsphs", "https"), ("rtspws", "ws"), ("rtspwss", "wss")],
)
async def test_a_link_of_each_transport_connects(
    portal: PortalClient, transport: str, scheme: str
) -> None:
    """Encrypted links lead to a server with a certificate of the private authority."""
    portal.cloud.switches.set("transports", transport)
    camera = next(iter(portal.cloud.world.cameras.values()))
    profile = camera.stream_profiles[0].stream_profile_id
    data = await portal.data(
        f"{{camera(node_id:{camera.node_id}){{live_view(stream_profile_id:{profile})"
        f"{{remote{{{transport}{{url}}}}}}}}}}"
    )
    url = URL(data["camera"]["live_view"]["remote"][transport]["url"])
    assert url.scheme == scheme
    assert portal.cloud.links[-1].transport == transport
    context = None
    if scheme in {"https", "wss"}:
        authority = (await portal.look("world"))["authority"]
        context = ssl.create_default_context(cadata=authority)
    _, writer = await asyncio.open_connection(url.host, url.port, ssl=context)
    writer.close()


async def test_an_expired_link_is_not_found(portal: PortalClient) -> None:
    camera = next(iter(portal.cloud.world.cameras.values()))
    profile = camera.stream_profiles[0].stream_profile_id
    data = await portal.data(
        f"{{camera(node_id:{camera.node_id}){{live_view(stream_profile_id:{profile})"
        "{remote{rtsp{url}}}}}"
    )
    url = data["camera"]["live_view"]["remote"]["rtsp"]["url"]
    portal.cloud.clock.jump(31)
    async with await RtspClient.connect(url) as client:
        assert (await client.request("DESCRIBE")).status == 404


async def test_live_view_has_links_of_all_transports_and_plays(
    portal: PortalClient,
) -> None:
    portal.cloud.switches.transports = TRANSPORTS
    camera = next(iter(portal.cloud.world.cameras.values()))
    profile = camera.stream_profiles[0]
    remote = " ".join(f"{name} {{ url }}" for name in TRANSPORTS)
    data = await portal.data(
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
    assert len(portal.cloud.links) == 6
    assert sum(link.used for link in portal.cloud.links) == 2


async def test_an_offline_camera_may_have_a_link_that_does_not_work(
    portal: PortalClient,
) -> None:
    camera = next(iter(portal.cloud.world.cameras.values()))
    camera.is_connected = False
    query = (
        f"{{ camera(node_id: {camera.node_id}) {{ live_view(stream_profile_id: "
        f"{camera.stream_profiles[0].stream_profile_id})"
        " { remote { rtsp { url } } } } }"
    )
    assert "errors" in await portal.query(query)
    portal.cloud.switches.offline_live_view = "null"
    assert (await portal.data(query))["camera"]["live_view"] is None
    portal.cloud.switches.offline_live_view = "link"
    view = (await portal.data(query))["camera"]["live_view"]
    async with await RtspClient.connect(view["remote"]["rtsp"]["url"]) as client:
        assert (await client.request("DESCRIBE")).status == 503
