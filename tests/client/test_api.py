"""The client's methods against a scripted portal."""

import asyncio
from typing import Any

import aiohttp
import pytest

from custom_components.netrex.client import (
    Camera,
    CameraStatus,
    Granularity,
    Lane,
    LinkRequest,
    LiveLink,
    Metric,
    NetrexAuthError,
    NetrexBudgetError,
    NetrexClient,
    NetrexConnectionError,
    NetrexError,
    NetrexNotFoundError,
    NetrexPermissionError,
    NetrexQueryError,
    NetrexRateLimitedError,
    NetrexResponseError,
    Pacer,
    Schema,
    SeriesRequest,
    Slot,
    StreamProfile,
    Transport,
    VideoChannel,
)

from .conftest import Portal, give_token, rich_schema

DAY = 86_400
ROWS = [{"from": 0, "to": 900, "value": 5}]
SLOTS = (Slot(0, 900, 5.0),)


def _refusal(message: str, *path: str | int, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {"message": message, "path": list(path)} | more


INVALID = {"errors": [{"message": "Cannot query field", "category": "graphql"}]}
INTERNAL = {"errors": [{"message": "Internal server error", "category": "internal"}]}
LIMITED = {"errors": [{"message": "API limit exceeded."}]}
NO_TOKEN = {"errors": [{"message": "Access token expired.", "category": "expired"}]}
NO_RIGHT = {"errors": [{"message": "Permission denied"}]}


def _series(count: int, metric: Metric = Metric.PEOPLE_COUNT_IN) -> list[SeriesRequest]:
    return [
        SeriesRequest(node_id, metric, 0, DAY, Granularity.HQ)
        for node_id in range(count)
    ]


async def test_inventory_by_one_query(portal: Portal, client: NetrexClient) -> None:
    client.schema = rich_schema()
    channel = {"node_id": 9, "name": "View 2"}
    portal.says(
        {
            "data": {
                "nodeList": [{"node_id": 1, "type": "folder", "name": "Root"}],
                "cameraList": [{"node_id": 5, "video_channels": [channel]}],
            }
        }
    )
    inventory = await client.inventory()
    assert inventory.cameras == (
        Camera(5, "5", video_channels=(VideoChannel(9, "View 2"),)),
    )
    assert inventory.complete
    [query] = portal.queries
    assert "lenses" in query


async def test_inventory_of_which_a_part_failed(
    portal: Portal, client: NetrexClient
) -> None:
    data = {"nodeList": [], "cameraList": [{"node_id": 5, "connection": None}]}
    error = _refusal("Internal server error", "cameraList", 0, "connection")
    portal.says({"data": data, "errors": [error]})
    inventory = await client.inventory()
    assert inventory.cameras == (Camera(5, "5"),)
    assert not inventory.complete


@pytest.mark.parametrize(
    ("data", "errors", "kind"),
    [
        ({"nodeList": None, "cameraList": []}, [], NetrexResponseError),
        ({"nodeList": [], "cameraList": {}}, [], NetrexResponseError),
        ({"nodeList": []}, [], NetrexResponseError),
        (
            {"nodeList": [], "cameraList": None},
            [_refusal("x", "nodeList", 1), _refusal("Access denied", "cameraList")],
            NetrexPermissionError,
        ),
        (
            {"nodeList": None, "cameraList": []},
            [_refusal("Too many requests")],
            NetrexRateLimitedError,
        ),
    ],
)
async def test_nothing_looks_as_if_all_were_gone(
    portal: Portal,
    client: NetrexClient,
    data: dict[str, Any],
    errors: list[Any],
    kind: type[NetrexError],
) -> None:
    portal.says({"data": data, "errors": errors})
    with pytest.raises(kind):
        await client.inventory()


async def test_inventory_where_camera_list_gives_names_only(
    portal: Portal, client: NetrexClient
) -> None:
    """Everything documented is asked of the documented type, camera by camera."""
    client.schema = rich_schema()
    names = {
        "nodeList": [{"node_id": 50, "type": "videoChannel", "parent_node_id": 5}],
        "cameraList": [{"node_id": 5}, {"node_id": 6}, {"node_id": 7}],
    }
    detail = {
        "node_id": 5,
        "name": "Door",
        "serial_number": "ACCC8EE8A9CA",
        "is_connected": True,
        "connection": {"source_ip": "10.0.0.5"},
        "stream_profiles": [{"stream_profile_id": 1}],
    }
    portal.says(INVALID)
    portal.says(INVALID)
    portal.says({"data": names})
    portal.says(
        {
            "data": {"a0": detail, "a1": {"node_id": 6}, "a2": None},
            "errors": [_refusal("Node not found", "a2")],
        }
    )
    inventory = await client.inventory()
    assert inventory.cameras == (
        Camera(
            5,
            "Door",
            "ACCC8EE8A9CA",
            is_connected=True,
            source_ip="10.0.0.5",
            stream_profiles=(StreamProfile(1),),
            video_channels=(VideoChannel(50, "50"),),
        ),
        Camera(6, "6"),
        Camera(7, "7"),
    )
    assert not inventory.complete
    assert len(portal.queries) == 4
    assert "lenses" in portal.queries[0]
    assert "lenses" not in portal.queries[1]

    # The status takes the same way, and what was refused is not asked again.
    portal.answers.clear()
    portal.says({"data": {"a0": detail, "a1": None, "a2": None}})
    assert await client.camera_statuses() == {
        5: CameraStatus(is_connected=True, source_ip="10.0.0.5")
    }
    assert portal.queries[4].startswith("query{a0:camera(node_id:5){node_id")

    # A new schema is a new chance.
    client.schema = Schema.documented()
    portal.answers.clear()
    portal.says({"data": {"nodeList": [], "cameraList": []}})
    await client.inventory()
    assert "serial_number" in portal.queries[5]


async def test_statuses_where_camera_list_does_not_tell(
    portal: Portal, client: NetrexClient
) -> None:
    portal.says(INVALID)
    portal.says({"data": {"nodeList": [], "cameraList": [{"node_id": 5}]}})
    portal.says({"data": {"a0": {"node_id": 5, "is_connected": False}}})
    assert await client.camera_statuses() == {5: CameraStatus(is_connected=False)}
    assert len(portal.queries) == 3


async def test_inventory_that_is_refused_in_every_form(
    portal: Portal, client: NetrexClient
) -> None:
    portal.says(INVALID)
    with pytest.raises(NetrexQueryError):
        await client.inventory()
    assert len(portal.queries) == 2


async def test_statuses_by_one_query(portal: Portal, client: NetrexClient) -> None:
    portal.says({"data": {"cameraList": [{"node_id": 5, "is_connected": True}, None]}})
    assert await client.camera_statuses() == {5: CameraStatus(is_connected=True)}
    portal.answers.clear()
    portal.says({"data": {"cameraList": None}})
    with pytest.raises(NetrexResponseError):
        await client.camera_statuses()


@pytest.mark.parametrize("answer", [INVALID, INTERNAL, NO_RIGHT, {"data": {"a": 1}}])
async def test_schema_that_is_not_told(
    portal: Portal, client: NetrexClient, answer: dict[str, Any]
) -> None:
    portal.says(answer)
    assert not (await client.fetch_schema()).introspected


@pytest.mark.parametrize("answer", [NO_TOKEN, LIMITED])
async def test_schema_that_is_not_told_now(
    portal: Portal, client: NetrexClient, answer: dict[str, Any]
) -> None:
    portal.says(answer)
    with pytest.raises(NetrexError):
        await client.fetch_schema()


async def test_series_five_by_five(portal: Portal, client: NetrexClient) -> None:
    requests = _series(12)
    portal.says({"data": {f"a{index}": ROWS for index in range(5)}})
    found = await client.kpi_series([*requests, *requests])
    assert found == dict.fromkeys(requests, SLOTS)
    assert [query.count("statisticData") for query in portal.queries] == [5, 5, 2]
    assert await client.kpi_series([]) == {}
    assert len(portal.queries) == 3


async def test_failed_series_are_missing(portal: Portal, client: NetrexClient) -> None:
    requests = _series(4)
    portal.says(
        {
            "data": {"a0": ROWS, "a1": None, "a2": [], "a3": "x"},
            "errors": [_refusal("Node not found", "a1")],
        }
    )
    found = await client.kpi_series(requests)
    assert found == {requests[0]: SLOTS, requests[2]: ()}


@pytest.mark.parametrize(
    ("entry", "kind"),
    [
        (_refusal("Node not found", "a0"), NetrexNotFoundError),
        (_refusal("Access denied", "a0", 5), NetrexPermissionError),
    ],
)
async def test_series_that_all_failed(
    portal: Portal,
    client: NetrexClient,
    entry: dict[str, Any],
    kind: type[NetrexError],
) -> None:
    portal.says({"data": {"a0": None, "a1": None}, "errors": [entry]})
    with pytest.raises(kind):
        await client.kpi_series(_series(2))


async def test_bad_series_do_not_spoil_the_others(
    portal: Portal, client: NetrexClient
) -> None:
    """Refused before anything is sent: a range, and a number out of range."""
    good = _series(2)
    bad = [
        SeriesRequest(1, Metric.PEOPLE_COUNT_IN, 0, 400 * DAY, Granularity.D),
        SeriesRequest(2**40, Metric.PEOPLE_COUNT_IN, 0, DAY, Granularity.D),
    ]
    portal.says({"data": {"a0": ROWS, "a1": ROWS}})
    found = await client.kpi_series([bad[0], good[0], bad[1], good[1]])
    assert found == dict.fromkeys(good, SLOTS)
    assert len(portal.queries) == 1
    with pytest.raises(NetrexQueryError):
        await client.kpi_series(bad)
    assert len(portal.queries) == 1


async def test_series_that_the_portal_does_not_validate_are_singled_out(
    portal: Portal, client: NetrexClient
) -> None:
    requests = _series(5)
    for _ in range(3):
        portal.says(INVALID)  # all, the first two, the first
    portal.says({"data": {"a0": ROWS, "a1": ROWS, "a2": ROWS}})
    assert await client.kpi_series(requests) == dict.fromkeys(requests[1:], SLOTS)
    assert [query.count("statisticData") for query in portal.queries] == [5, 2, 1, 1, 3]


async def test_series_before_a_failure_count(
    portal: Portal, client: NetrexClient
) -> None:
    requests = _series(15)
    portal.says({"data": {f"a{index}": ROWS for index in range(5)}})
    portal.says(LIMITED)
    assert await client.kpi_series(requests) == dict.fromkeys(requests[:5], SLOTS)
    assert len(portal.queries) == 2


async def test_one_bad_operation_does_not_stop_the_others(
    portal: Portal, client: NetrexClient
) -> None:
    requests = _series(10)
    portal.says(INTERNAL)
    portal.says({"data": {f"a{index}": ROWS for index in range(5)}})
    assert await client.kpi_series(requests) == dict.fromkeys(requests[5:], SLOTS)


@pytest.mark.parametrize(
    ("answer", "kind"), [(LIMITED, NetrexRateLimitedError), (NO_TOKEN, NetrexAuthError)]
)
async def test_series_without_an_answer(
    portal: Portal,
    client: NetrexClient,
    answer: dict[str, Any],
    kind: type[NetrexError],
) -> None:
    portal.says(answer)
    with pytest.raises(kind):
        await client.kpi_series(_series(10))
    assert len(portal.queries) == 1


async def test_token_refused_in_the_middle(
    portal: Portal, client: NetrexClient
) -> None:
    portal.says({"data": {f"a{index}": ROWS for index in range(5)}})
    portal.says(NO_TOKEN)
    with pytest.raises(NetrexAuthError):
        await client.kpi_series(_series(10))


async def test_large_series(portal: Portal, client: NetrexClient) -> None:
    rows = [
        {"from": start, "to": start + 900, "value": start}
        for start in range(0, 5000 * 900, 900)
    ]
    portal.says({"data": {"a0": rows}})
    [request] = _series(1)
    found = await client.kpi_series([request])
    assert len(found[request]) == 5000


@pytest.mark.parametrize(
    ("value", "number"), [(57, 57.0), ("1.5", 1.5), (None, None), ("much", None)]
)
async def test_kpi_value(
    portal: Portal, client: NetrexClient, value: object, number: float | None
) -> None:
    portal.says({"data": {"a0": value}})
    assert await client.kpi_value(1, Metric.CONVERSION_COUNT, 0, 900) == number


async def test_value_that_was_refused(portal: Portal, client: NetrexClient) -> None:
    errors = [_refusal("Node not found", "a0")]
    portal.says({"data": {"a0": None}, "errors": errors})
    with pytest.raises(NetrexNotFoundError):
        await client.kpi_value(1, Metric.CONVERSION_COUNT, 0, 900)


def _link(url: object) -> dict[str, Any]:
    return {"live_view": {"remote": {"rtsp": {"url": url}}}}


async def test_links_by_one_query(portal: Portal, client: NetrexClient) -> None:
    requests = [LinkRequest(node_id, stream_profile_id=1) for node_id in range(20)]
    data = {f"a{index}": _link(f"rtsp://h/{index}") for index in range(20)}
    data["a3"] = {"live_view": None}
    data["a4"] = {}
    data["a5"] = _link("file:///etc/passwd")
    errors = [_refusal("Camera is not connected.", "a3", "live_view")]
    portal.says({"data": data, "errors": errors})
    links = await client.live_links([*requests, requests[0]])
    assert len(portal.queries) == 1
    assert list(links) == requests
    assert links[requests[19]] == LiveLink("rtsp://h/19")
    assert isinstance(links[requests[3]], NetrexQueryError)
    assert isinstance(links[requests[4]], NetrexNotFoundError)
    assert isinstance(links[requests[5]], NetrexNotFoundError)
    assert await client.live_links([]) == {}


async def test_links_over_other_transports(
    portal: Portal, client: NetrexClient
) -> None:
    client.schema = rich_schema()
    wanted = [
        LinkRequest(1, Transport.RTSPWSS, 7),
        LinkRequest(2, Transport.RTSPHS, 7),
        LinkRequest(3, Transport.LOCAL, 7),
        LinkRequest(4, Transport.RTSPH, 7),
        LinkRequest(5),
    ]
    data = {
        "a0": {"live_view": {"remote": {"rtsp_wss": {"url": "wss://h/1"}}}},
        "a1": {"live_view": {"remote": {"rtspHs": "https://h/2"}}},
        "a2": {"live_view": {"local": {"rtsp": {"url": "rtsp://10.0.0.3/3"}}}},
    }
    portal.says({"data": data})
    links = await client.live_links(wanted)
    assert [links[request] for request in wanted[:3]] == [
        LiveLink("wss://h/1"),
        LiveLink("https://h/2"),
        LiveLink("rtsp://10.0.0.3/3"),
    ]
    # Neither offered nor, without a profile, allowed: not even asked.
    assert all(isinstance(links[w], NetrexQueryError) for w in wanted[3:])
    assert portal.queries[0].count("live_view") == 3


async def test_links_that_the_portal_refuses_altogether_cost_few_queries(
    portal: Portal, client: NetrexClient
) -> None:
    requests = [LinkRequest(node_id) for node_id in range(20)]
    portal.says(INVALID)
    links = await client.live_links(requests)
    assert set(links) == set(requests)
    assert all(isinstance(link, NetrexQueryError) for link in links.values())
    assert len(portal.queries) <= 15


async def test_links_before_the_portal_stops_answering_count(
    portal: Portal, client: NetrexClient
) -> None:
    requests = [LinkRequest(node_id) for node_id in range(4)]
    portal.says(INVALID)
    portal.says({"data": {"a0": _link("rtsp://h/0"), "a1": _link("rtsp://h/1")}})
    portal.says(b"", 502)
    links = await client.live_links(requests)
    assert links[requests[1]] == LiveLink("rtsp://h/1")
    assert isinstance(links[requests[2]], NetrexConnectionError)
    assert isinstance(links[requests[3]], NetrexConnectionError)


async def test_links_are_never_shared(portal: Portal, client: NetrexClient) -> None:
    for number in range(2):
        portal.says({"data": {"a0": _link(f"rtsp://h/{number}")}})
    request = LinkRequest(1)
    one, two = await asyncio.gather(*(client.live_links([request]) for _ in range(2)))
    assert one[request] != two[request]


async def test_reads_are_shared(portal: Portal, client: NetrexClient) -> None:
    portal.says({"data": {"a0": 1, "cameraList": [], "nodeList": []}})
    await asyncio.gather(
        *(client.kpi_value(1, Metric.PEOPLE_COUNT_IN, 0, 900) for _ in range(9)),
        *(client.camera_statuses() for _ in range(9)),
        *(client.inventory() for _ in range(9)),
        *(client.kpi_series(_series(1)) for _ in range(9)),
        return_exceptions=True,
    )
    assert len(portal.queries) == 4


async def test_mutations_are_not_shared(portal: Portal, client: NetrexClient) -> None:
    portal.says({"data": {"recordingPrepare": True}})
    answers = await asyncio.gather(
        *(client.prepare_recording("xRMElmAkh3", 720) for _ in range(2))
    )
    assert answers == [True, True]
    assert (
        portal.queries
        == ['mutation{recordingPrepare(recording_id:"xRMElmAkh3",height:720)}'] * 2
    )


@pytest.mark.parametrize("value", [False, None, "perhaps"])
async def test_preparation_that_did_not_start(
    portal: Portal, client: NetrexClient, value: object
) -> None:
    portal.says({"data": {"recordingPrepare": value}})
    assert await client.prepare_recording("x", 720) is False


@pytest.mark.parametrize("data", [{"camera": None}, {"recording": None}])
async def test_what_the_portal_does_not_know(
    portal: Portal, client: NetrexClient, data: dict[str, Any]
) -> None:
    portal.says({"data": data})
    with pytest.raises(NetrexNotFoundError):
        await client.recordings(1, 0, 900)
    with pytest.raises(NetrexNotFoundError):
        await client.recording("x")


@pytest.mark.parametrize("camera", [{}, {"recordings": None}, {"recordings": []}, "x"])
async def test_no_recordings(
    portal: Portal, client: NetrexClient, camera: object
) -> None:
    portal.says({"data": {"camera": camera}})
    assert await client.recordings(1, 0, 900) == ()


async def test_execute(portal: Portal, client: NetrexClient) -> None:
    portal.says({"data": {"a": None, "b": 1}, "errors": [_refusal("x", "a")]})
    variables = {"id": 1}
    query = "query($id:Int){b}"
    assert await client.execute(query, variables) == {"a": None, "b": 1}
    assert portal.bodies == [{"query": query, "variables": variables}]


async def test_limit_beside_data_pauses(
    portal: Portal, client: NetrexClient, pacer: Pacer
) -> None:
    portal.says(
        {
            "data": {"a0": ROWS, "a1": None},
            "errors": [_refusal("API limit exceeded.", "a1")],
        }
    )
    found = await client.kpi_series(_series(2))
    assert len(found) == 1
    assert pacer.retry_after == pytest.approx(5, abs=0.5)


async def test_lanes(portal: Portal, client: NetrexClient, pacer: Pacer) -> None:
    portal.says({"data": {"a0": 1, "cameraList": [], "nodeList": []}})
    await client.inventory()
    await client.kpi_value(1, Metric.PEOPLE_COUNT_IN, 0, 900)
    await client.kpi_value(1, Metric.PEOPLE_COUNT_IN, 0, 900, lane=Lane.BACKFILL)
    await client.live_links([LinkRequest(1)])
    await client.execute("{a}")
    assert pacer.ledger.used_by_lane == dict.fromkeys(Lane, 1)
    pacer.ledger.allowance = 1
    with pytest.raises(NetrexBudgetError):
        await client.execute("{a}")
    await client.live_links([LinkRequest(1)])


async def test_token_is_renewed_before_the_turn(
    portal: Portal, session: aiohttp.ClientSession, pacer: Pacer
) -> None:
    """A refused renewal costs no query."""

    async def get_token() -> str:
        raise NetrexAuthError("revoked")

    client = NetrexClient(session, portal.url, get_token, pacer=pacer)
    with pytest.raises(NetrexAuthError):
        await client.inventory()
    assert pacer.ledger.used == 0


async def test_junk_data_never_breaks_a_method(
    portal: Portal, session: aiohttp.ClientSession, pacer: Pacer
) -> None:
    """Every method answers or raises a NetrexError."""
    client = NetrexClient(session, portal.url, give_token, pacer=pacer)
    names = ["a0", "nodeList", "cameraList", "camera", "recording", "__schema"]
    junks: list[object] = [5, "x", True, [], [[]], [None, 1], {}, {"live_view": 5}]
    for junk in junks:
        portal.answers.clear()
        portal.says({"data": dict.fromkeys(names, junk), "errors": [junk]})
        calls = (
            client.inventory(),
            client.camera_statuses(),
            client.fetch_schema(),
            client.kpi_series(_series(1)),
            client.kpi_value(1, Metric.PEOPLE_COUNT_IN, 0, 900),
            client.live_links([LinkRequest(1)]),
            client.recordings(1, 0, 900),
            client.prepare_recording("x", 1),
            client.recording("x"),
        )
        for answer in await asyncio.gather(*calls, return_exceptions=True):
            assert not isinstance(answer, BaseException) or isinstance(
                answer, NetrexError
            )
