"""What a camera tells of itself as it happens (VAPIX event streaming over WebSocket).

After the connection we say which topics we want; the camera then tells the states of
everything that has one, and from then on each change. Whoever reads decides when to
connect again.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
import json

from aiohttp import ClientWebSocketResponse, WSMsgType

from .camera_topics import FILTERS, PORTS, STATELESS, TOPICS, EventKind, Topic
from .errors import (
    NetrexDeviceOfflineError,
    NetrexDeviceRefusedError,
    NetrexDeviceResponseError,
)
from .gateway import GatewayClient
from .values import as_int, as_mapping, as_text

_PATH = "vapix/ws-data-stream"
_API_VERSION = "1.0"
_CONFIGURE = "events:configure"
_NOTIFY = "events:notify"
# Seconds. A connection on which not even a ping is answered for so long is dead.
_HEARTBEAT = 20.0
_PATIENCE = 20.0
_TRUE = frozenset(("1", "true", "active", "on", "yes"))
_FALSE = frozenset(("0", "false", "inactive", "off", "no"))


@dataclass(frozen=True, slots=True)
class CameraEvent:
    """Something that a camera told.

    Attributes:
        topic: As the camera has it.
        kind: What it means; None if nobody here knows.
        place: Which one of its kind: a port's number, a profile; may be empty.
        state: Whether it is so now; None without a state.
    """

    topic: str
    kind: EventKind | None = None
    place: str = ""
    state: bool | None = None


class CameraEvents:
    """An open event stream."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        """Read from a connection that is told already what we want."""
        self._socket = socket

    async def __aiter__(self) -> AsyncGenerator[CameraEvent | None]:
        """Give each event; None for a message that cannot be read.

        Ends when the connection does, for whatever reason.
        """
        async for message in self._socket:
            if message.type is WSMsgType.TEXT:
                yield parse_message(message.data)
            elif message.type is WSMsgType.BINARY:
                yield None


@asynccontextmanager
async def open_events(
    gateway: GatewayClient, serial_number: str
) -> AsyncGenerator[CameraEvents]:
    """Connect to a camera's event stream.

    Raises what the gateway client's `websocket` raises;
    NetrexDeviceRefusedError if the camera will not tell what we want, and
    NetrexDeviceResponseError if it answers something else.
    """
    socket = await gateway.websocket(
        serial_number, _PATH, {"sources": "events"}, heartbeat=_HEARTBEAT
    )
    try:
        await _configure(socket)
        yield CameraEvents(socket)
    finally:
        await socket.close()


async def _configure(socket: ClientWebSocketResponse) -> None:
    filters = [{"topicFilter": pattern} for pattern in FILTERS]
    question = {
        "apiVersion": _API_VERSION,
        "method": _CONFIGURE,
        "params": {"eventFilterList": filters},
    }
    try:
        async with asyncio.timeout(_PATIENCE):
            await socket.send_str(json.dumps(question))
            message = await socket.receive()
    except (TimeoutError, ConnectionError) as err:
        raise NetrexDeviceOfflineError(
            f"The camera's event stream does not answer ({type(err).__name__})"
        ) from None
    if message.type is not WSMsgType.TEXT:
        raise NetrexDeviceOfflineError("The camera's event stream ended at once")
    answer = _parse_json(message.data)
    if error := as_mapping(answer.get("error")):
        # Its text could be anything; the number is enough to look it up.
        code = as_int(error.get("code"))
        raise NetrexDeviceRefusedError(
            f"The camera refuses to tell of events (number {code})", code=code
        )
    if answer.get("method") != _CONFIGURE:
        raise NetrexDeviceResponseError("The camera's event stream is none")


def parse_message(text: str) -> CameraEvent | None:
    """Return what a message tells; None for one that is no notification."""
    answer = _parse_json(text)
    if answer.get("method") != _NOTIFY:
        return None
    notification = as_mapping(as_mapping(answer.get("params")).get("notification"))
    topic = as_text(notification.get("topic"))
    if topic is None:
        return None
    message = as_mapping(notification.get("message"))
    source, data = as_mapping(message.get("source")), as_mapping(message.get("data"))
    for row in TOPICS:
        if match := row.pattern.fullmatch(topic):
            return _known_event(topic, row, match.groups(), source, data)
    return CameraEvent(topic)


def _known_event(
    topic: str,
    row: Topic,
    parts: tuple[str | None, ...],
    source: Mapping[str, object],
    data: Mapping[str, object],
) -> CameraEvent:
    """Read a known topic; one whose value or port is missing counts as unknown."""
    places = [part for part in parts if part]
    if row.source is not None and (number := as_text(source.get(row.source))):
        places.append(number)
    place = "_".join(places)
    if row.kind in STATELESS:
        return CameraEvent(topic, row.kind, place)
    state = _truth(data.get(row.data))
    if state is None or (row.kind in PORTS and not place.isdecimal()):
        return CameraEvent(topic)
    return CameraEvent(topic, row.kind, place, state)


def _truth(value: object) -> bool | None:
    """Return a truth value in any of the words that cameras use."""
    word = str(value).lower()
    return True if word in _TRUE else False if word in _FALSE else None


def _parse_json(text: str) -> Mapping[str, object]:
    try:
        return as_mapping(json.loads(text))
    except ValueError, RecursionError:
        return {}
