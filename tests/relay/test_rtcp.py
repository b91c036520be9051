"""Reports of the server in successive sessions."""

import pytest

from custom_components.netrex.relay.rtp import RtpSplicer

from .splicing import (
    AUDIO,
    SENDER_REPORT,
    VIDEO,
    Time,
    frame,
    next_session,
    numbers,
    report,
    rtp,
)

BYE = SENDER_REPORT + b"\x81\xcb\x00\x01\x00\x00\x00\x01"


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


def test_a_bye_ends_the_stream_and_is_dropped(splicer: RtpSplicer) -> None:
    assert splicer.feed(frame(1, BYE)) == b""
    assert splicer.is_over
    next_session(splicer)
    assert not splicer.is_over
