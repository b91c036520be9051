"""Replaces a session with the portal's server, unnoticed by the client."""

import asyncio
from collections import deque
from dataclasses import dataclass, replace
from http import HTTPStatus
import re

from .rtp import RtpSplicer, StreamChangedError
from .rtsp import Request, Response, interleaved_channels, session_id
from .sdp import Description, Track
from .upstream import Upstream, UpstreamError

ANSWER_TIMEOUT_SECONDS = 3.0

# A server that does not answer must not fill the memory.
_MAX_PENDING = 64
# RTP-Info (RFC 2326 section 12.33); a URL may contain the separators.
_PLAY_INFO = re.compile(r"url=(.*?)(?=,\s*url=|$)", re.IGNORECASE)
_PLAY_TIME = re.compile(r";\s*rtptime=(\d{1,10})(?:;|$)", re.IGNORECASE)
_PARAMETER = re.compile(r";\s*(?:seq|rtptime|ssrc)=", re.IGNORECASE)


@dataclass(slots=True)
class _Setup:
    """A track that the client has set up, its request, and its channels."""

    track: int
    request: Request
    channels: tuple[int, int] | None = None


class Resumption:
    """Records a client's requests to repeat them in a new session.

    The client keeps its first session id and its URLs. Both are translated in transit.

    Args:
        described: The response to DESCRIBE as sent to the client.
        url: The stream's URL as the client writes it.
    """

    def __init__(self, described: Response, url: str) -> None:
        self.rtp = RtpSplicer()
        self._client = Description.of(described, url)
        self._setups: list[_Setup] = []
        # Requests that have not been answered, oldest first.
        self._pending: deque[Request] = deque(maxlen=_MAX_PENDING)
        self._play: Request | None = None
        # Whether all SETUPs of the client belong to known tracks.
        self._is_known = True
        self._is_paused = False
        self._client_session_id: str | None = None
        # None during the first session, whose id and URLs the client uses.
        self._session_id: str | None = None
        self._session: Description | None = None
        # By the client's track: the current session's.
        self._session_tracks: dict[int, int] = {}

    @property
    def is_possible(self) -> bool:
        """Whether the client expects media."""
        return (
            self._play is not None
            and self._is_known
            and bool(self._accepted)
            and not self._is_paused
            and not any(request.method == "SETUP" for request in self._pending)
        )

    def outgoing(self, request: Request) -> None:
        """Record a client's request before its URL is translated."""
        recorded = replace(request, headers=list(request.headers))
        self._pending.append(recorded)
        match request.method:
            case "SETUP":
                self._record_setup(recorded)
            case "PLAY":
                self._play = recorded
                self._is_paused = False
            case "PAUSE":
                self._is_paused = True
        if self._session_id is not None and request.header("Session") is not None:
            request.set_header("Session", self._session_id)

    def upstream_url(self, url: str) -> str | None:
        """Return the current session's URL for the client's; None in the first."""
        if self._session is None or url == "*":
            return None
        track = self._client.track_of(url)
        if track not in self._session_tracks:
            return self._session.url
        return self._session.tracks[self._session_tracks[track]].url

    def upstream_media(self, data: bytes) -> bytes:
        """Translate data from the client, such as receiver reports."""
        return self.rtp.feedback(data)

    def incoming(self, message: Request | Response) -> None:
        """Translate a message for the client."""
        if (current := session_id(message)) is not None:
            self._client_session_id = self._client_session_id or current
            if current == self._session_id:
                value = message.header("Session") or ""
                value = value.replace(current, self._client_session_id)
                message.set_header("Session", value)
        if isinstance(message, Response):
            self._record_answer(self._answered(message), message)
        if self._session is not None:
            # Its sequence numbers and timestamps are those of the new session.
            message.set_header("RTP-Info", None)

    def answers(self) -> list[Response]:
        """Return the answers to requests that the last session has not answered."""
        own = self._client_session_id
        headers = [] if own is None else [("Session", own)]
        answers = [
            Response.to(request, HTTPStatus.OK, headers) for request in self._pending
        ]
        self._pending.clear()
        return answers

    def _answered(self, answer: Response) -> Request | None:
        """Return the request of an answer; answers have the order of the requests."""
        if not self._pending:
            return None
        sequence = answer.header("CSeq")
        found = next((r for r in self._pending if r.header("CSeq") == sequence), None)
        if found is None:
            return self._pending.popleft()
        self._pending.remove(found)
        return found

    def _record_setup(self, request: Request) -> None:
        track = self._client.track_of(request.uri)
        if track is None and len(self._client.tracks) == 1:
            # A single track may be set up by the URL of the stream.
            track = 0
        if track is None or self._session is not None:
            self._is_known = False
            return
        self._setups.append(_Setup(track, request))

    def _record_answer(self, request: Request | None, answer: Response) -> None:
        if (
            request is None
            or self._session is not None
            or answer.status != HTTPStatus.OK
        ):
            return
        setup = next((s for s in self._setups if s.request is request), None)
        if setup is None:
            for track, timestamp in _play_times(answer, self._client):
                self._play_from(track, timestamp)
        elif (channels := _channels(answer, setup.request)) is not None:
            for other in self._accepted:
                if other.track == setup.track:
                    other.channels = None
            setup.channels = channels
            formats = self._client.tracks[setup.track].formats
            self.rtp.add_track(setup.track, formats, channels)

    def _play_from(self, track: int, timestamp: int) -> None:
        if any(setup.track == track for setup in self._accepted):
            self.rtp.play_from(track, timestamp)

    @property
    def _accepted(self) -> list[_Setup]:
        return [setup for setup in self._setups if setup.channels is not None]

    async def resume(self, upstream: Upstream) -> bytes:
        """Set up and start a new session like the first one.

        Returns the data received between the responses. Raises StreamChangedError if
        the client would notice, UpstreamError if the server does not cooperate, and
        OSError or RtspError if the connection breaks.
        """
        if upstream.answer.status != HTTPStatus.OK:
            raise UpstreamError(f"status {upstream.answer.status}")
        session = Description.of(upstream.answer, upstream.url)
        tracks = self._find_tracks(session)
        exchange = _Exchange(upstream)
        self.rtp.next_session()
        for setup in self._accepted:
            url = session.tracks[tracks[setup.track]].url
            answer = await exchange.send(setup.request, url)
            if (channels := _channels(answer, setup.request)) is None:
                raise UpstreamError("no channels")
            types = _payload_types(
                self._client.tracks[setup.track], session.tracks[tracks[setup.track]]
            )
            self.rtp.replace_track(setup.track, types, channels)
        if self._play is not None:
            answer = await exchange.send(self._play, session.url)
            clients = {number: track for track, number in tracks.items()}
            for number, timestamp in _play_times(answer, session):
                if number in clients:
                    self._play_from(clients[number], timestamp)
        self._session, self._session_tracks = session, tracks
        self._session_id = exchange.session_id
        return exchange.received

    def _find_tracks(self, session: Description) -> dict[int, int]:
        """Return the tracks of a session by the client's; raise StreamChangedError."""
        found: dict[int, int] = {}
        for setup in self._accepted:
            # Usually, the order is the same.
            order = sorted(
                set(range(len(session.tracks))) - set(found.values()),
                key=lambda number: (number != setup.track, number),
            )
            track = next(
                (n for n in order if self._fits(setup.track, session, n)), None
            )
            if track is None:
                raise StreamChangedError("the description differs")
            found[setup.track] = track
        return found

    def _fits(self, track: int, session: Description, number: int) -> bool:
        client, other = self._client.tracks[track], session.tracks[number]
        types = _payload_types(client, other)
        # The first format is the preferred one.
        return (
            client.media == other.media
            and next(iter(other.formats), None) in {*types, None}
            and bool(other.formats) == bool(client.formats)
            and all(
                self.rtp.knows(track, other.formats[kind].parameter_sets)
                for kind in types
            )
        )


