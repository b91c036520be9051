"""Downloads prepared recordings: resumes, and accepts complete files only."""

import asyncio
from collections.abc import Callable
import time

from homeassistant.core import HomeAssistant

from ..client import (
    Download,
    NetrexClient,
    NetrexConnectionError,
    NetrexRateLimitedError,
    NetrexResponseError,
)
from .partial import PartialFile
from .timing import Timing

# Bytes per write: fewer switches between the event loop and the executor.
_BLOCK_SIZE = 4 << 20


class Downloader:
    """Downloads files in constant memory; the executor of `hass` writes them."""

    def __init__(
        self, hass: HomeAssistant, client: NetrexClient, timing: Timing
    ) -> None:
        self._hass = hass
        self._client = client
        self._timing = timing

    async def fetch(
        self, url: str, partial: PartialFile, on_percent: Callable[[int], None]
    ) -> None:
        """Fill the file from the URL, with retries until it is complete.

        A retry resumes the file if the server supports it. The retries end when no new
        byte has arrived for `Timing.retry_timeout`.

        Raises:
            NetrexNotFoundError: The URL has expired.
            NetrexError: The server does not deliver the complete file.
            HomeAssistantError: The file cannot be written.
        """
        validator: str | None = None
        best, progressed_at = 0, time.monotonic()
        delays = self._timing.delays()
        while True:
            try:
                async with self._client.archive.download(
                    url, offset=partial.size, validator=validator
                ) as download:
                    validator = download.validator
                    await self._read(download, partial, on_percent)
                    return
            except (
                NetrexConnectionError,
                NetrexRateLimitedError,
                NetrexResponseError,
            ) as err:
                if partial.size > best:
                    best, progressed_at = partial.size, time.monotonic()
                    delays = self._timing.delays()
                delay = next(delays)
                if isinstance(err, NetrexRateLimitedError) and err.retry_after:
                    delay = err.retry_after
                if (
                    time.monotonic() + delay
                    > progressed_at + self._timing.retry_timeout
                ):
                    raise
                if isinstance(err, NetrexResponseError):
                    # The body was something else, so its rest would not fit.
                    await self._run(partial.restart)
            await asyncio.sleep(delay)

    async def _read(
        self,
        download: Download,
        partial: PartialFile,
        on_percent: Callable[[int], None],
    ) -> None:
        """Append the response body, then check that the file is complete."""
        size = download.size
        if download.offset != partial.size:
            await self._run(partial.restart)
        await self._run(partial.check_free_space, size)
        writing: asyncio.Future[int] | None = None
        blocks: list[bytes] = []
        held = 0
        try:
            async for block in download.content.iter_any():
                blocks.append(block)
                held += len(block)
                if held < _BLOCK_SIZE:
                    continue
                if writing is not None:
                    written = await writing
                    if size:
                        on_percent(min(written * 100 // size, 99))
                writing = self._run(partial.write, blocks)
                blocks, held = [], 0
        finally:
            # Keep what arrived before the connection was lost.
            if writing is not None:
                await writing
            await self._run(partial.write, blocks)
        if size is not None and partial.size != size:
            raise NetrexConnectionError("The download ended too early")
        if not await self._run(partial.finish):
            raise NetrexResponseError("The recording's file is incomplete")

    def _run[*Ts, T](
        self, function: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        return self._hass.async_add_executor_job(function, *args)
