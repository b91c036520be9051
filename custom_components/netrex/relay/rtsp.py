"""RTSP/1.0 messages and interleaved data on one TCP connection (RFC 2326).

The parser accepts bytes in chunks of any size and buffers at most one unfinished
message of bounded size. Interleaved frames (section 10.12) are not assembled: a run of
frames is returned as received, because a relay only needs to know where the run ends
and a message starts.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
import re

# Real messages are far smaller: an SDP with two tracks takes about 1 KiB.
MAX_HEADER_SIZE = 16 * 1024
MAX_BODY_SIZE = 64 * 1024
MAX_HEADERS = 100
# How much a client may send before it has presented the secret (bytes, messages).
# Players send one or two requests of less than 1 KiB.
STRANGER_SIZE = 16 * 1024
STRANGER_MESSAGES = 10

_FRAME_SIGN = 0x24  # "$"
_FRAME_HEADER_SIZE = 4
# Empty lines between messages. A pattern, so that a flood of them does not run Python
# code for each byte. The range also ignores vertical tabs and form feeds, but it is up
# to three times as fast as a set of the two line endings.
_EMPTY_LINES = re.compile(rb"[\n-\r]+")
_BLANKS = " \t"
# Section 4.2: CRLF, but receivers also accept a bare LF.
_HEADER_END = re.compile(rb"\r?\n\r?\n")
_REQUEST_LINE = re.compile(r"([A-Z_]{1,32}) +(\S+) +RTSP/\d\.\d")
_STATUS_LINE = re.compile(r"RTSP/\d\.\d +(\d{3})(?: +(.*))?")
_FORBIDDEN = re.compile(r"[\x00\r]")
_CHANNELS = re.compile(r"interleaved=(\d{1,3})(?:-(\d{1,3}))?", re.IGNORECASE)
_MAX_CHANNEL = 255

# Reason phrases that RFC 2326 (section 7.1.1) adds to HTTP's.
_REASONS = {
    455: "Method Not Valid in This State",
    461: "Unsupported Transport",
}


class RtspError(Exception):
    """The data is not valid RTSP, or exceeds a limit."""


@dataclass(slots=True, kw_only=True)
class Message:
    """Headers and body of a message. Non-UTF-8 bytes are kept as surrogates."""

    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """Return the first value of a header; names are case-insensitive."""
        return next(
            (value for key, value in self.headers if key.lower() == name.lower()), None
        )

    def set_header(self, name: str, value: str | None) -> None:
        """Replace a header in place, or add it; None removes it."""
        new = [] if value is None else [(name, value)]
        headers: list[tuple[str, str]] = []
        for key, old in self.headers:
            if key.lower() != name.lower():
                headers.append((key, old))
            else:
                headers += new
                new = []
        self.headers = headers + new

    def _encode(self, first_line: str) -> bytes:
        if self.body or self.header("Content-Length") is not None:
            self.set_header("Content-Length", str(len(self.body)))
        lines = [first_line, *(f"{name}: {value}" for name, value in self.headers)]
        head = "\r\n".join([*lines, "", ""])
        return head.encode(errors="surrogateescape") + self.body


@dataclass(slots=True)
class Request(Message):
    """A request from either side."""

    method: str
    uri: str

    def encode(self) -> bytes:
        """Return the bytes to send, with a Content-Length that fits."""
        return self._encode(f"{self.method} {self.uri} RTSP/1.0")


@dataclass(slots=True)
class Response(Message):
    """A response from either side."""

    status: int
    reason: str = ""

    def encode(self) -> bytes:
        """Return the bytes to send, with a Content-Length that fits."""
        return self._encode(f"RTSP/1.0 {self.status} {self.reason}")

    @classmethod
    def to(
        cls, request: Request, status: int, headers: Iterable[tuple[str, str]] = ()
    ) -> Response:
        """Return a response to `request` with its sequence number (section 12.17)."""
        reason = _REASONS.get(status) or HTTPStatus(status).phrase
        sequence = request.header("CSeq")
        own = [] if sequence is None else [("CSeq", sequence)]
        return cls(status, reason, headers=[*own, *headers])


type Event = Request | Response | bytes


def session_id(message: Message) -> str | None:
    """Return the id in the Session header, without the timeout (section 12.37)."""
    value = message.header("Session")
    return None if value is None else value.partition(";")[0].strip()


def interleaved_channels(message: Message) -> tuple[int, int] | None:
    """Return the channels in the Transport header (RTP, RTCP; section 12.39)."""
    match = _CHANNELS.search(message.header("Transport") or "")
    if match is None:
        return None
    channels = int(match[1]), int(match[2] or int(match[1]) + 1)
    return None if max(channels) > _MAX_CHANNEL else channels


class Parser:
    """Splits the data of one direction into messages and runs of interleaved data.

    Args:
        stranger: Whether the peer has yet to present the secret. Until `trust` is
            called, it may send only a little data and no interleaved data.
    """

    def __init__(self, *, stranger: bool = False) -> None:
        self.failure: RtspError | None = None
        self._is_stranger = stranger
        # How much a stranger has sent (bytes, messages).
        self._stranger_size = 0
        self._stranger_messages = 0
        # Missing bytes of the current interleaved frame.
        self._frame_rest = 0
        # An incomplete frame header of up to three bytes.
        self._frame_head = b""
        self._head = bytearray()
        self._message: Request | Response | None = None
        self._body = bytearray()
        self._body_size = 0

    def trust(self) -> None:
        """Lift the limits for strangers."""
        self._is_stranger = False

    def feed(self, data: bytes) -> list[Event]:
        """Return the messages and data that `data` completes, in order.

        Invalid or oversized data stops the parser permanently and sets `failure`;
        anything before it is still returned.
        """
        events: list[Event] = []
        if self._is_stranger:
            self._stranger_size += len(data)
            if self._stranger_size > STRANGER_SIZE:
                self.failure = RtspError("too much data before the secret")
                return events
        if self._frame_head:
            data = self._frame_head + data
            self._frame_head = b""
        position = 0
        try:
            while position < len(data) and self.failure is None:
                if self._message is not None:
                    position = self._take_body(self._message, data, position, events)
                elif self._head:
                    position = self._take_head(data, position, events)
                else:
                    position = self._take_frames(data, position, events)
        except RtspError as err:
            self.failure = err
        return events

    def _take_frames(self, data: bytes, start: int, events: list[Event]) -> int:
        """Skip frames by their headers, without copying."""
        if self._is_stranger and data[start] == _FRAME_SIGN:
            raise RtspError("interleaved data before the secret")
        size = len(data)
        position = start + self._frame_rest
        while position + _FRAME_HEADER_SIZE <= size and data[position] == _FRAME_SIGN:
            position += _FRAME_HEADER_SIZE + (
                data[position + 2] << 8 | data[position + 3]
            )
        end = min(position, size)
        self._frame_rest = position - end
        if end > start:
            events.append(data if end - start == size else data[start:end])
        if end == size:
            return size
        if data[end] == _FRAME_SIGN:
            self._frame_head = data[end:]
            return size
        if (empty := _EMPTY_LINES.match(data, end)) is not None:
            return empty.end()
        return self._take_head(data, end, events)

    def _take_head(self, data: bytes, start: int, events: list[Event]) -> int:
        if self._is_stranger and self._stranger_messages == STRANGER_MESSAGES:
            raise RtspError("too many requests before the secret")
        before = len(self._head)
        self._head += data[start : start + MAX_HEADER_SIZE - before]
        # The blank line may have started in the previous chunk.
        end = _HEADER_END.search(self._head, max(0, before - 3))
        if end is None:
            if len(self._head) >= MAX_HEADER_SIZE:
                raise RtspError("header too large")
            if not self._head[:1].isupper():
                raise RtspError("not a message")
            return len(data)
        message = _parse_head(self._head[: end.start()])
        self._head.clear()
        self._stranger_messages += self._is_stranger
        self._body_size = _content_length(message)
        if self._body_size:
            self._message = message
        else:
            events.append(message)
        return start + end.end() - before

    def _take_body(
        self,
        message: Request | Response,
        data: bytes,
        start: int,
        events: list[Event],
    ) -> int:
        missing = self._body_size - len(self._body)
        self._body += data[start : start + missing]
        if len(self._body) == self._body_size:
            message.body = bytes(self._body)
            events.append(message)
            self._message = None
            self._body.clear()
        return min(start + missing, len(data))


def _parse_head(head: bytearray) -> Request | Response:
    text = head.decode(errors="surrogateescape").replace("\r\n", "\n")
    if _FORBIDDEN.search(text):
        raise RtspError("control character in a header")
    first, *lines = text.split("\n", MAX_HEADERS + 1)
    if len(lines) > MAX_HEADERS:
        raise RtspError("too many headers")
    headers: list[tuple[str, str]] = []
    for line in lines:
        if line[:1] and line[0] in _BLANKS and headers:  # folded, section 4.2
            name, value = headers[-1]
            headers[-1] = (name, f"{value} {line.strip(_BLANKS)}")
        elif ":" in line:
            name, _, value = line.partition(":")
            headers.append((name.strip(_BLANKS), value.strip(_BLANKS)))
    if match := _REQUEST_LINE.fullmatch(first):
        return Request(match[1], match[2], headers=headers)
    if match := _STATUS_LINE.fullmatch(first):
        return Response(int(match[1]), match[2] or "", headers=headers)
    raise RtspError("neither a request line nor a status line")


def _content_length(message: Message) -> int:
    lengths = {
        value for name, value in message.headers if name.lower() == "content-length"
    }
    if not lengths:
        return 0
    value = lengths.pop()
    if lengths or not (value.isascii() and value.isdecimal()):
        raise RtspError("invalid Content-Length")
    if len(value) > len(str(MAX_BODY_SIZE)) or int(value) > MAX_BODY_SIZE:
        raise RtspError("body too large")
    return int(value)
