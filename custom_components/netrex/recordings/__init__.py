"""Recordings: jobs from the wish to the file, the cache for playing, the actions."""

from ..media.availability import Availability
from ..media.playback import Playback
from .clip import Clip, Saved
from .jobs import Job, JobState
from .manager import JobEvent, RecordingManager, cache_folder

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
