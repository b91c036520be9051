"""RTSP over WebSocket: RTSP and its interleaved data in binary messages (RFC 6455)."""

import asyncio
from collections import deque
import ssl
from typing import override

from aiohttp import WSMsgType, hdrs, web

from ..switches import Switches
from .server import RtspServer
from .session import Client, Connection

# Timeout of the closing handshake.
_CLOSE_TIMEOUT_SECONDS = 1.0


class WebSocketConnection(Connection):
    """Sends in the background, because writing must not wait."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        self._socket = socket
        self._transport = request.transport
        self._waiting: deque[bytes] = deque()
        self._bytes = 0
        self._wake = asyncio.Event()
        self._closing = False

    @override
    def write(self, data: bytes) -> None:
        if not self._closing:
            self._waiting.append(data)
            self._bytes += len(data)
            self._wake.set()

    @override
    def backlog(self) -> int:
        return self._bytes

    @override
    def close(self) -> None:
        self._closing = True
        self._wake.set()

    @override
    def abort(self) -> None:
        self.close()
        self._waiting.clear()
        if self._transport:
            self._transport.abort()

    async def run(self) -> None:
        """Send the written bytes until the connection is closed."""
        try:
            while self._waiting or not self._closing:
                if self._waiting:
                    data = self._waiting.popleft()
                    await self._socket.send_bytes(data)
                    self._bytes -= len(data)
                else:
                    self._wake.clear()
                    await self._wake.wait()
        except ConnectionError:
            self._closing = True
        await self._socket.close()


class WebSocketServer:
    """Serves RTSP over WebSocket, for one transport."""

    def __init__(self, rtsp: RtspServer, switches: Switches, transport: str) -> None:
        """Serve the links of `transport` ("rtspws" or "rtspwss")."""
        self._rtsp = rtsp
        self._switches = switches
        self._transport = transport
        self._runner: web.AppRunner | None = None

    async def start(self, host: str, context: ssl.SSLContext | None = None) -> int:
        """Listen on a free port of `host` and return it."""
        app = web.Application()
        app.router.add_get("/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, 0, ssl_context=context).start()
        port: int = self._runner.addresses[0][1]
        return port

    async def stop(self) -> None:
        """Close all connections and stop listening."""
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        if not self._rtsp.has_unused_link(request.path, self._transport):
            raise web.HTTPNotFound
        wanted = self._switches.websocket_protocol
        offered = request.headers.get(hdrs.SEC_WEBSOCKET_PROTOCOL, "")
        protocols = [name.strip() for name in offered.split(",") if name.strip()]
        if wanted and wanted not in protocols:
            raise web.HTTPBadRequest
        socket = web.WebSocketResponse(
            timeout=_CLOSE_TIMEOUT_SECONDS,
            protocols=[wanted] if wanted else protocols,
            compress=False,
        )
        await socket.prepare(request)
        reader = asyncio.StreamReader()
        connection = WebSocketConnection(socket, request)
        loop = asyncio.get_running_loop()
        client = Client(reader, connection, self._transport)
        tasks = (
            loop.create_task(self._rtsp.serve(client)),
            loop.create_task(connection.run()),
        )
        try:
            async for message in socket:
                if message.type is not WSMsgType.BINARY:
                    break
                reader.feed_data(message.data)
        finally:
            reader.feed_eof()
            await asyncio.gather(*tasks)
        return socket
