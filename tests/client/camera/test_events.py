"""The event stream of the simulated cameras, over real sockets."""

import asyncio
from collections.abc import Mapping
import json

from hypothesis import given, strategies as st
import pytest

from custom_components.netrex.client import (
    GatewayClient,
    NetrexCameraError,
    NetrexCameraNotFoundError,
    NetrexCameraOfflineError,
    NetrexCameraRefusedError,
    NetrexCameraResponseError,
    NetrexCameraTokenError,
)
from custom_components.netrex.client.camera import events as camera_events
from custom_components.netrex.client.camera.events import (
    CameraEvent,
    open_events,
    parse_message,
)
from custom_components.netrex.client.camera.topics import EventKind
from simulator import Simulator
from simulator.camera.events import INPUT, OBJECT_ANALYTICS, TAMPERING, Event

from .conftest import FIXED, MOVING, MOVING_ID

APPLICATION = "tnsaxis:CameraApplicationPlatform"


async def test_states_come_first_and_then_each_change(
    gateway: GatewayClient, cloud: Simulator
) -> None:
    camera = cloud.camera(MOVING_ID)
    async with open_events(gateway, MOVING) as events:
        stream = aiter(events)
        # Two inputs twice, an output, PTZ, two profiles, day mode, ready.
        reported = [await anext(stream) for _ in range(10)]
        assert CameraEvent(INPUT, EventKind.INPUT, "0", state=False) in reported
        known = {event.kind for event in reported if event and event.kind}
        assert known == {
            EventKind.INPUT,
            EventKind.OUTPUT,
            EventKind.OBJECT,
            EventKind.MOTION,
            EventKind.MOVING,
            EventKind.DAYLIGHT,
        }
        camera.ports.set(1, active=True)
        assert await anext(stream) == CameraEvent(
            INPUT, EventKind.INPUT, "1", state=True
        )
        # The same with ONVIF's topic.
        repeated = await anext(stream)
        assert repeated is not None
        assert repeated.kind is None
        camera.events.emit(Event(OBJECT_ANALYTICS, data={"active": "1"}))
        assert await anext(stream) == CameraEvent(
            OBJECT_ANALYTICS, EventKind.OBJECT, "Device1Scenario1", state=True
        )
        camera.events.emit(Event(TAMPERING, {"channel": "1"}, {"tampering": "1"}))
        assert await anext(stream) == CameraEvent(TAMPERING, EventKind.TAMPERING, "1")
        cloud.faults.add("events", "garbage")
        camera.events.emit(Event(TAMPERING))
        assert await anext(stream) is None
        cloud.faults.add("events", "cut")
        camera.events.emit(Event(TAMPERING))
        with pytest.raises(StopAsyncIteration):
            await anext(stream)
    await asyncio.sleep(0.05)
    assert camera.events.listeners == 0


async def test_a_silent_camera_is_detected_by_a_ping(
    gateway: GatewayClient, cloud: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera_events, "_PING_AFTER_SECONDS", 0.1)
    monkeypatch.setattr(camera_events, "_RESPONSE_TIMEOUT_SECONDS", 0.3)
    async with open_events(gateway, FIXED) as events:
        stream = aiter(events)
        assert await anext(stream)
        await anext(stream)
        # A camera that answers pings is not silent.
        waiting = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0.5)
        assert not waiting.done()
        cloud.camera(62303).events.emit(Event(TAMPERING))
        assert await waiting
        cloud.faults.add("events", "silence")
        cloud.camera(62303).events.emit(Event(TAMPERING))
        async with asyncio.timeout(2):
            with pytest.raises(StopAsyncIteration):
                await anext(stream)


async def test_a_silent_camera_does_not_delay_the_close(
    gateway: GatewayClient, cloud: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera_events, "_CLOSE_TIMEOUT_SECONDS", 0.1)
    async with open_events(gateway, FIXED):
        # The simulator does not even read the close frame.
        listener = next(iter(cloud.camera(62303).events._listeners))
        transport = listener._transport
        assert isinstance(transport, asyncio.Transport)
        transport.pause_reading()
        started = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - started < 1
    transport.abort()


async def test_pings_are_answered(
    gateway: GatewayClient, cloud: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_events(gateway, FIXED) as events:
        stream = aiter(events)
        for _ in range(2):
            await anext(stream)
        listener = next(iter(cloud.camera(62303).events._listeners))
        await listener._socket.ping()
        cloud.camera(62303).events.emit(Event(TAMPERING))
        assert await anext(stream)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (("gateway", "status", 503), NetrexCameraOfflineError),
        (("gateway", "status", 401), NetrexCameraTokenError),
        (("gateway", "status", 404), NetrexCameraNotFoundError),
        (("gateway", "html", None), NetrexCameraResponseError),
        (("events", "garbage", None), NetrexCameraResponseError),
        (("events", "cut", None), NetrexCameraOfflineError),
        (("events", "silence", None), NetrexCameraOfflineError),
    ],
)
async def test_a_failed_connection_raises_an_error_of_its_kind(
    gateway: GatewayClient,
    cloud: Simulator,
    monkeypatch: pytest.MonkeyPatch,
    fault: tuple[str, str, float | None],
    error: type[NetrexCameraError],
) -> None:
    monkeypatch.setattr(camera_events, "_RESPONSE_TIMEOUT_SECONDS", 0.2)
    endpoint, kind, value = fault
    cloud.faults.add(endpoint, kind, value)
    with pytest.raises(error):
        async with open_events(gateway, MOVING):
            pytest.fail("connected all the same")


