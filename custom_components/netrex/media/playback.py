"""Waiting for a clip that somebody wants to watch.

The portal takes seconds to minutes until a clip can be had. Who waits too long without
a word gives up, so after a while they are told how far it is; what they wanted is made
all the same, and is there when they try again.
"""

import asyncio
from collections import Counter
from pathlib import Path
import time

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError

from ..const import DOMAIN
from ..models import NetrexConfigEntry
from ..recordings.clip import Clip
from ..recordings.errors import RecordingError
from ..recordings.jobs import JobState
from ..recordings.manager import RecordingManager

# Longer ones are for `netrex.download_recording`.
LONGEST = 3600

# Failures that nobody came back for, and how long they are of interest, in seconds.
_MOST_FAILURES = 100
_NEWS = 600.0

# What is told after the wait; otherwise the clip stands in a row.
_TEXTS = {
    JobState.PREPARING: "recording_preparing",
    JobState.DOWNLOADING: "recording_downloading",
}


class NotReadyError(RecordingError):
    """The clip is still being made."""


class Playback:
    """The clips that people want to watch."""

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
        # How many wait for each, where any do, and what went wrong when nobody did.
        self._waiting: Counter[Clip] = Counter()
        self._failures: dict[Clip, tuple[HomeAssistantError, float]] = {}

    async def async_file(self, clip: Clip, patience: float) -> Path:
        """Return the file with a clip, made first if need be.

        Args:
            clip: What somebody wants to see.
            patience: Seconds until NotReadyError is raised.

        Raises:
            NotReadyError: It is still being made, and goes on.
            HomeAssistantError: There is none, with a translated text.
        """
        if clip.seconds > LONGEST:
            raise RecordingError("clip_too_long_to_play", minutes=str(LONGEST // 60))
        error, failed_at = self._failures.pop(clip, (None, 0.0))
        if error is not None and time.monotonic() - failed_at < _NEWS:
            # They were told to come again; the next try begins anew.
            raise error
        task = self._tasks.get(clip)
        if task is None:
            # A task, because it outlives those who wait for it.
            task = self._entry.async_create_background_task(
                self._hass, self._recordings.async_fetch(clip), f"{DOMAIN} playback"
            )
            self._tasks[clip] = task
            task.add_done_callback(lambda task: self._async_done(clip, task))
        self._waiting[clip] += 1
        try:
            await asyncio.wait([task], timeout=patience)
        finally:
            self._waiting[clip] -= 1
            if not self._waiting[clip]:
                del self._waiting[clip]
        if not task.done():
            raise self._not_ready(clip)
        if task.cancelled():
            raise RecordingError("stopped")
        return task.result()

    def _not_ready(self, clip: Clip) -> NotReadyError:
        job = self._recordings.job(clip)
        text = _TEXTS.get(job.state) if job else None
        if job is None or text is None:
            return NotReadyError("recording_waiting")
        return NotReadyError(text, percent=str(job.progress or 0))

    @callback
    def _async_done(self, clip: Clip, task: asyncio.Task[Path]) -> None:
        del self._tasks[clip]
        error = None if task.cancelled() else task.exception()
        # Those who wait have not woken up yet, so they still count.
        if isinstance(error, HomeAssistantError) and clip not in self._waiting:
            self._failures[clip] = error, time.monotonic()
            if len(self._failures) > _MOST_FAILURES:
                del self._failures[next(iter(self._failures))]
