"""Replaces a session with the portal's server, unnoticed by the client."""

import asyncio
from dataclasses import replace
from http import HTTPStatus
import re

from .rtp import RtpSplicer
from .rtsp import Message, Request, Response
from .upstream import Upstream, UpstreamError

ANSWER_TIMEOUT_SECONDS = 3.0

_CHANNELS = re.compile(r"interleaved=(\d+(?:-\d+)?)", re.IGNORECASE)


class Resumption:
    """Records a client's requests to repeat them in a new session.

    The client keeps its first session id. Ids in messages are translated in transit, as
    are URLs.

    Args:
        described: The response to DESCRIBE as sent to the client.
    """

    def __init__(self, described: Response) -> None:
        self.rtp = RtpSplicer(described.body)
        self._media = _media(described)
        # SETUPs and the last PLAY, with the client's URLs.
        self._requests: list[Request] = []
        self._channels: list[str] = []
        self._is_paused = False
        self._client_session_id: str | None = None
        # None during the first session, whose id the client uses.
        self._session_id: str | None = None

    @property
    def is_possible(self) -> bool:
        """Whether the client expects media."""
        return (
            bool(self._requests)
            and self._requests[-1].method == "PLAY"
            and not self._is_paused
        )

    def outgoing(self, request: Request) -> None:
        """Record a client's request before its URL is translated."""
        if request.method == "PLAY":
            self._requests = [r for r in self._requests if r.method != "PLAY"]
        if request.method in {"SETUP", "PLAY"}:
            self._requests.append(replace(request, headers=list(request.headers)))
        self._is_paused = request.method == "PAUSE" or (
            self._is_paused and request.method != "PLAY"
        )
        if self._session_id is not None and request.header("Session") is not None:
            request.set_header("Session", self._session_id)

    def incoming(self, message: Request | Response) -> None:
        """Translate a message for the client."""
        if (session_id := _session_id(message)) is not None:
            self._client_session_id = self._client_session_id or session_id
            if session_id == self._session_id:
                value = message.header("Session") or ""
                value = value.replace(session_id, self._client_session_id)
                message.set_header("Session", value)
        if self._session_id is not None:
            # Its sequence numbers and timestamps are those of the new session.
            message.set_header("RTP-Info", None)
        elif (channels := _channels(message)) is not None:
            self._channels.append(channels)

    async def resume(self, upstream: Upstream) -> bytes:
        """Set up and start a new session like the first one.

        Returns the data received between the responses. Raises UpstreamError if the
        client would notice, and OSError or RtspError if the connection breaks.
        """
        upstream.urls.localize(upstream.answer)
        if upstream.answer.status != HTTPStatus.OK or (
            _media(upstream.answer) != self._media
        ):
            raise UpstreamError("the description differs")
        session_id: str | None = None
        channels: list[str] = []
        data = b""
        for recorded in self._requests:
            if (uri := upstream.urls.to_upstream(recorded.uri)) is None:
                raise UpstreamError("the addresses differ")
            request = replace(recorded, uri=uri, headers=list(recorded.headers))
            request.set_header("Session", session_id)
            answer, received = await _send(upstream, request)
            data += received
            session_id = session_id or _session_id(answer)
            if (interleaved := _channels(answer)) is not None:
                channels.append(interleaved)
        if channels != self._channels:
            raise UpstreamError("the channels differ")
        self._session_id = session_id
        self.rtp.next_session()
        return data


async def _send(upstream: Upstream, request: Request) -> tuple[Response, bytes]:
    """Return the response to a request and the data received before it."""
    data = b""
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_SECONDS):
            await upstream.connection.send(request)
            while True:
                event = await upstream.connection.receive()
                if isinstance(event, Response):
                    break
                if event is None:
                    raise UpstreamError("disconnected without an answer")
                if isinstance(event, bytes):
                    data += event
    except TimeoutError:
        raise UpstreamError("no answer") from None
    if event.status != HTTPStatus.OK:
        raise UpstreamError(f"status {event.status}")
    return event, data


def _media(described: Response) -> bytes:
    """Return the media sections of an SDP, without the session-level section."""
    return described.body.partition(b"\nm=")[2]


def _session_id(message: Message) -> str | None:
    value = message.header("Session")
    return None if value is None else value.partition(";")[0].strip()


def _channels(message: Message) -> str | None:
    match = _CHANNELS.search(message.header("Transport") or "")
    return None if match is None else match[1]
