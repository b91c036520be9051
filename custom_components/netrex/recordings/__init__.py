"""Recordings as jobs: from the request to the file, and the cache for playing."""

from .clip import Clip, Saved
from .jobs import Job, JobState
from .manager import JobEvent, RecordingManager, cache_folder

__all__ = [
    "Clip",
    "Job",
    "JobEvent",
    "JobState",
    "RecordingManager",
    "Saved",
    "cache_folder",
]
