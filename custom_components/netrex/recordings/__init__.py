"""Recordings: jobs from the wish to the file, the cache for playing, the actions."""

from .availability import Availability
from .clip import Clip, Saved
from .jobs import Job, JobState
from .manager import JobEvent, RecordingManager, cache_folder
from .playback import Playback

__all__ = [
    "Availability",
    "Clip",
    "Job",
    "JobEvent",
    "JobState",
    "Playback",
    "RecordingManager",
    "Saved",
    "cache_folder",
]
