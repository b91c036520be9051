"""Joining the packets of successive sessions."""

from collections.abc import Iterable
from itertools import pairwise
import random

from hypothesis import given, strategies as st
import pytest

from custom_components.netrex.relay.rtp import RtpSplicer

SDP = b"""v=0
m=video 0 RTP/AVP 96
a=rtpmap:96 H264/90000
m=audio 0 RTP/AVP 97
a=rtpmap:97 MPEG4-GENERIC/16000
"""
HEVC = SDP.replace(b"H264", b"H265")
VIDEO, AUDIO = 0, 2
KEY, DELTA = b"\x65key picture", b"\x61picture"
SENDER_REPORT = b"\x80\xc8\x00\x06" + bytes(24)
BYE = SENDER_REPORT + b"\x81\xcb\x00\x01\x00\x00\x00\x01"


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


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
def splicer(clock: Time) -> RtpSplicer:
    return RtpSplicer(SDP, clock)


def test_the_first_session_is_passed_on_unchanged(splicer: RtpSplicer) -> None:
    data = (
        rtp(VIDEO, 7, 90, 1)
        + frame(1, SENDER_REPORT)
        + rtp(AUDIO, 9, 5, 2)
        + frame(VIDEO, b"no RTP")
        + frame(4, b"")
    )
    assert splicer.feed(data) == data


@given(st.lists(st.integers(1, 60), max_size=60))
def test_chunk_boundaries_do_not_matter(cuts: list[int]) -> None:
    first = b"".join(rtp(VIDEO, n, n * 3000, 1) for n in range(5))
    second = b"".join(rtp(VIDEO, n, n * 3000, 9) for n in range(70, 75))

    def play(pieces: Iterable[bytes], more: Iterable[bytes]) -> bytes:
        splicer = RtpSplicer(SDP, Time())
        out = [splicer.feed(piece) for piece in pieces]
        splicer.next_session()
        return b"".join(out + [splicer.feed(piece) for piece in more])

    def cut(data: bytes) -> list[bytes]:
        edges = sorted({0, len(data), *(c for c in cuts if c < len(data))})
        return [data[a:b] for a, b in pairwise(edges)]

    assert play(cut(first), cut(second)) == play([first], [second])


def test_the_next_session_continues_the_numbering(
    splicer: RtpSplicer, clock: Time
) -> None:
    splicer.feed(rtp(VIDEO, 65534, 2**32 - 9000, 1) + rtp(AUDIO, 10, 160, 2))
    clock.now += 0.2
    splicer.feed(rtp(VIDEO, 65535, 2**32 - 4500, 1))

    # Two seconds without media, which the client does not notice.
    clock.now += 2
    splicer.next_session()
    first = numbers(
        splicer.feed(rtp(VIDEO, 500, 777_000, 77) + rtp(AUDIO, 3, 99_000, 88))
    )
    second = numbers(splicer.feed(rtp(VIDEO, 501, 780_600, 77, DELTA)))

    # 0.04 s after the last packet of each; the audio's is 0.2 s older.
    assert first == [
        (VIDEO, 0, 3600 - 4500 + 2**32, 1),
        (AUDIO, 11, 160 + round(0.24 * 16_000), 2),
    ]
    assert second == [(VIDEO, 1, 2700, 1)]


def test_reordered_frames_do_not_set_the_timestamp_back(
    splicer: RtpSplicer, clock: Time
) -> None:
    splicer.feed(rtp(VIDEO, 1, 9000, 1) + rtp(VIDEO, 2, 6000, 1, DELTA))
    clock.now += 1
    splicer.next_session()

    ((_, sequence, timestamp, _),) = numbers(splicer.feed(rtp(VIDEO, 1, 1, 1)))

    assert sequence == 3
    assert timestamp == 9000 + 3600


def test_an_incomplete_packet_of_the_old_session_is_dropped(
    splicer: RtpSplicer,
) -> None:
    splicer.feed(rtp(VIDEO, 1, 90, 1) + rtp(VIDEO, 2, 180, 1)[:9])
    splicer.next_session()
    assert [n[1] for n in numbers(splicer.feed(rtp(VIDEO, 8, 0, 5)))] == [2]


