"""The client against the simulated cloud and its faults."""

import asyncio
from collections.abc import AsyncGenerator, Callable
import logging
import traceback

import aiohttp
import pytest

from custom_components.netrex.client import (
    Granularity,
    Ledger,
    LinkRequest,
    LiveLink,
    Metric,
    NetrexClient,
    NetrexConnectionError,
    NetrexError,
    NetrexNotFoundError,
    NetrexPermissionError,
    NetrexQueryError,
    NetrexRateLimitedError,
    NetrexResponseError,
    Pacer,
    SeriesRequest,
    Tree,
    ValueRequest,
)
from simulator import Simulator

type Connect = Callable[[str], NetrexClient]


@pytest.fixture
def scenario() -> str:
    """Return the simulated account; tests override it."""
    return "shop"


@pytest.fixture
async def cloud(scenario: str) -> AsyncGenerator[Simulator]:
    """Run a cloud without a limiter."""
    async with Simulator(scenario) as cloud:
        cloud.switches.rate_limit = False
        yield cloud


@pytest.fixture
def connect(
    cloud: Simulator, session: aiohttp.ClientSession, pacer: Pacer
) -> Callable[[str], NetrexClient]:
    """Return a function that makes a client for a token."""

    def make(token: str) -> NetrexClient:
        async def get_token() -> str:
            return token

        return NetrexClient(session, cloud.url, get_token, pacer=pacer)

    return make


@pytest.fixture
def client(cloud: Simulator, connect: Connect) -> NetrexClient:
    """Return a client with all permissions."""
    return connect(cloud.create_api_token())


def _links(cloud: Simulator) -> list[LinkRequest]:
    return [
        LinkRequest(
            camera.node_id,
            stream_profile_id=camera.stream_profiles[0].stream_profile_id,
        )
        for camera in cloud.world.cameras.values()
    ]


@pytest.mark.parametrize("scenario", ["large"])
async def test_a_thousand_cameras_by_one_query(
    cloud: Simulator, client: NetrexClient
) -> None:
    inventory = await client.inventory()
    assert len(inventory.cameras) == len(cloud.world.cameras) >= 1000
    assert inventory.complete
    statuses = await client.camera_statuses()
    assert set(statuses) == {camera.node_id for camera in inventory.cameras}
    assert len(cloud.queries) == 2


@pytest.mark.parametrize("scenario", ["broken_tree"])
async def test_broken_tree_has_all_nodes(
    cloud: Simulator, client: NetrexClient
) -> None:
    inventory = await client.inventory()
    tree = Tree(inventory.nodes)
    assert len(list(tree)) == len({node.node_id for node in cloud.world.nodes})
    assert all(tree.path(camera.node_id) for camera in inventory.cameras)


@pytest.mark.parametrize("scenario", ["guest"])
async def test_guest_has_a_part_of_the_tree(client: NetrexClient) -> None:
    inventory = await client.inventory()
    tree = Tree(inventory.nodes)
    assert all(node.parent_node_id is not None for node in tree.roots)
    assert tree.root_id == min(node.node_id for node in tree.roots)


@pytest.mark.parametrize("scenario", ["empty"])
async def test_empty_account_is_complete(client: NetrexClient) -> None:
    inventory = await client.inventory()
    assert len(inventory.nodes) == 1
    assert inventory.cameras == ()
    assert await client.camera_statuses() == {}


async def test_cloud_without_introspection(
    cloud: Simulator, client: NetrexClient
) -> None:
    cloud.switches.introspection = False
    schema = await client.fetch_schema()
    assert not schema.introspected
    assert (await client.inventory()).cameras


async def test_missing_permissions(cloud: Simulator, connect: Connect) -> None:
    client = connect(cloud.create_api_token(scopes=["read"]))
    assert (await client.inventory()).cameras
    [request, *_] = _links(cloud)
    links = await client.live_links([request])
    assert isinstance(links[request], NetrexPermissionError)
    with pytest.raises(NetrexPermissionError):
        await client.archive.list(request.node_id, 0, 900)
    with pytest.raises(NetrexPermissionError):
        await client.archive.prepare("x", 720)


async def test_unknown_ids(client: NetrexClient) -> None:
    with pytest.raises(NetrexNotFoundError):
        await client.archive.list(1, 0, 900)
    request = ValueRequest(1, Metric.PEOPLE_COUNT_IN, 0, 900)
    results = await client.kpi_value_results([request])
    assert isinstance(results[request], NetrexNotFoundError)
    with pytest.raises(NetrexNotFoundError):
        await client.archive.state("nothing")
    with pytest.raises(NetrexQueryError):
        await client.execute("{spaceship}")
    links = await client.live_links([LinkRequest(1, stream_profile_id=1)])
    assert isinstance(links[LinkRequest(1, stream_profile_id=1)], NetrexNotFoundError)


async def test_wall_with_invalid_requests(
    cloud: Simulator, client: NetrexClient
) -> None:
    """Offline, unknown and invalid cameras do not affect the others."""
    good = _links(cloud)
    offline = next(iter(cloud.world.cameras.values()))
    offline.is_connected = False
    unknown = LinkRequest(1, stream_profile_id=1)
    links = await client.live_links([*good, unknown])
    assert len(cloud.queries) == 1
    assert isinstance(links[good[0]], NetrexError)
    assert isinstance(links[unknown], NetrexNotFoundError)
    assert all(isinstance(links[request], LiveLink) for request in good[1:])
    # Without the schema, a missing profile invalidates the operation.
    bad = LinkRequest(good[1].node_id)
    links = await client.live_links([good[1], bad])
    assert isinstance(links[good[1]], LiveLink)
    assert isinstance(links[bad], NetrexQueryError)


