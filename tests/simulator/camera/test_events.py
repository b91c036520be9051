"""Inputs, outputs, and the event stream of the simulated cameras, over the network."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from typing import Any

from aiohttp import (
    ClientSession,
    ClientWebSocketResponse,
    WSMsgType,
    WSServerHandshakeError,
)
import pytest

from simulator import Simulator
from simulator.camera.events import INPUT, INPUT_ONVIF, RELAY, TAMPERING

from ..portal_client import PortalClient

EVERYTHING = ("//.",)
MOTION = "tnsaxis:CameraApplicationPlatform/ObjectAnalytics/Device1Scenario1"


@pytest.fixture
async def session(portal: PortalClient) -> AsyncGenerator[ClientSession]:
    """Return a session with a camera access token."""
    headers = {"Authorization": f"Token {portal.cloud.create_api_token()}"}
    async with ClientSession(headers=headers) as owner:
        yield owner


@pytest.fixture
def node_id(cloud: Simulator) -> int:
    """Return the camera with an input and an output."""
    return next(n for n, camera in cloud.world.cameras.items() if camera.inputs)


@pytest.fixture
def camera_url(cloud: Simulator, node_id: int) -> str:
    """Return the URL of the camera."""
    return f"{cloud.url}/camera/{cloud.world.cameras[node_id].serial_number}"


async def configure(
    socket: ClientWebSocketResponse, *filters: str, **more: object
) -> dict[str, Any]:
    """Send a configuration; return the answer."""
    params = {"eventFilterList": [{"topicFilter": pattern} for pattern in filters]}
    await socket.send_json(
        {"apiVersion": "1.0", "method": "events:configure", "params": params} | more
    )
    answer: dict[str, Any] = await socket.receive_json(timeout=2)
    return answer


async def listen(
    session: ClientSession, camera_url: str, *filters: str
) -> ClientWebSocketResponse:
    """Connect to the event stream."""
    socket = await session.ws_connect(
        f"{camera_url}/vapix/ws-data-stream?sources=events"
    )
    assert (await configure(socket, *filters))["data"] == {}
    return socket


async def told(
    socket: ClientWebSocketResponse, count: int
) -> list[tuple[str, Mapping[str, str], Mapping[str, str]]]:
    """Return topic, source, and data of the next messages."""
    messages = [await socket.receive_json(timeout=2) for _ in range(count)]
    notes = [message["params"]["notification"] for message in messages]
    assert all(isinstance(note["timestamp"], int) for note in notes)
    return [
        (note["topic"], note["message"]["source"], note["message"]["data"])
        for note in notes
    ]


async def manage(session: ClientSession, camera_url: str, **question: object) -> Any:  # noqa: ANN401 - JSON
    """Return the answer of portmanagement.cgi."""
    url = f"{camera_url}/axis-cgi/io/portmanagement.cgi"
    async with session.post(url, json={"apiVersion": "1.0"} | question) as response:
        assert response.status == 200
        return await response.json()


async def test_states_are_sent_first_and_changes_as_they_happen(
    session: ClientSession, camera_url: str, portal: PortalClient, node_id: int
) -> None:
    socket = await listen(session, camera_url, "tns1:Device//.")
    states = await told(socket, 4)
    assert (INPUT, {"port": "0"}, {"state": "0"}) in states
    assert (RELAY, {"RelayToken": "1"}, {"LogicalState": "inactive"}) in states

    await portal.control("camera/port", node_id=node_id, port=0, active=True)
    assert await told(socket, 2) == [
        (INPUT, {"port": "0"}, {"state": "1"}),
        (INPUT_ONVIF, {"InputToken": "0"}, {"LogicalState": "1"}),
    ]
    # Unchanged states are not sent, nor are topics that were not requested.
    await portal.control("camera/port", node_id=node_id, port=0, active=True)
    await portal.control("camera/event", node_id=node_id, topic=MOTION)
    with pytest.raises(TimeoutError):
        await socket.receive(timeout=0.1)


async def test_states_are_repeated_to_new_listeners_and_stateless_events_are_not(
    session: ClientSession, camera_url: str, portal: PortalClient, node_id: int
) -> None:
    for topic in (MOTION, TAMPERING):
        await portal.control(
            "camera/event", node_id=node_id, topic=topic, data={"active": "1"}
        )
    socket = await listen(session, camera_url, *EVERYTHING)
    topics = [topic for topic, _, _ in await told(socket, 6)]
    assert MOTION in topics
    assert TAMPERING not in topics
    await portal.control("camera/event", node_id=node_id, topic=TAMPERING)
    assert [topic for topic, _, _ in await told(socket, 1)] == [TAMPERING]


async def test_outputs_switch_by_both_calls(
    session: ClientSession, camera_url: str
) -> None:
    socket = await listen(session, camera_url, RELAY)
    await told(socket, 1)
    before = await manage(session, camera_url, method="getPorts", context="c")
    assert before["context"] == "c"
    assert before["data"]["numberOfPorts"] == 2
    assert [port["direction"] for port in before["data"]["items"]] == [
        "input",
        "output",
    ]
    wanted = {"ports": [{"port": "1", "state": "closed"}]}
    await manage(session, camera_url, method="setPorts", params=wanted)
    assert await told(socket, 1) == [
        (RELAY, {"RelayToken": "1"}, {"LogicalState": "active"})
    ]
    after = await manage(session, camera_url, method="getPorts")
    assert after["data"]["items"][1]["state"] == "closed"

    url = f"{camera_url}/axis-cgi/io/port.cgi"
    async with session.get(url, params={"action": "2:\\"}) as response:
        assert await response.text() == "OK\r\n"
    assert (await told(socket, 1))[0][2] == {"LogicalState": "inactive"}
    for wrong in ("1:/", "3:/", "2:", "nonsense"):
        async with session.get(url, params={"action": wrong}) as response:
            assert (await response.text()).startswith("# Error:")


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ({"method": "nothing"}, 2004),
        ({"method": "getPorts", "apiVersion": "9.0"}, 2003),
        ({"method": "setPorts"}, 4004),
        ({"method": "setPorts", "params": {"ports": [{"port": "0"}]}}, 1000),
        (
            {
                "method": "setPorts",
                "params": {"ports": [{"port": "0", "state": "closed"}]},
            },
            1000,
        ),
    ],
)
async def test_port_management_refuses_unknown_calls_and_ports(
    session: ClientSession, camera_url: str, question: dict[str, object], code: int
) -> None:
    assert (await manage(session, camera_url, **question))["error"]["code"] == code


async def test_a_camera_without_ports_returns_none(
    session: ClientSession, cloud: Simulator
) -> None:
    camera = next(c for c in cloud.world.cameras.values() if not c.inputs)
    camera_url = f"{cloud.url}/camera/{camera.serial_number}"
    assert (await manage(session, camera_url, method="getPorts"))["data"] == {
        "numberOfPorts": 0
    }
    cloud.switches.port_management = False
    url = f"{camera_url}/axis-cgi/io/portmanagement.cgi"
    async with session.post(url, json={}) as response:
        assert response.status == 404


async def test_the_event_stream_refuses_unknown_calls_and_plain_http(
    session: ClientSession, camera_url: str, cloud: Simulator
) -> None:
    url = f"{camera_url}/vapix/ws-data-stream"
    socket = await session.ws_connect(f"{url}?sources=events")
    assert (await configure(socket, method="events:nothing"))["error"]["code"] == 2102
    wrong = await configure(socket, params={"eventFilterList": "all"}, context="c")
    assert (wrong["error"]["code"], wrong["context"]) == (2104, "c")
    await socket.send_str("{")
    assert (await socket.receive_json())["error"]["code"] == 2101
    async with session.get(f"{url}?sources=events") as response:
        assert response.status == 426
    with pytest.raises(WSServerHandshakeError):
        await session.ws_connect(url)
    cloud.switches.event_stream = False
    with pytest.raises(WSServerHandshakeError):
        await session.ws_connect(f"{url}?sources=events")


async def test_faults_apply_to_the_event_stream(
    session: ClientSession, camera_url: str, portal: PortalClient, node_id: int
) -> None:
    async def toggle() -> None:
        await portal.control("camera/event", node_id=node_id, topic=TAMPERING)

    socket = await listen(session, camera_url, TAMPERING)
    await portal.control("faults", endpoint="events", kind="garbage")
    await toggle()
    with pytest.raises(ValueError):  # noqa: PT011 - whatever a reader makes of it
        await socket.receive_json(timeout=2)
    await portal.control("faults", endpoint="events", kind="empty")
    await toggle()
    await portal.control("faults", endpoint="events", kind="delay", value=0.05)
    await toggle()
    assert len(await told(socket, 1)) == 1
    await portal.control("faults", endpoint="events", kind="cut")
    await toggle()
    assert (await socket.receive(timeout=2)).type in (
        WSMsgType.CLOSED,
        WSMsgType.CLOSE,
        WSMsgType.ERROR,
    )


async def test_a_silent_camera_does_not_even_answer_a_ping(
    session: ClientSession, camera_url: str, portal: PortalClient, node_id: int
) -> None:
    url = f"{camera_url}/vapix/ws-data-stream?sources=events"
    socket = await session.ws_connect(url, autoping=False)
    await configure(socket, TAMPERING)
    await socket.ping()
    assert (await socket.receive(timeout=2)).type is WSMsgType.PONG
    await portal.control("faults", endpoint="events", kind="silence")
    await portal.control("camera/event", node_id=node_id, topic=TAMPERING)
    await socket.ping()
    with pytest.raises(TimeoutError):
        await socket.receive(timeout=0.1)


@pytest.mark.parametrize("way", ["events/cut", "camera"])
async def test_event_streams_are_cut_on_demand_and_with_the_camera(
    session: ClientSession,
    camera_url: str,
    portal: PortalClient,
    node_id: int,
    way: str,
) -> None:
    socket = await listen(session, camera_url, TAMPERING)
    body = {"is_connected": False} if way == "camera" else {}
    await portal.control(way, node_id=node_id, **body)
    assert (await socket.receive(timeout=2)).type in (
        WSMsgType.CLOSED,
        WSMsgType.CLOSE,
        WSMsgType.ERROR,
    )
    await asyncio.sleep(0)
    assert portal.cloud.camera(node_id).events.listeners == 0


async def test_control_refuses_unknown_cameras_and_ports(
    portal: PortalClient, node_id: int
) -> None:
    url = f"{portal.cloud.url}/control/camera/port"
    for body in ({"node_id": 1}, {"node_id": node_id, "port": 9, "active": True}):
        async with portal.session.post(url, json=body) as response:
            assert response.status == 400
    url = f"{portal.cloud.url}/control/camera"
    async with portal.session.get(url, params={"node_id": node_id}) as response:
        told = await response.json()
    assert (told["position"], told["listeners"]) == (None, 0)
    assert [port["direction"] for port in told["ports"]] == ["input", "output"]
    assert {stream["start_count"] for stream in told["streams"]} == {0, 1}
    ports = await portal.control("camera/port", node_id=node_id)
    assert [port["port"] for port in ports] == ["0", "1"]
