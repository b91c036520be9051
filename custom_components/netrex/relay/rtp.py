"""Joins the RTP packets (RFC 3550) of successive RTSP sessions into one stream."""

from collections.abc import Callable, Mapping
import struct
import time

from .codecs import payload_of
from .sdp import Format
from .timeline import Anchor, Seam, Source, TrackLine, signed

_FRAME_HEADER_SIZE = 4
# Version, padding, extension, and CSRC count; marker and payload type; sequence number;
# timestamp; SSRC (section 5.1).
_HEADER = struct.Struct(">BBHII")
# NTP time and RTP timestamp (section 6.4.1).
_REPORT = struct.Struct(">QI")
_REPORT_SIZE = 28
# A receiver report without blocks (section 6.4.2) in a frame: what is between the
# channel and the SSRC.
_EMPTY_REPORT = b"\0\x08\x80\xc9\0\x01"
_VERSION = 2
_SENDER_REPORT, _BYE = 200, 203
_SEQUENCES, _TIMESTAMPS, _NTP_TIMES = 1 << 16, 1 << 32, 1 << 64
_NTP_SECOND = 1 << 32
# A server may resume in the middle of a group of pictures. Packets before the next key
# frame are dropped for at most this long, so that players do not time out.
_KEY_FRAME_TIMEOUT_SECONDS = 2.5
# Real streams have three or four.
_MAX_PARAMETER_SETS = 64


type _Header = tuple[int, int, int, int, int]


class StreamChangedError(Exception):
    """The next session has a stream that the client's decoder is not set up for."""