async def test_a_refused_subscription_has_a_code(
    gateway: GatewayClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera_events, "_CONFIGURE", "events:other")
    with pytest.raises(NetrexCameraRefusedError) as caught:
        async with open_events(gateway, MOVING):
            pytest.fail("subscribed all the same")
    assert caught.value.code == 2102


def message(
    topic: object, source: Mapping[str, object], data: Mapping[str, object]
) -> str:
    """Return a notification as a camera sends it."""
    body = {"source": source, "key": {}, "data": data}
    notification = {"topic": topic, "timestamp": 1633085467384, "message": body}
    return json.dumps(
        {
            "apiVersion": "1.1",
            "method": "events:notify",
            "params": {"notification": notification},
        }
    )


@pytest.mark.parametrize(
    ("topic", "source", "data", "kind", "place", "state"),
    [
        (
            "tns1:Device/Trigger/Relay",
            {"RelayToken": "3"},
            {"LogicalState": "active"},
            "output",
            "3",
            True,
        ),
        (
            "tns1:Device/tnsaxis:IO/SupervisedPort",
            {"port": 2},
            {"tampered": "0", "state": False},
            "input",
            "2",
            False,
        ),
        (
            "tns1:Device/tnsaxis:Sensor/PIR",
            {"sensor": "0"},
            {"state": "1"},
            "motion",
            "PIR_0",
            True,
        ),
        (
            "tns1:VideoAnalytics/tnsaxis:MotionDetection",
            {"window": "0"},
            {"motion": "0"},
            "motion",
            "MotionDetection_0",
            False,
        ),
        (
            "tns1:RuleEngine/tnsaxis:VMD3/vmd3_video_1",
            {"areaid": "0"},
            {"active": "1"},
            "motion",
            "vmd3_video_1_0",
            True,
        ),
        (
            f"{APPLICATION}/VMD/Camera1Profile2",
            {},
            {"active": True},
            "motion",
            "VMD/Camera1Profile2",
            True,
        ),
        (
            f"{APPLICATION}/FenceGuard/Camera1Profile1",
            {},
            {"active": 0},
            "fence",
            "Camera1Profile1",
            False,
        ),
        (
            f"{APPLICATION}/LoiteringGuard/Camera1Profile1",
            {},
            {"active": "1"},
            "loitering",
            "Camera1Profile1",
            True,
        ),
        (
            "tns1:AudioSource/tnsaxis:TriggerLevel",
            {"channel": "1"},
            {"triggered": "1"},
            "sound",
            "1",
            True,
        ),
        (
            "tnsaxis:Storage/Alert",
            {"disk_id": "SD_DISK"},
            {"alert": "1", "wear": 90},
            "storage",
            "SD_DISK",
            True,
        ),
        ("tns1:Device/tnsaxis:Tampering/ShockDetected", {}, {}, "shock", "", None),
        ("tns1:Device/ShockDetection", {}, {"a": "b"}, "shock", "", None),
        (
            "tns1:Device/tnsaxis:Casing/Open",
            {"Name": "NetworkCamera"},
            {"Open": "true"},
            "casing",
            "NetworkCamera",
            True,
        ),
        # Firmware versions place namespaces differently.
        (
            "tns1:Device/tnsaxis:IO/tnsaxis:Port",
            {"port": "0"},
            {"state": "1"},
            "input",
            "0",
            True,
        ),
        (
            "onvif:Device/onvif:Trigger/onvif:Relay",
            {"RelayToken": "1"},
            {"LogicalState": "inactive"},
            "output",
            "1",
            False,
        ),
        # Repeated, without a valid port or value, or unknown.
        (
            f"{APPLICATION}/VMD/Camera1ProfileANY",
            {},
            {"active": "1"},
            None,
            "",
            None,
        ),
        (INPUT, {"port": "-1"}, {"state": "1"}, None, "", None),
        (INPUT, {}, {"state": "1"}, None, "", None),
        (INPUT, {"port": "1"}, {"state": "maybe"}, None, "", None),
        (INPUT, {"port": "1"}, {}, None, "", None),
        (INPUT, {"port": "9" * 5000}, {"state": "1"}, None, "", None),
        ("tns1:Something/Else", {"port": "1"}, {"state": "1"}, None, "", None),
    ],
)
def test_topics_are_parsed(
    topic: str,
    source: dict[str, object],
    data: dict[str, object],
    kind: str | None,
    place: str,
    state: bool | None,
) -> None:
    expected = CameraEvent(topic, EventKind(kind) if kind else None, place, state)
    assert parse_message(message(topic, source, data)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[1]",
        "{" * 9000,
        '{"method": "events:configure", "data": {}}',
        '{"method": "events:notify"}',
        '{"method": "events:notify", "params": {"notification": {"topic": []}}}',
    ],
)
def test_other_messages_are_not_events(text: str) -> None:
    assert parse_message(text) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
HEAD = {"apiVersion": "1.1", "method": "events:notify"}


@given(JSON)
def test_any_json_can_be_parsed(part: object) -> None:
    for topic, source, data in (
        (INPUT, part, {"state": "1"}),
        (INPUT, {"port": part}, {"state": part}),
        (OBJECT_ANALYTICS, {}, part),
        (part, {"port": "1"}, {"state": "1"}),
    ):
        notification = {"topic": topic, "message": {"source": source, "data": data}}
        text = json.dumps({**HEAD, "params": {"notification": notification}})
        event = parse_message(text)
        assert event is None or event.kind is not EventKind.INPUT or event.place
    for whole in (part, {**HEAD, "params": part}, {"method": part, "params": {}}):
        assert parse_message(json.dumps(whole)) is None


@given(st.binary())
def test_any_bytes_can_be_parsed(raw: bytes) -> None:
    assert parse_message(raw) is None
