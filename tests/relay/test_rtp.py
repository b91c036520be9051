"""Joining the packets of successive sessions."""

import base64
from collections.abc import Callable, Iterable, Mapping, Sequence
import contextlib
from itertools import pairwise
import random

from hypothesis import given, strategies as st
import pytest

from custom_components.netrex.relay.rtp import RtpSplicer, StreamChangedError
from custom_components.netrex.relay.rtsp import Response
from custom_components.netrex.relay.sdp import Description, Track

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


@pytest.fixture
def splicer(clock: Time) -> RtpSplicer:
    return spliced(SDP, clock)


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
        splicer = spliced(SDP, Time())
        out = [splicer.feed(piece) for piece in pieces]
        next_session(splicer)
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
    next_session(splicer)
    first = numbers(
        splicer.feed(rtp(VIDEO, 500, 777_000, 77) + rtp(AUDIO, 3, 99_000, 88))
    )
    second = numbers(splicer.feed(rtp(VIDEO, 501, 780_600, 77, DELTA)))

    # One step (4500) after the last picture; the audio 0.1 s after its last packet,
    # as pictures and audio started at the same time.
    assert first == [(VIDEO, 0, 0, 1), (AUDIO, 11, 160 + round(0.1 * 16_000), 2)]
    assert second == [(VIDEO, 1, 3600, 1)]


def test_reordered_frames_do_not_set_the_timestamp_back(
    splicer: RtpSplicer, clock: Time
) -> None:
    splicer.feed(rtp(VIDEO, 1, 9000, 1) + rtp(VIDEO, 2, 6000, 1, DELTA))
    clock.now += 1
    next_session(splicer)

    ((_, sequence, timestamp, _),) = numbers(splicer.feed(rtp(VIDEO, 1, 1, 1)))

    assert sequence == 3
    assert timestamp == 9000 + 3000

    # Without a key frame, frames that are shown earlier may follow.
    next_session(splicer)
    clock.now += 3
    ((_, _, timestamp, _),) = numbers(splicer.feed(rtp(VIDEO, 1, 1, 1, DELTA)))
    assert timestamp == 9000 + 3000 + 3000 + 3000


def test_an_incomplete_packet_of_the_old_session_is_dropped(
    splicer: RtpSplicer,
) -> None:
    splicer.feed(rtp(VIDEO, 1, 90, 1) + rtp(VIDEO, 2, 180, 1)[:9])
    next_session(splicer)
    assert [n[1] for n in numbers(splicer.feed(rtp(VIDEO, 8, 0, 5)))] == [2]


def report(channel: int, ssrc: int, seconds: float, timestamp: int) -> bytes:
    """Return a sender report and a source description."""
    head = b"\x80\xc8\0\x06" + ssrc.to_bytes(4) + round(seconds * 2**32).to_bytes(8)
    sender = head + (timestamp % 2**32).to_bytes(4) + bytes(8)
    return frame(channel + 1, sender + b"\x81\xca\0\x01" + ssrc.to_bytes(4))


def times(data: bytes) -> list[tuple[object, ...]]:
    """Return channel, SSRC, NTP seconds, timestamp, and the SDES' SSRC of reports."""
    found: list[tuple[object, ...]] = []
    while data:
        size = int.from_bytes(data[2:4])
        packet = data[4 : 4 + size]
        if data[1] % 2:
            found.append(
                (
                    data[1],
                    int.from_bytes(packet[4:8]),
                    int.from_bytes(packet[8:16]) / 2**32,
                    int.from_bytes(packet[16:20]),
                    int.from_bytes(packet[32:36]),
                )
            )
        data = data[4 + size :]
    return found


def test_reports_of_later_sessions_continue_the_clients_clock(
    splicer: RtpSplicer, clock: Time
) -> None:
    splicer.feed(rtp(VIDEO, 1, 9000, 1) + rtp(AUDIO, 1, 1600, 2))
    splicer.feed(report(VIDEO, 1, 5000.0, 9000) + report(AUDIO, 2, 5000.5, 1600))
    splicer.feed(rtp(VIDEO, 2, 18_000, 1) + rtp(AUDIO, 2, 3200, 2))

    clock.now += 60
    next_session(splicer)
    # The second server's clock differs, and its audio is 0.5 s late, too.
    sent = rtp(VIDEO, 1, 90_000, 9) + rtp(AUDIO, 1, 32_000, 8)
    sent += report(VIDEO, 9, 7000.0, 90_000) + report(AUDIO, 8, 7000.5, 32_000)
    sent += report(VIDEO, 9, 7005.0, 540_000) + report(AUDIO, 8, 7005.6, 112_000)
    passed = splicer.feed(sent)

    assert numbers(passed)[0][2] == 27_000
    assert numbers(passed)[1][2] == 4800
    # The time of each report fits its timestamp: 5000 s is 9000, 5000.5 s is 1600.
    assert times(passed) == [
        (1, 1, pytest.approx(5000.2), 27_000, 1),
        (3, 2, pytest.approx(5000.7), 4800, 2),
        (1, 1, pytest.approx(5005.2), 477_000, 1),
        # 0.1 s of drift between the second server's clocks.
        (3, 2, pytest.approx(5005.8, abs=1e-3), 84_800, 2),
    ]


