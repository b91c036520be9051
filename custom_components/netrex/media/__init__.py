"""The portal's recordings in the media browser: folder, camera, day, hour, slice."""

from .availability import Availability
from .playback import Playback

__all__ = ["Availability", "Playback"]
