"""Where a decoder can start in the packets of a video codec, and with which sets."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

_STAP_A, _FU_A = 24, 28
_AP, _FU = 48, 49
_FRAGMENT_START = 0x80
# Bit N of the aggregation header: the first packet of a coded video sequence.
_AV1_NEW_SEQUENCE = 0x08
# Real ones have less than 200 bytes.
_MAX_SET_SIZE = 4096


class VideoCodec(Protocol):
    """What differs between the packets of video codecs. Payloads are not empty."""

    def is_start(self, payload: memoryview, /) -> bool:
        """Return whether a decoder can start with this packet."""

    def parameter_sets(self, payload: memoryview, /) -> list[bytes]:
        """Return the whole parameter sets in this packet."""

    def set_type(self, parameter_set: bytes, /) -> int:
        """Return the type of a parameter set."""

    def may_have_sets(self, first_byte: int, /) -> bool:
        """Return whether a packet whose payload starts so may have parameter sets."""


def _h264_units(payload: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Yield the types of the NAL units that start here, and the units (RFC 6184).

    A fragment is no whole unit.
    """
    kind = payload[0] & 0x1F
    if kind == _STAP_A:
        for unit in _aggregated(payload[1:]):
            yield unit[0] & 0x1F, unit
    elif kind == _FU_A:
        if len(payload) > 1 and payload[1] & _FRAGMENT_START:
            yield payload[1] & 0x1F, payload[:0]
    else:
        yield kind, payload


def _h265_units(payload: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Yield the types of the NAL units that start here, and the units (RFC 7798)."""
    kind = payload[0] >> 1 & 0x3F
    if kind == _AP:
        for unit in _aggregated(payload[2:]):
            yield unit[0] >> 1 & 0x3F, unit
    elif kind == _FU:
        if len(payload) > 2 and payload[2] & _FRAGMENT_START:  # noqa: PLR2004 - two are headers
            yield payload[2] & 0x3F, payload[:0]
    else:
        yield kind, payload


def _aggregated(data: memoryview) -> Iterator[memoryview]:
    """Yield the units of an aggregation packet, each after its size."""
    while len(data) > 2:  # noqa: PLR2004 - bytes of a size
        size = data[0] << 8 | data[1]
        if not size:
            return
        yield data[2 : 2 + size]
        data = data[2 + size :]


@dataclass(frozen=True, slots=True)
class _NalCodec:
    """A codec whose pictures consist of NAL units.

    Attributes:
        units: Yields types and units of a packet with a payload.
        sets: Types of parameter sets.
        starts: Types of units with which a decoder can start.
        set_bytes: First bytes of payloads that may have parameter sets.
    """

    units: Callable[[memoryview], Iterator[tuple[int, memoryview]]]
    sets: frozenset[int]
    starts: frozenset[int]
    set_bytes: frozenset[int]

    def is_start(self, payload: memoryview, /) -> bool:
        return any(kind in self.starts for kind, _ in self.units(payload))

    def parameter_sets(self, payload: memoryview, /) -> list[bytes]:
        return [
            bytes(unit).rstrip(b"\0")
            for kind, unit in self.units(payload)
            if kind in self.sets and 1 < len(unit) <= _MAX_SET_SIZE
        ]

    def set_type(self, parameter_set: bytes, /) -> int:
        return next(self.units(memoryview(parameter_set)))[0]

    def may_have_sets(self, first_byte: int, /) -> bool:
        return first_byte in self.set_bytes


class _Av1:
    """AV1, whose sequences contain their header (AV1's RTP specification)."""

    def is_start(self, payload: memoryview, /) -> bool:
        return bool(payload[0] & _AV1_NEW_SEQUENCE)

    def parameter_sets(self, _payload: memoryview, /) -> list[bytes]:
        return []

    def set_type(self, _parameter_set: bytes, /) -> int:
        return 0

    def may_have_sets(self, _first_byte: int, /) -> bool:
        return False


VIDEO_CODECS: Mapping[str, VideoCodec] = {
    # Sequence and picture parameter sets; instantaneous decoder refresh.
    "H264": _NalCodec(
        _h264_units,
        frozenset({7, 8}),
        frozenset({5, 7}),
        frozenset(byte for byte in range(256) if byte & 0x1F in {7, 8, _STAP_A}),
    ),
    # Video, sequence, and picture parameter sets; random access points.
    "H265": _NalCodec(
        _h265_units,
        frozenset({32, 33, 34}),
        frozenset({*range(16, 22), 32, 33, 34}),
        frozenset(byte for byte in range(256) if byte >> 1 & 0x3F in {32, 33, 34, _AP}),
    ),
    "AV1": _Av1(),
}


def payload_of(packet: memoryview) -> memoryview:
    """Return what follows the header, CSRCs, and extension (RFC 3550 section 5.1)."""
    size = 12 + 4 * (packet[0] & 0x0F)
    if packet[0] & 0x10:
        size += 4 + 4 * int.from_bytes(packet[size + 2 : size + 4])
    return packet[size:]
