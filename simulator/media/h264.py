"""Encodes pictures as H.264: one access unit per frame."""

from dataclasses import dataclass
from fractions import Fraction

import av
from av.codec.context import Flags
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType

from .video import Plane

CLOCK_RATE = 90_000
_START_CODE = b"\x00\x00\x01"
_NAL_TYPE = 0x1F
_SEI, _SPS, _PPS = 6, 7, 8
_FILLER = b"\x0c"
# ISO/IEC 23091-2: full range (0 to 255), as network cameras send.
_FULL_RANGE = 2


@dataclass(frozen=True, slots=True)
class AccessUnit:
    """One coded picture: its NAL units, without start codes.

    A key picture starts with the parameter sets, so that decoding can start there.
    """

    nal_units: tuple[bytes, ...]
    key: bool


def split_annex_b(stream: bytes) -> tuple[bytes, ...]:
    """Return the NAL units of a byte stream (ITU-T H.264 annex B).

    A zero byte before a start code belongs to it: no NAL unit ends with one.
    """
    units = (unit.rstrip(b"\x00") for unit in stream.split(_START_CODE))
    return tuple(unit for unit in units if unit)


def configure(
    context: VideoCodecContext,
    width: int,
    height: int,
    frame_rate: Fraction,
    key_interval: int,
) -> None:
    """Set up a libx264 encoder that is not open yet.

    `key_interval` is the longest distance of key pictures, in pictures. One thread,
    no look-ahead, the cheapest preset, and a fixed quantizer (rate control costs a
    third more), because many encoders share a small machine and live pictures must not
    be delayed.
    """
    context.width, context.height, context.pix_fmt = width, height, "yuv420p"
    context.color_range = _FULL_RANGE
    context.time_base = Fraction(1, CLOCK_RATE)
    context.framerate = frame_rate
    context.gop_size = key_interval
    context.thread_count = 1
    context.flags |= Flags.global_header
    context.options = {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "qp": "26",
        "forced-idr": "1",
        "x264-params": "scenecut=0",
    }


def picture(frame: Plane, timestamp: int) -> av.VideoFrame:
    """Wrap a yuv420p array without copying; `timestamp` in 1/90000 s."""
    wrapped = av.VideoFrame.from_numpy_buffer(frame, format="yuv420p")
    wrapped.color_range = _FULL_RANGE
    wrapped.pts = timestamp
    wrapped.time_base = Fraction(1, CLOCK_RATE)
    return wrapped


class Encoder:
    """A live encoder. Not thread-safe: one call at a time."""

    def __init__(
        self,
        width: int,
        height: int,
        frame_rate: int,
        *,
        key_interval: float = 2.0,
        bit_rate: int = 0,
    ) -> None:
        """Open the encoder; `key_interval` in seconds.

        With a `bit_rate` (bit/s), each access unit is padded with filler data (NAL
        unit type 12), so that the stream has the rate of a real camera although the
        scene is simple; 0 for no padding.
        """
        self._context = av.CodecContext.create("libx264", "w")
        interval = max(1, round(frame_rate * key_interval))
        configure(self._context, width, height, Fraction(frame_rate), interval)
        self._context.open()
        self.parameter_sets = tuple(
            unit
            for unit in split_annex_b(self._context.extradata or b"")
            if unit[0] & _NAL_TYPE in {_SPS, _PPS}
        )
        size = bit_rate // 8 // frame_rate
        self._filler = _FILLER + b"\xff" * size if size else b""

    def encode(self, frame: Plane, timestamp: int, *, key: bool = False) -> AccessUnit:
        """Return the access unit of a picture.

        `timestamp` in 1/90000 s must rise from call to call; `key` forces a key
        picture.
        """
        wrapped = picture(frame, timestamp)
        if key:
            wrapped.pict_type = PictureType.I
        packets = self._context.encode(wrapped)
        units = tuple(
            unit
            for packet in packets
            for unit in split_annex_b(bytes(packet))
            if unit[0] & _NAL_TYPE != _SEI  # contains only information about x264
        )
        is_key = any(packet.is_keyframe for packet in packets)
        if is_key:
            units = (*self.parameter_sets, *units)
        missing = len(self._filler) - sum(map(len, units))
        if missing > 1:
            units = (*units, self._filler[:missing] + b"\x80")
        return AccessUnit(units, is_key)
