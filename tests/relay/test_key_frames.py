"""Where a decoder continues: key frames and parameter sets of the next session."""

import base64

import pytest

from custom_components.netrex.relay.rtp import RtpSplicer, StreamChangedError

from .splicing import (
    AUDIO,
    DELTA,
    KEY,
    SDP,
    VIDEO,
    Time,
    frame,
    next_session,
    numbers,
    rtp,
    spliced,
)

HEVC = SDP.replace(b"H264", b"H265")


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