def test_a_report_before_the_first_packet_of_a_session_is_dropped(
    splicer: RtpSplicer,
) -> None:
    splicer.feed(rtp(VIDEO, 1, 90, 1))
    next_session(splicer)
    assert splicer.feed(report(VIDEO, 9, 7000, 50)) == b""
    assert splicer.feed(rtp(VIDEO, 1, 90, 9)) != b""


def test_a_report_of_one_track_only_is_not_passed_on(splicer: RtpSplicer) -> None:
    splicer.feed(rtp(VIDEO, 1, 90, 1) + rtp(AUDIO, 1, 16, 2))
    splicer.feed(report(VIDEO, 1, 5000, 90))
    next_session(splicer)
    splicer.feed(rtp(VIDEO, 1, 90, 9) + rtp(AUDIO, 1, 16, 8))

    # With a time of its own, the audio would be shifted.
    assert splicer.feed(report(AUDIO, 8, 7000, 16)) == b""
    assert splicer.feed(report(VIDEO, 9, 7000, 90)) != b""


@pytest.mark.parametrize("relation", ["play", "report"])
def test_tracks_stay_synchronous_whatever_arrives_when(
    clock: Time, relation: str
) -> None:
    """Audio arrives early in the first session, and late in the second."""
    splicer = spliced(SDP, clock)
    if relation == "play":
        splicer.play_from(0, 0)
        splicer.play_from(1, 0)
    for number in range(1, 11):
        clock.now += 0.1
        splicer.feed(rtp(AUDIO, number, (number + 3) * 1600, 2))
        splicer.feed(rtp(VIDEO, number, number * 9000, 1))
    if relation == "report":
        splicer.feed(report(VIDEO, 1, 100, 0) + report(AUDIO, 2, 100, 0))
        next_session(splicer)
        splicer.feed(report(VIDEO, 3, 900, 50) + report(AUDIO, 4, 900, 70))
    else:
        next_session(splicer, 50, 70)
    found = []
    for number in range(1, 11):
        clock.now += 0.1
        found += numbers(splicer.feed(rtp(VIDEO, number, 50 + number * 9000, 3)))
        late = rtp(AUDIO, number, 70 + (number - 2) * 1600, 4)
        found += numbers(splicer.feed(late))

    video = [n for n in found if n[0] == VIDEO]
    audio = [n for n in found if n[0] == AUDIO]
    assert [n[2] for n in video] == [(10 + k) * 9000 for k in range(1, 11)]
    # Audio that the client already has, until 13 * 1600, is dropped.
    assert [n[2] for n in audio] == [k * 1600 for k in range(14, 19)]
    assert [n[1] for n in audio] == list(range(11, 16))


@pytest.mark.parametrize("times", [(50, 2**31), (0, 0)])
def test_wrong_times_of_a_server_are_ignored(
    splicer: RtpSplicer, clock: Time, times: tuple[int, int]
) -> None:
    splicer.feed(rtp(VIDEO, 1, 0, 1) + rtp(AUDIO, 1, 0, 2))
    next_session(splicer, *times)
    splicer.feed(rtp(VIDEO, 1, 10_000_000, 9))
    clock.now += 0.2
    ((_, _, timestamp, _),) = numbers(splicer.feed(rtp(AUDIO, 1, 77, 8)))
    assert timestamp == round((0.04 + 0.2) * 16_000)


