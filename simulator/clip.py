"""Recordings as MP4 files (ISO/IEC 14496-12)."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
import struct

import av
from av.stream import Stream
from av.video.stream import VideoStream

from .h264 import CLOCK_RATE, configure, picture
from .video import Scene

type Span = tuple[float, float]

# Every picture of a clip shows its true time, so a longer clip has fewer of them in a
# second: recorders save storage in the same way. A clip with more than this many
# pictures at the lowest rate (10 minutes) repeats them.
_MOST_PICTURES = 600
_RATES = (10, 5, 2, 1)
_KEY_SECONDS = 2
_KEY_PICTURES = 4
# Size and type of a box whose size is written as 64 bits (section 4.2).
_LARGE_BOX = struct.Struct(">I4sQ")


def moments(spans: Sequence[Span], rate: Fraction, count: int) -> Iterator[float]:
    """Yield the times (unix seconds) of `count` pictures in recorded spans."""
    for number in range(count):
        offset = float(number / rate)
        for start, end in spans:
            if offset < end - start:
                yield start + offset
                break
            offset -= end - start


def write_clip(
    path: Path, scene: Scene, spans: Sequence[Span], minimum_size: int = 0
) -> None:
    """Write what a scene showed in `spans` (unix seconds) as an MP4 file.

    The index stands at the front. A file smaller than `minimum_size` bytes is filled
    up with a free box, which players skip and which takes no room on most disks. Raises
    OSError if the file can't be written.
    """
    duration = sum(end - start for start, end in spans)
    rate = Fraction(
        next((r for r in _RATES if r * duration <= _MOST_PICTURES), _RATES[-1])
    )
    total = max(1, int(duration * rate))
    count = min(total, _MOST_PICTURES)
    with av.open(
        str(path), "w", format="mp4", options={"movflags": "faststart"}
    ) as container:
        stream = container.add_stream("libx264", rate=rate)
        interval = max(_KEY_PICTURES, int(rate * _KEY_SECONDS))
        configure(stream.codec_context, scene.width, scene.height, rate, interval)
        packets = []
        for number, when in enumerate(moments(spans, rate, count)):
            timestamp = int(number * CLOCK_RATE / rate)
            for packet in stream.encode(picture(scene.frame(when), timestamp)):
                if total > count:
                    packets.append((bytes(packet), packet.is_keyframe))
                packet.duration = int(CLOCK_RATE / rate)
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
        for number in range(count, total):
            container.mux(_packet(stream, packets[number % count], number, rate))
    _fill_up(path, minimum_size)


def _packet(
    stream: VideoStream, coded: tuple[bytes, bool], number: int, rate: Fraction
) -> av.Packet[Stream]:
    """Return a coded picture anew, as number `number` of the stream."""
    packet = av.Packet(coded[0])
    packet.stream = stream
    packet.is_keyframe = coded[1]
    packet.time_base = Fraction(1, CLOCK_RATE)
    packet.pts = packet.dts = int(number * CLOCK_RATE / rate)
    packet.duration = int(CLOCK_RATE / rate)
    return packet


def _fill_up(path: Path, size: int) -> None:
    missing = size - path.stat().st_size
    if missing >= _LARGE_BOX.size:
        with path.open("r+b") as file:
            file.seek(0, 2)
            file.write(_LARGE_BOX.pack(1, b"free", missing))
            file.truncate(size)
