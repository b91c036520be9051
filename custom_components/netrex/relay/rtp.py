"""Joins the RTP packets (RFC 3550) of successive RTSP sessions into one stream."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
import re
import time

_FRAME_HEADER_SIZE = 4
_RTP_HEADER_SIZE = 12
_VERSION = 2
_BYE = 203
_SEQUENCES, _TIMESTAMPS = 1 << 16, 1 << 32
# Timestamp difference across an interruption (seconds). The interruption itself is
# omitted, so that players do not have to catch up.
_FRAME_STEP_SECONDS = 0.04
# A server may resume in the middle of a group of pictures. Packets before the next key
# frame are dropped for at most this long, so that players do not time out.
_KEY_FRAME_TIMEOUT_SECONDS = 2.5
_RTPMAP = re.compile(rb"^a=rtpmap:(\d+) ([\w.-]+)/(\d+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Format:
    """A payload type of an SDP."""

    codec: str
    clock_rate: int


@dataclass(slots=True)
class _Track:
    """The packet numbering of a channel as sent to the client."""

    ssrc: bytes
    sequence: int
    timestamp: int
    arrived_at: float  # monotonic seconds
    # Offsets from the current session's sequence numbers and timestamps to the
    # client's; None before the first packet of the session.
    offsets: tuple[int, int] | None = (0, 0)


class RtpSplicer:
    """Joins the interleaved packets (RFC 2326 section 10.12) of successive sessions.

    Only complete frames are passed on, because a session may end anywhere. From the
    second session on, packets are renumbered and RTCP is dropped, because sender
    reports refer to the original timestamps.

    Args:
        description: The SDP of the stream.
        clock: Returns monotonic time (seconds).
    """

    def __init__(
        self, description: bytes, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._formats = {
            int(kind): _Format(codec.decode().upper(), int(rate))
            for kind, codec, rate in _RTPMAP.findall(description)
        }
        self._clock = clock
        self._rest = b""
        self._tracks: dict[int, _Track] = {}
        self._first_session = True
        # When the wait for a key frame started; None if there is no wait.
        self._key_awaited_at: float | None = None
        self._omitted_seconds = 0.0
        self._last_at = clock()
        # Whether the server has sent a BYE.
        self.is_over = False

    def next_session(self) -> None:
        """Prepare for the packets of a new session."""
        self._rest = b""
        self._first_session = False
        self.is_over = False
        self._key_awaited_at = self._clock()
        for track in self._tracks.values():
            track.offsets = None

    def feed(self, data: bytes) -> bytes:
        """Return the frames that `data` completes, ready to be sent to the client."""
        data = self._rest + data
        now = self._clock()
        output: list[bytes] = []
        end = 0
        for start, end in _frames(data):
            frame = data[start:end]
            if frame[1] % 2:
                self.is_over |= _has_bye(frame)
                if self._first_session and not self.is_over:
                    output.append(frame)
            elif (packet := self._renumber(frame, now)) is not None:
                output.append(packet)
        self._rest = data[end:]
        return b"".join(output)

    def _renumber(self, frame: bytes, now: float) -> bytes | None:
        """Return a packet's frame with the client's numbering; None if dropped."""
        packet = memoryview(frame)[_FRAME_HEADER_SIZE:]
        if len(packet) < _RTP_HEADER_SIZE or packet[0] >> 6 != _VERSION:
            return frame
        form = self._formats.get(packet[1] & 0x7F, _Format("", 90_000))
        if self._key_awaited_at is not None:
            if not self._may_resume(form, packet, now):
                return None
            self._key_awaited_at = None
            self._omitted_seconds = now - self._last_at - _FRAME_STEP_SECONDS
        self._last_at = now
        sequence = int.from_bytes(packet[2:4])
        timestamp = int.from_bytes(packet[4:8])
        track = self._tracks.get(frame[1])
        if track is None:
            ssrc = bytes(packet[8:12])
            self._tracks[frame[1]] = _Track(ssrc, sequence, timestamp, now)
            return frame
        if track.offsets is None:
            elapsed = now - track.arrived_at - self._omitted_seconds
            next_timestamp = track.timestamp + round(elapsed * form.clock_rate)
            track.offsets = (track.sequence + 1 - sequence, next_timestamp - timestamp)
        sequence = (sequence + track.offsets[0]) % _SEQUENCES
        timestamp = (timestamp + track.offsets[1]) % _TIMESTAMPS
        track.sequence = sequence
        # The transmission order of frames may differ from the presentation order.
        if (timestamp - track.timestamp) % _TIMESTAMPS < _TIMESTAMPS // 2:
            track.timestamp = timestamp
        track.arrived_at = now
        if self._first_session:
            return frame
        return b"".join(
            (
                frame[:6],
                sequence.to_bytes(2),
                timestamp.to_bytes(4),
                track.ssrc,
                frame[16:],
            )
        )

    def _may_resume(self, form: _Format, packet: memoryview, now: float) -> bool:
        """Return whether media may continue with this packet."""
        since = self._key_awaited_at
        if since is None or now - since > _KEY_FRAME_TIMEOUT_SECONDS:
            return True
        if _KEY_FRAMES.keys().isdisjoint(form.codec for form in self._formats.values()):
            return True
        is_key_frame = _KEY_FRAMES.get(form.codec)
        return is_key_frame is not None and is_key_frame(_payload(packet))


def _frames(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each complete interleaved frame."""
    start = 0
    while start + _FRAME_HEADER_SIZE <= len(data):
        size = int.from_bytes(data[start + 2 : start + 4])
        end = start + _FRAME_HEADER_SIZE + size
        if end > len(data):
            return
        yield start, end
        start = end


