"""Recordings: their list, the preparation of files, and the download keys."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
import secrets
import string

from ..graphql.context import RequestRefusedError
from ..state import State
from ..world.model import ArchivedRecording, Camera
from .clip import ClipStore, Span
from .studio import Studio, View

_ALPHABET = string.ascii_letters + string.digits
_ID_LENGTH = 10
_KEY_LENGTH = 32
_DAY = 86_400
# Invented: how soon recordings are available (seconds).
_UPLOAD_DELAY = 10
_WIDESCREEN = 16 / 9
# Factor by which other storages (memory cards) are slower than the cloud.
_SLOWNESS = 5


@dataclass(frozen=True, slots=True)
class Output:
    """A height that a recording can be prepared in."""

    height: int


@dataclass(frozen=True, slots=True)
class Row:
    """A recording in the API's form, with the API's field names."""

    recording_id: str
    duration: int
    progress: int | None
    download_url: str | None
    outputs: tuple[Output, ...]


@dataclass(slots=True)
class _Job:
    """A preparation; `file` is None for one that will fail."""

    height: int
    started_at: float
    seconds: float
    file: asyncio.Future[Path] | None
    auth_key: str | None = None


@dataclass(slots=True)
class _Recording:
    recording_id: str
    camera: Camera
    spans: tuple[Span, ...]
    listed_at: float
    slowness: float
    heights: tuple[int, ...]
    archived: bool = False
    job: _Job | None = None

    @property
    def duration(self) -> float:
        return sum(end - start for start, end in self.spans)


@dataclass(slots=True)
class Download:
    """A file behind a download key. `expires_at` in unix seconds."""

    file: asyncio.Future[Path]
    name: str
    expires_at: float
    downloaded: bool = field(default=False)


class RecordingStore:
    """The recordings of all cameras. Must be closed."""

    def __init__(self, state: State, studio: Studio) -> None:
        """Record the same pictures that `studio` shows live."""
        self._state = state
        # URL of the portal, known as soon as it listens.
        self.base_url = ""
        self._recordings: dict[str, _Recording] = {}
        # Loaded later, because writing files needs a running event loop.
        self._archive: tuple[ArchivedRecording, ...] = tuple(state.world.archive)
        self._downloads: dict[str, Download] = {}
        self._clips = ClipStore(studio.scene)

    def list(self, camera: Camera, start: int, end: int) -> list[Row]:
        """Return one row per storage with recordings between two unix times."""
        now = self._state.clock.now()
        self._forget(now)
        archived = [
            self._row(recording)
            for recording in self._recordings.values()
            if recording.archived
            and recording.camera is camera
            and recording.spans[0][0] < end
            and start < recording.spans[0][1]
        ]
        if archived or not camera.records:
            return archived
        gap = self._state.switches.recording_gap
        gap_start = camera.node_id * 7919 % _DAY
        switches = self._state.switches
        stopped_at = now - max(switches.recording_stopped_days * _DAY, _UPLOAD_DELAY)
        start = max(start, int(now - switches.recording_retention_days * _DAY))
        end = min(end, int(stopped_at))
        spans = tuple(_recorded(start, end, gap_start, gap))
        if not spans:
            return []
        heights = tuple(
            sorted({profile.height for profile in camera.stream_profiles}) or (720,)
        )
        rows: list[Row] = []
        for storage in range(self._state.switches.recording_storages):
            recording = _Recording(
                "".join(secrets.choice(_ALPHABET) for _ in range(_ID_LENGTH)),
                camera,
                spans,
                now,
                _SLOWNESS if storage else 1,
                heights[-1:] if storage else heights,
            )
            self._recordings[recording.recording_id] = recording
            rows.append(self._row(recording))
        return rows

    def prepare(self, recording_id: str, height: int) -> bool:
        """Start to prepare a recording in one of its heights.

        Raises RequestRefusedError for an ID that is unknown or expired, or for a
        height that is not offered.
        """
        recording = self._find(recording_id)
        switches = self._state.switches
        if height not in recording.heights:
            raise RequestRefusedError("Requested output is not available.")
        job = recording.job
        if job is not None and job.height == height and job.file is not None:
            if switches.prepare_twice == "error":
                raise RequestRefusedError("Recording is already being prepared.")
            return switches.prepare_twice == "true"
        if switches.prepare_answer == "error":
            raise RequestRefusedError("Recording cannot be prepared.")
        if switches.prepare_answer == "false":
            return False
        # The recording's own height needs no conversion.
        effort = 2 - height / recording.heights[-1]
        recording.job = _Job(
            height,
            self._state.clock.now(),
            switches.prepare_duration * effort * recording.slowness,
            None if switches.prepare_fails else self._write(recording, height),
        )
        return True

    def progress(self, recording_id: str) -> Row:
        """Return the state of a recording.

        Raises RequestRefusedError for an ID that is unknown or expired and, depending
        on a switch, for a failed preparation.
        """
        return self._row(self._find(recording_id))

    def download(self, auth_key: str) -> Download | None:
        """Return the download of a key, None if the key is unknown or expired."""
        self._forget(self._state.clock.now())
        return self._downloads.get(auth_key)

    def downloaded(self, download: Download) -> None:
        """Shorten the lifetime of a key whose file has been downloaded."""
        if not download.downloaded:
            download.downloaded = True
            end = self._state.clock.now() + self._state.switches.downloaded_lifetime
            download.expires_at = min(download.expires_at, end)

    async def close(self) -> None:
        """Cancel pending writes and remove all files."""
        await self._clips.close()

    def _find(self, recording_id: str) -> _Recording:
        self._forget(self._state.clock.now())
        recording = self._recordings.get(recording_id)
        if recording is None:
            raise RequestRefusedError("Recording was not found.")
        return recording

    def _row(self, recording: _Recording) -> Row:
        progress, url = self._state_of(recording)
        return Row(
            recording.recording_id,
            int(recording.duration),
            progress,
            url,
            tuple(map(Output, recording.heights)),
        )

    def _state_of(self, recording: _Recording) -> tuple[int | None, str | None]:
        """Return the progress in percent and the download URL, if there is one."""
        job = recording.job
        if job is None:
            return 0, None
        now = self._state.clock.now()
        share = (now - job.started_at) / job.seconds if job.seconds else 1.0
        if job.file is None and share >= 1 / 2:
            failed = self._state.switches.failed_progress
            if failed == "error":
                raise RequestRefusedError("Recording preparation failed.")
            return {"null": None, "zero": 0, "minus": -1}[failed], None
        if share < 1 or job.file is None:
            return max(0, int(share * 100)), None
        if job.auth_key is None:
            job.auth_key = self._state.secrets.issue(_KEY_LENGTH)
            lifetime = self._state.switches.download_lifetime
            self._downloads[job.auth_key] = Download(
                job.file,
                f"{recording.camera.serial_number}_{int(recording.spans[0][0])}.mp4",
                now + lifetime,
            )
        return 100, f"{self.base_url}/api/download.php?auth_key={job.auth_key}"

    def _write(self, recording: _Recording, height: int) -> asyncio.Future[Path]:
        camera = recording.camera
        node = self._state.world.node(camera.node_id)
        width = next(
            (p.width for p in camera.stream_profiles if p.height == height),
            round(height * _WIDESCREEN),
        )
        name = node.name if node and node.name else str(camera.node_id)
        view = View(camera.node_id, name, width, height)
        switches = self._state.switches
        return self._clips.write(
            view, recording.spans, switches.recording_size, switches.recording_layout
        )

    def _load_archive(self) -> None:
        """Load the recordings that exist from the start."""
        archive, self._archive = self._archive, ()
        for item in archive:
            recording = _Recording(
                item.recording_id,
                self._state.world.cameras[item.node_id],
                ((item.start, item.end),),
                item.end,
                1,
                item.heights,
                archived=True,
            )
            self._recordings[item.recording_id] = recording
            if item.prepared:
                height = item.heights[-1]
                file = self._write(recording, height)
                recording.job = _Job(height, item.end, 0, file)

    def _forget(self, now: float) -> None:
        """Remove expired IDs and keys, and files without a key."""
        self._load_archive()
        switches = self._state.switches
        self._downloads = {
            key: download
            for key, download in self._downloads.items()
            if now < download.expires_at
        }
        self._recordings = {
            name: recording
            for name, recording in self._recordings.items()
            if recording.archived
            or now - recording.listed_at < switches.recording_id_lifetime
            or (recording.job is not None and self._alive(recording.job))
        }
        wanted = {download.file for download in self._downloads.values()} | {
            recording.job.file
            for recording in self._recordings.values()
            if recording.job
        }
        self._clips.keep({file for file in wanted if file is not None})

    def _alive(self, job: _Job) -> bool:
        return job.file is not None and (
            job.auth_key is None or job.auth_key in self._downloads
        )


def _recorded(start: float, end: float, gap_start: float, gap: float) -> Iterator[Span]:
    """Yield the recorded spans between two unix times.

    Each day (UTC) has a gap of `gap` seconds that starts at second `gap_start`.
    """
    day = start - start % _DAY - _DAY
    while gap and start < end:
        stop = day + gap_start
        if start < stop:
            yield start, min(end, stop)
        start = max(start, stop + gap)
        day += _DAY
    if start < end:
        yield start, end
