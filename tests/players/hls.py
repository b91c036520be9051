"""Home Assistant's HLS, read as its frontend reads it: low-latency parts."""

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
        get: Reads a path of Home Assistant's; anything but status 200 is an error.
        master: Path of the master playlist, as the camera's stream is told.
    """

    def __init__(self, get: Get, master: str) -> None:
        """Prepare; nothing is read yet."""
        self._get = get
        self._base = master.rpartition("/")[0]

    async def parts(self) -> dict[str, int]:
        """Return what there is to play since the last interruption.

        Paths of parts in their order, with the number of the segment each is of.
        """
        playlist = (await self._get(f"{self._base}/playlist.m3u8")).decode()
        found: dict[str, int] = {}
        for line in playlist.splitlines():
            if line == _INTERRUPTION:
                found.clear()
            elif match := _PART.match(line):
                found[match[1]] = int(match[2])
        return found

    async def next_pictures(self, parts: int = 2) -> None:
        """Wait until so many parts have come which are not there now.

        The first of them may have begun before an interruption.
        """
        before = await self.parts()
        now = before
        while len(now.keys() - before) < parts:
            await asyncio.sleep(_INTERVAL)
            now = await self.parts()

    async def play(self, seconds: float) -> None:
        """Go on reading: only who takes parts is a viewer to Home Assistant."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while loop.time() < end:
            if parts := await self.parts():
                await self._get(f"{self._base}/{list(parts)[-1]}")
            await asyncio.sleep(_PLAY_INTERVAL)

    async def watch(self) -> list[int]:
        """Wait for a picture and return the heights of its first frames."""
        parts = await self.parts()
        while not parts:
            await asyncio.sleep(_INTERVAL)
            parts = await self.parts()
        return await asyncio.to_thread(decode, await self.movie())

    async def movie(self) -> bytes:
        """Return all parts since the last interruption as a movie."""
        paths = ("init.mp4", *await self.parts())
        return b"".join([await self._get(f"{self._base}/{path}") for path in paths])


def decode(movie: bytes) -> list[int]:
    """Return the heights of all frames of a movie."""
    with av.open(io.BytesIO(movie), mode="r") as container:
        return [frame.height for frame in container.decode(video=0)]
