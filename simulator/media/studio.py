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
from .encoder import AccessUnit, Encoder
from .sound import Sound, encode_tone
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


@dataclass(frozen=True, slots=True)
class Coding:
    """How a live stream is coded: names of codecs, and the bit rate in bit/s."""

    video: str = "h264"
    audio: str = "none"
    bit_rate: int = 0


@dataclass(slots=True, eq=False)
class MediaUnit:
    """One picture, or a piece of sound, as RTP packets numbered by its source.

    `media_time` is that of the source (1/90000 s). `sequence` and `timestamp` are those
    of the first packet. `report` is a sender report that is due with this unit. `track`
    is 0 for pictures, 1 for sound.
    """

    packets: list[bytes]
    key: bool
    media_time: int
    sequence: int
    timestamp: int
    report: bytes | None
    track: int = 0
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
        sound: Sound | None,
        clock: Clock,
        executor: ThreadPoolExecutor,
    ) -> None:
        """Prepare a source that starts with its first viewer.

        `picture` draws the current picture.
        """
        self._picture = picture
        self._encoder = encoder
        self.frame_rate = encoder.frame_rate
        self._clock = clock
        self._executor = executor
        self.video_codec = encoder.codec.name
        self.sound = sound
        self._streams = [
            RtpStream("netrex-simulator", is_h265=self.video_codec == "H265")
        ]
        if sound is not None:
            codec = sound.codec
            self._streams.append(
                RtpStream(
                    "netrex-simulator",
                    payload_type=codec.payload_type,
                    clock_rate=codec.clock_rate,
                )
            )
        # The number of the next packet of the sound, counted since time 0.
        self._packet = 0
        self._viewers: list[Viewer] = []
        self._task: asyncio.Task[None] | None = None
        self._key_wanted = True
        self._timestamp = 0
        self._reported = [float("-inf")] * len(self._streams)

    @property
    def parameter_sets(self) -> tuple[bytes, ...]:
        """The sequence and picture parameter sets."""
        return self._encoder.parameter_sets

    def ssrc(self, track: int) -> int:
        """Return the synchronization source identifier (SSRC) of a track."""
        return self._streams[track].ssrc

    @property
    def tracks(self) -> int:
        """The number of tracks."""
        return len(self._streams)

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

    def sender_report(self, track: int) -> bytes:
        """Return an RTCP sender report for the current time."""
        now = asyncio.get_running_loop().time()
        return self._streams[track].sender_report(media_time(now), self._clock.now())

    def start_of(self, track: int, media_time: int) -> tuple[int, int]:
        """Return the next sequence number, and the timestamp of a media time."""
        stream = self._streams[track]
        return stream.sequence, stream.timestamp(media_time)

    def _encode(self, timestamp: int, key: bool) -> list[AccessUnit]:
        return self._encoder.encode(self._picture(), timestamp, key=key)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        self._skip_sound(due)
        while self._viewers:
            key, self._key_wanted = self._key_wanted, False
            # An encoder rejects a timestamp that is not greater than the previous one.
            self._timestamp = max(self._timestamp + 1, media_time(due))
            units = await loop.run_in_executor(
                self._executor, self._encode, self._timestamp, key
            )
            for unit in units:
                self._deliver_picture(unit)
            self._deliver_sound(due)
            due += 1 / self.frame_rate
            if loop.time() - due > _PATIENCE:
                due = loop.time()
            await asyncio.sleep(due - loop.time())

    def _deliver_picture(self, unit: AccessUnit) -> None:
        stream = self._streams[0]
        sequence, timestamp = stream.sequence, stream.timestamp(unit.timestamp)
        packets = stream.packets(unit.nal_units, unit.timestamp)
        self._deliver(
            MediaUnit(
                packets,
                unit.key,
                unit.timestamp,
                sequence,
                timestamp,
                self._due_report(0),
            )
        )

    def _deliver_sound(self, due: float) -> None:
        """Send the packets of the sound until a time (loop's clock, seconds)."""
        if self.sound is None:
            return
        codec, payloads = self.sound.codec, self.sound.payloads
        stream = self._streams[1]
        while (ticks := self._packet * codec.samples) <= due * codec.clock_rate:
            payload = payloads[self._packet % len(payloads)]
            self._packet += 1
            sequence = stream.sequence
            packet = stream.payload(payload, ticks)
            timestamp = int.from_bytes(packet[4:8])
            self._deliver(
                MediaUnit(
                    [packet],
                    key=False,
                    media_time=media_time(due),
                    sequence=sequence,
                    timestamp=timestamp,
                    report=self._due_report(1),
                    track=1,
                )
            )

    def _skip_sound(self, now: float) -> None:
        if self.sound is not None:
            codec = self.sound.codec
            self._packet = int(now * codec.clock_rate / codec.samples) + 1

    def _due_report(self, track: int) -> bytes | None:
        now = asyncio.get_running_loop().time()
        if now - self._reported[track] < _REPORT_INTERVAL:
            return None
        self._reported[track] = now
        return self.sender_report(track)

    def _deliver(self, unit: MediaUnit) -> None:
        for viewer in tuple(self._viewers):
            viewer(unit)


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
        self._sources: WeakValueDictionary[tuple[View, int, Coding], LiveSource] = (
            WeakValueDictionary()
        )
        self._opening: dict[tuple[View, int, Coding], asyncio.Task[LiveSource]] = {}

        @lru_cache(maxsize=_SCENES)
        def scene(view: View) -> Scene:
            return Scene(view.name, view.node_id, view.width, view.height, zone)

        self.scene = scene

    async def source(
        self, view: View, frame_rate: int, coding: Coding = Coding()
    ) -> LiveSource:
        """Return the live source of a view, shared while it is in use.

        `frame_rate` in pictures per second.
        """
        key = (view, frame_rate, coding)
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

    async def _open(self, view: View, frame_rate: int, coding: Coding) -> LiveSource:
        def build() -> tuple[Scene, Encoder]:
            scene = self.scene(view)
            return scene, Encoder(
                (scene.width, scene.height),
                frame_rate,
                bit_rate=coding.bit_rate,
                codec=coding.video,
            )

        loop = asyncio.get_running_loop()
        scene, encoder = await loop.run_in_executor(self.executor, build)

        def picture() -> Plane:
            brightness = self.brightness.get(view.node_id, 0)
            return scene.frame(self.clock.now(), brightness)

        tone = None if coding.audio == "none" else encode_tone(coding.audio)
        return LiveSource(picture, encoder, tone, self.clock, self.executor)

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