def test_leading_frames_of_the_next_session_are_dropped(splicer: RtpSplicer) -> None:
    """They refer to frames before the key frame, which the client does not have."""
    for number, timestamp in enumerate((0, 9000, 3000, 6000), 1):
        splicer.feed(rtp(VIDEO, number, timestamp, 1))
    next_session(splicer)
    found = []
    for number, timestamp in enumerate((9000, 3000, 6000, 18_000, 12_000, 15_000), 1):
        payload = KEY if number == 1 else DELTA
        found += numbers(splicer.feed(rtp(VIDEO, number, timestamp, 7, payload)))

    assert [n[1] for n in found] == [5, 6, 7, 8]
    start = found[0][2]
    assert [n[2] - start for n in found] == [0, 9000, 3000, 6000]
    assert start > 9000


SPS, PPS = b"\x67\x42\x00\x1e\xaa", b"\x68\xce\x3c\x80"
OTHER_SPS = b"\x67\x42\x00\x28\xbb"


def described(*sets: bytes) -> bytes:
    texts = b",".join(base64.b64encode(unit) for unit in sets)
    return SDP.replace(
        b"H264/90000", b"H264/90000\na=fmtp:96 sprop-parameter-sets=" + texts
    )


@pytest.mark.parametrize("is_described", [True, False])
@pytest.mark.parametrize("is_aggregated", [True, False])
def test_other_parameter_sets_end_the_resumption(
    clock: Time, *, is_described: bool, is_aggregated: bool
) -> None:
    splicer = spliced(described(SPS, PPS) if is_described else SDP, clock)

    def sets(sps: bytes) -> list[bytes]:
        if not is_aggregated:
            return [sps, PPS]
        units = (b"\x09\xf0", sps, PPS)
        return [b"\x78" + b"".join(len(u).to_bytes(2) + u for u in units)]

    def play(sps: bytes, ssrc: int) -> bytes:
        units = [*sets(sps), KEY]
        return b"".join(rtp(VIDEO, n, 90, ssrc, unit) for n, unit in enumerate(units))

    splicer.feed(rtp(VIDEO, 1, 90, 1) if is_described else play(SPS, 1))
    next_session(splicer)
    assert splicer.feed(play(SPS, 2))
    next_session(splicer)
    with pytest.raises(StreamChangedError):
        splicer.feed(play(OTHER_SPS, 3))


def test_parameter_sets_may_change_within_a_session(splicer: RtpSplicer) -> None:
    """The client receives them then, as without a relay."""
    splicer.feed(rtp(VIDEO, 1, 90, 1, SPS))
    splicer.feed(rtp(VIDEO, 2, 9090, 1, OTHER_SPS) + rtp(VIDEO, 3, 9090, 1))
    next_session(splicer)
    assert splicer.feed(rtp(VIDEO, 1, 5, 2, OTHER_SPS) + rtp(VIDEO, 2, 5, 2))
    assert splicer.feed(rtp(VIDEO, 3, 9005, 2, b"\x67\x42\x00\x29\xcc"))
    assert splicer.knows(0, frozenset({OTHER_SPS}))
    assert not splicer.knows(0, frozenset({b"\x67other"}))


def test_channels_and_payload_types_are_those_of_the_client(
    splicer: RtpSplicer,
) -> None:
    splicer.feed(rtp(VIDEO, 1, 90, 1) + rtp(AUDIO, 1, 16, 2))
    next_session(splicer, shift=4, types={33: 96})
    packet = bytearray(rtp(4, 1, 90, 9))
    packet[5] = 0x80 | 33
    passed = splicer.feed(bytes(packet) + frame(0, b"\x80" + bytes(20)))
    assert passed[1] == VIDEO
    assert passed[5] == 0x80 | 96
    assert len(numbers(passed)) == 1

    # A report of the client is replaced by an empty one on the session's channel.
    feedback = b"\x81\xc9\0\x07" + b"clnt" + bytes(24)
    sent = frame(1, feedback) + frame(VIDEO, b"audio") + frame(9, feedback)
    cut = [splicer.feedback(sent[:3]), splicer.feedback(sent[3:])]
    assert b"".join(cut) == frame(5, b"\x80\xc9\0\x01clnt")


def test_a_source_that_is_replaced_within_a_session_continues(
    splicer: RtpSplicer, clock: Time
) -> None:
    splicer.feed(rtp(VIDEO, 1, 90, 1))
    next_session(splicer)
    splicer.feed(rtp(VIDEO, 1, 90, 2))
    clock.now += 5
    ((_, sequence, timestamp, ssrc),) = numbers(
        splicer.feed(rtp(VIDEO, 60_000, 2**31, 3))
    )
    assert (sequence, ssrc) == (3, 1)
    assert timestamp == 90 + 3600 + 5 * 90_000