@pytest.mark.parametrize(
    ("kind", "value", "error"),
    [
        ("html", None, NetrexResponseError),
        ("empty", None, NetrexResponseError),
        ("garbage", None, NetrexResponseError),
        ("cut_body", None, NetrexResponseError),
        ("huge", 40, NetrexResponseError),
        ("cut", None, NetrexConnectionError),
        ("status", 503, NetrexConnectionError),
        ("status", 500, NetrexResponseError),
        ("refuse", None, NetrexRateLimitedError),
        ("wrong_types", None, NetrexResponseError),
    ],
)
async def test_faults_raise_their_errors(
    cloud: Simulator,
    client: NetrexClient,
    pacer: Pacer,
    kind: str,
    value: float | None,
    error: type[NetrexError],
) -> None:
    cloud.faults.add("graphql", kind, value)
    with pytest.raises(error):
        await client.inventory()
    pacer.interval = 0
    if error is not NetrexRateLimitedError:
        assert (await client.inventory()).complete


async def test_half_an_inventory_raises(cloud: Simulator, client: NetrexClient) -> None:
    cloud.faults.add("graphql", "half", "cameraList")
    with pytest.raises(NetrexResponseError):
        await client.inventory()


async def test_half_of_the_series_is_kept(
    cloud: Simulator, client: NetrexClient
) -> None:
    node_id = cloud.world.nodes[0].node_id
    requests = [
        SeriesRequest(node_id, metric, 1_700_000_000, 1_700_003_600, Granularity.HQ)
        for metric in list(Metric)[:5]
    ]
    cloud.faults.add("graphql", "half", "a1,a3")
    found = await client.kpi_series(requests)
    assert list(found) == [requests[0], requests[2], requests[4]]


async def test_pacer_passes_a_strict_limiter(
    cloud: Simulator, session: aiohttp.ClientSession
) -> None:
    """In real time: one query a second by arrival, many concurrent requests."""
    cloud.switches.rate_limit = True
    token = cloud.create_api_token()

    async def get_token() -> str:
        return token

    pacer = Pacer(Ledger())
    client = NetrexClient(session, cloud.url, get_token, pacer=pacer)
    await asyncio.gather(
        *(client.camera_statuses() for _ in range(10)),
        client.inventory(),
        client.live_links(_links(cloud)),
        client.kpi_values(
            [ValueRequest(cloud.world.nodes[0].node_id, Metric.PEOPLE_COUNT_IN, 0, 900)]
        ),
    )
    assert len(cloud.queries) == pacer.ledger.used == 4
    assert not any(query.refused for query in cloud.queries)
    # The interactive request was first.
    assert set(cloud.queries[0].fields) == {"camera"}


@pytest.mark.parametrize(
    ("body", "status", "retry_after"),
    [
        ("graphql", 429, -1),
        ("graphql", 200, -1),
        ("graphql", 400, 7),
        ("text", 200, -1),
        ("html", 503, -1),
        ("html", 403, 7),
        ("empty", 429, -1),
        ("empty", 503, 7),
    ],
)
async def test_forms_of_the_limit_pause_the_pacer(
    cloud: Simulator,
    client: NetrexClient,
    pacer: Pacer,
    body: str,
    status: int,
    retry_after: int,
) -> None:
    switches = cloud.switches
    switches.set("limit_body", body)
    switches.limit_status = status
    switches.limit_retry_after = retry_after
    switches.daily_queries = 0
    switches.rate_limit = True
    with pytest.raises(NetrexRateLimitedError) as caught:
        await client.inventory()
    assert caught.value.retry_after == (None if retry_after < 0 else retry_after)
    assert pacer.retry_after == pytest.approx(5 if retry_after < 0 else 7, abs=0.5)


async def test_no_secret_in_errors_and_logs(
    cloud: Simulator,
    client: NetrexClient,
    connect: Connect,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, "custom_components.netrex")
    errors: list[BaseException] = []
    node_id = _links(cloud)[0].node_id
    secret = cloud.create_api_token()
    texts = [
        repr(await client.inventory()),
        repr(await client.camera_statuses()),
        repr(await client.live_links(_links(cloud))),
        repr(await client.archive.list(node_id, 1_700_000_000, 1_700_000_900)),
    ]
    for call in (
        client.archive.state(f"{secret}x"),
        client.archive.prepare(secret, 720),
        client.execute(f'{{recording(id:"{secret}"){{progress}}}}'),
        client.execute(f'{{recording(recording_id:"{secret}'),
        connect(f"{secret}x").inventory(),
    ):
        with pytest.raises(NetrexError) as caught:
            await call
        errors.append(caught.value)
    for kind in ("cut", "html", "cut_body", "garbage"):
        cloud.faults.add("graphql", kind)
        with pytest.raises(NetrexError) as caught:
            await client.execute(f'{{recording(recording_id:"{secret}"){{progress}}}}')
        errors.append(caught.value)
    for error in errors:
        texts += [str(error), repr(error), *traceback.format_exception(error)]
    texts += [
        record.getMessage()
        for record in caplog.records
        if record.name.startswith("custom_components.netrex")
    ]
    everything = "\n".join(texts)
    # Tracebacks contain source lines of this test, but no values.
    assert len(cloud.secrets) > len(cloud.world.cameras)
    assert [hidden for hidden in cloud.secrets if hidden in everything] == []
    assert not any(link.url in everything for link in cloud.links)