def _has_bye(frame: bytes) -> bool:
    """Return whether a compound RTCP packet contains a BYE (RFC 3550 section 6.6)."""
    position = _FRAME_HEADER_SIZE
    while position + 4 <= len(frame):
        if frame[position + 1] == _BYE:
            return True
        position += 4 + 4 * int.from_bytes(frame[position + 2 : position + 4])
    return False


def _payload(packet: memoryview) -> memoryview:
    """Return what follows the header, CSRCs, and extension (RFC 3550 section 5.1)."""
    size = _RTP_HEADER_SIZE + 4 * (packet[0] & 0x0F)
    if packet[0] & 0x10:
        size += 4 + 4 * int.from_bytes(packet[size + 2 : size + 4])
    return packet[size:]


def _h264_key(payload: memoryview) -> bool:
    """Return whether a key frame or its parameter sets start here (RFC 6184)."""
    if len(payload) < 4:  # noqa: PLR2004 - too short for the types below
        return False
    kind = payload[0] & 0x1F
    if kind == 24:  # noqa: PLR2004 - STAP-A: the first unit follows its size
        kind = payload[3] & 0x1F
    elif kind == 28 and payload[1] & 0x80:  # noqa: PLR2004 - the first fragment of an FU-A
        kind = payload[1] & 0x1F
    return kind in {5, 7}


def _h265_key(payload: memoryview) -> bool:
    """Return whether a key frame or its parameter sets start here (RFC 7798)."""
    if len(payload) < 5:  # noqa: PLR2004 - too short for the types below
        return False
    kind = payload[0] >> 1 & 0x3F
    if kind == 48:  # noqa: PLR2004 - an aggregation packet: the first unit follows its size
        kind = payload[4] >> 1 & 0x3F
    elif kind == 49 and payload[2] & 0x80:  # noqa: PLR2004 - the first fragment
        kind = payload[2] & 0x3F
    return 16 <= kind <= 21 or 32 <= kind <= 34  # noqa: PLR2004 - table 1


_KEY_FRAMES: dict[str, Callable[[memoryview], bool]] = {
    "H264": _h264_key,
    "H265": _h265_key,
}
