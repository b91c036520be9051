"""Which hours of a series are in the recorder.

All times are in seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..client.days import DAY, HOUR, not_in_future
from ..client.values import as_int

# An hour is read at least two hours after its start: by then, the portal's values
# have settled, and Home Assistant has compiled its own row for that hour.
SETTLING = HOUR
# How far the clock may have been ahead: this much is read again.
CLOCK_DOUBT = 30 * DAY

# Values by the start of their hour (unix seconds).
type Hours = Mapping[int, float]


def newest_hour(now: float) -> int:
    """Return the end of the last hour that has settled."""
    return int((now - SETTLING) // HOUR) * HOUR


@dataclass(frozen=True, slots=True)
class Coverage:
    """The hours [start, end) of a series that are in the recorder.

    Attributes:
        start: Start of the first hour that was read.
        end: End of the last hour that was read.
        read: The time of the last request for the newest hour.
        first: Start of the first hour with a value, if any.
        last: Start of the last hour with a value, if any.
    """

    start: int
    end: int
    read: int
    first: int | None = None
    last: int | None = None

    @property
    def reliable_end(self) -> int:
        """The end of the last hour with a value; hours after it may still arrive.

        A counter may deliver them late, or the clock may have been ahead.
        """
        return self.end if self.last is None else min(self.end, self.last + HOUR)

    def joined(self, start: int, end: int, now: int, hours: Hours) -> Coverage:
        """Return the coverage extended by an adjacent or overlapping block.

        Args:
            start: Start of the block.
            end: End of the block.
            now: The time for which the block was planned.
            hours: The values of the block.
        """
        firsts = [*hours, *([] if self.first is None else [self.first])]
        lasts = [*hours, *([] if self.last is None else [self.last])]
        return Coverage(
            min(self.start, start),
            max(self.end, end),
            now if end >= newest_hour(now) else self.read,
            min(firsts, default=None),
            max(lasts, default=None),
        )

    def as_of(self, now: float) -> Coverage:
        """Return the coverage without hours and times in the future.

        They mean that the clock was ahead, so hours may have been read before they had
        settled. These are read again.
        """
        newest = newest_hour(now)
        read = int(not_in_future(self.read, now))
        if newest <= self.start or (read == self.read and self.end <= newest):
            return self
        end = min(self.end, newest)
        found = replace(self, end=end, read=0)
        if self.first is None or self.last is None:
            return found
        if self.first >= end:
            return replace(found, first=None, last=None)
        last = max(self.first, min(self.last, end - CLOCK_DOUBT))
        return replace(found, last=last)

    def limited_to(self, stored: tuple[int, int] | None) -> Coverage | None:
        """Return the part of the coverage that the recorder really has.

        The database may be older than the coverage, such as after a restored backup.

        Args:
            stored: Starts of the recorder's first and last row of the series, if any.
        """
        if self.first is None or self.last is None:
            return self
        if stored is None or stored[1] < self.start or stored[0] >= self.end:
            return None
        found = self
        if stored[1] < self.last:
            end = min(self.end, stored[1] + HOUR)
            found = replace(found, end=end, read=0, last=stored[1])
        if stored[0] > self.first:
            found = replace(found, start=max(self.start, stored[0]), first=stored[0])
        return found if found.start < found.end else None

    def as_list(self) -> list[Any]:
        """Return JSON data for `from_list`: a short list, since each series has one."""
        return [self.start, self.end, self.read, self.first, self.last]

    @classmethod
    def from_list(cls, stored: list[Any]) -> Coverage:
        """Restore the result of `as_list`, also that of earlier versions.

        Raises:
            ValueError: The data are not a coverage.
        """
        start, end, read = map(as_int, stored[:3])
        if start is None or end is None or read is None or not 0 <= start < end:
            raise ValueError(f"Not a coverage: {stored}")
        if start % HOUR or end % HOUR:
            raise ValueError(f"Not whole hours: {stored}")
        match stored[3:]:
            case [True]:
                # An earlier version stored whether there was any value. At its time,
                # the newest hours were read with a block of two days.
                return cls(start, end, read, end - HOUR, end - HOUR)
            case [first, last] if (
                (first := as_int(first)) is not None
                and (last := as_int(last)) is not None
                and start <= first <= last
            ):
                return cls(start, end, read, first, last)
            case _:
                return cls(start, end, read)
