"""A minimal RTSP client (RFC 2326) that reports answers and plays nothing."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from yarl import URL

from ..addresses import AddressGate
from ..errors import NetrexConnectionError
from ..http import map_exceptions

_TIMEOUT_SECONDS = 10.0
_DEFAULT_PORT = 554
# Bytes of a header block and of an SDP.
_MAX_BYTES = 64 << 10
BACK_CHANNEL = {"Require": "www.onvif.org/ver20/backchannel"}
_FAILURES = (
    (
        (OSError, TimeoutError, asyncio.IncompleteReadError),
        NetrexConnectionError,
        "No answer",
    ),
    (
        (ValueError, asyncio.LimitOverrunError),
        NetrexConnectionError,
        "The answer is not RTSP",
    ),
)


@dataclass(frozen=True, slots=True)
class RtspAnswer:
    """An answer; header names are in lower case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: str = field(repr=False)


class RtspConnection:
    """One connection to a stream server."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._sequence = 0

    async def request(
        self, method: str, url: str, headers: Mapping[str, str] | None = None
    ) -> RtspAnswer:
        """Send a request and return its answer. Raises NetrexConnectionError."""
        self._sequence += 1
        lines = [f"{method} {url} RTSP/1.0", f"CSeq: {self._sequence}"]
        lines += [f"{key}: {value}" for key, value in (headers or {}).items()]
        with map_exceptions(*_FAILURES):
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                self._writer.write("\r\n".join((*lines, "", "")).encode())
                await self._writer.drain()
                return await self._read()

    async def _read(self) -> RtspAnswer:
        block = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = block.split("\r\n")
        version, status, *_ = first.split(" ", 2)
        if not version.startswith("RTSP/"):
            raise ValueError("not RTSP")
        headers = {
            key.strip().lower(): value.strip()
            for key, _, value in (line.partition(":") for line in lines)
        }
        length = int(headers.get("content-length", "0"))
        if not 0 <= length <= _MAX_BYTES:
            raise ValueError("too large")
        body = (await self._reader.readexactly(length)).decode("latin-1")
        return RtspAnswer(int(status), headers, body)


@asynccontextmanager
async def connect(gate: AddressGate, url: URL) -> AsyncGenerator[RtspConnection]:
    """Open a connection to the server of an RTSP URL.

    Raises:
        NetrexAddressError: The URL leads to an address that is not allowed.
        NetrexConnectionError: The server cannot be reached.
    """
    port = url.port or _DEFAULT_PORT
    with map_exceptions(*_FAILURES):
        async with asyncio.timeout(_TIMEOUT_SECONDS):
            address, *_ = await gate.addresses(url.host or "", port)
            reader, writer = await asyncio.open_connection(
                address, port, limit=_MAX_BYTES
            )
    try:
        yield RtspConnection(reader, writer)
    finally:
        writer.transport.abort()
