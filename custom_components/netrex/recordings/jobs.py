"""Jobs that prepare and download a clip (decision 0017)."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
import time

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError

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
from ..errors import failed
from .clip import Clip, ClipFile
from .content import ContentError
from .download import Downloader
from .file_view import DATA_PARTIAL_PREFIX
from .lanes import LaneSemaphore
from .partial import PartialFile, check_folder
from .renditions import Rendition, select_rendition
from .timing import Timing

# How much of a complete recording can be missing (seconds): cameras cut at their key
# frames. The API's own example has 598 of 600 seconds.
_MAX_MISSING_SECONDS = 5.0
# Consecutive polls with decreased or missing progress until a preparation has failed.
_MAX_REGRESSIONS = 3
# Unusable answers until a request has failed.
_MAX_UNUSABLE_ANSWERS = 3


class JobState(StrEnum):
    """The state of a job; also the event types of the event entity."""

    REQUESTED = "requested"
    PREPARING = "preparing"
    READY = "ready"
    DOWNLOADING = "downloading"
    DOWNLOADED = "downloaded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class JobContext:
    """What the jobs of an account share."""

    hass: HomeAssistant
    client: NetrexClient
    downloader: Downloader
    preparations: LaneSemaphore
    downloads: LaneSemaphore
    timing: Timing


class Job:
    """Makes the file of one clip for all that request it.

    Args:
        folder: Where the partial file is made.
        context: What all jobs share.

    Attributes:
        clip: The requested clip.
        lane: The best priority of the requests.
        state: The current step.
        progress: Percent of the preparation or of the download.
    """

    def __init__(
        self, clip: Clip, lane: Lane, folder: Path, context: JobContext
    ) -> None:
        self.clip = clip
        self.lane = lane
        self.state = JobState.REQUESTED
        self.progress: int | None = None
        self._folder = folder
        self._context = context
        self._timing = context.timing
        self._listeners: list[Callable[[Job], None]] = []
        self._partial: PartialFile | None = None
        # From this monotonic time, an incomplete recording is used.
        self._final_at = 0.0

    @callback
    def async_add_listener(self, listener: Callable[[Job], None]) -> CALLBACK_TYPE:
        """Call `listener` whenever state or progress changes."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def run(self) -> ClipFile:
        """Return the complete file, which is still to be moved or discarded.

        Raises:
            NetrexError: A request to the portal failed.
            HomeAssistantError: There is no such recording, or no space for it.
        """
        try:
            return await self._run()
        except BaseException:
            self._set_state(JobState.FAILED)
            await self.discard()
            raise

    async def discard(self) -> None:
        """Remove the partial file."""
        if self._partial is not None:
            await self._context.hass.async_add_executor_job(self._partial.discard)

    def raise_lane(self, lane: Lane) -> None:
        """Raise the priority to `lane` if that is better."""
        self.lane = min(self.lane, lane)
        self._context.preparations.wake_up()
        self._context.downloads.wake_up()

    async def _run(self) -> ClipFile:
        left = self.clip.end - time.time()
        # By another clock, because the system's may be set back during the job.
        self._final_at = time.monotonic() + left + self._timing.grace
        # Until the clip has been recorded.
        await asyncio.sleep(left + self._timing.settling)
        # Queries for a file that has no room would be wasted.
        await self._context.hass.async_add_executor_job(check_folder, self._folder)
        attempt = 0
        answers: set[str] = set()
        while True:
            attempt += 1
            # If the recording or its URL expires, or the portal fails, start over: they
            # are valid for hours only, and a job can be queued for longer.
            try:
                async with self._context.preparations.acquire(lambda: self.lane):
                    rendition = await self._find()
                    url = await self._prepare(rendition)
                self._set_state(JobState.READY)
                async with self._context.downloads.acquire(lambda: self.lane):
                    return await self._download(rendition, url)
            except _ExpiredError as err:
                # An answer of the download server that came twice is final.
                if err.answer in answers or attempt == self._timing.max_attempts:
                    raise err.cause from None
                if err.answer is not None:
                    answers.add(err.answer)

    async def _find(self) -> Rendition:
        """List the recordings, repeatedly while the clip's may still be incomplete."""
        clip = self.clip
        for delay in self._timing.delays():
            recordings = await self._retry(
                lambda lane: self._context.client.archive.list(
                    clip.node_id, clip.start, clip.end, lane=lane
                )
            )
            can_grow = time.monotonic() + delay < self._final_at
            if not can_grow or _is_complete(recordings, clip):
                break
            await asyncio.sleep(delay)
        return select_rendition(recordings, clip.height)

    async def _prepare(self, rendition: Rendition) -> str:
        """Prepare the recording and return its URL."""
        archive, recording = self._context.client.archive, rendition.recording
        if recording.download_url and recording.heights == (rendition.height,):
            return recording.download_url
        self._set_state(JobState.PREPARING, 0)
        try:
            accepted = await self._retry(
                lambda lane: archive.prepare(
                    recording.recording_id, rendition.height, lane=lane
                )
            )
        except NetrexNotFoundError as err:
            raise _ExpiredError(err) from None
        except NetrexResponseError:
            # It may be in preparation already, which its progress shows.
            accepted = False
        return await self._poll(recording, accepted=accepted)

    async def _poll(self, recording: Recording, *, accepted: bool) -> str:
        """Poll the preparation until its URL is known, and return the URL.

        A preparation that was not accepted may be running all the same: the answer was
        lost, or another client requested it too.
        """
        best, regressions, progressed_at = 0, 0, time.monotonic()
        for delay in self._timing.delays():
            await asyncio.sleep(delay)
            try:
                state = await self._retry(
                    lambda lane: self._context.client.archive.state(
                        recording.recording_id, lane=lane
                    )
                )
            except NetrexNotFoundError as err:
                raise _ExpiredError(err) from None
            except NetrexResponseError:
                break
            if state.download_url:
                return state.download_url
            percent = state.progress or 0
            if not accepted and not percent:
                raise _ExpiredError(failed("preparation_refused"))
            if percent > best:
                best, regressions, progressed_at = percent, 0, time.monotonic()
                self._set_state(JobState.PREPARING, percent)
            elif percent < best or state.progress is None:
                regressions += 1
            is_stalled = time.monotonic() - progressed_at > self._timing.stall_timeout
            if is_stalled or regressions >= _MAX_REGRESSIONS:
                break
        raise _ExpiredError(failed("preparation_failed"))

    async def _download(self, rendition: Rendition, url: str) -> ClipFile:
        """Download the file; discards what an earlier attempt downloaded."""
        self._set_state(JobState.DOWNLOADING, 0)
        if self._partial is None:
            prefix = self._context.hass.data[DATA_PARTIAL_PREFIX]
            self._partial = PartialFile(self._folder, prefix)
        file = self._partial
        # Another preparation need not give the same bytes.
        await self._context.hass.async_add_executor_job(file.restart)
        try:
            await self._context.downloader.fetch(
                url,
                file,
                self.clip.seconds,
                partial(self._set_state, JobState.DOWNLOADING),
            )
        except NetrexNotFoundError as err:
            raise _ExpiredError(err, answer=str(err)) from None
        except ContentError as err:
            cause = failed(err.kind)
            raise _ExpiredError(cause, answer=err.kind) from None
        duration = rendition.recording.duration
        return ClipFile(file.path, file.size, duration, rendition.height)

    async def _retry[T](self, request: Callable[[Lane], Awaitable[T]]) -> T:
        """Send a request, with retries while the portal is down or at its limit."""
        give_up_at = time.monotonic() + self._timing.retry_timeout
        delays = self._timing.delays()
        unusable = 0
        while True:
            try:
                return await request(self.lane)
            except _FINAL_ERRORS:
                raise
            except NetrexError as err:
                delay = next(delays)
                if isinstance(err, NetrexRateLimitedError):
                    delay = max(delay, err.retry_after or 0)
                unusable += isinstance(err, NetrexResponseError)
                is_late = time.monotonic() + delay > give_up_at
                if is_late or unusable >= _MAX_UNUSABLE_ANSWERS:
                    raise
            await asyncio.sleep(delay)

    def _set_state(self, state: JobState, progress: int | None = None) -> None:
        if (state, progress) == (self.state, self.progress):
            return
        self.state, self.progress = state, progress
        for listener in tuple(self._listeners):
            listener(self)


# Errors that a retry does not change.
_FINAL_ERRORS = (
    NetrexAuthError,
    NetrexPermissionError,
    NetrexNotFoundError,
    NetrexBudgetError,
    NetrexQueryError,
)


class _ExpiredError(Exception):
    """The recording must be listed and prepared again, because of `cause`.

    `answer` is the kind of answer of the download server, None if it was not asked.
    """

    def __init__(
        self, cause: NetrexError | HomeAssistantError, answer: str | None = None
    ) -> None:
        super().__init__()
        self.cause = cause
        self.answer = answer


def _is_complete(recordings: Sequence[Recording], clip: Clip) -> bool:
    longest = max((recording.duration or 0 for recording in recordings), default=0)
    return longest >= clip.seconds - max(_MAX_MISSING_SECONDS, clip.seconds / 100)
