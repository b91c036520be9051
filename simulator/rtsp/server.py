"""The live view server: RTSP over TCP, opened by short-lived links."""

import asyncio
from collections.abc import Coroutine
import contextlib
from typing import override

from ..media.studio import Studio
from ..state import State
from ..world.model import StreamProfile
from .links import LinkBook
from .session import Client, Connection, RtspSession

_CHECK_INTERVAL_SECONDS = 0.5
# A connection that opens no session is closed after this time.
_SILENCE_SECONDS = 60.0


class TcpConnection(Connection):
    """A plain TCP connection."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._transport = writer.transport

    @override
    def write(self, data: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(data)

    @override
    def backlog(self) -> int:
        return self._transport.get_write_buffer_size()

    @override
    def close(self) -> None:
        self._transport.close()

    @override
    def abort(self) -> None:
        self._transport.abort()


class RtspServer:
    """Creates links and serves the clients that use them."""

    def __init__(self, state: State, studio: Studio) -> None:
        """Serve the cameras of `state` with the pictures of `studio`."""
        self._state = state
        self._studio = studio
        self.links = LinkBook(state.clock, state.switches)
        self._sessions: set[RtspSession] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._addresses: dict[str, str] = {}
        self._played = 0

    @property
    def sessions(self) -> int:
        """The number of clients that are playing."""
        return sum(session.playing for session in self._sessions)

    @property
    def sessions_total(self) -> int:
        """The number of sessions that have played so far."""
        return self._played + sum(session.played for session in self._sessions)

    @property
    def port(self) -> int:
        """The TCP port of the plain server, 0 when it is not running."""
        if self._server is None:
            return 0
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen on `host` and `port` (0: any free port)."""
        self._server = await asyncio.start_server(self._accept, host, port)
        self.announce("rtsp", f"rtsp://{host}:{self.port}")
        self._spawn(self._close_dead_sessions())

    async def stop(self) -> None:
        """Close all sessions and stop listening."""
        self.drop()
        if self._server:
            self._server.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._server:
            await self._server.wait_closed()
            self._server = None

    def announce(self, transport: str, base: str) -> None:
        """Set the base of a transport's links, for example ws://host:port."""
        self._addresses[transport] = base

    def _address(self, transport: str) -> str:
        """Return the base of a link, with the scheme that the switch selects."""
        base = self._addresses[transport]
        scheme, _, rest = base.partition("://")
        switch = self._state.switches.tunnel_scheme
        if scheme == "rtsp" or switch == "carrier":
            return base
        return f"{transport if switch == 'name' else 'rtsp'}://{rest}"

    def has_unused_link(self, path: str, transport: str) -> bool:
        """Return whether the path is that of an unused link of a transport."""
        return self.links.unused(path.strip("/").partition("/")[0], transport)

    def mint(
        self,
        node_id: int,
        profile: StreamProfile,
        channel_node_id: int | None = None,
        transport: str = "rtsp",
    ) -> str:
        """Return a new link to a camera, or to one of its video channels.

        Raises KeyError for a transport that is not served.
        """
        view_node_id = node_id if channel_node_id is None else channel_node_id
        name, link = self.links.mint(
            node_id, view_node_id, profile, self._address(transport), transport
        )
        self._state.secrets.add(name.rpartition("~")[2])
        if link.password:
            self._state.secrets.add(link.password)
        self._state.links.append(link.record)
        return link.record.url

    def drop(self, node_id: int | None = None) -> int:
        """Close the sessions of one camera, or all; return how many were playing."""
        cut = 0
        for session in tuple(self._sessions):
            if node_id is None or session.camera_id == node_id:
                cut += session.playing
                session.cut()
        return cut

    async def serve(self, client: Client) -> None:
        """Serve one client, over any transport, until the connection ends."""
        session = RtspSession(client, self._state, self._studio, self.links)
        self._sessions.add(session)
        try:
            await session.run()
        finally:
            self._sessions.discard(session)
            self._played += session.played

    async def _accept(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        if task:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        with contextlib.suppress(asyncio.CancelledError):
            await self.serve(Client(reader, TcpConnection(writer)))

    def _spawn(self, job: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(job)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _close_dead_sessions(self) -> None:
        """Close the sessions of silent clients and of missing or offline cameras."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_CHECK_INTERVAL_SECONDS)
            for session in tuple(self._sessions):
                patience = (
                    self._state.switches.session_timeout
                    if session.link
                    else _SILENCE_SECONDS
                )
                if loop.time() - session.last_heard > patience:
                    session.cut()
                elif session.camera_id is not None:
                    camera = self._state.world.cameras.get(session.camera_id)
                    if camera is None or not camera.is_connected:
                        session.cut()
