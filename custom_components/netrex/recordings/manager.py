"""The recordings of one account: one job per clip, a few at once, nothing half."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
import time
from typing import Any

from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback

from ..client import Lane, NetrexClient, Recording
from ..const import CONF_RECORDINGS_LIMIT, DEFAULT_RECORDINGS_LIMIT_GB, DOMAIN
from ..errors import command_errors
from ..models import NetrexConfigEntry
from .cache import Cache
from .clip import Clip, Saved
from .download import Downloader
from .errors import RecordingError, reason_of
from .file_view import async_sign_file
from .jobs import Fetched, Job, JobState, Tools
from .lanes import LaneSemaphore
from .partial import publish
from .paths import check_target
from .timing import Timing

_GIGABYTE = 1_000_000_000


@dataclass(frozen=True, slots=True)
class JobEvent:
    """News of a file that an action asked for.

    `progress` in percent; `saved` where the state is downloaded; `reason`, the key of
    an error's text, where it is failed.
    """

    clip: Clip
    state: JobState
    progress: int | None = None
    saved: Saved | None = None
    reason: str | None = None


@dataclass(eq=False, slots=True)
class _Running:
    """A job, and how many want it; `public` of them are actions, not players."""

    job: Job
    task: asyncio.Task[Fetched]
    waiters: int = 0
    public: int = 0


class RecordingManager:
    """Owns the jobs and the cache of one account.

    Nothing is asked and no folder is made before somebody wants a recording.
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
        # The portal's machines prepare; the downloads share the line with everything
        # else. The second number is for people who are waiting to watch.
        self._tools = Tools(
            hass,
            client,
            Downloader(hass, client, timing),
            preparations=LaneSemaphore(10, 5),
            downloads=LaneSemaphore(3, 2),
            timing=timing,
        )
        limit = entry.options.get(CONF_RECORDINGS_LIMIT, DEFAULT_RECORDINGS_LIMIT_GB)
        self._cache = Cache(cache_folder(hass, entry.entry_id), limit * _GIGABYTE)
        self._running: dict[Clip, _Running] = {}
        self._listeners: defaultdict[int, list[Callable[[JobEvent], None]]]
        self._listeners = defaultdict(list)
        self._stopped = False
        # Done when the end of a download was told.
        self._downloads: set[asyncio.Future[None]] = set()
        # Downloads since the start: done, or why not.
        self._ended: Counter[str] = Counter()

    async def async_start(self) -> None:
        """Tidy the cache up, and see to it that nothing half survives a stop."""
        await self._hass.async_add_executor_job(self._cache.tidy)
        self._entry.async_on_unload(
            self._hass.bus.async_listen(EVENT_HOMEASSISTANT_STOP, self.async_stop)
        )

    async def async_stop(self, _: Event | None = None) -> None:
        """End all jobs; those who wait get a RecordingError."""
        self._stopped = True
        tasks = [running.task for running in self._running.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        # Whoever waited learns of it now, and can still say so.
        await asyncio.gather(*self._downloads)

    async def async_list(
        self, node_id: int, start: int, end: int, lane: Lane = Lane.INTERACTIVE
    ) -> tuple[Recording, ...]:
        """Return what the portal has between two unix times, one entry per storage.

        Raises HomeAssistantError with a translated text.
        """
        Clip(node_id, start, end).checked(time.time())
        with command_errors(self._hass, self._entry):
            return await self._client.archive.list(node_id, start, end, lane=lane)

    async def async_fetch(self, clip: Clip, lane: Lane = Lane.INTERACTIVE) -> Path:
        """Return a file of the cache with the clip, made first if need be.

        All who want the same clip share it. The file can be cleared away later, so it
        is to be opened soon; `job` tells how far it is meanwhile. Raises
        HomeAssistantError with a translated text.
        """
        clip.checked(time.time())
        if (found := await self._async_find(clip)) is not None:
            return found.path

        def store(fetched: Fetched, *, last: bool) -> Saved:
            return self._cache.store(clip, fetched, last=last)

        return (await self._async_get(clip, lane, self._cache.folder, store)).path

    async def async_download(
        self, clip: Clip, target: Path, *, overwrite: bool = False
    ) -> Saved:
        """Save a clip as a file of its own, which nothing here ever removes.

        Args:
            clip: What to save; one that ends in the near future is waited for.
            target: Where, inside what Home Assistant allows.
            overwrite: Whether it may take the place of another file.

        Raises:
            HomeAssistantError: It cannot be had, with a translated text. There is no
                part of the file then.
        """
        self._notify(JobEvent(clip, JobState.REQUESTED))
        told = self._hass.loop.create_future()
        self._downloads.add(told)
        try:
            saved = await self._async_save(clip, target, overwrite=overwrite)
        except BaseException as err:
            self._notify(JobEvent(clip, JobState.FAILED, reason=reason_of(err)))
            raise
        else:
            saved = replace(saved, url=async_sign_file(self._hass, saved.path))
            self._notify(JobEvent(clip, JobState.DOWNLOADED, 100, saved))
            return saved
        finally:
            self._downloads.remove(told)
            told.set_result(None)

    @callback
    def job(self, clip: Clip) -> Job | None:
        """Return the job that makes a clip just now."""
        running = self._running.get(clip)
        return running.job if running and not running.task.done() else None

    @callback
    def async_add_listener(
        self, node_id: int, listener: Callable[[JobEvent], None]
    ) -> CALLBACK_TYPE:
        """Call `listener` with the news of a camera's downloads."""
        self._listeners[node_id].append(listener)
        return lambda: self._listeners[node_id].remove(listener)

    def diagnostics(self) -> dict[str, Any]:
        """Return how many jobs are where, and how those that ended did so."""
        states = Counter(running.job.state.value for running in self._running.values())
        return {"jobs": states, "ended": self._ended}

    async def _async_save(self, clip: Clip, target: Path, *, overwrite: bool) -> Saved:
        clip.checked(time.time())
        config = self._hass.config

        def check() -> None:
            check_target(config, target, overwrite=overwrite)

        def put(fetched: Fetched | Saved, *, last: bool) -> Saved:
            # Again: it has been a while.
            check()
            publish(fetched.path, target, overwrite=overwrite, last=last)
            return Saved(target, fetched.size, fetched.duration, fetched.height)

        await self._hass.async_add_executor_job(check)
        if (found := await self._async_find(clip)) is not None:
            return await self._hass.async_add_executor_job(
                lambda: put(found, last=False)
            )
        return await self._async_get(
            clip, Lane.COMMAND, target.parent, put, public=True
        )

    async def _async_find(self, clip: Clip) -> Saved | None:
        return await self._hass.async_add_executor_job(self._cache.find, clip)

    async def _async_get(
        self,
        clip: Clip,
        lane: Lane,
        folder: Path,
        deliver: Callable[..., Saved],
        *,
        public: bool = False,
    ) -> Saved:
        """Join the clip's job, or start it, and give its file to `deliver`.

        Whoever leaves frees what only they wanted.
        """
        if self._stopped:
            raise RecordingError("stopped")
        running = self._running.get(clip)
        # A job that its last user is just leaving takes a while to end.
        if running is None or running.task.done() or running.task.cancelling():
            running = self._start(Job(clip, lane, folder, self._tools))
        running.waiters += 1
        running.public += public
        running.job.raise_lane(lane)
        try:
            with command_errors(self._hass, self._entry):
                fetched = await asyncio.shield(running.task)
            last = running.waiters == 1
            return await self._hass.async_add_executor_job(
                lambda: deliver(fetched, last=last)
            )
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if running.task.cancelled() and not (task and task.cancelling()):
                raise RecordingError("stopped") from None
            raise
        finally:
            running.waiters -= 1
            running.public -= public
            if not running.waiters:
                running.task.cancel()
                await asyncio.gather(running.task, return_exceptions=True)
                await running.job.discard()

    @callback
    def _start(self, job: Job) -> _Running:
        task = self._entry.async_create_background_task(
            self._hass, job.run(), f"{DOMAIN} recording"
        )
        running = self._running[job.clip] = _Running(job, task)

        @callback
        def forget(_: object) -> None:
            if self._running.get(job.clip) is running:
                del self._running[job.clip]

        @callback
        def tell(job: Job) -> None:
            if running.public and job.state is not JobState.FAILED:
                self._notify(JobEvent(job.clip, job.state, job.progress))

        task.add_done_callback(forget)
        job.async_add_listener(tell)
        return running

    @callback
    def _notify(self, event: JobEvent) -> None:
        if event.state in (JobState.DOWNLOADED, JobState.FAILED):
            self._ended[event.reason or event.state.value] += 1
        for listener in tuple(self._listeners[event.clip.node_id]):
            listener(event)


def cache_folder(hass: HomeAssistant, entry_id: str) -> Path:
    """Return where an account's recordings are kept for playing.

    Home Assistant leaves the folder out of its backups.
    """
    return Path(hass.config.cache_path(DOMAIN, entry_id))
