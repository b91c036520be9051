"""Downloads prepared recordings: resumes, and accepts complete files only."""

import asyncio
from collections.abc import Callable
import time

from homeassistant.core import HomeAssistant

from ..client import (
    Download,
    NetrexClient,
    NetrexConnectionError,
    NetrexError,
    NetrexRangeError,
    NetrexRateLimitedError,
)
from ..errors import failed
from .content import ContentError, ContentKind, check_head
from .partial import PartialFile
from .timing import Timing

# The first box's length and type.
_HEAD_BYTES = 8
# Bytes per write: fewer switches between the event loop and the executor.
_BLOCK_SIZE = 4 << 20
# Bytes that may wait for the disk before reading pauses.
_MAX_HELD_BYTES = 2 * _BLOCK_SIZE
# The highest rate of a recording, in bytes per second (50 Mbit/s), and what its file
# may hold besides. Cameras of 4K resolution send up to 40 Mbit/s.
_MAX_RATE = 6_250_000
_MAX_EXTRA = 64 << 20

_RETRIED_ERRORS = (NetrexConnectionError, NetrexRateLimitedError, NetrexRangeError)


class _EarlyEndError(NetrexConnectionError):
    """A body of unknown length ended before the file was complete."""


class Downloader:
    """Downloads files in constant memory; the executor of `hass` writes them."""

    def __init__(
        self, hass: HomeAssistant, client: NetrexClient, timing: Timing
    ) -> None:
        self._hass = hass
        self._client = client
        self._timing = timing

    async def fetch(
        self,
        url: str,
        partial: PartialFile,
        seconds: int,
        on_percent: Callable[[int], None],
    ) -> None:
        """Fill the file from the URL, with retries until it is complete.

        A retry resumes the file if the server supports it. The retries end when too few
        bytes have arrived for `Timing.retry_timeout`.

        Args:
            url: The download URL.
            partial: The file, empty.
            seconds: The length of the recording, which limits the file's size.
            on_percent: Called with the progress.

        Raises:
            ContentError: The server sends something other than the recording.
            NetrexNotFoundError: The URL has expired.
            NetrexError: The server does not deliver the complete file.
            HomeAssistantError: The file cannot be written, or is too large.
        """
        body = _Body(self._hass, partial, _MAX_RATE * seconds + _MAX_EXTRA, on_percent)
        retries = _Retries(self._timing)
        validator: str | None = None
        while True:
            body.restarted = False
            try:
                async with self._client.archive.download(
                    url, offset=partial.size, validator=validator
                ) as download:
                    validator = download.validator
                    await body.read(download, _Meter(self._timing, retries.deadline))
                    return
            except _RETRIED_ERRORS as err:
                delay, ended_again = retries.next(err, partial.size)
                # A server can be wrong about the size, but hardly twice.
                if ended_again and await body.run(partial.finish):
                    return
                if isinstance(err, NetrexRangeError):
                    await body.run(partial.restart)
                elif ended_again and isinstance(err, _EarlyEndError):
                    raise failed(ContentKind.INCOMPLETE) from None
                # The whole download would end here again.
                if delay is None or (ended_again and body.restarted):
                    raise
            await asyncio.sleep(delay)


class _Retries:
    """The retries of one download; times are monotonic seconds."""

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._delays = timing.delays()
        self._best = 0
        self._ended_at = 0
        self._progressed_at = time.monotonic()
        self.deadline = self._progressed_at + timing.download_timeout

    def next(self, err: NetrexError, size: int) -> tuple[float | None, bool]:
        """Return the delay of the next retry, and whether the file ended here before.

        The delay is in seconds, None for no retry; `size` is the file's, in bytes.
        """
        now = time.monotonic()
        is_range = isinstance(err, NetrexRangeError)
        ended_again = size > 0 and (is_range or size == self._ended_at)
        self._ended_at = size
        if size >= self._best + self._timing.progress_bytes:
            self._best, self._progressed_at = size, now
            self._delays = self._timing.delays()
        delay = next(self._delays)
        if isinstance(err, NetrexRateLimitedError) and err.retry_after:
            delay = err.retry_after
        give_up_at = self._progressed_at + self._timing.retry_timeout
        is_late = now + delay > min(give_up_at, self.deadline)
        return None if is_late else delay, ended_again


