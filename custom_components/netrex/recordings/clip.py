"""The part of a recording that a job fetches, and the file that it creates."""

from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from aiohttp import hdrs
from homeassistant.util import dt as dt_util

from ..client.days import DAY, HOUR, local_instant
from ..errors import invalid

MIME_TYPE = "video/mp4"
# Jobs live in memory: a restart cancels those that wait for the end of their clip.
MAX_SECONDS_AHEAD = HOUR
_MAX_HEIGHT = 8640


@dataclass(frozen=True, slots=True)
class Clip:
    """A part of a camera's recording.

    The API documents recordings of cameras only, not of their video channels.

    Attributes:
        node_id: The camera.
        start: Unix seconds.
        end: Unix seconds, after `start`; may be in the near future.
        height: Pixels; None for the highest, which the portal prepares fastest.
    """

    node_id: int
    start: int
    end: int
    height: int | None = None

    @property
    def seconds(self) -> int:
        """Return the length in seconds."""
        return self.end - self.start

    def validate(self, now: float) -> None:
        """Check the clip against the limits at `now` (unix seconds).

        Raises:
            ServiceValidationError: The clip exceeds a limit.
        """
        if self.end <= self.start:
            raise invalid("end_before_start")
        if self.start < 0:
            raise invalid("no_recording")
        if self.end > _latest_end(self.start):
            raise invalid("clip_too_long", hours=str(DAY // HOUR))
        if self.end > now + MAX_SECONDS_AHEAD:
            raise invalid("clip_in_future", minutes=str(MAX_SECONDS_AHEAD // 60))
        if self.height is not None and not 0 < self.height <= _MAX_HEIGHT:
            raise invalid(
                "height_invalid", height=str(self.height), highest=str(_MAX_HEIGHT)
            )


def _latest_end(start: int) -> int:
    """Return the latest end of a clip: 24 hours later, or the same local time.

    The API documents no limit; files of more than a day are hard to handle. When the
    clocks go back, a local day is longer than 24 hours.
    """
    day_later = local_time(start).replace(tzinfo=None) + timedelta(days=1)
    zone = dt_util.get_default_time_zone()
    same_time = local_instant(day_later, zone, fold=1)
    return max(start + DAY, int(same_time.timestamp()))


def local_time(moment: int) -> datetime:
    """Return a unix time (seconds) in Home Assistant's time zone."""
    return dt_util.as_local(dt_util.utc_from_timestamp(moment))


@dataclass(frozen=True, slots=True)
class ClipFile:
    """A complete file of a clip.

    Attributes:
        path: Where the file is.
        size: Bytes.
        duration: Recorded seconds; None if the portal did not report them.
        height: Pixels.
        url: A link that opens the file without a sign-in until it expires; None for
            files that are not downloads.
    """

    path: Path
    size: int
    duration: float | None
    height: int
    url: str | None = field(default=None, repr=False)

    def as_dict(self) -> dict[str, Any]:
        """Return the file as the response of an action and as event attributes."""
        return asdict(self) | {"path": str(self.path)}


def file_headers(name: str) -> dict[str, str]:
    """Return the headers of a recording that browsers save as `name` (RFC 6266)."""
    quoted = quote(name, safe="", errors="replace")
    return {
        hdrs.CONTENT_TYPE: MIME_TYPE,
        hdrs.CONTENT_DISPOSITION: f"inline; filename*=UTF-8''{quoted}",
    }
