"""FFmpeg as a viewer, opened as Home Assistant does."""

import asyncio
from collections.abc import Callable, Mapping

import av

# As homeassistant.components.stream opens an rtsp source.
HOME_ASSISTANT = {"rtsp_flags": "prefer_tcp", "timeout": "5000000"}


def _watch(url: str, frames: int, options: Mapping[str, str]) -> list[int]:
    with av.open(url, options=dict(options), timeout=10) as container:
        heights: list[int] = []
        for frame in container.decode(video=0):
            heights.append(frame.height)
            if len(heights) == frames:
                break
        return heights


async def watch(
    url: str, frames: int = 3, options: Mapping[str, str] | None = None
) -> list[int]:
    """Decode some frames and return their heights (pixels).

    Raises av.FFmpegError.
    """
    options = HOME_ASSISTANT if options is None else options
    return await asyncio.to_thread(_watch, url, frames, options)


async def until(condition: Callable[[], object]) -> None:
    """Wait at most 10 s until a condition holds."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.01)