class _Meter:
    """Checks that a body makes progress, so that it does not hold its slot forever."""

    def __init__(self, timing: Timing, deadline: float) -> None:
        self._timing = timing
        self._deadline = deadline
        self._since = time.monotonic()
        self._bytes = 0

    def add(self, count: int) -> None:
        """Count bytes. Raises NetrexConnectionError."""
        now = time.monotonic()
        self._bytes += count
        if now > self._deadline:
            raise NetrexConnectionError("The download takes too long")
        if now - self._since >= self._timing.progress_interval:
            if self._bytes < self._timing.progress_bytes:
                raise NetrexConnectionError("The download is too slow")
            self._since, self._bytes = now, 0


class _Body:
    """Writes response bodies to a file of at most `limit` bytes."""

    def __init__(
        self,
        hass: HomeAssistant,
        partial: PartialFile,
        limit: int,
        on_percent: Callable[[int], None],
    ) -> None:
        self._hass = hass
        self._partial = partial
        self._limit = limit
        self._on_percent = on_percent
        # Before the first write: whether the file starts again, and its size in bytes.
        self._prepare: tuple[bool, int | None] | None = None
        # Whether the server sent the file from its start again.
        self.restarted = False

    async def read(self, download: Download, meter: _Meter) -> None:
        """Append the response body, then check that the file is complete."""
        partial, size = self._partial, download.size
        self._check_size(size or 0)
        self.restarted = download.offset != partial.size
        self._prepare = (self.restarted, size)
        await self._write(download, meter)
        if size is not None and partial.size < size:
            raise NetrexConnectionError("The download ended too early")
        if await self.run(partial.finish):
            return
        if size is None:
            raise _EarlyEndError("The download ended too early")
        raise ContentError(ContentKind.INCOMPLETE)

    async def _write(self, download: Download, meter: _Meter) -> None:
        """Write the body. It is read without a pause, and may be ahead of the disk.

        If the connection breaks, aiohttp drops what has arrived but was not read.
        """
        size = download.size
        writing: asyncio.Future[int] | None = None
        blocks: list[bytes] = []
        held, total = 0, download.offset
        is_checked = total > 0
        try:
            async for block in download.content.iter_any():
                blocks.append(block)
                held += len(block)
                total += len(block)
                meter.add(len(block))
                self._check_size(total)
                if not is_checked and held >= _HEAD_BYTES:
                    check_head(b"".join(blocks))
                    is_checked = True
                is_writing = writing is not None and not writing.done()
                if held < (_MAX_HELD_BYTES if is_writing else _BLOCK_SIZE):
                    continue
                if writing is not None:
                    written = await writing
                    if size:
                        self._on_percent(min(written * 100 // size, 99))
                writing = self.run(self._append, blocks)
                blocks, held = [], 0
            if not is_checked:
                check_head(b"".join(blocks))
        finally:
            # Keep what arrived before the connection was lost.
            if writing is not None:
                await writing
            await self.run(self._append, blocks)

    def _append(self, blocks: list[bytes]) -> int:
        """Write blocks, after preparing the file for the body; blocking."""
        if self._prepare is not None:
            restarts, size = self._prepare
            if restarts:
                self._partial.restart()
            self._partial.check_free_space(size)
            self._prepare = None
        return self._partial.write(blocks)

    def _check_size(self, size: int) -> None:
        if size > self._limit:
            raise failed("download_too_large", limit=f"{self._limit / 1e9:.1f}")

    def run[*Ts, T](
        self, function: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        """Call a blocking function in the executor."""
        return self._hass.async_add_executor_job(function, *args)
