"""What a camera tells of itself as it happens (VAPIX event streaming over WebSocket).

After the connection we say which topics we want; the camera then tells the states of
everything that has one, and from then on each change. Whoever reads decides when to
connect again.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
import json

from aiohttp import ClientWebSocketResponse, WSMsgType

from ..errors import (
    NetrexCameraOfflineError,
    NetrexCameraRefusedError,
    NetrexCameraResponseError,
)
from ..values import as_int, as_mapping, as_text
from .gateway import GatewayClient
from .topics import FILTERS, PORTS, STATELESS, EventKind, Topic, find_topic

_PATH = "vapix/ws-data-stream"
_API_VERSION = "1.0"
_CONFIGURE = "events:configure"
_NOTIFY = "events:notify"
# Seconds. A connection that was silent for so long is asked whether it lives.
_SILENCE = 20.0
# How long the camera may take for an answer to that, and to our wishes.
_PATIENCE = 15.0
# How long the camera may take for the end of a connection that we end.
_CLOSING = 2.0
# What tells things apart becomes part of names; no camera says more than this.
_LONGEST_PLACE = 60
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
        self._socket = socket

    async def configure(self) -> None:
        """Say what we want to be told. Raises NetrexCameraError."""
        filters = [{"topicFilter": pattern} for pattern in FILTERS]
        question = {
            "apiVersion": _API_VERSION,
            "method": _CONFIGURE,
            "params": {"eventFilterList": filters},
        }
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._socket.send_str(json.dumps(question))
                text = await self._read()
        except (TimeoutError, ConnectionError) as err:
            raise NetrexCameraOfflineError(
                f"The camera's event stream does not answer ({type(err).__name__})"
            ) from None
        if text is None:
            raise NetrexCameraOfflineError("The camera's event stream ended at once")
        answer = _parse_json(text)
        if error := as_mapping(answer.get("error")):
            # Its text could be anything; the number is enough to look it up.
            code = as_int(error.get("code"))
            raise NetrexCameraRefusedError(
                f"The camera refuses to tell of events (number {code})", code=code
            )
        if answer.get("method") != _CONFIGURE:
            raise NetrexCameraResponseError("The camera's event stream is none")

    async def __aiter__(self) -> AsyncGenerator[CameraEvent | None]:
        """Give each event; None for a message that cannot be read.

        Ends when the connection does, for whatever reason.
        """
        try:
            while (text := await self._read()) is not None:
                yield parse_message(text)
        except TimeoutError, ConnectionError:
            return

    async def _read(self) -> str | bytes | None:
        """Return the next message; None at the end.

        Raises TimeoutError if the camera does not even answer a ping.
        """
        while True:
            try:
                message = await self._socket.receive(_SILENCE)
            except TimeoutError:
                await self._socket.ping()
                message = await self._socket.receive(_PATIENCE)
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
    """Connect to a camera's event stream.

    Raises what the gateway client's `websocket` raises;
    NetrexCameraRefusedError if the camera will not tell what we want, and
    NetrexCameraResponseError if it answers something else.
    """
    socket = await gateway.websocket(serial_number, _PATH, {"sources": "events"})
    try:
        events = CameraEvents(socket)
        await events.configure()
        yield events
    finally:
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSING):
                await socket.close()


def parse_message(text: str | bytes) -> CameraEvent | None:
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
    """Read a known topic; one whose value or port is missing counts as unknown."""
    places = list(parts)
    if row.source is not None and (number := as_text(source.get(row.source))):
        places.append(number)
    place = "_".join(places)
    if len(place) > _LONGEST_PLACE:
        return CameraEvent(topic)
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


def _parse_json(text: str | bytes) -> Mapping[str, object]:
    try:
        return as_mapping(json.loads(text))
    except ValueError, RecursionError:
        return {}
