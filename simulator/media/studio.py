"""Live pictures: one encoder per camera view and size, shared by all of its viewers.

Pictures are encoded only while there are viewers, in a few threads; each one is packed
into RTP once, and every viewer gets the same bytes (see `video` for the cost).
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from weakref import WeakValueDictionary
from zoneinfo import ZoneInfo

from ..clock import Clock
from ..rtsp.rtp import RtpStream, interleave, media_time
from .h264 import AccessUnit, Encoder
from .video import Plane, Scene

_REPORT_INTERVAL = 5.0
# A source that is later than this skips pictures instead of catching up (seconds).
_PATIENCE = 1.0
_SCENES = 48


@dataclass(frozen=True, slots=True)
class View:
    """The picture of one node (camera or video channel) in one size."""

    node_id: int
    name: str
    width: int
    height: int


@dataclass(slots=True, eq=False)
class MediaUnit:
    """One picture as RTP packets, numbered by its source.

    `sequence` and `timestamp` are those of the first packet. `report` is a sender
    report that is due with this picture.
    """

    packets: list[bytes]
    key: bool
    sequence: int
    timestamp: int
    report: bytes | None
    _framed: dict[int, bytes] = field(default_factory=dict)

    def interleaved(self, channel: int) -> bytes:
        """Return the packets framed for an interleaved channel, created only once."""
        framed = self._framed.get(channel)
        if framed is None:
            framed = self._framed[channel] = interleave(self.packets, channel)
        return framed


type Viewer = Callable[[MediaUnit], None]


class LiveSource:
    """The live stream of one view: a timer, an encoder, and its viewers."""

    def __init__(
        self,
        picture: Callable[[], Plane],
        encoder: Encoder,
        frame_rate: int,
        clock: Clock,
        executor: ThreadPoolExecutor,
    ) -> None:
        """Prepare a source that starts with its first viewer.

        `picture` draws the current picture; `frame_rate` is in pictures per second.
        """
        self._picture = picture
        self._encoder = encoder
        self.frame_rate = frame_rate
        self._clock = clock
        self._executor = executor
        self._stream = RtpStream("netrex-simulator")
        self._viewers: list[Viewer] = []
        self._task: asyncio.Task[None] | None = None
        self._key_wanted = True
        self._timestamp = 0
        self._reported = float("-inf")

    @property
    def parameter_sets(self) -> tuple[bytes, ...]:
        """The sequence and picture parameter sets."""
        return self._encoder.parameter_sets

    @property
    def ssrc(self) -> int:
        """The synchronization source identifier (SSRC) of the packets."""
        return self._stream.ssrc

    def subscribe(self, viewer: Viewer) -> None:
        """Call `viewer` with every picture; the next one is a key picture."""
        self._viewers.append(viewer)
        self._key_wanted = True
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())

    def unsubscribe(self, viewer: Viewer) -> None:
        """Stop calling `viewer`; without viewers the encoder pauses."""
        if viewer in self._viewers:
            self._viewers.remove(viewer)

    async def stop(self) -> None:
        """Stop at once, even with viewers."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def sender_report(self) -> bytes:
        """Return an RTCP sender report for the current time."""
        now = asyncio.get_running_loop().time()
        return self._stream.sender_report(media_time(now), self._clock.now())

    def _encode(self, timestamp: int, key: bool) -> AccessUnit:
        return self._encoder.encode(self._picture(), timestamp, key=key)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while self._viewers:
            key, self._key_wanted = self._key_wanted, False
            # An encoder rejects a timestamp that is not greater than the previous one.
            self._timestamp = max(self._timestamp + 1, media_time(due))
            unit = await loop.run_in_executor(
                self._executor, self._encode, self._timestamp, key
            )
            self._deliver(unit, loop.time())
            due += 1 / self.frame_rate
            if loop.time() - due > _PATIENCE:
                due = loop.time()
            await asyncio.sleep(due - loop.time())

    def _deliver(self, unit: AccessUnit, now: float) -> None:
        report = None
        if now - self._reported >= _REPORT_INTERVAL:
            self._reported = now
            report = self.sender_report()
        sequence = self._stream.sequence
        media = MediaUnit(
            self._stream.packets(unit.nal_units, self._timestamp),
            unit.key,
            sequence,
            self._stream.timestamp(self._timestamp),
            report,
        )
        for viewer in tuple(self._viewers):
            viewer(media)


class Studio:
    """Creates scenes, stills, and live sources.

    Must be closed in the same event loop.
    """

    def __init__(self, clock: Clock, time_zone: str, *, workers: int = 2) -> None:
        """Show the time of `clock` in `time_zone` (IANA name) in the pictures."""
        self.clock = clock
        zone = ZoneInfo(time_zone)
        # Brightness of each node's pictures, -50 to 50.
        self.brightness: dict[int, int] = {}
        self.executor = ThreadPoolExecutor(workers, thread_name_prefix="picture")
        self._sources: WeakValueDictionary[tuple[View, int, int], LiveSource] = (
            WeakValueDictionary()
        )
        self._opening: dict[tuple[View, int, int], asyncio.Task[LiveSource]] = {}

        @lru_cache(maxsize=_SCENES)
        def scene(view: View) -> Scene:
            return Scene(view.name, view.node_id, view.width, view.height, zone)

        self.scene = scene

    async def source(
        self, view: View, frame_rate: int, bit_rate: int = 0
    ) -> LiveSource:
        """Return the live source of a view, shared while it is in use.

        `frame_rate` in pictures per second; `bit_rate` in bit/s (see `h264.Encoder`).
        """
        key = (view, frame_rate, bit_rate)
        source = self._sources.get(key)
        if source is None:
            opening = self._opening.get(key)
            if opening is None:
                opening = asyncio.get_running_loop().create_task(self._open(*key))
                self._opening[key] = opening
                opening.add_done_callback(lambda _: self._opening.pop(key, None))
            source = await asyncio.shield(opening)
            self._sources[key] = source
        return source

    async def _open(self, view: View, frame_rate: int, bit_rate: int) -> LiveSource:
        def build() -> tuple[Scene, Encoder]:
            scene = self.scene(view)
            return scene, Encoder(
                scene.width, scene.height, frame_rate, bit_rate=bit_rate
            )

        loop = asyncio.get_running_loop()
        scene, encoder = await loop.run_in_executor(self.executor, build)

        def picture() -> Plane:
            brightness = self.brightness.get(view.node_id, 0)
            return scene.frame(self.clock.now(), brightness)

        return LiveSource(picture, encoder, frame_rate, self.clock, self.executor)

    async def still(self, view: View, quality: int = 75) -> bytes:
        """Return the current picture of a view as JPEG."""

        def draw() -> bytes:
            scene, now = self.scene(view), self.clock.now()
            return scene.jpeg(now, quality, self.brightness.get(view.node_id, 0))

        return await asyncio.get_running_loop().run_in_executor(self.executor, draw)

    async def close(self) -> None:
        """Stop all sources and the threads."""
        await asyncio.gather(*(source.stop() for source in self._sources.values()))
        await asyncio.to_thread(self.executor.shutdown, cancel_futures=True)
