"""Counts of the last 24 hours."""

from custom_components.netrex.live.daycount import DayCount

HOUR = 3600.0


class Time:
    """A clock that stands still until it is moved."""

    now = 1000 * HOUR

    def __call__(self) -> float:
        """Return the time in seconds."""
        return self.now


def test_a_day_slides_on() -> None:
    clock = Time()
    count = DayCount({}, clock)
    count.record()
    clock.now += 12 * HOUR
    count.record()
    count.record()
    assert count.total == 3
    clock.now += 13 * HOUR
    assert count.total == 2
    clock.now += 12 * HOUR
    assert count.total == 0


def test_what_was_stored_goes_on() -> None:
    clock = Time()
    stored: dict[str, int] = {}
    DayCount(stored, clock).record()
    assert stored == {"1000": 1}
    assert DayCount(stored, clock).total == 1


def test_a_clock_that_was_ahead_leaves_nothing() -> None:
    assert DayCount({"1001": 5, "1000": 1}, Time()).total == 1