class RtpSplicer:
    """Joins the interleaved packets (RFC 2326 section 10.12) of successive sessions.

    Only complete frames are passed on, because a session may end anywhere. From the
    second session on, packets are renumbered and continue the client's timeline without
    the interruption, so that players do not have to catch up. Several tracks stay
    synchronous.

    Args:
        clock: Returns monotonic time (seconds).
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._rest = self._feedback_rest = b""
        self._tracks: dict[int, TrackLine] = {}
        # By channel of the current session: the track, the client's channel, and
        # whether the channel carries RTCP.
        self._channels: dict[int, tuple[TrackLine, int, bool]] = {}
        self._client_channels: dict[int, tuple[int, int]] = {}
        self._is_resumed = False
        self._seam: Seam | None = None
        # When the wait for a key frame started.
        self._awaited_at = 0.0
        # Whether the server has sent a BYE.
        self.is_over = False

    def add_track(
        self, index: int, formats: Mapping[int, Format], channels: tuple[int, int]
    ) -> None:
        """Add a track that the client has set up, with its channels (RTP, RTCP)."""
        track = self._tracks[index] = TrackLine(formats)
        self._client_channels[index] = channels
        self._map(track, channels, channels)

    def next_session(self) -> None:
        """Prepare for the packets of a new session; its tracks are to be replaced."""
        self._rest = b""
        self._is_resumed = True
        self._seam = None
        self.is_over = False
        self._awaited_at = self._clock()
        self._channels.clear()

    def replace_track(
        self, index: int, payload_types: Mapping[int, int], channels: tuple[int, int]
    ) -> None:
        """Let a track continue with channels and payload types of the new session.

        Args:
            index: The track.
            payload_types: From the session's to the client's.
            channels: The session's channels (RTP, RTCP).
        """
        track = self._tracks[index]
        track.source = Source(payload_types)
        self._map(track, channels, self._client_channels[index])

    def play_from(self, index: int, timestamp: int) -> None:
        """Note the timestamp with which a track starts (RTP-Info)."""
        track = self._tracks[index]
        track.source.anchors[Anchor.PLAY] = (timestamp, 0.0)
        if track.source.ssrc is not None and not self._is_resumed:
            position = track.position + signed(timestamp - track.source.timestamp)
            track.anchors[Anchor.PLAY] = (position, 0.0)

    def feedback(self, data: bytes) -> bytes:
        """Return the frames of the client that `data` completes for the session.

        From the second session on, reports are replaced by empty ones, which still
        keep the session alive: their contents refer to the client's numbering.
        """
        data = self._feedback_rest + data
        frames: list[bytes] = []
        position = 0
        while position + _FRAME_HEADER_SIZE <= len(data):
            end = position + _FRAME_HEADER_SIZE
            end += data[position + 2] << 8 | data[position + 3]
            if end > len(data):
                break
            frames.append(self._feedback_frame(data[position:end]))
            position = end
        self._feedback_rest = data[position:]
        return b"".join(frames)

    def _feedback_frame(self, frame: bytes) -> bytes:
        if not self._is_resumed:
            return frame
        for channel, (_, client_channel, is_report) in self._channels.items():
            if client_channel == frame[1] and is_report and len(frame) >= 12:  # noqa: PLR2004 - header and SSRC
                return empty_report(channel, frame[8:12])
        return b""

    def knows(self, index: int, parameter_sets: frozenset[bytes]) -> bool:
        """Return whether a decoder of a track can use these parameter sets."""
        track = self._tracks[index]
        return not track.known_sets or parameter_sets <= track.known_sets

    def feed(self, data: bytes) -> bytes:
        """Return the frames that `data` completes, ready to be sent to the client.

        Raises StreamChangedError if the client would need to set up its decoder anew.
        """
        if self._rest:
            data = self._rest + data
        now = self._clock()
        view = bytearray(data) if self._is_resumed else data
        kept: list[bytes | bytearray] = []
        kept_from = position = 0
        size = len(data)
        while position + _FRAME_HEADER_SIZE <= size:
            end = position + _FRAME_HEADER_SIZE
            end += data[position + 2] << 8 | data[position + 3]
            if end > size:
                break
            if not self._pass(view, position, end, now):
                kept.append(view[kept_from:position])
                kept_from = end
            position = end
        self._rest = data[position:]
        if not kept:
            return bytes(view[:position])
        kept.append(view[kept_from:position])
        return b"".join(kept)

    def _map(
        self, track: TrackLine, channels: tuple[int, int], client: tuple[int, int]
    ) -> None:
        for number in (1, 0):
            self._channels[channels[number]] = (track, client[number], bool(number))

    def _pass(self, view: bytes | bytearray, start: int, end: int, now: float) -> bool:
        """Renumber a frame in place; return whether the client gets it."""
        if (entry := self._channels.get(view[start + 1])) is None:
            return not self._is_resumed
        track, channel, is_report = entry
        if isinstance(view, bytearray):
            view[start + 1] = channel
        start += _FRAME_HEADER_SIZE
        if is_report:
            return self._pass_report(track, view, start, end)
        if end - start < _HEADER.size or view[start] >> 6 != _VERSION:
            return True
        header = _HEADER.unpack_from(view, start)
        source = track.source
        if source.ssrc != header[4] and not self._start(
            track, header, memoryview(view)[start:end], now
        ):
            return False
        if source.leading is not None and source.is_leading(header[3]):
            source.sequence_shift -= 1
            return False
        track.arrived_at = now
        if source.timestamp != header[3]:
            track.follow(header[3])
        if track.codec is not None:
            self._check_sets(track, header, view, start, end)
        track.count(header[2])
        if isinstance(view, bytearray):
            self._renumber(track, header, view, start)
        return True

    @staticmethod
    def _renumber(
        track: TrackLine, header: _Header, view: bytearray, start: int
    ) -> None:
        flags, kind, sequence, _, _ = header
        kind = kind & 0x80 | track.source.payload_types.get(kind & 0x7F, kind & 0x7F)
        _HEADER.pack_into(
            view,
            start,
            flags,
            kind,
            (sequence + track.source.sequence_shift) % _SEQUENCES,
            track.position % _TIMESTAMPS,
            track.ssrc,
        )

    def _start(
        self, track: TrackLine, header: _Header, packet: memoryview, now: float
    ) -> bool:
        """Start a track with a packet if possible; return whether it was."""
        _, _, sequence, timestamp, ssrc = header
        source = track.source
        if source.ssrc is not None:
            # The server has replaced the source within the session.
            source.anchors.clear()
        if not self._is_resumed:
            track.begin(ssrc, sequence, timestamp, now)
        else:
            is_key = _is_start(track, packet)
            if not is_key and not self._may_start(track, now):
                return False
            if track.ssrc is None:
                track.begin(ssrc, sequence, timestamp, now)
            else:
                if self._seam is None:
                    active = self._active_tracks
                    self._seam = Seam(track, active, timestamp, now, is_key=is_key)
                position = self._seam.position(track, timestamp, now)
                if position is None:
                    return False
                track.join(sequence, position)
            source.leading = timestamp if is_key else None
        source.ssrc, source.timestamp = ssrc, timestamp
        return True

    @property
    def _active_tracks(self) -> list[TrackLine]:
        return [track for track in self._tracks.values() if track.ssrc is not None]

    def _may_start(self, track: TrackLine, now: float) -> bool:
        """Return whether a track may start with another packet than a key frame."""
        if now - self._awaited_at > _KEY_FRAME_TIMEOUT_SECONDS:
            return True
        if track.codec is not None:
            return False
        # The first packet is a key frame if there is video.
        return self._seam is not None or all(
            other.codec is None for other in self._active_tracks
        )

    def _check_sets(
        self,
        track: TrackLine,
        header: _Header,
        view: bytes | bytearray,
        start: int,
        end: int,
    ) -> None:
        """Remember parameter sets; the first ones of a session must be known."""
        source, codec = track.source, track.codec
        at = start + _HEADER.size
        is_first = self._is_resumed and source.start in (None, header[3])
        if codec is None or at == end:
            return
        # A header without CSRCs and extension, as usual, can be judged by one byte.
        if not is_first and header[0] & 0x1F == 0 and not codec.may_have_sets(view[at]):
            return
        payload = payload_of(memoryview(view)[start:end])
        if not payload:
            return
        if source.start is None and codec.is_start(payload):
            source.start = header[3]
        known = track.known_sets
        for unit in codec.parameter_sets(payload):
            if unit in known:
                continue
            kind = codec.set_type(unit)
            if is_first and any(codec.set_type(other) == kind for other in known):
                raise StreamChangedError("the parameter sets differ")
            if len(known) < _MAX_PARAMETER_SETS:
                known.add(unit)

    def _pass_report(
        self, track: TrackLine, view: bytes | bytearray, start: int, end: int
    ) -> bool:
        """Translate RTCP packets in place; return whether the client gets them."""
        is_kept = not self._is_resumed or track.source.ssrc is not None
        while start + 4 <= end:
            kind = view[start + 1]
            size = 4 + 4 * (view[start + 2] << 8 | view[start + 3])
            self.is_over |= kind == _BYE
            if kind == _SENDER_REPORT and min(size, end - start) >= _REPORT_SIZE:
                is_kept &= self._pass_times(track, view, start + 8)
            if isinstance(view, bytearray) and start + 8 <= end:
                view[start + 4 : start + 8] = (track.ssrc or 0).to_bytes(4)
            start += size
        return is_kept and not self.is_over

    def _pass_times(
        self, track: TrackLine, view: bytes | bytearray, start: int
    ) -> bool:
        """Translate the times of a sender report; return whether that is possible."""
        ntp, timestamp = _REPORT.unpack_from(view, start)
        seconds = ntp / _NTP_SECOND
        source = track.source
        if ntp:
            source.anchors[Anchor.REPORT] = (timestamp, seconds)
        if source.ssrc is None or not ntp:
            return not self._is_resumed
        position = track.position + signed(timestamp - source.timestamp)
        if isinstance(view, bytearray):
            if source.ntp_shift is None:
                if Anchor.REPORT in track.anchors:
                    client_seconds = track.seconds(Anchor.REPORT, position)
                    source.ntp_shift = seconds - client_seconds
                elif any(
                    Anchor.REPORT in other.anchors for other in self._active_tracks
                ):
                    # Would relate this track to the others incorrectly.
                    return False
                else:
                    source.ntp_shift = 0.0
            seconds -= source.ntp_shift
            ntp = round(seconds * _NTP_SECOND) % _NTP_TIMES
            _REPORT.pack_into(view, start, ntp, position % _TIMESTAMPS)
        track.anchors[Anchor.REPORT] = (position, seconds)
        return True


def empty_report(channel: int, ssrc: bytes) -> bytes:
    """Return a frame with a receiver report about no source."""
    return b"$" + bytes([channel]) + _EMPTY_REPORT + ssrc


def _is_start(track: TrackLine, packet: memoryview) -> bool:
    """Return whether a key frame or its parameter sets start in a packet."""
    payload = payload_of(packet)
    return track.codec is not None and bool(payload) and track.codec.is_start(payload)
