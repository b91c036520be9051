"""Recordings as jobs: from the request to the file, and the cache for playback."""

from .clip import Clip, ClipFile
from .jobs import Job, JobState
from .manager import JobEvent, RecordingManager, cache_folder

__all__ = [
    "Clip",
    "ClipFile",
    "Job",
    "JobEvent",
    "JobState",
    "RecordingManager",
    "cache_folder",
]
