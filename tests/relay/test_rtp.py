"""Joining the packets of successive sessions."""

from collections.abc import Iterable
import contextlib
from itertools import pairwise
import random

from hypothesis import given, strategies as st
import pytest

from custom_components.netrex.relay.rtp import RtpSplicer, StreamChangedError

from .splicing import (
    AUDIO,
    DELTA,
    SDP,
    SENDER_REPORT,
    VIDEO,
    Time,
    frame,
    next_session,
    numbers,
    report,
    rtp,
    spliced,
)


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
