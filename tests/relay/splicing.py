"""Packets of several sessions, and what joins them."""

from collections.abc import Callable, Mapping, Sequence

from custom_components.netrex.relay.rtp import RtpSplicer
from custom_components.netrex.relay.rtsp import Response
from custom_components.netrex.relay.sdp import Description, Track

SDP = b"""v=0
m=video 0 RTP/AVP 96
a=rtpmap:96 H264/90000
m=audio 0 RTP/AVP 97
a=rtpmap:97 MPEG4-GENERIC/16000
"""
VIDEO, AUDIO = 0, 2
KEY, DELTA = b"\x65key picture", b"\x61picture"
SENDER_REPORT = b"\x80\xc8\x00\x06" + bytes(24)


def frame(channel: int, packet: bytes) -> bytes:
    return b"$" + bytes([channel]) + len(packet).to_bytes(2) + packet


def rtp(
    channel: int, sequence: int, timestamp: int, ssrc: int, payload: bytes = KEY
) -> bytes:
    kind = 96 if channel == VIDEO else 97
    head = bytes([0x80, kind]) + (sequence % 2**16).to_bytes(2)
    head += (timestamp % 2**32).to_bytes(4) + ssrc.to_bytes(4)
    return frame(channel, head + payload)


def numbers(data: bytes) -> list[tuple[int, int, int, int]]:
    """Return channel, sequence number, timestamp and SSRC of each packet."""
    found = []
    while data:
        size = int.from_bytes(data[2:4])
        packet = data[4 : 4 + size]
        found.append(
            (
                data[1],
                int.from_bytes(packet[2:4]),
                int.from_bytes(packet[4:8]),
                int.from_bytes(packet[8:12]),
            )
        )
        data = data[4 + size :]
    return found


class Time:
    """A clock that tests set."""

    now = 1000.0

    def __call__(self) -> float:
        """Return the time (seconds)."""
        return self.now


def tracks_of(sdp: bytes) -> Sequence[Track]:
    return Description.of(Response(200, body=sdp), "rtsp://host/").tracks


def spliced(sdp: bytes, clock: Callable[[], float]) -> RtpSplicer:
    """Return a splicer whose client has set up all tracks of a description."""
    splicer = RtpSplicer(clock)
    for index, track in enumerate(tracks_of(sdp)):
        splicer.add_track(index, track.formats, (2 * index, 2 * index + 1))
    return splicer


def next_session(
    splicer: RtpSplicer,
    *times: int,
    shift: int = 0,
    types: Mapping[int, int] | None = None,
) -> None:
    """Continue with a session; `times` are the timestamps in its RTP-Info."""
    splicer.next_session()
    for index in splicer._tracks:
        channels = (2 * index + shift, 2 * index + 1 + shift)
        splicer.replace_track(index, types or {}, channels)
    for index, timestamp in enumerate(times):
        splicer.play_from(index, timestamp)


def report(channel: int, ssrc: int, seconds: float, timestamp: int) -> bytes:
    """Return a sender report and a source description."""
    head = b"\x80\xc8\0\x06" + ssrc.to_bytes(4) + round(seconds * 2**32).to_bytes(8)
    sender = head + (timestamp % 2**32).to_bytes(4) + bytes(8)
    return frame(channel + 1, sender + b"\x81\xca\0\x01" + ssrc.to_bytes(4))
