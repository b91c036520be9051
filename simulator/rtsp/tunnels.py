"""The tunneled transports of live view, besides plain RTSP.

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
    """Listens for each transport on a port of its own."""

    def __init__(self, rtsp: RtspServer, switches: Switches) -> None:
        """Let `rtsp` serve the clients of all transports."""
        self._rtsp = rtsp
        self._servers: dict[str, HttpTunnelServer | WebSocketServer] = {
            "rtsph": HttpTunnelServer(rtsp, "rtsph"),
            "rtsphs": HttpTunnelServer(rtsp, "rtsphs"),
            "rtspws": WebSocketServer(rtsp, switches, "rtspws"),
            "rtspwss": WebSocketServer(rtsp, switches, "rtspwss"),
        }
        # Certificate (PEM) of the authority of the encrypted transports.
        self.authority = ""

    async def start(self, host: str = "127.0.0.1") -> None:
        """Listen on free ports of `host`, and use them in new links."""
        context, self.authority = await asyncio.to_thread(server_context, host)
        for transport, server in self._servers.items():
            encrypted = transport in _ENCRYPTED
            port = await server.start(host, context if encrypted else None)
            base = f"{_CARRIERS[transport]}://{host}:{port}"
            self._rtsp.announce(transport, base)

    async def stop(self) -> None:
        """Close all sessions and stop listening."""
        self._rtsp.drop()
        for server in self._servers.values():
            await server.stop()