def test_a_track_that_starts_in_a_later_session_is_passed_on(
    splicer: RtpSplicer,
) -> None:
    splicer.feed(rtp(VIDEO, 1, 90, 1))
    next_session(splicer)
    assert numbers(splicer.feed(rtp(AUDIO, 5, 50, 8))) == []
    passed = numbers(splicer.feed(rtp(VIDEO, 1, 90, 9) + rtp(AUDIO, 6, 66, 8)))
    assert passed == [(VIDEO, 2, 3690, 1), (AUDIO, 6, 66, 8)]


def test_a_bye_ends_the_stream_and_is_dropped(splicer: RtpSplicer) -> None:
    assert splicer.feed(frame(1, BYE)) == b""
    assert splicer.is_over
    next_session(splicer)
    assert not splicer.is_over


H264_KEYS = [b"\x65abc", b"\x67abc", b"\x78\x00\x04\x67abc", b"\x7c\x85abc"]
H264_OTHERS = [b"\x61abc", b"\x68abc", b"\x7c\x05abc", b"\x7c\x81abc", b""]
H265_KEYS = [
    b"\x26\x01abc",
    b"\x40\x01abc",
    b"\x60\x01\x00\x04\x40ab",
    b"\x62\x01\x93abc",
]
H265_OTHERS = [b"\x02\x01abc", b"\x62\x01\x13abc", b"\x62\x01\x81abc"]


@pytest.mark.parametrize(
    ("sdp", "payload", "is_start"),
    [
        *((SDP, payload, True) for payload in H264_KEYS),
        *((SDP, payload, False) for payload in H264_OTHERS),
        *((HEVC, payload, True) for payload in H265_KEYS),
        *((HEVC, payload, False) for payload in H265_OTHERS),
        (SDP.replace(b"H264", b"VP8"), b"\x00", True),
        (SDP.replace(b"H264", b"AV1"), b"\x08abc", True),
        (SDP.replace(b"H264", b"AV1"), b"\x10abc", False),
    ],
)
def test_the_next_session_starts_with_a_key_frame(
    clock: Time, sdp: bytes, payload: bytes, *, is_start: bool
) -> None:
    splicer = spliced(sdp, clock)
    splicer.feed(rtp(VIDEO, 1, 90, 1))
    next_session(splicer)

    passed = splicer.feed(rtp(VIDEO, 5, 90, 2, payload))

    assert bool(passed) is is_start


def test_audio_waits_for_the_key_frame(splicer: RtpSplicer, clock: Time) -> None:
    splicer.feed(rtp(VIDEO, 1, 90, 1) + rtp(AUDIO, 1, 16, 2))
    next_session(splicer)
    assert splicer.feed(rtp(AUDIO, 5, 0, 2)) == b""
    clock.now += 1
    passed = numbers(splicer.feed(rtp(VIDEO, 5, 90, 2) + rtp(AUDIO, 6, 0, 2)))
    assert [(n[0], n[1]) for n in passed] == [(VIDEO, 2), (AUDIO, 2)]


def test_the_wait_for_a_key_frame_is_limited(splicer: RtpSplicer, clock: Time) -> None:
    splicer.feed(rtp(VIDEO, 1, 90, 1))
    next_session(splicer)
    assert splicer.feed(rtp(VIDEO, 5, 90, 2, DELTA)) == b""
    clock.now += 3
    assert [n[1] for n in numbers(splicer.feed(rtp(VIDEO, 6, 90, 2, DELTA)))] == [2]


def test_csrcs_and_extension_are_skipped(
    splicer: RtpSplicer,
) -> None:
    splicer.feed(rtp(VIDEO, 1, 90, 1))
    next_session(splicer)
    long = b"\x91\x60\x00\x09" + bytes(8) + bytes(4) + b"\xbe\xde\x00\x01" + bytes(4)
    assert splicer.feed(frame(VIDEO, long + DELTA)) == b""
    assert splicer.feed(frame(VIDEO, long + KEY))


def test_damaged_packets_do_not_raise() -> None:
    rng = random.Random(5)  # noqa: S311 - the same in each run
    splicer = spliced(SDP, Time())
    for number in range(20_000):
        if number % 1000 == 0:
            next_session(splicer)
        size = rng.randrange(40)
        packet = bytes([rng.choice((0x80, 0x9F, 0x00))]) + rng.randbytes(size)
        with contextlib.suppress(StreamChangedError):
            splicer.feed(frame(rng.randrange(6), packet))
    assert len(splicer._rest) == 0
