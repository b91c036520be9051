"""Waits for a clip that a person wants to watch.

The portal takes seconds to minutes to prepare a clip, and a person gives up if nothing
happens. So the wait has a limit, after which an error reports the progress; the job
continues, and its file is ready when the person tries again (decision 0013).
"""

import asyncio
from collections import Counter
from pathlib import Path
import time

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError

from ..client.days import HOUR
from ..const import DOMAIN
from ..errors import failed
from ..models import NetrexConfigEntry
from ..recordings.clip import Clip
from ..recordings.jobs import JobState
from ..recordings.manager import RecordingManager

# Longer clips can only be downloaded.
MAX_CLIP_SECONDS = HOUR

# Failures kept until someone asks for the clip again, and for how long.
_MAX_FAILURES = 100
_FAILURE_LIFETIME_SECONDS = 600.0

# The error after the wait, by the job's state; in any other state the job is queued.
_NOT_READY_KEYS = {
    JobState.PREPARING: "recording_preparing",
    JobState.DOWNLOADING: "recording_downloading",
}


class NotReadyError(HomeAssistantError):
    """The clip is not ready yet; its job continues."""


class Playback:
    """Fetches clips of one account for players."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: NetrexConfigEntry,
        recordings: RecordingManager,
    ) -> None:
        self._hass = hass
        self._entry = entry
        self._recordings = recordings
        self._tasks: dict[Clip, asyncio.Task[Path]] = {}
        # How many callers wait for each task; tasks without a caller are left out.
        self._waiters: Counter[Clip] = Counter()
        # Errors of tasks that failed without a waiter, with their monotonic time.
        self._failures: dict[Clip, tuple[HomeAssistantError, float]] = {}

    async def async_fetch(self, clip: Clip, max_wait: float) -> Path:
        """Return the cached file of a clip, which is created if necessary.

        Args:
            clip: The clip to play, at most `MAX_CLIP_SECONDS` long.
            max_wait: Seconds until NotReadyError is raised.

        Raises:
            NotReadyError: The clip is not ready yet; its job continues.
            HomeAssistantError: The clip is not available.
        """
        if clip.seconds > MAX_CLIP_SECONDS:
            raise failed("clip_too_long_to_play", minutes=str(MAX_CLIP_SECONDS // 60))
        error, failed_at = self._failures.pop(clip, (None, 0.0))
        if error and time.monotonic() - failed_at < _FAILURE_LIFETIME_SECONDS:
            # Report it once; the next call starts a new job.
            raise error
        task = self._tasks.get(clip)
        if task is None:
            # A task of its own, because it outlives its waiters.
            task = self._entry.async_create_background_task(
                self._hass, self._recordings.async_fetch(clip), f"{DOMAIN} playback"
            )
            self._tasks[clip] = task
            task.add_done_callback(lambda task: self._async_done(clip, task))
        self._waiters[clip] += 1
        try:
            await asyncio.wait([task], timeout=max_wait)
        finally:
            self._waiters[clip] -= 1
            if not self._waiters[clip]:
                del self._waiters[clip]
        if not task.done():
            raise self._not_ready(clip)
        if task.cancelled():
            raise failed("stopped")
        return task.result()

    def _not_ready(self, clip: Clip) -> NotReadyError:
        job = self._recordings.job(clip)
        key = _NOT_READY_KEYS.get(job.state) if job else None
        return NotReadyError(
            translation_domain=DOMAIN,
            translation_key=key or "recording_waiting",
            translation_placeholders={"percent": str((job and job.progress) or 0)},
        )

    @callback
    def _async_done(self, clip: Clip, task: asyncio.Task[Path]) -> None:
        del self._tasks[clip]
        error = None if task.cancelled() else task.exception()
        # Waiters resume after this callback, so they are still counted here.
        if isinstance(error, HomeAssistantError) and clip not in self._waiters:
            self._failures[clip] = error, time.monotonic()
            if len(self._failures) > _MAX_FAILURES:
                del self._failures[next(iter(self._failures))]
