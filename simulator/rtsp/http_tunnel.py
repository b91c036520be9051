"""RTSP over HTTP: Apple's scheme of a GET and a POST request.

Both requests carry the same `x-sessioncookie`. The response to the GET is the
endless stream from the server; the body of the POST is the client's stream in base64.
Its Content-Length is meaningless, so this server reads the sockets itself. The POST is
never answered.
"""

import asyncio
import binascii
import contextlib
import ssl

from .server import RtspServer, TcpConnection
from .session import Client

_MAX_HEAD = 16_384
_QUANTUM = 4
_ANSWER = (
    b"HTTP/1.0 200 OK\r\n"
    b"Connection: close\r\n"
    b"Cache-Control: no-store\r\n"
    b"Pragma: no-cache\r\n"
    b"Content-Type: application/x-rtsp-tunnelled\r\n"
    b"\r\n"
)


class Base64Stream:
    """Decodes base64 in pieces; each message has its own padding."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> bytes:
        """Return what can be decoded so far. Raises ValueError for invalid base64."""
        text = self._rest + data.translate(None, b" \t\r\n")
        whole = len(text) - len(text) % _QUANTUM
        self._rest = text[whole:]
        return b"".join(
            binascii.a2b_base64(text[at : at + _QUANTUM], strict_mode=True)
            for at in range(0, whole, _QUANTUM)
        )


class HttpTunnelServer:
    """Serves RTSP over HTTP, for one transport."""

    def __init__(self, rtsp: RtspServer, transport: str) -> None:
        """Serve the links of `transport` ("rtsph" or "rtsphs")."""
        self._rtsp = rtsp
        self._transport = transport
        self._upward: dict[str, asyncio.StreamReader] = {}
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, host: str, context: ssl.SSLContext | None = None) -> int:
        """Listen on a free port of `host` and return it."""
        self._server = await asyncio.start_server(
            self._accept, host, 0, limit=_MAX_HEAD, ssl=context
        )
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def stop(self) -> None:
        """Close all connections and stop listening."""
        if self._server is None:
            return
        self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    async def _accept(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        if task:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        with contextlib.suppress(
            asyncio.CancelledError,
            asyncio.IncompleteReadError,
            asyncio.LimitOverrunError,
            ConnectionError,
            ssl.SSLError,
            ValueError,
        ):
            await self._handle(reader, writer)
        writer.transport.abort()

    async def _handle(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().strip()
        start, *lines = head.split("\r\n")
        method, path, _version = start.split(" ")
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines)
        }
        cookie = headers.get("x-sessioncookie", "")
        status = None
        if not cookie or method not in {"GET", "POST"}:
            status = "400 Bad Request"
        elif method == "POST" and cookie in self._upward:
            await self._feed(reader, self._upward[cookie])
        elif method == "POST" or not self._rtsp.has_unused_link(path, self._transport):
            status = "404 Not Found"
        else:
            writer.write(_ANSWER)
            await self._serve(cookie, reader, writer)
        if status:
            writer.write(f"HTTP/1.0 {status}\r\nConnection: close\r\n\r\n".encode())
            writer.close()
            await writer.wait_closed()

    async def _serve(
        self, cookie: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        upward = self._upward[cookie] = asyncio.StreamReader()

        async def watch() -> None:
            """Report the end of the GET connection."""
            with contextlib.suppress(ConnectionError, ssl.SSLError):
                while await reader.read(_MAX_HEAD):
                    pass
            upward.feed_eof()

        watching = asyncio.get_running_loop().create_task(watch())
        try:
            client = Client(upward, TcpConnection(writer), self._transport)
            await self._rtsp.serve(client)
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
        finally:
            del self._upward[cookie]
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    async def _feed(
        self, reader: asyncio.StreamReader, upward: asyncio.StreamReader
    ) -> None:
        """Pass on the body of a POST; another POST may follow its end."""
        decoder = Base64Stream()
        while data := await reader.read(_MAX_HEAD):
            decoded = decoder.feed(data)
            if upward.at_eof():
                return
            upward.feed_data(decoded)
