"""What happens to a clip from the wish to the file (decision D8)."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
import time

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback

from ..client import (
    Lane,
    NetrexAuthError,
    NetrexBudgetError,
    NetrexClient,
    NetrexError,
    NetrexNotFoundError,
    NetrexPermissionError,
    NetrexQueryError,
    NetrexRateLimitedError,
    NetrexResponseError,
    Recording,
)
from .choice import Choice, choose
from .clip import Clip
from .download import Downloader
from .errors import RecordingError, reason_of
from .lanes import LaneSemaphore
from .partial import PartialFile
from .timing import Timing

# A clip whose last seconds are missing is complete: cameras cut at their key frames.
# The API's own example has 598 of 600 seconds.
_MISSING = 5.0
# Looks in a row at a preparation that fell back, or tells nothing, until it is over.
_BAD_LOOKS = 3
# Answers of no use in a row.
_USELESS = 3
_FULL = 100


class JobState(StrEnum):
    """Where a job is; also the types of the event entity."""

    REQUESTED = "requested"
    PREPARING = "preparing"
    READY = "ready"
    DOWNLOADING = "downloading"
    DOWNLOADED = "downloaded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Fetched:
    """A whole file without a name yet."""

    path: Path
    size: int
    duration: float | None
    height: int


@dataclass(frozen=True, slots=True)
class Tools:
    """What jobs of an account share."""

    hass: HomeAssistant
    client: NetrexClient
    downloader: Downloader
    preparations: LaneSemaphore
    downloads: LaneSemaphore
    timing: Timing


class Job:
    """One clip on its way; all who want it share it.

    Attributes:
        clip: What is wanted.
        lane: The best priority of those who want it.
        state: Where it is.
        progress: Percent of the preparation or of the download.
        height: Pixels; None until it is chosen.
        reason: The key of the text why it failed.
    """

    def __init__(self, clip: Clip, lane: Lane, folder: Path, tools: Tools) -> None:
        """Prepare; `folder` is where the file is made."""
        self.clip = clip
        self.lane = lane
        self.state = JobState.REQUESTED
        self.progress: int | None = None
        self.height: int | None = clip.height
        self.reason: str | None = None
        self._folder = folder
        self._tools = tools
        self._timing = tools.timing
        self._listeners: list[Callable[[Job], None]] = []
        self._partial: PartialFile | None = None

    @callback
    def async_add_listener(self, listener: Callable[[Job], None]) -> CALLBACK_TYPE:
        """Call `listener` whenever state or progress changes."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def run(self) -> Fetched:
        """Do all of it.

        Raises:
            NetrexError: The portal is in the way.
            RecordingError: There is no such recording, or no room for it.
        """
        try:
            return await self._run()
        except BaseException as err:
            self.reason = reason_of(err)
            self._to(JobState.FAILED)
            await self.discard()
            raise

    async def discard(self) -> None:
        """Remove the file that nobody gave a name."""
        if self._partial is not None:
            await self._tools.hass.async_add_executor_job(self._partial.discard)

    def raise_lane(self, lane: Lane) -> None:
        """Go ahead of others, because somebody with a better priority wants it too."""
        self.lane = min(self.lane, lane)
        self._tools.preparations.look()
        self._tools.downloads.look()

    async def _run(self) -> Fetched:
        await self._until_over()
        tries = 0
        while True:
            tries += 1
            # What expired, or failed at the portal, begins anew: ids and addresses
            # live for hours only, and a job may wait in a row for longer.
            try:
                async with self._tools.preparations.take(lambda: self.lane):
                    choice = await self._choose()
                    url = await self._prepare(choice)
                self._to(JobState.READY)
                async with self._tools.downloads.take(lambda: self.lane):
                    return await self._download(choice, url)
            except _ExpiredError as err:
                if tries == self._timing.tries:
                    raise err.cause from None

    async def _until_over(self) -> None:
        """Wait until the clip has been recorded."""
        wait = self.clip.end + self._timing.settling - time.time()
        if wait > 0:
            await asyncio.sleep(wait)

    async def _choose(self) -> Choice:
        """Look for the recording, for a while again if it is young."""
        clip = self.clip
        for wait in self._timing.waits():
            found = await self._ask(
                lambda lane: self._tools.client.archive.list(
                    clip.node_id, clip.start, clip.end, lane=lane
                )
            )
            young = time.time() + wait < clip.end + self._timing.grace
            if not young or _complete(found, clip):
                break
            await asyncio.sleep(wait)
        choice = choose(found, clip.height)
        self.height = choice.height
        return choice

    async def _prepare(self, choice: Choice) -> str:
        """Let the portal make the file; return its address."""
        archive, recording = self._tools.client.archive, choice.recording
        if recording.download_url and recording.heights == (choice.height,):
            return recording.download_url
        self._to(JobState.PREPARING, 0)
        try:
            accepted = await self._ask(
                lambda lane: archive.prepare(
                    recording.recording_id, choice.height, lane=lane
                )
            )
        except NetrexNotFoundError as err:
            raise _ExpiredError(err) from None
        except NetrexResponseError:
            # Such as that it is being prepared already: the state tells.
            accepted = False
        return await self._until_ready(recording, accepted=accepted)

    async def _until_ready(self, recording: Recording, *, accepted: bool) -> str:
        """Look at the preparation in growing steps until there is an address.

        One that was not accepted may run all the same: an answer got lost, or another
        client wants it too.
        """
        best, bad, changed = 0, 0, time.monotonic()
        refused = RecordingError("preparation_refused")
        failed = RecordingError("preparation_failed")
        for wait in self._timing.waits():
            await asyncio.sleep(wait)
            try:
                state = await self._ask(
                    lambda lane: self._tools.client.archive.state(
                        recording.recording_id, lane=lane
                    )
                )
            except NetrexNotFoundError as err:
                raise _ExpiredError(err) from None
            except NetrexResponseError:
                raise _ExpiredError(failed) from None
            if state.download_url:
                return state.download_url
            percent = state.progress or 0
            if not accepted and not percent:
                raise _ExpiredError(refused)
            if percent > best:
                best, bad, changed = percent, 0, time.monotonic()
                self._to(JobState.PREPARING, percent)
            elif percent < best or state.progress is None:
                bad += 1
            if bad >= _BAD_LOOKS or (
                time.monotonic() - changed > self._timing.unchanged
            ):
                raise _ExpiredError(failed)
        raise AssertionError  # the waits do not end

    async def _download(self, choice: Choice, url: str) -> Fetched:
        """Bring the file to the disk; an address that has expired is renewed once."""
        self._to(JobState.DOWNLOADING, 0)
        if self._partial is None:
            self._partial = PartialFile(self._folder)
        # Also again: another preparation need not give the same bytes.
        await self._tools.hass.async_add_executor_job(self._partial.restart)
        try:
            await self._tools.downloader.fetch(url, self._partial, self._on_percent)
        except NetrexNotFoundError as err:
            raise _ExpiredError(err) from None
        return Fetched(
            self._partial.path,
            self._partial.size,
            choice.recording.duration,
            choice.height,
        )

    def _on_percent(self, percent: int) -> None:
        self._to(JobState.DOWNLOADING, percent)

    async def _ask[T](self, question: Callable[[Lane], Awaitable[T]]) -> T:
        """Ask the portal, again while it is down, slow or at its limit."""
        until = time.monotonic() + self._timing.patience
        useless = 0
        for wait in self._timing.waits():
            try:
                return await question(self.lane)
            except _FINAL:
                raise
            except NetrexRateLimitedError as err:
                wait = max(wait, err.retry_after or 0)  # noqa: PLW2901 - told
                if time.monotonic() + wait > until:
                    raise
            except NetrexError as err:
                useless += isinstance(err, NetrexResponseError)
                if useless >= _USELESS or time.monotonic() + wait > until:
                    raise
            await asyncio.sleep(wait)
        raise AssertionError  # the waits do not end

    def _to(self, state: JobState, progress: int | None = None) -> None:
        if (state, progress) == (self.state, self.progress):
            return
        self.state, self.progress = state, progress
        for listener in tuple(self._listeners):
            listener(self)


# What no repetition changes.
_FINAL = (
    NetrexAuthError,
    NetrexPermissionError,
    NetrexNotFoundError,
    NetrexBudgetError,
    NetrexQueryError,
)


class _ExpiredError(Exception):
    """The recording has to be listed and prepared anew; `cause` says why."""

    def __init__(self, cause: NetrexError | RecordingError) -> None:
        super().__init__()
        self.cause = cause


def _complete(found: tuple[Recording, ...], clip: Clip) -> bool:
    longest = max((recording.duration or 0 for recording in found), default=0)
    return longest >= clip.seconds - max(_MISSING, clip.seconds / 100)
