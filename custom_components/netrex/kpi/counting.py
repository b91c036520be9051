"""Whether counting has stopped at a place. Pure (decision 0031)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..client.days import HOUR, QUARTER
from .profile import WeekProfile

# The visitors expected since the last counted one. With fewer, ordinary days raise
# false alarms; with more, small shops are found hours later (measured).
EXPECTED_VISITORS = 15
SILENCE_SECONDS = HOUR // 2
# Others are asked about their last half hour. With an hour, an early closing time of
# all shops looks like a counter that stopped in one of them.
_OTHERS_SECONDS = HOUR // 2
# Others count as open if they usually have so many visitors in that time.
_OTHERS_EXPECTED = 1.0

# Returns the visitors of [start, end); None if nothing is known.
type CountOf = Callable[[int, int], float | None]


@dataclass(frozen=True, slots=True)
class CountingPoint:
    """A place or a camera that counts.

    Attributes:
        profile: What is usual.
        count: What was counted.
        day: The start of the day.
        until: The time up to which it is known.
    """

    profile: WeekProfile
    count: CountOf
    day: int
    until: int

    def has_counted(self, seconds: int) -> bool:
        """Return whether there was a visitor in the last `seconds`."""
        start = max(self.day, self.until - seconds)
        return bool(self.count(start, self.until))

    @property
    def is_usually_busy(self) -> bool:
        """Whether visitors are usual at this time."""
        start = max(self.day, self.until - _OTHERS_SECONDS)
        return self.profile.expected(start, self.until) >= _OTHERS_EXPECTED

    @property
    def last_count(self) -> int | None:
        """The end of today's last quarter hour with a visitor."""
        return next(
            (
                end
                for end in range(self.until, self.day, -QUARTER)
                if self.count(max(self.day, end - QUARTER), end)
            ),
            None,
        )


def has_stopped(
    counter: CountingPoint,
    others: Iterable[CountingPoint],
    sisters: Iterable[CountingPoint] = (),
) -> bool:
    """Return whether a counter has stopped.

    Visitors must be overdue, and something must show that it is not just closed: half
    of the other places count, or another counter of the same place does. If there is
    nothing to compare with, only a counter that has counted today can stop.

    Args:
        counter: The place or camera.
        others: The other places.
        sisters: The other counters of the same place.
    """
    expected = counter.profile.expected(counter.day, counter.until)
    if counter.has_counted(SILENCE_SECONDS) or expected < EXPECTED_VISITORS:
        return False
    last = counter.last_count
    since = counter.day if last is None else last
    overdue = counter.profile.expected(since, counter.until)
    if overdue < EXPECTED_VISITORS or counter.until - since < SILENCE_SECONDS:
        return False
    if any(sister.has_counted(_OTHERS_SECONDS) for sister in sisters):
        return True
    places = list(others)
    if not places:
        return last is not None
    busy = [place for place in places if place.is_usually_busy]
    counting = sum(place.has_counted(_OTHERS_SECONDS) for place in busy)
    # Where no other place is usually busy at this time, none can show anything.
    return bool(busy) and 2 * counting >= len(busy)
