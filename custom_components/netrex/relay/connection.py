"""One RTSP connection of the relay, to a client or to the portal's server."""

import asyncio
from collections import deque
import contextlib
from http import HTTPStatus
from typing import Protocol

from .authentication import Authenticator
from .rtsp import Event, Parser, Request, Response

CHUNK_SIZE = 128 * 1024
# Room for a whole key frame even if the client is busy (bytes).
_WRITE_BUFFER_SIZE = 512 * 1024
# A client sends only requests and receiver reports, so small chunks suffice; they keep
# the work between two iterations of the event loop short (bytes).
CLIENT_CHUNK_SIZE = 16 * 1024
# Messages or runs of data after which control returns to the event loop. Reading data
# that has already arrived does not return control.
_EVENTS_PER_TURN = 16
_CLOSE_TIMEOUT_SECONDS = 1.0


class Reader(Protocol):
    """The part of asyncio.StreamReader that a transport has to provide."""

    async def read(self, n: int, /) -> bytes:
        """Return up to `n` received bytes; empty at the end of the stream."""


class Writer(Protocol):
    """The part of asyncio.StreamWriter that a tunnel has to provide, and `abort`."""

    def write(self, data: bytes, /) -> None:
        """Queue data."""

    async def drain(self) -> None:
        """Wait while the peer reads too slowly."""

    def close(self) -> None:
        """Close after queued data has been sent."""

    def abort(self) -> None:
        """Close immediately, so that there is nothing to wait for."""

    async def wait_closed(self) -> None:
        """Wait until the connection is closed."""


class Connection:
    """Messages and interleaved data of one connection.

    Args:
        reader: Receives data.
        writer: Sends data.
        stranger: Whether this is a client that has yet to present the secret.

    Attributes:
        peer_address: The IP address of the peer; empty for a tunnel.
        authenticator: Authenticates the requests sent here; None without credentials.
    """

    def __init__(
        self,
        reader: Reader,
        writer: asyncio.StreamWriter | Writer,
        *,
        stranger: bool = False,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._parser = Parser(stranger=stranger)
        self._chunk_size = CLIENT_CHUNK_SIZE if stranger else CHUNK_SIZE
        self._events: deque[Event] = deque()
        self._events_of_turn = 0
        self.peer_address = ""
        self.authenticator: Authenticator | None = None
        self.trust = self._parser.trust
        self.write = writer.write
        self.drain = writer.drain
        self.close = writer.close
        if isinstance(writer, asyncio.StreamWriter):
            writer.transport.set_write_buffer_limits(_WRITE_BUFFER_SIZE)
            # Not available if the peer has already disconnected.
            if peer := writer.get_extra_info("peername"):
                self.peer_address = peer[0]

    async def receive(self) -> Event | None:
        """Return the next message or run of interleaved data; None at the end.

        Raises RtspError for anything else, OSError if the connection breaks.
        """
        while True:
            event = await self._receive()
            if (
                self.authenticator is None
                or not isinstance(event, Response)
                or event.status != HTTPStatus.UNAUTHORIZED
                or (request := self.authenticator.retry(event)) is None
            ):
                return event
            await self.send(request)

    async def _receive(self) -> Event | None:
        self._events_of_turn += 1
        if self._events_of_turn > _EVENTS_PER_TURN:
            self._events_of_turn = 0
            await asyncio.sleep(0)
        while not self._events:
            if self._parser.failure is not None:
                raise self._parser.failure
            if not (data := await self._reader.read(self._chunk_size)):
                return None
            self._events.extend(self._parser.feed(data))
        return self._events.popleft()

    async def send(self, message: Request | Response) -> None:
        """Send a message, waiting while the peer reads too slowly."""
        if self.authenticator is not None and isinstance(message, Request):
            self.authenticator.authorize(message)
        self.write(message.encode())
        await self.drain()

    def abort(self) -> None:
        """Close immediately, dropping queued data."""
        if isinstance(self._writer, asyncio.StreamWriter):
            self._writer.transport.abort()
        else:
            self._writer.abort()

    async def finish(self) -> None:
        """Close; queued data is dropped if sending it takes too long."""
        self.close()
        with contextlib.suppress(OSError):
            try:
                async with asyncio.timeout(_CLOSE_TIMEOUT_SECONDS):
                    await self._writer.wait_closed()
            finally:
                self.abort()
