"""The vendor's examples against the simulated cloud.

"Common scenarios for API integration" and "Error answers and limits".
"""

from collections.abc import AsyncGenerator

import aiohttp
import pytest

from custom_components.netrex.client import (
    Granularity,
    Ledger,
    LinkRequest,
    LiveLink,
    LiveTransport,
    Metric,
    NetrexAuthError,
    NetrexClient,
    NetrexQueryError,
    NodeType,
    Pacer,
    RawMetric,
    SeriesRequest,
    SeriesValue,
    StreamProfile,
    Tree,
    ValueRequest,
    VideoChannel,
)
from simulator import Simulator, Switches

FOLDER, CAMERA, OTHER_CAMERA = 63575, 140094, 62303
START, END = 1589186000, 1589186780


@pytest.fixture
async def cloud() -> AsyncGenerator[Simulator]:
    """Run the world of the vendor's examples."""
    switches = Switches(rate_limit=False, prepare_duration=0.0)
    async with Simulator("documentation", switches=switches) as cloud:
        yield cloud


@pytest.fixture
def client(
    cloud: Simulator, session: aiohttp.ClientSession, pacer: Pacer
) -> NetrexClient:
    """Return a client with an API token."""
    token = cloud.create_api_token()

    async def get_token() -> str:
        return token

    return NetrexClient(session, cloud.url, get_token, pacer=pacer)


async def test_authorization(client: NetrexClient) -> None:
    data = (await client.execute("{cameraList{name}}")).data
    assert data == {"cameraList": [{"name": "ACCC8EE8A9CA"}, {"name": "ACCC8ED8CBF0"}]}


async def test_organization_of_objects(client: NetrexClient) -> None:
    inventory = await client.inventory()
    assert inventory.complete
    tree = Tree(inventory.nodes)
    assert tree.root_id == 138170
    assert [node.name for node in tree.path(CAMERA)] == ["rootfolder", "ACCC8EE8A9CA"]
    cameras = [node for node in inventory.nodes if node.type is NodeType.CAMERA]
    assert {node.node_id for node in cameras} == {CAMERA, OTHER_CAMERA}


async def test_external_ids(client: NetrexClient) -> None:
    inventory = await client.inventory()
    external = {node.node_id: node.external_id for node in inventory.nodes}
    assert external[FOLDER] == "001"
    assert external[CAMERA] == "camera1"
    assert external[138170] is None


async def test_camera_parameters(client: NetrexClient) -> None:
    inventory = await client.inventory()
    camera = next(c for c in inventory.cameras if c.node_id == CAMERA)
    assert camera.name == "ACCC8EE8A9CA"
    assert camera.serial_number == "ACCC8EE8A9CA"
    assert camera.is_connected is True
    assert camera.source_ip == "211.21.111.111"
    assert camera.stream_profiles == (
        StreamProfile(120846, 800, 450),
        StreamProfile(120850, 1920, 1080),
    )
    # From the tree: the name of the cameras' field is not documented.
    assert camera.video_channels == (VideoChannel(1000, "View area 2"),)


async def test_single_value(client: NetrexClient) -> None:
    request = ValueRequest(CAMERA, Metric.PEOPLE_COUNT_AVERAGE, START, END)
    assert await client.kpi_values([request]) == {request: 57}


async def test_raw_value(cloud: Simulator, client: NetrexClient) -> None:
    request = ValueRequest(CAMERA, RawMetric.PEOPLE_COUNT_IN, START, END)
    truth = cloud.truth(CAMERA, Metric.PEOPLE_COUNT_IN, START, END)
    assert await client.kpi_values([request]) == {request: truth}


async def test_series(client: NetrexClient) -> None:
    request = SeriesRequest(
        FOLDER, Metric.PEOPLE_COUNT_AVERAGE, START, END, Granularity.HQ
    )
    found = await client.kpi_series([request])
    assert found[request] == (
        SeriesValue(1589185800, 1589186700, 20.0),
        SeriesValue(1589186700, 1589187600, 12.0),
    )


