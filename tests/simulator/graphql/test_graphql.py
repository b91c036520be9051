"""The GraphQL server: errors, scopes, limits, and introspection."""

import json

import aiohttp
import pytest

from simulator.world.kpi import GRANULARITIES, METRICS, RAW_METRICS
from simulator.world.model import Camera

from ..portal_client import PortalClient


def camera_of(portal: PortalClient) -> Camera:
    return next(iter(portal.cloud.world.cameras.values()))


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("{x}", 'Cannot query field "x" on type "Query".'),
        (
            "{cameraList{nam}}",
            'Cannot query field "nam" on type "Camera". Did you mean "name"?',
        ),
        (
            "{camera{name}}",
            'Field "camera" argument "node_id" of type "Int!" is required but',
        ),
        (
            "{nodeList(tree:1){name}}",
            'Unknown argument "tree" on field "nodeList" of type "Query".',
        ),
        ('{camera(node_id:"x"){name}}', 'Expected type Int!, found "x".'),
        (
            "{camera(node_id:1589186000.0){name}}",
            "Expected type Int!, found 1589186000.0.",
        ),
        ("{nodeList}", 'Field "nodeList" of type "[Node]" must have a sub selection.'),
        (
            "{nodeList{name{first}}}",
            'Field "name" of type "String" must not have a sub selection.',
        ),
        ("{nodeList(type:planet){name}}", "Expected type NodeType, found planet"),
        ("{", "Syntax Error: "),
    ],
)
async def test_an_invalid_query_gets_the_servers_text(
    portal: PortalClient, query: str, message: str
) -> None:
    answer = await portal.query(query)
    assert set(answer) == {"errors"}
    error = answer["errors"][0]
    assert error["message"].startswith(message)
    assert list(error)[:2] == ["message", "category"]
    assert error["category"] == "graphql"
    assert error["locations"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "GraphQL Request must include at least one of those two parameters"),
        ("text", "GraphQL Server expects JSON object or array"),
    ],
)
async def test_a_malformed_request_gets_the_servers_text(
    portal: PortalClient, body: object, message: str
) -> None:
    _, _, text = await portal.post(body)
    error = json.loads(text)["errors"][0]
    assert error["category"] == "request"
    assert error["message"].startswith(message)


async def test_invalid_json_is_a_syntax_error(portal: PortalClient) -> None:
    async with portal.session.post(
        f"{portal.cloud.url}/api/graphql.php",
        data=b"{cameraList",
        headers={
            "Authorization": f"Bearer {portal.token}",
            "Content-Type": "application/json",
        },
    ) as response:
        error = (await response.json())["errors"][0]
    assert error["message"] == "Could not parse JSON: Syntax error"


async def test_batches_are_refused(portal: PortalClient) -> None:
    _, _, text = await portal.post([{"query": "{cameraList{name}}"}] * 2)
    answers = json.loads(text)
    assert [a["errors"][0]["message"] for a in answers] == [
        "Batched queries are not supported by this server"
    ] * 2


async def test_a_refused_field_is_null_beside_the_other_data(
    portal: PortalClient,
) -> None:
    camera = camera_of(portal)
    answer = await portal.query(
        f"{{good:camera(node_id:{camera.node_id}){{serial_number}}"
        " bad:camera(node_id:7){serial_number}}"
    )
    assert list(answer) == ["errors", "data"]
    assert answer["data"] == {
        "good": {"serial_number": camera.serial_number},
        "bad": None,
    }
    assert answer["errors"][0]["path"] == ["bad"]
    assert answer["errors"][0]["category"] == "client"


@pytest.mark.parametrize("place", ["top", "extensions", "none"])
async def test_the_place_of_the_category_is_a_switch(
    portal: PortalClient, place: str
) -> None:
    portal.cloud.switches.set("category_place", place)
    error = (await portal.query("{x}"))["errors"][0]
    assert ("category" in error) is (place == "top")
    assert ("extensions" in error) is (place == "extensions")


async def test_the_statuses_of_errors_are_switches(portal: PortalClient) -> None:
    switches = portal.cloud.switches
    switches.error_status, switches.auth_error_status = 400, 401
    assert (await portal.post({"query": "{x}"}))[0] == 400
    assert (await portal.post({"query": "{x}"}, "Bearer nobody"))[0] == 401
    partial = "{nodeList{name} camera(node_id:7){name}}"
    assert (await portal.post({"query": partial}))[0] == 200


async def test_variables_fragments_and_aliases_work(portal: PortalClient) -> None:
    camera = camera_of(portal)
    answer = await portal.query(
        "query Q($id:Int!){first:camera(node_id:$id){...F} second:camera(node_id:$id)"
        "{...F}} fragment F on Camera{__typename node_id}",
        id=camera.node_id,
    )
    row = {"__typename": "Camera", "node_id": camera.node_id}
    assert answer == {"data": {"first": row, "second": row}}


async def test_introspection_shows_the_schema_of_the_switches(
    portal: PortalClient,
) -> None:
    query = (
        '{__type(name:"%s"){enumValues{name}}}',
        '{__type(name:"LiveViewRemote"){fields{name}}}',
    )
    for name, values in {
        "StatisticDataMetricType": METRICS,
        "StatisticDataType": RAW_METRICS,
        "StatisticDataGranularity": GRANULARITIES,
    }.items():
        data = await portal.data(query[0] % name)
        assert {v["name"] for v in data["__type"]["enumValues"]} == set(values)
    portal.cloud.switches.set("transports", "rtsp,rtspwss")
    data = await portal.data(query[1])
    assert [f["name"] for f in data["__type"]["fields"]] == ["rtsp", "rtspwss"]
    portal.cloud.switches.introspection = False
    answer = await portal.query(query[1])
    assert answer["errors"][0]["message"] == (
        "GraphQL introspection is not allowed, but the query contained __schema or"
        " __type"
    )


