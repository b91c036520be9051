"""A further session with the portal's server behind a client that notices nothing."""

import asyncio
from dataclasses import replace
from http import HTTPStatus
import re

from .rtp import RtpSplicer
from .rtsp import Message, Request, Response
from .upstream import Upstream, UpstreamError

ANSWER_TIMEOUT = 3.0

_CHANNELS = re.compile(r"interleaved=(\d+(?:-\d+)?)", re.IGNORECASE)


class Resumption:
    """What a client has asked for, to ask a further session for the same.

    The client keeps the name of its first session; messages are translated on their
    way, as their addresses are.

    Args:
        described: The answer to the client's DESCRIBE, as the client got it.
    """

    def __init__(self, described: Response) -> None:
        self.rtp = RtpSplicer(described.body)
        self._media = _media(described)
        # SETUPs and the last PLAY, with the client's addresses.
        self._requests: list[Request] = []
        self._channels: list[str] = []
        self._is_paused = False
        self._clients_name: str | None = None
        # None as long as it is the client's.
        self._name: str | None = None

    @property
    def is_possible(self) -> bool:
        """Whether the client waits for pictures."""
        return (
            bool(self._requests)
            and self._requests[-1].method == "PLAY"
            and not self._is_paused
        )

    def outgoing(self, request: Request) -> None:
        """Note a client's request, before its address is translated."""
        if request.method == "PLAY":
            self._requests = [r for r in self._requests if r.method != "PLAY"]
        if request.method in {"SETUP", "PLAY"}:
            self._requests.append(replace(request, headers=list(request.headers)))
        self._is_paused = request.method == "PAUSE" or (
            self._is_paused and request.method != "PLAY"
        )
        if self._name is not None and request.header("Session") is not None:
            request.set_header("Session", self._name)

    def incoming(self, message: Request | Response) -> None:
        """Translate a message for the client."""
        if (name := _session(message)) is not None:
            self._clients_name = self._clients_name or name
            if name == self._name:
                given = message.header("Session") or ""
                message.set_header("Session", given.replace(name, self._clients_name))
        if self._name is not None:
            # It tells the numbers of the present session.
            message.set_header("RTP-Info", None)
        elif (channels := _channels(message)) is not None:
            self._channels.append(channels)

    async def resume(self, upstream: Upstream) -> bytes:
        """Set a further session up as the first one was, and start it.

        Returns the data that came with the answers. Raises UpstreamError if the client
        would notice, OSError or RtspError if the connection breaks.
        """
        upstream.urls.localize(upstream.answer)
        if upstream.answer.status != HTTPStatus.OK or (
            _media(upstream.answer) != self._media
        ):
            raise UpstreamError("described in another way")
        name: str | None = None
        channels: list[str] = []
        data = b""
        for asked in self._requests:
            if (uri := upstream.urls.to_upstream(asked.uri)) is None:
                raise UpstreamError("other addresses")
            request = replace(asked, uri=uri, headers=list(asked.headers))
            request.set_header("Session", name)
            answer, came = await _ask(upstream, request)
            data += came
            name = name or _session(answer)
            if (given := _channels(answer)) is not None:
                channels.append(given)
        if channels != self._channels:
            raise UpstreamError("other channels")
        self._name = name
        self.rtp.next_session()
        return data


async def _ask(upstream: Upstream, request: Request) -> tuple[Response, bytes]:
    """Return the answer to a request, and the data that came before it."""
    data = b""
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT):
            await upstream.connection.send(request)
            while True:
                event = await upstream.connection.receive()
                if isinstance(event, Response):
                    break
                if event is None:
                    raise UpstreamError("closed without an answer")
                if isinstance(event, bytes):
                    data += event
    except TimeoutError:
        raise UpstreamError("no answer") from None
    if event.status != HTTPStatus.OK:
        raise UpstreamError(f"status {event.status}")
    return event, data


def _media(described: Response) -> bytes:
    """Return what an SDP says of its tracks; what is before names the session."""
    return described.body.partition(b"\nm=")[2]


def _session(message: Message) -> str | None:
    given = message.header("Session")
    return None if given is None else given.partition(";")[0].strip()


def _channels(message: Message) -> str | None:
    match = _CHANNELS.search(message.header("Transport") or "")
    return None if match is None else match[1]
