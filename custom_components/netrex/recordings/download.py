"""From an address to a whole file: resumed, checked, never half."""

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

# Bytes that are written at once: fewer switches between the loop and the disk's thread.
_BLOCK = 4 << 20
_FULL = 100


class Downloader:
    """Brings files to the disk, in steady memory.

    Args:
        hass: Its threads do the writing.
        client: Opens addresses.
        timing: How long to try.
    """

    def __init__(
        self, hass: HomeAssistant, client: NetrexClient, timing: Timing
    ) -> None:
        self._hass = hass
        self._client = client
        self._timing = timing

    async def fetch(
        self, url: str, partial: PartialFile, on_percent: Callable[[int], None]
    ) -> None:
        """Fill the file from the address, again and again until it is whole.

        What is there already is kept where the server resumes. Nothing more is tried
        when for `Timing.patience` no new byte has come.

        Raises:
            NetrexNotFoundError: The address is not valid any more.
            NetrexError: The server does not give the whole file.
            RecordingError: The disk does not take it.
        """
        validator: str | None = None
        best, progressed = 0, time.monotonic()
        waits = self._timing.waits()
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
                    best, progressed = partial.size, time.monotonic()
                    waits = self._timing.waits()
                wait = next(waits)
                if isinstance(err, NetrexRateLimitedError) and err.retry_after:
                    wait = err.retry_after
                left = progressed + self._timing.patience - time.monotonic()
                if wait > left:
                    raise
                if isinstance(err, NetrexResponseError):
                    # Not what was asked for: a rest of it would fit nothing.
                    await self._restart(partial)
            await asyncio.sleep(wait)

    async def _read(
        self,
        download: Download,
        partial: PartialFile,
        on_percent: Callable[[int], None],
    ) -> None:
        """Append a body, after which the file has to be whole."""
        if download.offset != partial.size:
            await self._restart(partial)
        await self._run(partial.expect, download.size)
        writing: asyncio.Future[int] | None = None
        blocks: list[bytes] = []
        held = 0
        try:
            async for block in download.content.iter_any():
                blocks.append(block)
                held += len(block)
                if held < _BLOCK:
                    continue
                if writing is not None:
                    self._report(await writing, download.size, on_percent)
                writing = self._run(partial.write, blocks)
                blocks, held = [], 0
        finally:
            # Also what came before a cut counts.
            if writing is not None:
                await writing
            await self._run(partial.write, blocks)
        if download.size is not None and partial.size != download.size:
            raise NetrexConnectionError("The download ended too early")
        if not await self._run(partial.finish):
            raise NetrexResponseError("The recording's file is not whole")

    def _report(
        self, done: int, size: int | None, on_percent: Callable[[int], None]
    ) -> None:
        if size:
            on_percent(min(done * _FULL // size, _FULL - 1))

    async def _restart(self, partial: PartialFile) -> None:
        await self._run(partial.restart)

    def _run[*Ts, T](
        self, function: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        return self._hass.async_add_executor_job(function, *args)