def test_reports_of_later_sessions_are_dropped(splicer: RtpSplicer) -> None:
    splicer.feed(rtp(VIDEO, 1, 90, 1))
    splicer.next_session()
    assert splicer.feed(frame(1, SENDER_REPORT)) == b""


def test_a_bye_ends_the_stream_and_is_dropped(splicer: RtpSplicer) -> None:
    assert splicer.feed(frame(1, BYE)) == b""
    assert splicer.is_over
    splicer.next_session()
    assert not splicer.is_over


H264_KEYS = [b"\x65abc", b"\x67abc", b"\x78\x00\x04\x67abc", b"\x7c\x85abc"]
H264_OTHERS = [b"\x61abc", b"\x68abc", b"\x7c\x05abc", b"\x7c\x81abc", b"\x65", b""]
H265_KEYS = [
    b"\x26\x01abc",
    b"\x40\x01abc",
    b"\x60\x01\x00\x04\x40ab",
    b"\x62\x01\x93abc",
]
H265_OTHERS = [b"\x02\x01abc", b"\x62\x01\x13abc", b"\x62\x01\x81abc", b"\x26"]


@pytest.mark.parametrize(
    ("sdp", "payload", "is_start"),
    [
        *((SDP, payload, True) for payload in H264_KEYS),
        *((SDP, payload, False) for payload in H264_OTHERS),
        *((HEVC, payload, True) for payload in H265_KEYS),
        *((HEVC, payload, False) for payload in H265_OTHERS),
        (SDP.replace(b"H264", b"VP8"), b"\x00", True),
    ],
)
def test_the_next_session_starts_with_a_key_frame(
    clock: Time, sdp: bytes, payload: bytes, *, is_start: bool
) -> None:
    splicer = RtpSplicer(sdp, clock)
    splicer.feed(rtp(VIDEO, 1, 90, 1))
    splicer.next_session()

    passed = splicer.feed(rtp(VIDEO, 5, 90, 2, payload))

    assert bool(passed) is is_start


def test_audio_waits_for_the_key_frame(splicer: RtpSplicer, clock: Time) -> None:
    splicer.feed(rtp(VIDEO, 1, 90, 1) + rtp(AUDIO, 1, 16, 2))
    splicer.next_session()
    assert splicer.feed(rtp(AUDIO, 5, 0, 2)) == b""
    clock.now += 1
    passed = numbers(splicer.feed(rtp(VIDEO, 5, 90, 2) + rtp(AUDIO, 6, 0, 2)))
    assert [(n[0], n[1]) for n in passed] == [(VIDEO, 2), (AUDIO, 2)]


def test_the_wait_for_a_key_frame_is_limited(splicer: RtpSplicer, clock: Time) -> None:
    splicer.feed(rtp(VIDEO, 1, 90, 1))
    splicer.next_session()
    assert splicer.feed(rtp(VIDEO, 5, 90, 2, DELTA)) == b""
    clock.now += 3
    assert [n[1] for n in numbers(splicer.feed(rtp(VIDEO, 6, 90, 2, DELTA)))] == [2]


def test_csrcs_and_extension_are_skipped(
    splicer: RtpSplicer,
) -> None:
    splicer.feed(rtp(VIDEO, 1, 90, 1))
    splicer.next_session()
    long = b"\x91\x60\x00\x09" + bytes(8) + bytes(4) + b"\xbe\xde\x00\x01" + bytes(4)
    assert splicer.feed(frame(VIDEO, long + DELTA)) == b""
    assert splicer.feed(frame(VIDEO, long + KEY))


def test_damaged_packets_do_not_raise() -> None:
    rng = random.Random(5)  # noqa: S311 - the same in each run
    splicer = RtpSplicer(SDP, Time())
    for number in range(20_000):
        if number % 1000 == 0:
            splicer.next_session()
        size = rng.randrange(40)
        packet = bytes([rng.choice((0x80, 0x9F, 0x00))]) + rng.randbytes(size)
        splicer.feed(frame(rng.randrange(6), packet))
    assert len(splicer._rest) == 0
