"""Recordings as MP4 files (ISO/IEC 14496-12)."""

import asyncio
from collections.abc import Callable, Container, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
import contextlib
from fractions import Fraction
import os
from pathlib import Path
import secrets
import struct
import tempfile
import threading

import av
from av.stream import Stream
from av.video.stream import VideoStream

from .encoder import CLOCK_RATE, configure, picture
from .studio import View
from .video import Scene

type Span = tuple[float, float]

# Every picture of a clip shows its true time, and a longer clip has fewer pictures per
# second, as with recorders that save storage. A clip that needs more than this many
# pictures at the lowest rate (10 minutes) repeats them.
_MOST_PICTURES = 600
_RATES = (10, 5, 2, 1)
_KEY_SECONDS = 2
_KEY_PICTURES = 4
_NICENESS = 10
# FFmpeg's flags of each layout.
_LAYOUTS = {
    "front": "faststart",
    "end": "-faststart",
    "fragments": "frag_keyframe+empty_moov+default_base_moof",
}
# Header of a box with a 64-bit size (section 4.2).
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
    path: Path,
    scene: Scene,
    spans: Sequence[Span],
    minimum_size: int = 0,
    layout: str = "front",
) -> None:
    """Write the pictures of a scene in `spans` (unix seconds) as an MP4 file.

    The index is where `layout` says (see the switch `recording_layout`). A file smaller
    than `minimum_size` bytes is padded with a free box, which players skip and most
    file systems store as a hole. Raises OSError if the file cannot be written.
    """
    duration = sum(end - start for start, end in spans)
    rate = Fraction(
        next((r for r in _RATES if r * duration <= _MOST_PICTURES), _RATES[-1])
    )
    total = max(1, int(duration * rate))
    count = min(total, _MOST_PICTURES)
    with av.open(
        str(path), "w", format="mp4", options={"movflags": _LAYOUTS[layout]}
    ) as container:
        stream = container.add_stream("libx264", rate=rate)
        interval = max(_KEY_PICTURES, int(rate * _KEY_SECONDS))
        configure(stream.codec_context, (scene.width, scene.height), rate, interval)
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
    """Return a copy of a coded picture as number `number` of the stream."""
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


class ClipStore:
    """Clips, written in the background and kept while they are needed.

    Must be closed in the same event loop.
    """

    def __init__(self, scene: Callable[[View], Scene]) -> None:
        """Write the pictures of the scene that `scene` returns for a view."""
        self._scene = scene
        self._directory = tempfile.TemporaryDirectory(prefix="netrex-simulator-")
        self._executor = ThreadPoolExecutor(
            1, thread_name_prefix="recording", initializer=_give_way
        )
        self._files: dict[
            tuple[View, Sequence[Span], int, str], asyncio.Future[Path]
        ] = {}

    def write(
        self,
        view: View,
        spans: tuple[Span, ...],
        minimum_size: int,
        layout: str = "front",
    ) -> asyncio.Future[Path]:
        """Return the file of these spans, which is written once (see `write_clip`)."""
        key = (view, spans, minimum_size, layout)
        file = self._files.get(key)
        if file is None:
            path = Path(self._directory.name) / f"{secrets.token_hex(8)}.mp4"

            def write() -> Path:
                write_clip(path, self._scene(view), spans, minimum_size, layout)
                return path

            file = asyncio.get_running_loop().run_in_executor(self._executor, write)
            self._files[key] = file
        return file

    def keep(self, wanted: Container[asyncio.Future[Path]]) -> None:
        """Remove the written files except those in `wanted`."""
        for key, file in tuple(self._files.items()):
            if file not in wanted and file.done():
                del self._files[key]
                if not file.cancelled() and file.exception() is None:
                    file.result().unlink(missing_ok=True)

    async def close(self) -> None:
        """Cancel pending writes and remove all files."""
        files = list(self._files.values())
        for file in files:
            file.cancel()
        await asyncio.to_thread(self._executor.shutdown, cancel_futures=True)
        await asyncio.gather(*files, return_exceptions=True)
        await asyncio.to_thread(self._directory.cleanup)


def _give_way() -> None:
    """Lower the priority of the thread, in favor of live pictures."""
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
