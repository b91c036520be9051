"""RTP for H.264, H.265, and sound: packets and sender reports (RFC 3550)."""

from collections.abc import Iterable, Sequence
import secrets
import struct

from ..media.encoder import CLOCK_RATE

PAYLOAD_TYPE = 96
# As network cameras on Ethernet: 1500 bytes minus the headers, with some reserve.
_MAX_PAYLOAD = 1400
_MARKER = 0x80
_VERSION = 0x80
_FU_A, _FU = 28, 49
_START, _END = 0x80, 0x40
_NRI, _TYPE = 0x60, 0x1F
_SENDER_REPORT, _SOURCE_DESCRIPTION = 200, 202
_CNAME = 1
# Seconds between the epochs of NTP (1900) and of Unix (1970).
_NTP_OFFSET = 2_208_988_800
_WRAP_32, _WRAP_16 = 0xFFFFFFFF, 0xFFFF


class RtpStream:
    """One RTP stream: its sequence numbers, and the counters of its reports."""

    def __init__(
        self,
        cname: str,
        *,
        payload_type: int = PAYLOAD_TYPE,
        clock_rate: int = CLOCK_RATE,
        is_h265: bool = False,
    ) -> None:
        self._payload_type = payload_type
        self._clock_rate = clock_rate
        self._fragments = _h265_fragments if is_h265 else _fragments
        self.ssrc = secrets.randbits(32)
        self.sequence = secrets.randbits(16)
        self._offset = secrets.randbits(32)
        self._cname = cname.encode()
        self._packets = 0
        self._octets = 0

    def timestamp(self, timestamp: int) -> int:
        """Return the RTP timestamp of a media time (1/90000 s)."""
        return (timestamp * self._clock_rate // CLOCK_RATE + self._offset) & _WRAP_32

    def payload(self, data: bytes, ticks: int) -> bytes:
        """Return the packet of a payload at a media time in the clock's units."""
        return self._packets_at((data,), (ticks + self._offset) & _WRAP_32)[0]

    def packets(self, nal_units: Iterable[bytes], timestamp: int) -> list[bytes]:
        """Return the packets of one access unit.

        A small NAL unit gets a packet of its own (RFC 6184 section 5.6), a larger one
        is fragmented (FU-A, section 5.8). H.265 is packed alike (RFC 7798). The last
        packet carries the marker.
        """
        payloads: list[bytes] = []
        for unit in nal_units:
            if len(unit) <= _MAX_PAYLOAD:
                payloads.append(unit)
            else:
                payloads.extend(self._fragments(unit))
        return self._packets_at(payloads, self.timestamp(timestamp))

    def _packets_at(self, payloads: Sequence[bytes], stamp: int) -> list[bytes]:
        last = len(payloads) - 1
        result: list[bytes] = []
        for number, payload in enumerate(payloads):
            marker = _MARKER if number == last else 0
            result.append(
                struct.pack(
                    ">BBHII",
                    _VERSION,
                    marker | self._payload_type,
                    self.sequence,
                    stamp,
                    self.ssrc,
                )
                + payload
            )
            self.sequence = (self.sequence + 1) & _WRAP_16
        self._packets += len(payloads)
        self._octets += sum(map(len, payloads))
        return result

    def sender_report(self, timestamp: int, now: float) -> bytes:
        """Return a sender report with the CNAME (RFC 3550 sections 6.4.1, 6.5).

        It maps the media time `timestamp` (1/90000 s) to `now` (unix seconds).
        """
        seconds = int(now)
        report = struct.pack(
            ">BBHIIIIII",
            _VERSION,
            _SENDER_REPORT,
            6,
            self.ssrc,
            (seconds + _NTP_OFFSET) & _WRAP_32,
            int((now - seconds) * (_WRAP_32 + 1)),
            self.timestamp(timestamp),
            self._packets & _WRAP_32,
            self._octets & _WRAP_32,
        )
        item = bytes((_CNAME, len(self._cname))) + self._cname
        chunk = struct.pack(">I", self.ssrc) + item
        chunk += bytes(4 - len(chunk) % 4)
        header = struct.pack(">BBH", _VERSION | 1, _SOURCE_DESCRIPTION, len(chunk) // 4)
        return report + header + chunk


def media_time(seconds: float) -> int:
    """Return seconds in units of the 90 kHz clock."""
    return round(seconds * CLOCK_RATE)


def interleave(packets: Iterable[bytes], channel: int) -> bytes:
    """Frame packets for the RTSP connection (RFC 2326 section 10.12)."""
    return b"".join(
        part
        for packet in packets
        for part in (struct.pack(">cBH", b"$", channel, len(packet)), packet)
    )


def _fragments(unit: bytes) -> Iterable[bytes]:
    header = bytes(((unit[0] & _NRI) | _FU_A,))
    return _split(unit[1:], header, unit[0] & _TYPE)


def _h265_fragments(unit: bytes) -> Iterable[bytes]:
    header = bytes((unit[0] & 0x81 | _FU << 1, unit[1]))
    return _split(unit[2:], header, unit[0] >> 1 & 0x3F)


def _split(data: bytes, header: bytes, kind: int) -> Iterable[bytes]:
    """Yield fragments: each with the header, and its place in a unit of this kind."""
    size = _MAX_PAYLOAD - len(header) - 1
    for start in range(0, len(data), size):
        place = kind
        if start == 0:
            place |= _START
        if start + size >= len(data):
            place |= _END
        yield header + bytes((place,)) + data[start : start + size]
