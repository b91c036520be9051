"""Recordings: jobs from the wish to the file, the cache for playing, the actions."""

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