class _Exchange:
    """Requests to a new session.

    Attributes:
        session_id: The id of the session.
        received: The data received between the responses.
    """

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self.session_id: str | None = None
        self.received = b""

    async def send(self, recorded: Request, url: str) -> Response:
        """Repeat a request and return the response. Raises UpstreamError."""
        request = replace(recorded, uri=url, headers=list(recorded.headers))
        request.set_header("Session", self.session_id)
        answer = await self._answer(request)
        if answer.status != HTTPStatus.OK:
            raise UpstreamError(f"status {answer.status}")
        self.session_id = self.session_id or session_id(answer)
        return answer

    async def _answer(self, request: Request) -> Response:
        connection = self._upstream.connection
        keep_alive = self._upstream.keep_alive
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_SECONDS):
                await connection.send(request)
                while True:
                    event = await connection.receive()
                    if isinstance(event, Response) and not keep_alive.observe(event):
                        return event
                    if event is None:
                        raise UpstreamError("disconnected without an answer")
                    if isinstance(event, bytes):
                        self.received += event
        except TimeoutError:
            raise UpstreamError("no answer") from None


def _payload_types(client: Track, session: Track) -> dict[int, int]:
    """Return the client's payload types by the session's, as far as they are alike."""
    types: dict[int, int] = {}
    for number, form in session.formats.items():
        for own, other in client.formats.items():
            if form.is_like(other):
                types[number] = own
                break
    return types


def _play_times(answer: Response, description: Description) -> list[tuple[int, int]]:
    """Return the tracks in RTP-Info and the timestamps with which they start."""
    found = []
    for info in _PLAY_INFO.findall(answer.header("RTP-Info") or ""):
        url = _PARAMETER.split(info, maxsplit=1)[0].strip()
        track = description.track_of(url)
        if track is None and len(description.tracks) == 1:
            track = 0
        if track is not None and (time := _PLAY_TIME.search(info)) is not None:
            found.append((track, int(time[1])))
    return found


def _channels(answer: Response, request: Request) -> tuple[int, int] | None:
    """Return the channels of a track: as answered, or as requested."""
    return interleaved_channels(answer) or interleaved_channels(request)
