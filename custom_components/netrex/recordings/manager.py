"""Manages the recording jobs and the cache of one account."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
import time
from typing import Any

from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError

from ..client import Lane, NetrexClient, NetrexError, Recording
from ..const import CONF_RECORDINGS_LIMIT, DEFAULT_RECORDINGS_LIMIT_GB, DOMAIN
from ..errors import command_errors, error_key, failed
from ..models import NetrexConfigEntry
from .cache import Cache
from .clip import Clip, ClipFile
from .download import Downloader
from .file_view import async_link_file
from .jobs import Job, JobContext, JobState
from .lanes import LaneSemaphore
from .partial import publish
from .paths import check_target
from .timing import Timing

_GIGABYTE = 1_000_000_000


@dataclass(frozen=True, slots=True)
class JobEvent:
    """A change of a download that an action requested.

    Attributes:
        clip: The requested clip.
        state: The state of its job.
        progress: Percent of the preparation or of the download.
        file: The saved file, in the state downloaded.
        reason: The translation key of the error, in the state failed.
    """

    clip: Clip
    state: JobState
    progress: int | None = None
    file: ClipFile | None = None
    reason: str | None = None


@dataclass(eq=False, slots=True)
class _RunningJob:
    """A running job with its reference counts: all waiters, and those of actions."""

    job: Job
    task: asyncio.Task[ClipFile]
    waiters: int = 0
    actions: int = 0


class RecordingManager:
    """Owns the jobs and the cache of one account.

    It sends no request and creates no folder before a recording is requested.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: NetrexConfigEntry,
        client: NetrexClient,
        timing: Timing | None = None,
    ) -> None:
        self._hass = hass
        self._entry = entry
        self._client = client
        timing = timing or Timing()
        # Preparations load only the portal; downloads share the connection with others.
        self._context = JobContext(
            hass,
            client,
            Downloader(hass, client, timing),
            preparations=LaneSemaphore(10, 5),
            downloads=LaneSemaphore(3, 2),
            timing=timing,
        )
        limit = entry.options.get(CONF_RECORDINGS_LIMIT, DEFAULT_RECORDINGS_LIMIT_GB)
        self._cache = Cache(cache_folder(hass, entry.entry_id), limit * _GIGABYTE)
        self._running: dict[Clip, _RunningJob] = {}
        self._listeners: defaultdict[int, list[Callable[[JobEvent], None]]]
        self._listeners = defaultdict(list)
        self._stopped = False
        # A future per download, done after its last event.
        self._downloads: set[asyncio.Future[None]] = set()
        # Finished downloads since the start, by result.
        self._finished: Counter[str] = Counter()

    async def async_start(self) -> None:
        """Clean up the cache, and stop with Home Assistant."""
        await self._hass.async_add_executor_job(self._cache.clean_up)
        self._entry.async_on_unload(
            self._hass.bus.async_listen(EVENT_HOMEASSISTANT_STOP, self.async_stop)
        )

    async def async_stop(self, _: Event | None = None) -> None:
        """Cancel all jobs; their waiters get a HomeAssistantError."""
        self._stopped = True
        tasks = [running.task for running in self._running.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        # Wait for the last events of the downloads.
        await asyncio.gather(*self._downloads)

    async def async_list(
        self, node_id: int, start: int, end: int, lane: Lane = Lane.INTERACTIVE
    ) -> tuple[Recording, ...]:
        """Return the recordings between two unix times (seconds), one per storage.

        Raises:
            HomeAssistantError: The times are not valid, or the portal cannot list them.
        """
        Clip(node_id, start, end).validate(time.time())
        with command_errors(self._entry):
            return await self._client.archive.list(node_id, start, end, lane=lane)

    async def async_fetch(self, clip: Clip, lane: Lane = Lane.INTERACTIVE) -> Path:
        """Return the cached file of a clip, which is created if necessary.

        Concurrent calls share one job, whose progress `job` reports. The file can be
        evicted at any time, so open it at once.

        Raises:
            HomeAssistantError: The clip is not available.
        """
        clip.validate(time.time())
        file = await self._async_find(clip)
        if file is None:
            file = await self._async_run(
                clip, lane, self._cache.folder, partial(self._cache.store, clip)
            )
        return file.path

    async def async_download(
        self, clip: Clip, target: Path, *, overwrite: bool = False
    ) -> ClipFile:
        """Save a clip as a file outside the cache, with a link to it.

        Args:
            clip: The clip to save; if it ends in the near future, this waits for it.
            target: The file's path in a folder that Home Assistant may write to.
            overwrite: Whether to replace an existing file.

        Raises:
            HomeAssistantError: The clip is not available; no partial file is left.
        """
        self._notify(JobEvent(clip, JobState.REQUESTED))
        done = self._hass.loop.create_future()
        self._downloads.add(done)
        try:
            file = await self._async_save(clip, target, overwrite=overwrite)
        except BaseException as err:
            self._notify(JobEvent(clip, JobState.FAILED, reason=_reason(err)))
            raise
        else:
            file = replace(file, url=async_link_file(self._hass, file.path))
            self._notify(JobEvent(clip, JobState.DOWNLOADED, 100, file))
            return file
        finally:
            self._downloads.remove(done)
            done.set_result(None)

    @callback
    def job(self, clip: Clip) -> Job | None:
        """Return the running job of a clip; None if there is none."""
        running = self._running.get(clip)
        return running.job if running and not running.task.done() else None

    @callback
    def async_add_listener(
        self, node_id: int, listener: Callable[[JobEvent], None]
    ) -> CALLBACK_TYPE:
        """Call `listener` with each change of a camera's downloads."""
        self._listeners[node_id].append(listener)
        return lambda: self._listeners[node_id].remove(listener)

    def diagnostics(self) -> dict[str, Any]:
        """Return the number of jobs by state, and of finished downloads by result."""
        states = Counter(running.job.state.value for running in self._running.values())
        return {"jobs": states, "ended": self._finished}

    async def _async_save(
        self, clip: Clip, target: Path, *, overwrite: bool
    ) -> ClipFile:
        clip.validate(time.time())
        config = self._hass.config

        def save(file: ClipFile, *, may_move: bool) -> ClipFile:
            # The folder may have changed since the first check.
            check_target(config, target, overwrite=overwrite)
            publish(file.path, target, overwrite=overwrite, may_move=may_move)
            return replace(file, path=target)

        await self._hass.async_add_executor_job(
            partial(check_target, config, target, overwrite=overwrite)
        )
        if (file := await self._async_find(clip)) is not None:
            return await self._hass.async_add_executor_job(
                partial(save, file, may_move=False)
            )
        return await self._async_run(
            clip, Lane.COMMAND, target.parent, save, for_action=True
        )

    async def _async_find(self, clip: Clip) -> ClipFile | None:
        return await self._hass.async_add_executor_job(self._cache.find, clip)

    async def _async_run(
        self,
        clip: Clip,
        lane: Lane,
        folder: Path,
        save: Callable[..., ClipFile],
        *,
        for_action: bool = False,
    ) -> ClipFile:
        """Join or start the clip's job, and `save` its file in the executor.

        A job without waiters is canceled.
        """
        if self._stopped:
            raise failed("stopped")
        running = self._running.get(clip)
        # A canceled job takes a while to finish.
        if running is None or running.task.done() or running.task.cancelling():
            running = self._start(Job(clip, lane, folder, self._context))
        running.waiters += 1
        running.actions += for_action
        running.job.raise_lane(lane)
        try:
            with command_errors(self._entry):
                file = await asyncio.shield(running.task)
            may_move = running.waiters == 1
            return await self._hass.async_add_executor_job(
                partial(save, file, may_move=may_move)
            )
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if running.task.cancelled() and not (task and task.cancelling()):
                raise failed("stopped") from None
            raise
        finally:
            running.waiters -= 1
            running.actions -= for_action
            if not running.waiters:
                running.task.cancel()
                await asyncio.gather(running.task, return_exceptions=True)
                await running.job.discard()

    @callback
    def _start(self, job: Job) -> _RunningJob:
        task = self._entry.async_create_background_task(
            self._hass, job.run(), f"{DOMAIN} recording"
        )
        running = self._running[job.clip] = _RunningJob(job, task)

        @callback
        def async_remove(_: object) -> None:
            if self._running.get(job.clip) is running:
                del self._running[job.clip]

        @callback
        def async_state_changed(job: Job) -> None:
            if running.actions and job.state is not JobState.FAILED:
                self._notify(JobEvent(job.clip, job.state, job.progress))

        task.add_done_callback(async_remove)
        job.async_add_listener(async_state_changed)
        return running

    @callback
    def _notify(self, event: JobEvent) -> None:
        if event.state in (JobState.DOWNLOADED, JobState.FAILED):
            self._finished[event.reason or event.state.value] += 1
        for listener in tuple(self._listeners[event.clip.node_id]):
            listener(event)


def _reason(err: BaseException) -> str:
    """Return the translation key that says why a job failed."""
    if isinstance(err, NetrexError):
        return error_key(err)
    if isinstance(err, HomeAssistantError) and err.translation_key:
        return err.translation_key
    # Canceled: Home Assistant stops, or the last waiter was canceled.
    return "stopped"


def cache_folder(hass: HomeAssistant, entry_id: str) -> Path:
    """Return the cache folder of an account, which backups leave out."""
    return Path(hass.config.cache_path(DOMAIN, entry_id))
