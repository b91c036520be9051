"""A camera's event stream (VAPIX event streaming over WebSocket).

After connecting, the client subscribes to topics. The camera then sends the current
state of each topic that has one, and every change. Reconnecting is up to the caller.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
import json
import re

from aiohttp import ClientWebSocketResponse, WSMsgType

from ..errors import (
    NetrexCameraOfflineError,
    NetrexCameraRefusedError,
    NetrexCameraResponseError,
)
from ..json_body import parse_json
from ..values import BOOLEANS, as_bool, as_int, as_key, as_mapping
from .answer import MAX_VALUES
from .gateway import GatewayClient
from .topics import FILTERS, PORTS, STATELESS, EventKind, Topic, find_topic

_PATH = "vapix/ws-data-stream"
_API_VERSION = "1.0"
_CONFIGURE = "events:configure"
_NOTIFY = "events:notify"
# A connection that has been silent for this long is pinged.
_PING_AFTER_SECONDS = 20.0
# Limit for the response to a ping and to the subscription.
_RESPONSE_TIMEOUT_SECONDS = 15.0
_CLOSE_TIMEOUT_SECONDS = 2.0
_PORT = re.compile("[0-9]+")
# Places become part of entity names and unique ids; real ones are shorter.
_MAX_PLACE_LENGTH = 60
_STATES = {
    **BOOLEANS,
    "active": True,
    "on": True,
    "yes": True,
    "inactive": False,
    "off": False,
    "no": False,
}


@dataclass(frozen=True, slots=True)
class CameraEvent:
    """A notification of a camera.

    Attributes:
        topic: As sent by the camera.
        kind: Its meaning; None for an unknown topic.
        place: Distinguishes events of one kind, such as a port's number or a profile;
            may be empty.
        state: Whether the state is active; None without a state.
    """

    topic: str
    kind: EventKind | None = None
    place: str = ""
    state: bool | None = None


class CameraEvents:
    """An open event stream."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self._socket = socket

    async def configure(self) -> None:
        """Subscribe to the topics. Raises NetrexCameraError."""
        filters = [{"topicFilter": pattern} for pattern in FILTERS]
        request = {
            "apiVersion": _API_VERSION,
            "method": _CONFIGURE,
            "params": {"eventFilterList": filters},
        }
        try:
            async with asyncio.timeout(_RESPONSE_TIMEOUT_SECONDS):
                await self._socket.send_str(json.dumps(request))
                text = await self._read()
        except (TimeoutError, ConnectionError) as err:
            raise NetrexCameraOfflineError(
                f"The camera does not confirm the subscription ({type(err).__name__})"
            ) from None
        if text is None:
            raise NetrexCameraOfflineError("The camera closed its event stream")
        answer = _parse_json(text)
        if error := as_mapping(answer.get("error")):
            # The text may contain anything; the code is documented.
            code = as_int(error.get("code"))
            raise NetrexCameraRefusedError(
                f"The camera refused the subscription (error {code})", code=code
            )
        if answer.get("method") != _CONFIGURE:
            raise NetrexCameraResponseError(
                "The camera did not confirm the subscription"
            )

    async def __aiter__(self) -> AsyncGenerator[CameraEvent | None]:
        """Yield each event, or None for a message that cannot be parsed.

        Stops when the connection ends for any reason.
        """
        try:
            while (text := await self._read()) is not None:
                yield parse_message(text)
        except TimeoutError, ConnectionError:
            return

    async def _read(self) -> str | bytes | None:
        """Return the next message; None at the end of the connection.

        Raises TimeoutError if the camera does not answer a ping.
        """
        while True:
            try:
                message = await self._socket.receive(_PING_AFTER_SECONDS)
            except TimeoutError:
                await self._socket.ping()
                message = await self._socket.receive(_RESPONSE_TIMEOUT_SECONDS)
            if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                data: str | bytes = message.data
                return data
            if message.type is WSMsgType.PING:
                await self._socket.pong(message.data)
            elif message.type is not WSMsgType.PONG:
                return None


@asynccontextmanager
async def open_events(
    gateway: GatewayClient, serial_number: str
) -> AsyncGenerator[CameraEvents]:
    """Connect to a camera's event stream and subscribe to the topics.

    Raises the errors of `GatewayClient.websocket`, and those of
    `CameraEvents.configure`.
    """
    socket = await gateway.websocket(serial_number, _PATH, {"sources": "events"})
    try:
        events = CameraEvents(socket)
        await events.configure()
        yield events
    finally:
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_TIMEOUT_SECONDS):
                await socket.close()


def parse_message(text: str | bytes) -> CameraEvent | None:
    """Parse a message; return None if it is not a notification."""
    answer = _parse_json(text)
    if answer.get("method") != _NOTIFY:
        return None
    notification = as_mapping(as_mapping(answer.get("params")).get("notification"))
    topic = as_key(notification.get("topic"))
    if topic is None:
        return None
    message = as_mapping(notification.get("message"))
    source, data = as_mapping(message.get("source")), as_mapping(message.get("data"))
    if (found := find_topic(topic)) is None:
        return CameraEvent(topic)
    row, parts = found
    return _known_event(topic, row, parts, source, data)


def _known_event(
    topic: str,
    row: Topic,
    parts: tuple[str, ...],
    source: Mapping[str, object],
    data: Mapping[str, object],
) -> CameraEvent:
    """Parse a known topic; if its value or port is missing, it counts as unknown."""
    places = list(parts)
    if row.source is not None and (number := as_key(source.get(row.source))):
        places.append(number)
    place = "_".join(places)
    if len(place) > _MAX_PLACE_LENGTH:
        return CameraEvent(topic)
    if row.kind in STATELESS:
        return CameraEvent(topic, row.kind, place)
    state = as_bool(data.get(row.data), _STATES)
    if state is None or (row.kind in PORTS and not _PORT.fullmatch(place)):
        return CameraEvent(topic)
    return CameraEvent(topic, row.kind, place, state)


def _parse_json(text: str | bytes) -> Mapping[str, object]:
    try:
        body = text if isinstance(text, bytes) else text.encode()
        return as_mapping(parse_json(body, MAX_VALUES))
    except ValueError:
        return {}
