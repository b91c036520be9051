"""One RTSP connection, as the relay sees it at both of its ends."""

import asyncio
from collections import deque
import contextlib
from typing import Protocol

from .rtsp import Event, Parser, Request, Response

CHUNK_SIZE = 128 * 1024
# A key frame should pass in one go even if the client is busy.
_WRITE_BUFFER_SIZE = 512 * 1024
_CLOSE_TIMEOUT = 1.0


class Reader(Protocol):
    """The part of asyncio.StreamReader that a transport has to offer."""

    async def read(self, n: int, /) -> bytes:
        """Return what has come, at most `n` bytes; nothing at the end."""


class Writer(Protocol):
    """What a tunnel has to offer: a part of asyncio.StreamWriter, and `abort`."""

    def write(self, data: bytes, /) -> None:
        """Queue data."""

    async def drain(self) -> None:
        """Wait while the peer is too slow."""

    def close(self) -> None:
        """Close after what is queued has been sent."""

    def abort(self) -> None:
        """Close at once, and leave nothing to wait for."""

    async def wait_closed(self) -> None:
        """Wait until it is closed."""


class Connection:
    """Messages and interleaved data of one connection."""

    def __init__(self, reader: Reader, writer: asyncio.StreamWriter | Writer) -> None:
        self._reader = reader
        self._writer = writer
        self._parser = Parser()
        self._events: deque[Event] = deque()
        self.write = writer.write
        self.drain = writer.drain
        self.close = writer.close
        if isinstance(writer, asyncio.StreamWriter):
            writer.transport.set_write_buffer_limits(_WRITE_BUFFER_SIZE)

    async def receive(self) -> Event | None:
        """Return the next message or run of interleaved data; None at the end.

        Raises RtspError for anything else, OSError if the connection breaks.
        """
        while not self._events:
            if self._parser.failure is not None:
                raise self._parser.failure
            if not (data := await self._reader.read(CHUNK_SIZE)):
                return None
            self._events.extend(self._parser.feed(data))
        return self._events.popleft()

    async def send(self, message: Request | Response) -> None:
        """Send a message; returns when the peer is not too slow."""
        self.write(message.encode())
        await self.drain()

    def abort(self) -> None:
        """Close at once, whatever is queued."""
        if isinstance(self._writer, asyncio.StreamWriter):
            self._writer.transport.abort()
        else:
            self._writer.abort()

    async def finish(self) -> None:
        """Close; what is queued may take a moment to be sent."""
        self.close()
        with contextlib.suppress(OSError):
            try:
                async with asyncio.timeout(_CLOSE_TIMEOUT):
                    await self._writer.wait_closed()
            finally:
                self.abort()
