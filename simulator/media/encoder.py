"""Encodes pictures as H.264 or H.265: one access unit per frame."""

from dataclasses import dataclass, replace
from fractions import Fraction

import av
from av.codec.context import Flags
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType
from av.video.stream import VideoStream

from .video import Plane

CLOCK_RATE = 90_000
_START_CODE = b"\x00\x00\x01"
# Distance of key pictures.
_KEY_SECONDS = 2
_FILLER = b"\x0c"
# ISO/IEC 23091-2: full range (0 to 255), as network cameras send.
_FULL_RANGE = 2


@dataclass(frozen=True, slots=True)
class AccessUnit:
    """One coded picture: its NAL units, without start codes.

    A key picture starts with the parameter sets, so that decoding can start there.
    `timestamp` is its time of presentation (1/90000 s).
    """

    nal_units: tuple[bytes, ...]
    key: bool
    timestamp: int


@dataclass(frozen=True, slots=True)
class VideoCodec:
    """How a codec is encoded; the NAL unit's type is in its first byte.

    `sets` are the types of parameter sets, `information` those of messages.
    """

    name: str
    library: str
    shift: int
    mask: int
    sets: frozenset[int]
    information: frozenset[int]
    options: dict[str, str]

    def unit_type(self, unit: bytes) -> int:
        """Return the type of a NAL unit."""
        return unit[0] >> self.shift & self.mask


# One thread, no look-ahead, the cheapest preset, and a fixed quantizer (rate control
# costs a third more), because many encoders share a small machine and live pictures
# must not be delayed.
_H264_OPTIONS = {
    "preset": "ultrafast",
    "tune": "zerolatency",
    "qp": "26",
    "forced-idr": "1",
    "x264-params": "scenecut=0",
}
_H264 = VideoCodec(
    "H264", "libx264", 0, 0x1F, frozenset({7, 8}), frozenset({6}), _H264_OPTIONS
)
VIDEO_CODECS = {
    "h264": _H264,
    # Pictures are sent in another order than they are shown.
    "h264_b_frames": replace(
        _H264,
        options=_H264_OPTIONS
        | {
            "tune": "fastdecode",
            "x264-params": "scenecut=0:bframes=2:b-adapt=0:b-pyramid=none"
            ":rc-lookahead=0:sync-lookahead=0:open-gop=0:mbtree=0",
        },
    ),
    "h265": VideoCodec(
        "H265",
        "libx265",
        1,
        0x3F,
        frozenset({32, 33, 34}),
        frozenset({39, 40}),
        {
            "preset": "ultrafast",
            "tune": "zerolatency",
            "forced-idr": "1",
            "x265-params": "qp=30:scenecut=0:pools=none:frame-threads=1:wpp=0"
            ":log-level=none",
        },
    ),
}


def split_annex_b(stream: bytes) -> tuple[bytes, ...]:
    """Return the NAL units of a byte stream (ITU-T H.264 annex B).

    A zero byte before a start code belongs to it: no NAL unit ends with one.
    """
    units = (unit.rstrip(b"\x00") for unit in stream.split(_START_CODE))
    return tuple(unit for unit in units if unit)


def configure(
    context: VideoCodecContext,
    size: tuple[int, int],
    frame_rate: Fraction,
    key_interval: int,
    codec: VideoCodec = _H264,
) -> None:
    """Set up an encoder that is not open yet.

    `size` is width and height in pixels; `key_interval` is the longest distance of key
    pictures, in pictures.
    """
    context.width, context.height = size
    context.pix_fmt = "yuv420p"
    context.color_range = _FULL_RANGE
    context.time_base = Fraction(1, CLOCK_RATE)
    context.framerate = frame_rate
    context.gop_size = key_interval
    context.thread_count = 1
    context.flags |= Flags.global_header
    context.options = codec.options


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
        size: tuple[int, int],
        frame_rate: int,
        *,
        bit_rate: int = 0,
        codec: str = "h264",
    ) -> None:
        """Open the encoder of a `codec` in VIDEO_CODECS; `size` as in `configure`.

        With a `bit_rate` (bit/s), each access unit of H.264 is padded with filler data
        (NAL unit type 12), so that the stream has the rate of a real camera although
        the scene is simple; 0 for no padding.
        """
        self.codec = VIDEO_CODECS[codec]
        self.frame_rate = frame_rate
        context = av.CodecContext.create(self.codec.library, "w")
        if not isinstance(context, VideoCodecContext):
            raise TypeError(codec)
        self._context = context
        interval = round(frame_rate * _KEY_SECONDS)
        configure(context, size, Fraction(frame_rate), interval, self.codec)
        self._context.open()
        self.parameter_sets = tuple(
            unit
            for unit in split_annex_b(self._context.extradata or b"")
            if self.codec.unit_type(unit) in self.codec.sets
        )
        missing = bit_rate // 8 // frame_rate if self.codec.name == "H264" else 0
        self._filler = _FILLER + b"\xff" * missing if missing else b""

    def encode(
        self, frame: Plane, timestamp: int, *, key: bool = False
    ) -> list[AccessUnit]:
        """Return the access units that a picture completes, in decoding order.

        `timestamp` in 1/90000 s must rise from call to call; `key` forces a key
        picture.
        """
        wrapped = picture(frame, timestamp)
        if key:
            wrapped.pict_type = PictureType.I
        return [self._unit(packet) for packet in self._context.encode(wrapped)]

    def _unit(self, packet: av.Packet[VideoStream]) -> AccessUnit:
        skipped = self.codec.information | self.codec.sets
        units = tuple(
            unit
            for unit in split_annex_b(bytes(packet))
            if self.codec.unit_type(unit) not in skipped
        )
        if packet.is_keyframe:
            units = (*self.parameter_sets, *units)
        missing = len(self._filler) - sum(map(len, units))
        if missing > 1:
            units = (*units, self._filler[:missing] + b"\x80")
        return AccessUnit(units, packet.is_keyframe, packet.pts or 0)
