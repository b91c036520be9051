"""A camera's event stream (VAPIX event streaming over WebSocket).

After the client's `events:configure`, the camera sends its current states and then each
change as `events:notify`. Faults of the endpoint `events` apply when a message is about
to be sent: `cut` closes the connection, `garbage` replaces the message with invalid
JSON, `empty` drops it, and `silence` stops all messages, including pongs.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
import json
from typing import Any

from aiohttp import WSMsgType, web

from ..faults import Endpoint, FaultKind
from ..state import State

PATH = "vapix/ws-data-stream"
API_VERSION = "1.1"
_METHOD = "events:configure"
# How long the client may take to answer a close.
_CLOSE_TIMEOUT_SECONDS = 1.0
_APPLICATIONS = "tnsaxis:CameraApplicationPlatform"

INPUT = "tns1:Device/tnsaxis:IO/Port"
INPUT_ONVIF = "tns1:Device/Trigger/DigitalInput"
RELAY = "tns1:Device/Trigger/Relay"
OBJECT_ANALYTICS = f"{_APPLICATIONS}/ObjectAnalytics/Device1Scenario1"
OBJECT_ANALYTICS_ANY = f"{_APPLICATIONS}/ObjectAnalytics/Device1ScenarioANY"
VIDEO_MOTION = f"{_APPLICATIONS}/VMD/Camera1Profile1"
VIDEO_MOTION_ANY = f"{_APPLICATIONS}/VMD/Camera1ProfileANY"
MOVING = "tns1:PTZController/tnsaxis:Move/Channel_1"
DAY_NIGHT = "tns1:VideoSource/tnsaxis:DayNightVision"
SYSTEM_READY = "tns1:Device/tnsaxis:Status/SystemReady"
TAMPERING = "tns1:VideoSource/tnsaxis:Tampering"
# Topics without a state.
STATELESS = frozenset((TAMPERING,))


@dataclass(frozen=True, slots=True)
class Event:
    """A message of a camera; all names and values are strings."""

    topic: str
    source: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)

    @property
    def place(self) -> tuple[str, ...]:
        """Return the key of the state."""
        return (self.topic, *(part for item in self.source.items() for part in item))

    def as_message(self, now: float) -> dict[str, Any]:
        """Return the notification at unix time `now`, in seconds."""
        return {
            "apiVersion": API_VERSION,
            "method": "events:notify",
            "params": {
                "notification": {
                    "topic": self.topic,
                    "timestamp": int(now * 1000),
                    "message": {
                        "source": dict(self.source),
                        "key": {},
                        "data": dict(self.data),
                    },
                }
            },
        }


class _Listener:
    """A connection; it subscribes to topics after connecting."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        self._socket = socket
        self._transport = request.transport
        self._wake = asyncio.Event()
        self._queue: list[dict[str, Any]] = []
        self.filters: tuple[str, ...] = ()
        self.silent = False

    def wants(self, topic: str) -> bool:
        return any(_matches(topic, pattern) for pattern in self.filters)

    def queue(self, message: dict[str, Any]) -> None:
        self._queue.append(message)
        self._wake.set()

    def cut(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    async def send(self, state: State, serial_number: str) -> None:
        """Send queued messages in order, until canceled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._queue:
                text = json.dumps(self._queue.pop(0))
                fault = state.faults.take(Endpoint.EVENTS, f"{serial_number} {text}")
                if fault is not None:
                    match fault.kind:
                        case FaultKind.CUT:
                            self.cut()
                            return
                        case FaultKind.SILENCE:
                            self.silent = True
                        case FaultKind.GARBAGE:
                            text = '{"apiVersion": 1.'
                        case FaultKind.DELAY:
                            await asyncio.sleep(fault.number)
                        case _:
                            continue
                if not self.silent and not self._socket.closed:
                    await self._socket.send_str(text)


class EventStream:
    """The states of a camera, and the connections that follow them."""

    def __init__(self, state: State, serial_number: str) -> None:
        self._state = state
        self._serial_number = serial_number
        self._states: dict[tuple[str, ...], Event] = {}
        self._listeners: set[_Listener] = set()

    @property
    def listeners(self) -> int:
        """Return the number of connections."""
        return len(self._listeners)

    def emit(self, event: Event) -> None:
        """Send an event, even if its state has not changed."""
        if event.topic not in STATELESS:
            self._states[event.place] = event
        message = event.as_message(self._state.clock.now())
        for listener in self._listeners:
            if listener.wants(event.topic):
                listener.queue(message)

    def cut(self) -> int:
        """Cut all connections and return their number."""
        for listener in self._listeners:
            listener.cut()
        return len(self._listeners)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection until it ends."""
        if request.query.get("sources") != "events":
            return web.Response(status=400, text="400 Bad Request\n")
        # Pings are answered here, so that a silent camera can ignore them.
        socket = web.WebSocketResponse(
            timeout=_CLOSE_TIMEOUT_SECONDS, autoping=False, compress=False
        )
        if not socket.can_prepare(request).ok:
            return web.Response(status=426, text="426 Upgrade Required\n")
        await socket.prepare(request)
        listener = _Listener(socket, request)
        self._listeners.add(listener)
        sender = asyncio.create_task(listener.send(self._state, self._serial_number))
        try:
            async for message in socket:
                if message.type is WSMsgType.PING and not listener.silent:
                    await socket.pong(message.data)
                elif message.type is WSMsgType.TEXT:
                    self._answer(listener, message.data)
        finally:
            self._listeners.discard(listener)
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)
        return socket

    def _answer(self, listener: _Listener, text: str) -> None:
        try:
            body = json.loads(text)
        except ValueError:
            body = None
        if not isinstance(body, dict):
            listener.queue(_failure({}, 2101, "Invalid JSON"))
            return
        if body.get("method") != _METHOD:
            listener.queue(_failure(body, 2102, "Method not supported"))
            return
        filters = (body.get("params") or {}).get("eventFilterList")
        if not isinstance(filters, list) or not all(
            isinstance(item, dict) and isinstance(item.get("topicFilter"), str)
            for item in filters
        ):
            listener.queue(_failure(body, 2104, "Invalid parameter value"))
            return
        listener.filters = tuple(item["topicFilter"] for item in filters)
        listener.queue(_head(body) | {"data": {}})
        for event in self._states.values():
            if listener.wants(event.topic):
                listener.queue(event.as_message(self._state.clock.now()))


def _head(body: Mapping[str, Any]) -> dict[str, Any]:
    head: dict[str, Any] = {"apiVersion": API_VERSION, "method": _METHOD}
    if "context" in body:
        head["context"] = body["context"]
    return head


def _failure(body: Mapping[str, Any], code: int, text: str) -> dict[str, Any]:
    return _head(body) | {"error": {"code": code, "message": text}}


def _matches(topic: str, pattern: str) -> bool:
    """Return whether a topic expression matches a topic.

    Supports what cameras document of WS-Topics: a path, or a path and all topics below
    it if it ends with `//.`; an empty expression matches everything.
    """
    base = pattern.removesuffix("//.").rstrip("/")
    if not base:
        return True
    if pattern.endswith("//."):
        return topic == base or topic.startswith(f"{base}/")
    return topic == base
