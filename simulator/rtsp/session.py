"""The server's side of an RTSP connection (RFC 2326), on any byte stream.

The session reads from a stream reader and writes to a `Connection`, so it serves
plain TCP and every tunnel.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from ..faults import Endpoint, Fault, FaultKind
from ..media.studio import LiveSource, MediaUnit, Studio, View
from ..state import State
from . import sdp
from .authentication import Authenticator
from .links import Link, LinkBook, LinkRefusedError
from .message import (
    VERSION,
    BadMessageError,
    Request,
    RtspError,
    interleaved_channel,
    read_request,
    response,
)
from .mixture import coding_of, dialect_of
from .rtp import interleave

# Above this many unsent bytes, pictures are dropped for a slow viewer.
_MAX_BACKLOG_BYTES = 2_000_000
_START_TIMEOUT_SECONDS = 10.0
# Follows the name of a link after a redirect.
_MOVED = "moved"
_GARBAGE = b"\x00\xff\x17" * 40


class Connection(Protocol):
    """The sending side of a connection to a client."""

    def write(self, data: bytes) -> None:
        """Send bytes without waiting; do nothing after the end."""

    def backlog(self) -> int:
        """Return the number of unsent bytes."""

    def close(self) -> None:
        """Close after sending the unsent bytes."""

    def abort(self) -> None:
        """Close at once."""


@dataclass(frozen=True, slots=True)
class Client:
    """Both directions of a connection, and the name of its transport."""

    reader: asyncio.StreamReader
    connection: Connection
    transport: str = "rtsp"


type _Answer = tuple[int, dict[str, str], str]


class RtspSession:
    """The server's side of one connection, with at most one session of one link."""

    def __init__(
        self,
        client: Client,
        state: State,
        studio: Studio,
        links: LinkBook,
    ) -> None:
        self._client = client
        self._connection = client.connection
        self._state = state
        self._studio = studio
        self._links = links
        self._methods: dict[str, Callable[[Request, Link], Awaitable[_Answer]]] = {
            "DESCRIBE": self._describe,
            "SETUP": self._setup,
            "PLAY": self._play,
            "PAUSE": self._pause,
            "GET_PARAMETER": self._keep_alive,
            "SET_PARAMETER": self._keep_alive,
            "TEARDOWN": self._teardown,
        }
        self.link: Link | None = None
        self.playing = False
        self.played = False
        self.last_heard = asyncio.get_running_loop().time()
        self._session_id: str | None = None
        self._source: LiveSource | None = None
        self._dialect = dialect_of(state, None)
        self._authenticator: Authenticator | None = None
        # The first channel of each track.
        self._channels: dict[int, int] = {}
        # Pictures from before the response to PLAY, which contains the sequence number
        # of the first; None while pictures are sent at once.
        self._pending: list[MediaUnit] | None = None
        self._has_pending = asyncio.Event()
        self._needs_key = False
        self._ending = False

    @property
    def camera_id(self) -> int | None:
        """The node of the camera that is played, None before SETUP."""
        return self.link.node_id if self.link else None

    async def run(self) -> None:
        """Serve until the client or the server ends the connection."""
        try:
            while not self._ending:
                request = await read_request(self._client.reader)
                if self._keeps_alive(request):
                    self.last_heard = asyncio.get_running_loop().time()
                if request is not None:
                    await self._handle(request)
        except BadMessageError:
            self._connection.write(response(400, None, {}))
        except asyncio.IncompleteReadError, ConnectionError:
            pass
        finally:
            self._stop()
            self._links.release(self)
            self._connection.close()

    def _keeps_alive(self, request: Request | None) -> bool:
        kind = self._state.switches.keep_alive
        if not self.playing or kind == "any":
            return True
        return kind == ("rtcp" if request is None else request.method.lower())

    def cut(self) -> None:
        """Abort the connection."""
        self._stop()
        self._connection.abort()

    def _stop(self) -> None:
        self.playing = False
        if self._source:
            self._source.unsubscribe(self._deliver)

    async def _handle(self, request: Request) -> None:
        fault = self._state.faults.take(
            Endpoint.RTSP, f"{request.method} {request.uri}"
        )
        if fault and await self._apply_fault(fault, request):
            return
        status, headers, body = await self._answer(request)
        cseq = request.headers.get("cseq")
        if self._dialect.server:
            headers = {"Server": self._dialect.server, **headers}
        self._connection.write(response(status, cseq, headers, body))
        if self._pending is not None:
            self._send_pending()

    async def _apply_fault(self, fault: Fault, request: Request) -> bool:
        """Apply a fault; return whether the request is done with that."""
        if fault.kind is FaultKind.DELAY:
            await asyncio.sleep(fault.number)
            return False
        cseq = request.headers.get("cseq")
        match fault.kind:
            case FaultKind.STATUS | FaultKind.REFUSE:
                status = int(fault.number) or 503
                self._connection.write(response(status, cseq, {}))
            case FaultKind.EMPTY:
                self._connection.write(response(200, cseq, {}))
            case FaultKind.CUT_BODY:
                self._connection.write(response(200, cseq, {})[:-12])
                self._ending = True
            case FaultKind.CUT:
                self._ending = True
            case _:
                self._connection.write(_GARBAGE)
                self._ending = True
        return True

    async def _answer(self, request: Request) -> _Answer:
        try:
            self._check(request)
            if request.method == "OPTIONS":
                if self._state.switches.options_uses_link:
                    self._admit(request)
                return 200, {"Public": ", ".join(("OPTIONS", *self._methods))}, ""
            method = self._methods[request.method]
            return await method(request, self._admit(request))
        except RtspError as err:
            return err.status, err.headers, ""

    def _check(self, request: Request) -> None:
        if request.version != VERSION:
            raise RtspError(505)
        if "cseq" not in request.headers:
            raise RtspError(400)
        if request.method != "OPTIONS" and request.method not in self._methods:
            raise RtspError(501)

    def _admit(self, request: Request) -> Link:
        """Return the link of a request; raise RtspError if it may not be used."""
        switches = self._state.switches
        try:
            link = self._links.find(request.path[0] if request.path else "", self)
        except LinkRefusedError as err:
            self._ending = self.link is None
            raise RtspError(switches.link_refused_status) from err
        carrier = "rtsp" if link.transport == "local" else link.transport
        if carrier != self._client.transport or (self.link or link) is not link:
            raise RtspError(switches.link_refused_status)
        required = request.headers.get("require")
        if required and switches.backchannel == "refuse":
            raise RtspError(551, {"Unsupported": required})
        self._authenticate(request, link)
        self._links.touch(link, self)
        self._dialect = dialect_of(self._state, link.node_id)
        # Before SETUP there is no session ID; after it, these methods need none.
        known = request.headers.get("session", "").partition(";")[0].strip()
        optional = request.method in {"OPTIONS", "DESCRIBE", "SETUP"}
        if known != (self._session_id or "") and (known or not optional):
            raise RtspError(454)
        return link

    def _authenticate(self, request: Request, link: Link) -> None:
        scheme = self._state.switches.local_authentication
        if link.transport == "local" and scheme != "none":
            if self._authenticator is None:
                self._authenticator = Authenticator(link.password, scheme)
            self._authenticator.check(request)

    async def _describe(self, request: Request, link: Link) -> _Answer:
        camera = self._state.world.cameras.get(link.node_id)
        node = self._state.world.node(link.view_node_id)
        if camera is None or node is None:
            raise RtspError(404)
        if not camera.is_connected:
            raise RtspError(503)
        switches = self._state.switches
        base = request.uri.rstrip("/") + "/"
        if switches.describe_redirect and request.path[1:] != (_MOVED,):
            raise RtspError(switches.describe_redirect, {"Location": f"{base}{_MOVED}"})
        profile = link.profile
        view = View(
            node.node_id, node.name or str(node.node_id), profile.width, profile.height
        )
        coding = coding_of(self._state, link.node_id)
        self._source = await self._studio.source(view, profile.frame_rate, coding)
        body = sdp.describe(
            base,
            self._source,
            profile.frame_rate,
            self._dialect,
            absolute=switches.sdp_control == "absolute",
        )
        headers = {"Content-Base": base, "Content-Type": sdp.CONTENT_TYPE}
        return 200, headers, body

    async def _setup(self, request: Request, link: Link) -> _Answer:
        if self._source is None or self.playing:
            raise RtspError(455)
        if (track := self._track(request)) is None:
            raise RtspError(404)
        channel = interleaved_channel(request.headers.get("transport", ""))
        if channel is None or not self._state.switches.rtp_over_tcp:
            raise RtspError(461)
        self._links.open_session(link, self)
        self.link = link
        self._channels[track] = channel
        if self._session_id is None:
            self._session_id = self._dialect.new_session_id()
        timeout = int(self._state.switches.session_timeout)
        headers = {
            "Session": f"{self._session_id};timeout={timeout}",
            "Transport": f"RTP/AVP/TCP;unicast;interleaved={channel}-{channel + 1};"
            f'ssrc={self._source.ssrc(track):08X};mode="PLAY"',
        }
        return 200, headers, ""

    def _track(self, request: Request) -> int | None:
        """Return the number of the track in a URL, the first for the stream's URL."""
        names = [self._dialect.track_name(n) for n in range(self._source_tracks)]
        path = tuple(part for part in request.path[1:] if part != _MOVED)
        if not path:
            return 0
        return names.index(path[0]) if path[0] in names and path[1:] == () else None

    @property
    def _source_tracks(self) -> int:
        return self._source.tracks if self._source else 0

    def _session_header(self) -> dict[str, str]:
        return {"Session": self._session_id} if self._session_id else {}

    async def _play(self, request: Request, link: Link) -> _Answer:
        if self._session_id is None or self._source is None:
            raise RtspError(455)
        if self.playing:
            return 200, self._session_header(), ""
        self._pending = []
        self._has_pending.clear()
        self._source.subscribe(self._deliver)
        try:
            await asyncio.wait_for(self._has_pending.wait(), _START_TIMEOUT_SECONDS)
        except TimeoutError as err:
            self._stop()
            raise RtspError(503) from err
        self.playing = self.played = True
        first = self._pending[0]
        link.record.used += 1
        headers = self._session_header() | {"Range": "npt=now-"}
        if self._dialect.has_play_info:
            headers["RTP-Info"] = self._play_info(request, self._source, first)
        return 200, headers, ""

    def _play_info(self, request: Request, source: LiveSource, first: MediaUnit) -> str:
        """Return the numbers of each track at the time of the first picture."""
        base = request.uri.rstrip("/")
        names = [self._dialect.track_name(track) for track in range(source.tracks)]
        for name in names:
            base = base.removesuffix(f"/{name}")
        infos = []
        for track in sorted(self._channels):
            sequence, timestamp = source.start_of(track, first.media_time)
            pending = (
                unit.sequence for unit in self._pending or () if unit.track == track
            )
            sequence = next(pending, sequence)
            infos.append(
                f"url={base}/{names[track]};seq={sequence};rtptime={timestamp}"
            )
        return ",".join(infos)

    def _send_pending(self) -> None:
        """Send a report and the pictures that waited for the response to PLAY."""
        pending, self._pending = self._pending or [], None
        if self.playing and self._source:
            for track, channel in self._channels.items():
                report = self._source.sender_report(track)
                self._connection.write(interleave((report,), channel + 1))
            for unit in pending:
                self._send(unit)

    async def _pause(self, _request: Request, _link: Link) -> _Answer:
        self._stop()
        return 200, self._session_header(), ""

    async def _keep_alive(self, _request: Request, _link: Link) -> _Answer:
        return 200, self._session_header(), ""

    async def _teardown(self, _request: Request, _link: Link) -> _Answer:
        self._stop()
        self._ending = True
        return 200, self._session_header(), ""

    def _deliver(self, unit: MediaUnit) -> None:
        if self._pending is None:
            self._send(unit)
        elif self._pending or unit.key:
            self._pending.append(unit)
            self._has_pending.set()

    def _send(self, unit: MediaUnit) -> None:
        """Send a unit, unless the client is behind or needs a key picture first."""
        if (channel := self._channels.get(unit.track)) is None:
            return
        behind = self._connection.backlog() > _MAX_BACKLOG_BYTES
        self._needs_key = behind or (self._needs_key and not unit.key)
        if self._needs_key:
            return
        self._connection.write(unit.interleaved(channel))
        if unit.report:
            self._connection.write(interleave((unit.report,), channel + 1))
