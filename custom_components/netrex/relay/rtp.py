"""RTP of one session after another as one stream (RFC 3550), interleaved (RFC 2326)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
import re
import time

_FRAME_HEADER_SIZE = 4
_RTP_HEADER_SIZE = 12
_VERSION = 2
_BYE = 203
_SEQUENCES, _TIMESTAMPS = 1 << 16, 1 << 32
# Seconds from the last picture before an interruption to the first one after it, as
# players count them: the interruption itself is left out, so that they need not catch
# up on a hole.
_STEP = 0.04
# A server may go on in the middle of a group of pictures. What is of no use without its
# key picture is left out, but not for longer than a player waits for data.
_KEY_PATIENCE = 2.5
_RTPMAP = re.compile(rb"^a=rtpmap:(\d+) ([\w.-]+)/(\d+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Format:
    """What an SDP says of a payload type."""

    codec: str
    clock_rate: int


@dataclass(slots=True)
class _Track:
    """One numbering of packets, as the client knows it; times are monotonic seconds."""

    ssrc: bytes
    sequence: int
    timestamp: int
    arrived_at: float
    # From the present session's numbers to the client's; None before its first packet.
    shifts: tuple[int, int] | None = (0, 0)


class RtpSplicer:
    """Makes the packets of several sessions the packets of one.

    Whole frames alone get through, so that a session may end anywhere. From the second
    session on packets are numbered on, and no reports are passed: they tell the times
    of another session.

    Args:
        description: The SDP of the stream.
        clock: Monotonic time in seconds.
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
        # Since when a key picture is awaited, and how many seconds are left out.
        self._key_awaited_at: float | None = None
        self._left_out = 0.0
        self._last_at = clock()
        # Whether the server has said that the stream is over.
        self.is_over = False

    def next_session(self) -> None:
        """Expect the packets of another session."""
        self._rest = b""
        self._first_session = False
        self.is_over = False
        self._key_awaited_at = self._clock()
        for track in self._tracks.values():
            track.shifts = None

    def feed(self, data: bytes) -> bytes:
        """Return the frames that `data` completes, for the client."""
        data = self._rest + data
        now = self._clock()
        passed: list[bytes] = []
        end = 0
        for start, end in _frames(data):
            frame = data[start:end]
            if frame[1] % 2:
                self.is_over |= _says_bye(frame)
                if self._first_session and not self.is_over:
                    passed.append(frame)
            elif (packet := self._number(frame, now)) is not None:
                passed.append(packet)
        self._rest = data[end:]
        return b"".join(passed)

    def _number(self, frame: bytes, now: float) -> bytes | None:
        """Return a packet's frame with the client's numbers; None leaves it out."""
        packet = memoryview(frame)[_FRAME_HEADER_SIZE:]
        if len(packet) < _RTP_HEADER_SIZE or packet[0] >> 6 != _VERSION:
            return frame
        form = self._formats.get(packet[1] & 0x7F, _Format("", 90_000))
        if self._key_awaited_at is not None:
            if not self._may_go_on(form, packet, now):
                return None
            self._key_awaited_at = None
            self._left_out = now - self._last_at - _STEP
        self._last_at = now
        sequence = int.from_bytes(packet[2:4])
        timestamp = int.from_bytes(packet[4:8])
        track = self._tracks.get(frame[1])
        if track is None:
            ssrc = bytes(packet[8:12])
            self._tracks[frame[1]] = _Track(ssrc, sequence, timestamp, now)
            return frame
        if track.shifts is None:
            passed = now - track.arrived_at - self._left_out
            wanted = track.timestamp + round(passed * form.clock_rate)
            track.shifts = (track.sequence + 1 - sequence, wanted - timestamp)
        sequence = (sequence + track.shifts[0]) % _SEQUENCES
        timestamp = (timestamp + track.shifts[1]) % _TIMESTAMPS
        track.sequence = sequence
        # Pictures may be sent in another order than they are shown.
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

    def _may_go_on(self, form: _Format, packet: memoryview, now: float) -> bool:
        if self._key_awaited_at is None or now - self._key_awaited_at > _KEY_PATIENCE:
            return True
        known = {form.codec for form in self._formats.values()} & _KEY_PICTURES.keys()
        if not known:
            return True
        begins = _KEY_PICTURES.get(form.codec)
        return begins is not None and begins(_payload(packet))


def _frames(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield where whole interleaved frames (RFC 2326 section 10.12) start and end."""
    start = 0
    while start + _FRAME_HEADER_SIZE <= len(data):
        size = int.from_bytes(data[start + 2 : start + 4])
        end = start + _FRAME_HEADER_SIZE + size
        if end > len(data):
            return
        yield start, end
        start = end


def _says_bye(frame: bytes) -> bool:
    """Tell whether a compound of RTCP packets holds a BYE (RFC 3550 section 6.6)."""
    position = _FRAME_HEADER_SIZE
    while position + 4 <= len(frame):
        if frame[position + 1] == _BYE:
            return True
        position += 4 + 4 * int.from_bytes(frame[position + 2 : position + 4])
    return False


def _payload(packet: memoryview) -> memoryview:
    """Return what follows the header, its sources and its extension (section 5.1)."""
    size = _RTP_HEADER_SIZE + 4 * (packet[0] & 0x0F)
    if packet[0] & 0x10:
        size += 4 + 4 * int.from_bytes(packet[size + 2 : size + 4])
    return packet[size:]


def _h264_key(payload: memoryview) -> bool:
    """Tell whether a key picture or its parameters begin here (RFC 6184)."""
    if len(payload) < 4:  # noqa: PLR2004 - the shortest that says what is in it
        return False
    kind = payload[0] & 0x1F
    if kind == 24:  # noqa: PLR2004 - STAP-A: the first unit behind its size
        kind = payload[3] & 0x1F
    elif kind == 28 and payload[1] & 0x80:  # noqa: PLR2004 - the first of FU-A
        kind = payload[1] & 0x1F
    return kind in {5, 7}


def _h265_key(payload: memoryview) -> bool:
    """Tell whether a key picture or its parameters begin here (RFC 7798)."""
    if len(payload) < 5:  # noqa: PLR2004 - the shortest that says what is in it
        return False
    kind = payload[0] >> 1 & 0x3F
    if kind == 48:  # noqa: PLR2004 - an aggregation: the first unit behind its size
        kind = payload[4] >> 1 & 0x3F
    elif kind == 49 and payload[2] & 0x80:  # noqa: PLR2004 - the first fragment
        kind = payload[2] & 0x3F
    return 16 <= kind <= 21 or 32 <= kind <= 34  # noqa: PLR2004 - table 1


_KEY_PICTURES: dict[str, Callable[[memoryview], bool]] = {
    "H264": _h264_key,
    "H265": _h265_key,
}
