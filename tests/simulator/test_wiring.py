"""The parts of the cloud together: gateway, recordings, and live view."""

import asyncio
import ssl

import aiohttp
import pytest
from yarl import URL

from simulator import Simulator

from .portal_client import PortalClient
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
    name, height = recording["recording_id"], recording["outputs"][0]["height"]
    await portal.data(
        f'mutation{{recordingPrepare(recording_id:"{name}",height:{height})}}'
    )
    query = f'{{recording(recording_id:"{name}"){{progress download_url}}}}'
    assert (await portal.data(query))["recording"]["download_url"] is None
    cloud.clock.jump(60)
    row = (await portal.data(query))["recording"]
    assert row["progress"] == 100
    async with portal.session.get(row["download_url"]) as response:
        assert response.content_type == "video/mp4"
        assert (await response.read())[4:8] == b"ftyp"


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
