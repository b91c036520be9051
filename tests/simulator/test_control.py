"""Faults, switches, and the control endpoint, over the network."""

import json
import time

import aiohttp
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
import pytest

from simulator.control import Control
from simulator.faults import FaultKind

from .portal_client import PortalClient

QUERY = {"query": "{nodeList{node_id name} cameraList{name is_connected}}"}


@pytest.mark.parametrize(
    ("kind", "value", "status", "start"),
    [
        ("status", 503, 503, "Service"),
        ("html", None, 200, "<!DOCTYPE"),
        ("empty", None, 200, ""),
        ("refuse", None, 429, '{"errors"'),
    ],
)
async def test_a_fault_applies_once(
    portal: PortalClient, kind: str, value: int | None, status: int, start: str
) -> None:
    await portal.control("faults", endpoint="graphql", kind=kind, value=value)
    answer = await portal.post(QUERY)
    assert answer[0] == status
    assert answer[2].startswith(start)
    assert (await portal.post(QUERY))[2].startswith('{"data"')


async def test_garbage_is_not_json(portal: PortalClient) -> None:
    portal.cloud.faults.add("graphql", FaultKind.GARBAGE)
    async with portal.session.post(
        f"{portal.cloud.url}/api/graphql.php", json=QUERY
    ) as response:
        with pytest.raises(ValueError):  # noqa: PT011 - whatever a reader makes of it
            json.loads(await response.read())


@pytest.mark.parametrize("kind", ["cut", "cut_body"])
async def test_a_cut_closes_the_connection(portal: PortalClient, kind: str) -> None:
    portal.cloud.faults.add("graphql", kind)
    with pytest.raises(aiohttp.ClientError):
        await portal.post(QUERY)


async def test_a_delayed_answer_is_complete(portal: PortalClient) -> None:
    portal.cloud.faults.add("graphql", "delay", 0.3)
    started = time.monotonic()
    assert "data" in (await portal.post(QUERY))[2]
    assert time.monotonic() - started >= 0.3


async def test_half_an_answer_has_null_and_an_error(portal: PortalClient) -> None:
    portal.cloud.faults.add("graphql", "half")
    _, _, text = await portal.post(QUERY)
    answer = json.loads(text)
    assert answer["data"]["cameraList"] is None
    assert answer["data"]["nodeList"]
    assert answer["errors"] == [
        {
            "message": "Internal server error",
            "category": "internal",
            "path": ["cameraList"],
        }
    ]


async def test_wrong_types_change_every_type(portal: PortalClient) -> None:
    portal.cloud.faults.add("graphql", "wrong_types")
    _, _, text = await portal.post(QUERY)
    data = json.loads(text)["data"]
    assert isinstance(data["nodeList"], dict)
    assert isinstance(data["nodeList"]["0"]["node_id"], str)
    assert isinstance(data["nodeList"]["0"]["name"], list)


@pytest.mark.parametrize("kind", ["null", "denied", "not_found", "wrong_types"])
async def test_faults_of_fields_spare_the_others(
    portal: PortalClient, kind: str
) -> None:
    first, second = list(portal.cloud.world.cameras)[:2]
    portal.cloud.faults.add("graphql", kind, f"node_id:{first}")
    query = f"{{a:camera(node_id:{first}){{name}} b:camera(node_id:{second}){{name}}}}"
    _, _, text = await portal.post({"query": query})
    answer = json.loads(text)
    assert isinstance(answer["data"]["b"]["name"], str)
    if kind == "wrong_types":
        assert isinstance(answer["data"]["a"]["name"], list)
    else:
        assert answer["data"]["a"] is None
    has_error = kind in ("denied", "not_found")
    assert [error["path"] for error in answer.get("errors", ())] == [["a"]] * has_error


async def test_a_huge_answer_has_the_requested_size(portal: PortalClient) -> None:
    portal.cloud.faults.add("graphql", "huge", 3)
    _, _, text = await portal.post(QUERY)
    assert len(json.loads(text)["data"]["padding"]) == 3 << 20


async def test_a_fault_applies_only_to_matching_requests(portal: PortalClient) -> None:
    await portal.control(
        "faults", endpoint="graphql", kind="empty", match="cameraList", count=None
    )
    assert (await portal.post({"query": "{nodeList{name}}"}))[2]
    for _ in range(3):
        assert not (await portal.post(QUERY))[2]
    assert len(await portal.look("faults")) == 1
    await portal.control("faults/clear", endpoint="graphql")
    assert (await portal.post(QUERY))[2]