async def test_every_metric_and_granularity(client: NetrexClient) -> None:
    requests = [
        SeriesRequest(FOLDER, metric, START, START + 7 * 86_400, granularity)
        for metric in Metric
        for granularity in Granularity
    ]
    found = await client.kpi_series(requests)
    assert set(found) == set(requests)
    assert all(found.values())
    values = [ValueRequest(CAMERA, raw, START, END) for raw in RawMetric]
    assert set(await client.kpi_values(values)) == set(values)


async def test_live_view(cloud: Simulator, client: NetrexClient) -> None:
    request = LinkRequest(CAMERA, stream_profile_id=120850)
    channel = LinkRequest(CAMERA, stream_profile_id=120850, video_channel_node_id=1000)
    links = await client.live_links([request, channel])
    assert [links[request], links[channel]] == [
        LiveLink(link.url) for link in cloud.links
    ]
    assert len(cloud.queries) == 1


async def test_recording(client: NetrexClient, session: aiohttp.ClientSession) -> None:
    [recording] = await client.archive.list(OTHER_CAMERA, 1589190089, 1589190689)
    assert recording.recording_id == "xRMElmAkh3"
    assert recording.duration == 598
    assert recording.heights == (480, 720, 800)
    assert recording.download_url is None
    # The one that the documentation shows as ready.
    progress = await client.archive.state("6RjiHGzqCE")
    assert progress.progress == 100
    assert progress.download_url is not None
    assert "auth_key=" in progress.download_url
    assert await client.archive.prepare("6RjiHGzqCE", 480)


async def test_introspection(cloud: Simulator, client: NetrexClient) -> None:
    schema = await client.fetch_schema()
    assert schema.introspected
    assert schema.transports == {
        LiveTransport.RTSP,
        LiveTransport.RTSPH,
        LiveTransport.RTSPWS,
        LiveTransport.LOCAL,
    }
    assert schema.video_channels == "video_channels"
    assert schema.needs_profile
    assert schema.enum_values("StatisticDataMetricType") == set(Metric)
    client.schema = schema
    inventory = await client.inventory()
    [camera] = [c for c in inventory.cameras if c.node_id == CAMERA]
    assert camera.video_channels == (VideoChannel(1000, "View area 2"),)
    requests = [LinkRequest(CAMERA, kind, 120846) for kind in sorted(schema.transports)]
    links = await client.live_links(requests)
    assert isinstance(links[LinkRequest(CAMERA, LiveTransport.RTSP, 120846)], LiveLink)
    assert isinstance(links[LinkRequest(CAMERA, LiveTransport.LOCAL, 120846)], LiveLink)
    # The cloud accepted all fields, even for transports without a server.
    assert not any(isinstance(link, NetrexQueryError) for link in links.values())
    assert len(cloud.queries) == 3


@pytest.mark.parametrize("place", ["top", "extensions", "none"])
@pytest.mark.parametrize("status", [200, 400, 401, 403, 500])
@pytest.mark.parametrize(
    ("token", "expired"), [("", False), ("x", False), (None, True)]
)
async def test_error_responses(
    cloud: Simulator,
    session: aiohttp.ClientSession,
    place: str,
    status: int,
    token: str | None,
    *,
    expired: bool,
) -> None:
    """A missing, a wrong and an expired token."""
    cloud.switches.set("category_place", place)
    cloud.switches.auth_error_status = status
    old_token = cloud.create_api_token(expires_in=60)
    cloud.clock.jump(61)

    async def get_token() -> str:
        return old_token if token is None else token

    pacer = Pacer(Ledger(), interval=0)
    client = NetrexClient(session, cloud.url, get_token, pacer=pacer)
    with pytest.raises(NetrexAuthError) as caught:
        await client.inventory()
    assert caught.value.expired is expired
    assert old_token not in str(caught.value)
