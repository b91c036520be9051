"""The position of each track on the client's timeline, across several sessions."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from .codecs import VIDEO_CODECS, VideoCodec
from .sdp import Format

_SEQUENCES, _TIMESTAMPS = 1 << 16, 1 << 32
# Difference between two frames until it is known.
_DEFAULT_STEP_SECONDS = 0.04
# With B-frames, not every difference in the order of decoding is one step, but one of
# any six is. More would delay the reaction to a lower frame rate.
_STEP_FRAMES = 8
# Limit of what a reordered frame adds to a step.
_MAX_REORDER_SECONDS = 1.0
# Tracks of one session do not differ by more, so a greater difference is an error of
# the server's information.
_MAX_SKEW_SECONDS = 5.0


class Anchor(IntEnum):
    """Ways of relating the timestamps of several tracks, best first for a client."""

    REPORT = 0  # sender reports (RFC 3550 section 6.4.1)
    PLAY = 1  # RTP-Info (RFC 2326 section 12.33)
    ARRIVAL = 2


# What a server states; without it, arrival times have to do.
_STATED = (Anchor.REPORT, Anchor.PLAY)


def signed(difference: int) -> int:
    """Return the difference of two timestamps between -2^31 and 2^31."""
    return (difference + _TIMESTAMPS // 2) % _TIMESTAMPS - _TIMESTAMPS // 2


@dataclass(slots=True)
class Source:
    """A track as the current session sends it.

    Attributes:
        payload_types: From the session's to the client's; the others are equal.
        anchors: Pairs of a timestamp and a time (seconds) that belong together.
        ssrc: Of the last packet; None before the first packet that was passed on.
        timestamp: Of the last packet.
        sequence_shift: From the session's sequence numbers to the client's.
        ntp_shift: From the client's NTP time to the session's (seconds).
        start: Timestamp of the first key frame; None until it is found.
        leading: Timestamp of a key frame that earlier frames may still follow.
    """

    payload_types: Mapping[int, int] = field(default_factory=dict)
    anchors: dict[Anchor, tuple[int, float]] = field(default_factory=dict)
    ssrc: int | None = None
    timestamp: int = 0
    sequence_shift: int = 0
    ntp_shift: float | None = None
    start: int | None = None
    leading: int | None = None

    def is_leading(self, timestamp: int) -> bool:
        """Return whether a frame precedes the key frame that the session started with.

        It refers to frames that the client does not have.
        """
        if self.leading is None:
            return False
        difference = signed(timestamp - self.leading)
        if difference > 0:
            self.leading = None
        return difference < 0


@dataclass(slots=True)
class TrackLine:
    """A track as the client receives it.

    Timestamps are not reduced modulo 2^32 here, so they can be compared.

    Attributes:
        formats: By payload type.
        ssrc: None before the first packet.
        sequence: The last sequence number.
        position: The last timestamp.
        highest: The highest timestamp; frames may be sent in another order.
        arrived_at: When the last packet arrived (monotonic seconds).
        known_sets: Parameter sets that the client may know.
        anchors: As in Source, on the client's timeline.
    """

    formats: Mapping[int, Format]
    source: Source = field(default_factory=Source)
    ssrc: int | None = None
    sequence: int = 0
    position: int = 0
    highest: int = 0
    arrived_at: float = 0.0
    known_sets: set[bytes] = field(default_factory=set)
    anchors: dict[Anchor, tuple[int, float]] = field(default_factory=dict)
    codec: VideoCodec | None = field(init=False)
    clock_rate: int = field(init=False)
    # Between successive frames, in the order of decoding.
    _differences: deque[int] = field(default_factory=lambda: deque(maxlen=_STEP_FRAMES))
    _reorder: int = 0

    def __post_init__(self) -> None:
        """Derive what depends on the formats."""
        first = next(iter(self.formats.values()), Format())
        self.clock_rate = first.clock_rate
        self.codec = VIDEO_CODECS.get(first.codec)
        for known in self.formats.values():
            self.known_sets |= known.parameter_sets

    def begin(self, ssrc: int, sequence: int, timestamp: int, now: float) -> None:
        """Take over the numbers of the first packet that the client receives."""
        self.ssrc = ssrc
        self.sequence = sequence
        self.position = self.highest = timestamp
        source = self.source
        source.sequence_shift = 0
        self.anchors = {
            kind: (timestamp + signed(stamp - timestamp), seconds)
            for kind, (stamp, seconds) in source.anchors.items()
        }
        self.anchors[Anchor.ARRIVAL] = (timestamp, now)

    def join(self, sequence: int, position: int) -> None:
        """Continue at a position with the packet that has this sequence number."""
        self.source.sequence_shift = self.sequence + 1 - sequence
        self.position = self.highest = position

    def follow(self, timestamp: int) -> None:
        """Advance to the timestamp of the next packet of the session."""
        difference = signed(timestamp - self.source.timestamp)
        if not difference:
            return
        self.source.timestamp = timestamp
        self.position += difference
        self._differences.append(abs(difference))
        if self.position > self.highest:
            self.highest = self.position
        else:
            late = min(
                self.highest - self.position,
                round(_MAX_REORDER_SECONDS * self.clock_rate),
            )
            self._reorder = max(self._reorder, late)

    def count(self, sequence: int) -> None:
        """Note the sequence number of a packet of the session."""
        sequence = (sequence + self.source.sequence_shift) % _SEQUENCES
        if (sequence - self.sequence) % _SEQUENCES < _SEQUENCES // 2:
            self.sequence = sequence

    def next_position(self, *, is_key: bool) -> int:
        """Return the timestamp of a frame after all others.

        Frames that follow it, but are shown before it, must come after them as well,
        unless it is a key frame.
        """
        default = round(_DEFAULT_STEP_SECONDS * self.clock_rate)
        step = min(self._differences, default=default)
        return self.highest + step + (0 if is_key else self._reorder)

    def seconds(self, kind: Anchor, position: int) -> float:
        """Return the time of a timestamp on the client's timeline."""
        at, seconds = self.anchors[kind]
        return seconds + (position - at) / self.clock_rate

    def position_at(self, kind: Anchor, seconds: float) -> int:
        """Return the timestamp of a time on the client's timeline."""
        at, since = self.anchors[kind]
        return at + round((seconds - since) * self.clock_rate)

    def source_seconds(self, kind: Anchor, timestamp: int, now: float) -> float:
        """Return the time of a timestamp of the session."""
        if kind is Anchor.ARRIVAL:
            return now
        stamp, seconds = self.source.anchors[kind]
        return seconds + signed(timestamp - stamp) / self.clock_rate


