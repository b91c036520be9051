"""What can be asked of a recording: a camera, a time, a height."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from .errors import InvalidClipError

# The portal's API names no limit; a file of a day is what a person can still handle.
LONGEST_CLIP = 24 * 3600
# A clip of the future is waited for in memory, so a restart forgets it.
FARTHEST_END = 3600
_TALLEST = 8640


@dataclass(frozen=True, slots=True)
class Clip:
    """A wish for a recording.

    The API documents recordings of cameras only, so video channels have none of their
    own.

    Attributes:
        node_id: The camera.
        start: Unix seconds.
        end: Unix seconds, after `start`; may lie in the near future.
        height: Pixels; None for the highest, which the portal prepares quickest.
    """

    node_id: int
    start: int
    end: int
    height: int | None = None

    @property
    def seconds(self) -> int:
        """Return the length in seconds."""
        return self.end - self.start

    def checked(self, now: float) -> Self:
        """Return the clip if it makes sense at `now` (unix seconds).

        Raises:
            InvalidClipError: It does not; says why.
        """
        if self.end <= self.start:
            raise InvalidClipError("end_before_start")
        if self.start < 0:
            raise InvalidClipError("no_recording")
        if self.seconds > LONGEST_CLIP:
            raise InvalidClipError("clip_too_long", hours=str(LONGEST_CLIP // 3600))
        if self.end > now + FARTHEST_END:
            raise InvalidClipError("clip_in_future", minutes=str(FARTHEST_END // 60))
        if self.height is not None and not 0 < self.height <= _TALLEST:
            raise InvalidClipError("height_not_offered", heights="-")
        return self


@dataclass(frozen=True, slots=True)
class Saved:
    """A file that is whole.

    Attributes:
        path: Where it is.
        size: Bytes.
        duration: Seconds, as the portal tells.
        height: Pixels.
        url: A link that opens it without a sign-in until it expires; None for a file
            in the cache.
    """

    path: Path
    size: int
    duration: float | None
    height: int | None
    url: str | None = field(default=None, repr=False)
