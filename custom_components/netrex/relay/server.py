"""A stable RTSP address for streams whose links expire after 30 seconds.

Links are requested only when a client connects. Each viewer gets its own link. When the
portal ends a session, the viewer is disconnected so that its reconnect gets a new link
(decision 0001).
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
import time

from ..client import LiveTransport
from .connection import CLIENT_CHUNK_SIZE, Connection
from .endpoint import Endpoint, bind
from .session import Session
from .terms import EndReason, LinkRefusal, SessionEnd, Viewer
from .transports import Dial, Link, dial_tcp
from .udp import UdpClients

WATCH_INTERVAL_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of a relay.

    Attributes:
        viewers: Concurrent viewers per endpoint. Only Home Assistant uses the loopback
            endpoint, so other machines cannot exhaust its limit.
        address_viewers: Concurrent viewers per client address and endpoint; not on
            loopback. Must allow a recorder with all cameras of a shop.
        stream_viewers: Concurrent viewers per stream and endpoint; not on loopback.
        strangers: Concurrent connections per endpoint that have not presented the
            secret. Above the limit, the oldest is closed, so that strangers cannot lock
            out viewers. Must allow a video wall whose players all connect at once.
        request_timeout: Time from connecting to DESCRIBE (seconds).
        idle_timeout: Time after which a session is closed if neither side sends
            anything (seconds). Players keep their sessions alive (RFC 2326 section
            12.37 defaults to 60 s); a client that stops reading also stalls the server.
    """

    viewers: int = 100
    address_viewers: int = 64
    stream_viewers: int = 20
    strangers: int = 200
    request_timeout: float = 10.0
    idle_timeout: float = 65.0


@dataclass(frozen=True, slots=True)
class RelayStats:
    """Current viewers, and links used and failures since the start."""

    live_sessions: int
    endpoints: int
    links_used: int
    failures: Mapping[LinkRefusal | EndReason, int]
    last_error: LinkRefusal | EndReason | None


@dataclass(frozen=True, slots=True)
class _Listener:
    """The server of an endpoint and its sessions, oldest first."""

    server: asyncio.Server
    sessions: dict[Session, asyncio.Task[None]] = field(default_factory=dict)


class Relay:
    """Listens on loopback and on further endpoints; connects to the portal on demand.

    Implements SessionHost, which describes the arguments not listed here.

    Args:
        limits: The limits.
        on_ended: Called once per link that was used, successfully or not.
    """

    def __init__(
        self,
        get_link: Callable[[str], Awaitable[Link]],
        *,
        dial: Dial = dial_tcp,
        transport: Callable[[str], LiveTransport] = lambda _: LiveTransport.RTSP,
        limits: Limits = Limits(),
        on_started: Callable[[str, LiveTransport], None] = lambda *_: None,
        on_ended: Callable[[SessionEnd], None] = lambda _: None,
        on_closing: Callable[[str, EndReason], None] = lambda *_: None,
        resumes: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self.get_link = get_link
        self.dial = dial
        self.udp_clients = UdpClients()
        self.transport = transport
        self.request_timeout = limits.request_timeout
        self.on_started = on_started
        self.on_closing = on_closing
        self.resumes = resumes
        self._limits = limits
        self._on_ended = on_ended
        self._links_used = 0
        self._failures: Counter[LinkRefusal | EndReason] = Counter()
        self._last_error: LinkRefusal | EndReason | None = None
        self._listeners: dict[Endpoint, _Listener] = {}
        self._loopback: Endpoint | None = None
        self._watcher: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen on a free loopback port with a new secret. Raises OSError."""
        self._loopback = await self.listen(Endpoint())
        self._watcher = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """Close all sessions and ports."""
        if self._watcher is not None:
            self._watcher.cancel()
            await asyncio.wait([self._watcher])
        for endpoint in tuple(self._listeners):
            await self.close(endpoint)
        self._loopback = self._watcher = None

    async def listen(self, endpoint: Endpoint) -> Endpoint:
        """Listen on a further endpoint; return it with the actual port.

        Raises OSError with the cause in `errno`.
        """
        socket = bind(endpoint.host, endpoint.port)
        endpoint = replace(endpoint, port=socket.getsockname()[1])
        server = await asyncio.start_server(
            partial(self._accept, endpoint),
            sock=socket,
            limit=CLIENT_CHUNK_SIZE,
            start_serving=False,
        )
        self._listeners[endpoint] = _Listener(server)
        await server.start_serving()
        return endpoint

    async def close(self, endpoint: Endpoint) -> None:
        """Stop listening on an endpoint and disconnect its clients."""
        listener = self._listeners.pop(endpoint)
        listener.server.close()
        tasks = tuple(listener.sessions.values())
        for session in tuple(listener.sessions):
            session.abort(EndReason.STOPPED)
        await asyncio.gather(*tasks, return_exceptions=True)
        await listener.server.wait_closed()

    @property
    def stats(self) -> RelayStats:
        """The current counts."""
        return RelayStats(
            live_sessions=sum(session.is_live for session in self._sessions),
            endpoints=len(self._listeners),
            links_used=self._links_used,
            failures=dict(self._failures),
            last_error=self._last_error,
        )

    def url(self, stream_key: str) -> str:
        """Return a stream's loopback address, which is stable until the relay stops.

        Raises RuntimeError if the relay is not running.
        """
        if self._loopback is None:
            raise RuntimeError("The relay is not running")
        return self._loopback.url(stream_key)

    def admits_viewer(self, viewer: Viewer) -> bool:
        """Return whether the limits allow one more viewer."""
        limits = self._limits
        others = [
            other
            for session in self._sessions
            if session.is_viewer
            and (other := session.viewer).endpoint == viewer.endpoint
        ]
        if len(others) >= limits.viewers:
            return False
        return viewer.endpoint == self._loopback or (
            sum(other.address == viewer.address for other in others)
            < limits.address_viewers
            and sum(other.stream_key == viewer.stream_key for other in others)
            < limits.stream_viewers
        )

    def on_ended(self, end: SessionEnd) -> None:
        """Count a used link and report it."""
        self._links_used += 1
        if end.reason in (EndReason.REFUSED, EndReason.UNREACHABLE):
            self.on_failed(end.reason)
        self._on_ended(end)

    def on_failed(self, kind: LinkRefusal | EndReason) -> None:
        """Count a failure."""
        self._failures[kind] += 1
        self._last_error = kind

    @property
    def _sessions(self) -> list[Session]:
        listeners = self._listeners.values()
        return [session for listener in listeners for session in listener.sessions]

    def _accept(
        self,
        endpoint: Endpoint,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        if (listener := self._listeners.get(endpoint)) is None:
            # The connection was accepted just before the endpoint was closed.
            writer.transport.abort()
            return
        session = Session(self, endpoint, Connection(reader, writer, stranger=True))
        sessions = listener.sessions
        strangers = [known for known in sessions if not known.stream_key]
        # Possibly several: aborted sessions take a few iterations of the event loop to
        # end, and a single iteration may accept a hundred connections.
        for oldest in strangers[: max(0, len(strangers) + 1 - self._limits.strangers)]:
            oldest.abort(EndReason.STOPPED)
        task = asyncio.create_task(session.run())
        sessions[session] = task
        task.add_done_callback(lambda _: sessions.pop(session))

    async def _watch(self) -> None:
        """Close sessions on which neither side has sent anything for a while."""
        while True:
            await asyncio.sleep(WATCH_INTERVAL_SECONDS)
            oldest = time.monotonic() - self._limits.idle_timeout
            for session in self._sessions:
                if session.active_at < oldest:
                    session.abort(EndReason.SILENT)