@dataclass(frozen=True, slots=True)
class _Relation:
    """The same instant on the timelines of the client and of a session (seconds)."""

    client_kind: Anchor
    client_seconds: float
    source_kind: Anchor
    source_seconds: float


class Seam:
    """Where the timeline of a session continues the client's.

    Args:
        track: The track whose packet is the first to be passed on.
        active: The tracks that the client has received so far.
        timestamp: The timestamp of that packet.
        now: When it arrived (monotonic seconds).
        is_key: Whether the packet starts a key frame.
    """

    def __init__(
        self,
        track: TrackLine,
        active: Sequence[TrackLine],
        timestamp: int,
        now: float,
        *,
        is_key: bool,
    ) -> None:
        position = track.next_position(is_key=is_key)

        def relation(client_kind: Anchor, source_kind: Anchor) -> _Relation:
            return _Relation(
                client_kind,
                track.seconds(client_kind, position),
                source_kind,
                track.source_seconds(source_kind, timestamp, now),
            )

        client = next((kind for kind in _STATED if _relates(kind, track, active)), None)
        source = next(
            (
                kind
                for kind in reversed(_STATED)
                if all(kind in other.source.anchors for other in active)
            ),
            None,
        )
        self._stated = (
            None if client is None or source is None else relation(client, source)
        )
        self._arrival = relation(Anchor.ARRIVAL, Anchor.ARRIVAL)

    def position(self, track: TrackLine, timestamp: int, now: float) -> int | None:
        """Return where a track continues with a packet.

        None if the client already has that part of the track.
        """
        relation = self._arrival
        elapsed = now - relation.source_seconds
        stated = self._stated
        if stated is not None and stated.source_kind in track.source.anchors:
            seconds = track.source_seconds(stated.source_kind, timestamp, now)
            if abs(seconds - stated.source_seconds - elapsed) < _MAX_SKEW_SECONDS:
                relation = stated
                elapsed = seconds - stated.source_seconds
        position = track.position_at(
            relation.client_kind, relation.client_seconds + elapsed
        )
        behind = track.highest - position
        if behind < 0:
            return position
        if behind < _MAX_SKEW_SECONDS * track.clock_rate:
            return None
        return track.next_position(is_key=True)


def _relates(kind: Anchor, track: TrackLine, active: Iterable[TrackLine]) -> bool:
    """Return whether the client's tracks can be related in this way."""
    for other in active:
        if kind not in other.anchors or kind not in track.anchors:
            return False
        skew = other.seconds(kind, other.highest) - track.seconds(kind, track.highest)
        if abs(skew - (other.arrived_at - track.arrived_at)) > _MAX_SKEW_SECONDS:
            return False
    return True