async def test_a_fault_of_the_token_endpoint_applies_once(portal: PortalClient) -> None:
    back = await portal.authorize()
    portal.cloud.faults.add("token", "status", 502)
    with pytest.raises(aiohttp.ContentTypeError):
        await portal.exchange(code=back.query["code"])
    status, _ = await portal.exchange(code=back.query["code"])
    assert status == 200


async def test_tokens_are_revoked_by_user_or_one_by_one(portal: PortalClient) -> None:
    guest = portal.cloud.create_api_token("guest")
    assert await portal.control("revoke", user="guest") == {"revoked": 1}
    _, _, text = await portal.post(QUERY, f"Bearer {guest}")
    assert "unknown or unavailable platform" in text
    assert "data" in (await portal.post(QUERY))[2]
    assert await portal.control("revoke", access_token=portal.token) == {"revoked": 1}
    assert "errors" in (await portal.post(QUERY))[2]


async def test_cameras_can_be_changed_added_and_removed(portal: PortalClient) -> None:
    world = await portal.look("world")
    node_id = world["cameras"][0]["node_id"]
    await portal.control("camera", node_id=node_id, is_connected=False, name="Nová")
    query = "{cameraList{node_id name is_connected}}"
    cameras = (await portal.data(query))["cameraList"]
    assert cameras[0] == {"node_id": node_id, "name": "Nová", "is_connected": False}
    parent = world["nodes"][0]["node_id"]
    new = await portal.control("camera/add", name="Přibyla", parent_node_id=parent)
    assert new["serial_number"] not in {c["serial_number"] for c in world["cameras"]}
    await portal.control("camera/remove", node_id=node_id)
    cameras = (await portal.data(query))["cameraList"]
    ids = {camera["node_id"] for camera in cameras}
    assert new["node_id"] in ids
    assert node_id not in ids


async def test_switches_accept_only_valid_values(portal: PortalClient) -> None:
    await portal.control("switches", kpi_missing="zero", transports=["rtsp"])
    switches = await portal.look("switches")
    assert (switches["kpi_missing"], switches["transports"]) == ("zero", ["rtsp"])
    for body in (
        {"kpi_missing": "perhaps"},
        {"nothing": 1},
        {"introspection": 7},
        {"transports": ["carrier pigeon"]},
        {"query_interval": "soon"},
    ):
        async with portal.session.post(
            f"{portal.cloud.url}/control/switches", json=body
        ) as response:
            assert response.status == 400


async def test_the_clock_can_jump(portal: PortalClient) -> None:
    before = (await portal.look("world"))["now"]
    after = (await portal.control("clock", seconds=3600))["now"]
    assert 3600 <= after - before < 3700


async def test_queries_and_secrets_are_recorded(portal: PortalClient) -> None:
    await portal.query("{nodeList{name}}")
    now = portal.cloud.clock.now()
    assert [q["fields"] for q in await portal.look("queries")] == [["nodeList"]]
    assert await portal.look("queries", since=str(now + 1)) == []
    token = (await portal.control("tokens", scopes=["read"], expires_in=60))["token"]
    assert {token, portal.token} <= set(await portal.look("secrets"))
    client = await portal.control("clients", redirect_uris=["http://127.0.0.1/cb"])
    assert client["client_secret"] in await portal.look("secrets")
    assert await portal.look("links") == []


async def test_a_correction_changes_the_truth_and_the_answer(
    portal: PortalClient,
) -> None:
    world = await portal.look("world")
    node_id, now = world["sources"][0], world["now"]
    span = {"from": str(now - 7200), "to": str(now - 6300)}
    await portal.control(
        "kpi",
        node_id=node_id,
        columns={"people_in": 40_000, "people_out": 0},
        **{"from": now - 6300},
    )
    truth = await portal.look(
        "truth", node_id=str(node_id), metric="peopleCountIn", **span
    )
    answer = await portal.data(
        f"{{statisticDataMetric(from:{int(now) - 7200},to:{int(now) - 6300},"
        f"type:peopleCountIn,node_id:{node_id})}}"
    )
    assert truth["value"] == answer["statisticDataMetric"] >= 40_000


async def test_control_accepts_only_this_machine(portal: PortalClient) -> None:
    """Only the peer's IP address counts, not a header."""
    handlers = {
        (route.method, route.path): route.handler
        for route in Control(portal.cloud).routes()
    }
    handler = handlers["GET", "/control/secrets"]
    request = make_mocked_request("GET", "/control/secrets")
    stranger = request.clone(
        remote="192.0.2.7", headers={"X-Forwarded-For": "127.0.0.1"}
    )
    with pytest.raises(web.HTTPForbidden):
        await handler(stranger)
