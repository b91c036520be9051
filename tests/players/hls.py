"""A viewer of Home Assistant's low-latency HLS, like its frontend."""

import asyncio
from collections.abc import Awaitable, Callable
import io
import re

import av

type Get = Callable[[str], Awaitable[bytes]]

_INTERVAL = 0.1
_PLAY_INTERVAL = 1.0
_INTERRUPTION = "#EXT-X-DISCONTINUITY"
_PART = re.compile(r'#EXT-X-PART:.*URI="\./(segment/(\d+)\.\d+\.m4s)"')


class HlsViewer:
    """Plays one stream.

    Args:
        get: Reads a path from Home Assistant; fails unless the status is 200.
        master: Path of the master playlist.
    """

    def __init__(self, get: Get, master: str) -> None:
        self._get = get
        self._base = master.rpartition("/")[0]

    async def parts(self) -> dict[str, int]:
        """Return the parts since the last discontinuity: path → segment number."""
        playlist = (await self._get(f"{self._base}/playlist.m3u8")).decode()
        found: dict[str, int] = {}
        for line in playlist.splitlines():
            if line == _INTERRUPTION:
                found.clear()
            elif match := _PART.match(line):
                found[match[1]] = int(match[2])
        return found

    async def next_frames(self, parts: int = 2) -> None:
        """Wait for this number of new parts.

        The first one may have started before an interruption.
        """
        before = await self.parts()
        now = before
        while len(now.keys() - before) < parts:
            await asyncio.sleep(_INTERVAL)
            now = await self.parts()

    async def play(self, seconds: float) -> None:
        """Keep reading; Home Assistant stops streams whose parts are not read."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while loop.time() < end:
            if parts := await self.parts():
                await self._get(f"{self._base}/{list(parts)[-1]}")
            await asyncio.sleep(_PLAY_INTERVAL)

    async def watch(self) -> list[int]:
        """Wait for video and return the heights of the first frames (pixels)."""
        parts = await self.parts()
        while not parts:
            await asyncio.sleep(_INTERVAL)
            parts = await self.parts()
        return await asyncio.to_thread(decode, await self.movie())

    async def movie(self) -> bytes:
        """Return all parts since the last discontinuity as an MP4 file."""
        paths = ("init.mp4", *await self.parts())
        return b"".join([await self._get(f"{self._base}/{path}") for path in paths])


def decode(movie: bytes) -> list[int]:
    """Return the heights of all frames of an MP4 file (pixels)."""
    with av.open(io.BytesIO(movie), mode="r") as container:
        return [frame.height for frame in container.decode(video=0)]
