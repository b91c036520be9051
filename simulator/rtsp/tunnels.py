"""The further transports of live view, next to plain RTSP.

The documentation names them: over HTTP, HTTPS, WebSocket and WebSocket Secure.
"""

import asyncio

from ..certificate import server_context
from ..switches import Switches
from .http_tunnel import HttpTunnelServer
from .server import RtspServer
from .websocket_tunnel import WebSocketServer

_CARRIERS = {
    "rtsph": "http",
    "rtsphs": "https",
    "rtspws": "ws",
    "rtspwss": "wss",
}
_ENCRYPTED = {"rtsphs", "rtspwss"}


class Tunnels:
    """Listens for each of the transports on a port of its own."""

    def __init__(self, rtsp: RtspServer, switches: Switches) -> None:
        """Lead all transports to `rtsp`."""
        self._rtsp = rtsp
        self._servers: dict[str, HttpTunnelServer | WebSocketServer] = {
            "rtsph": HttpTunnelServer(rtsp, "rtsph"),
            "rtsphs": HttpTunnelServer(rtsp, "rtsphs"),
            "rtspws": WebSocketServer(rtsp, switches, "rtspws"),
            "rtspwss": WebSocketServer(rtsp, switches, "rtspwss"),
        }
        # PEM of the authority that clients of the encrypted transports must trust.
        self.authority = ""

    async def start(self, host: str = "127.0.0.1") -> None:
        """Listen on free ports of `host` and let links lead there."""
        context, self.authority = await asyncio.to_thread(server_context, host)
        for transport, server in self._servers.items():
            encrypted = transport in _ENCRYPTED
            port = await server.start(host, context if encrypted else None)
            base = f"{_CARRIERS[transport]}://{host}:{port}"
            self._rtsp.announce(transport, base)

    async def stop(self) -> None:
        """Cut all sessions and stop listening."""
        self._rtsp.drop()
        for server in self._servers.values():
            await server.stop()
