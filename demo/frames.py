"""Frames of a live camera from Home Assistant's HLS endpoint."""

import asyncio
from dataclasses import dataclass
import io
import re
import time
from urllib.parse import urljoin

import av
from av.container import InputContainer

from .client import HomeAssistantClient
from .processes import DemoError

WANTED_SEGMENTS = 2
PLAYLIST_INTERVAL = 0.5
LIVE_TIMEOUT = 45.0
_PART = re.compile(r'#EXT-X-PART:.*URI="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Decoded:
    """The frames of a live stream, and the seconds until its first segment."""

    frames: int
    distinct: int
    width: int
    height: int
    codec: str
    seconds: float


async def decode_live(client: HomeAssistantClient, entity_id: str) -> Decoded:
    """Play some segments of a camera as a browser does (RFC 8216), and decode them.

    Raises DemoError if two segments do not arrive within LIVE_TIMEOUT seconds.
    """
    started = time.monotonic()
    variant = await open_playlist(client, entity_id)
    seconds = 0.0
    while len(segments := _uris(playlist := await _read(client, variant))) < (
        WANTED_SEGMENTS
    ):
        elapsed = time.monotonic() - started
        if elapsed > LIVE_TIMEOUT:
            raise DemoError(f"{entity_id}: no live picture within {LIVE_TIMEOUT:.0f} s")
        seconds = seconds or (elapsed if segments else 0.0)
        await asyncio.sleep(PLAYLIST_INTERVAL)
    header = playlist.decode().split('#EXT-X-MAP:URI="', 1)[1].split('"', 1)[0]
    parts = [
        await _read(client, urljoin(variant, uri))
        for uri in (header, *segments[-WANTED_SEGMENTS:])
    ]
    seconds = seconds or time.monotonic() - started
    return await asyncio.to_thread(_decode, b"".join(parts), seconds)


async def open_playlist(client: HomeAssistantClient, entity_id: str) -> str:
    """Start a camera's stream and return the path of its playlist."""
    master = str((await client.command("camera/stream", entity_id=entity_id))["url"])
    return urljoin(master, _uris(await _read(client, master))[0])


async def parts(client: HomeAssistantClient, playlist: str) -> frozenset[str]:
    """Return the low-latency parts that can be played (RFC 8216bis)."""
    return frozenset(_PART.findall((await _read(client, playlist)).decode()))


def _uris(playlist: bytes) -> list[str]:
    """Return the URIs of a playlist: variants, or full segments."""
    lines = playlist.decode().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


async def _read(client: HomeAssistantClient, path: str) -> bytes:
    async with client.session.get(client.url + path) as response:
        response.raise_for_status()
        return await response.read()


def _decode(data: bytes, seconds: float) -> Decoded:
    """Decode a fragmented MP4."""
    frames = 0
    pictures: set[int] = set()
    with open_media(data) as container:
        stream = container.streams.video[0]
        for frame in container.decode(stream):
            frames += 1
            pictures.add(hash(frame.to_ndarray(format="gray").tobytes()))
        return Decoded(
            frames=frames,
            distinct=len(pictures),
            width=stream.width,
            height=stream.height,
            codec=stream.codec_context.name,
            seconds=seconds,
        )


def open_media(data: bytes) -> InputContainer:
    """Open a video or an image in memory."""
    return av.open(io.BytesIO(data), mode="r")
