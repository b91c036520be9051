"""RTP packets and reports, compared with their input."""

import struct

import pytest

from simulator.media.encoder import split_annex_b
from simulator.rtsp.message import interleaved_channel
from simulator.rtsp.rtp import RtpStream, interleave


def unpack(packets: list[bytes]) -> list[bytes]:
    """Return the NAL units that the packets carry (RFC 6184)."""
    units: list[bytes] = []
    for packet in packets:
        payload = packet[12:]
        if payload[0] & 0x1F != 28:
            units.append(payload)
        elif payload[1] & 0x80:
            units.append(bytes(((payload[0] & 0xE0) | (payload[1] & 0x1F),)))
            units[-1] += payload[2:]
        else:
            units[-1] += payload[2:]
    return units


@pytest.mark.parametrize("size", [1, 1400, 1401, 1399, 2797, 2798, 100_000])
def test_units_survive_fragmentation(size: int) -> None:
    unit = b"\x65" + bytes(number % 251 for number in range(size - 1))
    small = b"\x67\x42"
    stream = RtpStream("test")

    packets = stream.packets((small, unit), 9000)

    assert unpack(packets) == [small, unit]
    assert [packet[1] >> 7 for packet in packets] == [0] * (len(packets) - 1) + [1]
    assert all(len(packet) <= 1412 for packet in packets)
    fragments = [packet[13] for packet in packets if packet[12] & 0x1F == 28]
    assert [bool(header & 0x40) for header in fragments] == (
        [False] * (len(fragments) - 1) + [True] * bool(fragments)
    )


def test_sequence_numbers_wrap() -> None:
    stream = RtpStream("test")
    stream.sequence = 0xFFFF

    packets = stream.packets((b"\x41a", b"\x41b"), 0)

    assert [packet[2:4] for packet in packets] == [b"\xff\xff", b"\x00\x00"]
    assert stream.sequence == 1


def test_a_report_has_both_times_and_the_counts() -> None:
    stream = RtpStream("test")
    stream.packets((b"\x41abc",), 0)

    report = stream.sender_report(18_000, 1_700_000_000.5)

    length, ssrc, seconds, fraction, stamp, packets, octets = struct.unpack(
        ">HIIIIII", report[2:28]
    )
    assert (length, ssrc, packets, octets) == (6, stream.ssrc, 1, 4)
    assert (seconds - 2_208_988_800, fraction) == (1_700_000_000, 1 << 31)
    assert stamp == stream.timestamp(18_000)
    assert report[29] == 202
    assert len(report) == 28 + 4 + 4 * struct.unpack(">H", report[30:32])[0]
    assert b"test" in report


def test_a_block_starts_with_channel_and_length() -> None:
    assert interleave((b"ab", b"c"), 3) == b"$\x03\x00\x02ab$\x03\x00\x01c"


def test_start_codes_of_both_lengths_separate_units() -> None:
    stream = b"\0\0\0\1\x67ab\0\0\1\x68c\0\0\0\1\x65d"
    assert split_annex_b(stream) == (b"\x67ab", b"\x68c", b"\x65d")


@pytest.mark.parametrize(
    ("transport", "channel"),
    [
        ("RTP/AVP/TCP;unicast;interleaved=2-3", 2),
        ("RTP/AVP/TCP;unicast", 0),
        ("RTP/AVP;unicast;client_port=1-2", None),
        ("RTP/AVP/UDP;client_port=1-2, RTP/AVP/TCP;interleaved=0-1", 0),
        ("RTP/AVP/TCP;interleaved=300-301", 0),
        ("", None),
    ],
)
def test_the_channel_is_the_first_that_a_client_offers_over_tcp(
    transport: str, channel: int | None
) -> None:
    assert interleaved_channel(transport) == channel