async def test_device_input_is_spelled_by_a_switch(portal: PortalClient) -> None:
    portal.cloud.switches.device_input_type = "cameraInput"
    assert (await portal.data("{nodeList(type:cameraInput){type}}"))["nodeList"] == [
        {"type": "cameraInput"}
    ]
    assert "errors" in await portal.query("{nodeList(type:deviceInput){type}}")


async def test_a_mutation_requires_the_write_scope(portal: PortalClient) -> None:
    token = portal.cloud.create_api_token(scopes=["read", "recordings"])
    answer = await portal.query(
        'mutation{recordingPrepare(recording_id:"x", height:720)}', token
    )
    assert answer["data"] == {"recordingPrepare": None}
    assert "permissions" in answer["errors"][0]["message"]


async def test_a_query_requires_the_read_scope(portal: PortalClient) -> None:
    token = portal.cloud.create_api_token(scopes=["liveview"])
    answer = await portal.query("{cameraList{name}}", token)
    assert answer["data"] == {"cameraList": None}


@pytest.mark.parametrize(("switch", "errors"), [("null", 0), ("error", 1)])
async def test_an_offline_camera_has_no_live_view(
    portal: PortalClient, switch: str, errors: int
) -> None:
    camera = camera_of(portal)
    camera.is_connected = False
    portal.cloud.switches.set("offline_live_view", switch)
    profile = camera.stream_profiles[0].stream_profile_id
    answer = await portal.query(
        f"{{camera(node_id:{camera.node_id}){{is_connected live_view("
        f"stream_profile_id:{profile}){{remote{{rtsp{{url}}}}}}}}}}"
    )
    assert answer["data"]["camera"] == {"is_connected": False, "live_view": None}
    assert len(answer.get("errors", ())) == errors


@pytest.mark.parametrize(
    "arguments", ["stream_profile_id:1", "stream_profile_id:%d,video_channel_node_id:1"]
)
async def test_an_unknown_profile_or_channel_has_no_live_view(
    portal: PortalClient, arguments: str
) -> None:
    camera = camera_of(portal)
    if "%d" in arguments:
        arguments %= camera.stream_profiles[0].stream_profile_id
    answer = await portal.query(
        f"{{camera(node_id:{camera.node_id}){{live_view({arguments})"
        "{remote{rtsp{url}}}}}"
    )
    assert answer["data"]["camera"] == {"live_view": None}


async def test_queries_are_recorded(portal: PortalClient) -> None:
    await portal.query("{a:nodeList{name} cameraList{name}}")
    record = portal.cloud.queries[-1]
    assert record.fields == ("nodeList", "cameraList")
    assert (record.refused, record.account) == (False, "owner")
    await portal.post({"query": "{nodeList{name}}"}, "Bearer nobody")
    assert portal.cloud.queries[-1].account is None


async def test_the_endpoint_accepts_only_post(portal: PortalClient) -> None:
    async with aiohttp.ClientSession() as session:
        response = await session.get(f"{portal.cloud.url}/api/graphql.php")
        assert response.status == 405


def statistic(field: str, node_id: int, arguments: str, selection: str = "") -> str:
    return f"{{value:{field}(node_id:{node_id},{arguments}){selection}}}"


async def test_raw_data_stays_at_its_source(portal: PortalClient) -> None:
    """Raw numbers are those of one node, metrics are sums over nodes."""
    now = int(portal.cloud.clock.now())
    span = f"from:{now - 7 * 86_400},to:{now - 86_400},type:peopleCountIn"
    source = next(iter(portal.cloud.world.sources))
    location = next(n for n in portal.cloud.world.nodes if n.type == "location").node_id
    raw = await portal.data(statistic("statisticData", source, span))
    assert raw["value"] > 0
    raw = await portal.data(statistic("statisticData", location, span))
    assert raw["value"] is None
    metric = await portal.data(statistic("statisticDataMetric", location, span))
    assert metric["value"] > 0


@pytest.mark.parametrize(("kind", "fraction"), [("Float", True), ("Int", False)])
async def test_the_type_of_numbers_is_a_switch(
    portal: PortalClient, kind: str, fraction: bool
) -> None:
    portal.cloud.switches.set("kpi_type", kind)
    now = int(portal.cloud.clock.now())
    root = portal.cloud.world.nodes[0].node_id
    span = f"from:{now - 7 * 86_400},to:{now - 86_400},type:conversionCount"
    single = await portal.data(statistic("statisticDataMetric", root, span))
    series = await portal.data(
        statistic(
            "statisticDataMetricByGranularity",
            root,
            f"{span},granularity:W",
            "{__typename at:from value}",
        )
    )
    point = series["value"][0]
    assert list(point) == ["__typename", "at", "value"]
    assert isinstance(single["value"], float) is fraction
    assert isinstance(point["value"], float) is fraction


async def test_empty_and_too_long_time_ranges_are_refused(portal: PortalClient) -> None:
    root = portal.cloud.world.nodes[0].node_id

    async def errors(start: int, end: int) -> bool:
        span = f"from:{start},to:{end},type:peopleCountIn"
        answer = await portal.query(statistic("statisticDataMetric", root, span))
        return "errors" in answer

    assert await errors(1_780_000_900, 1_780_000_900)
    assert await errors(1_780_000_900, 1_780_000_000)
    assert not await errors(1_700_000_000, 1_780_000_000)
    portal.cloud.switches.kpi_max_days = 366
    assert await errors(1_700_000_000, 1_780_000_000)
