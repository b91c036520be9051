"""Counts of the last 24 hours."""

import json

from custom_components.netrex.client import HourlyCounts

HOUR = 3600.0


class Clock:
    """A clock that stands still until it is moved."""

    now = 1000 * HOUR

    def __call__(self) -> float:
        """Return the time in seconds."""
        return self.now


def restored(stored: object, clock: Clock) -> HourlyCounts:
    """Return new counts with what earlier ones had stored."""
    counts = HourlyCounts(clock)
    counts.restore(stored)
    return counts


def test_window_rolls() -> None:
    clock = Clock()
    counts = HourlyCounts(clock)
    counts.record()
    clock.now += 12 * HOUR
    counts.record()
    counts.record()
    assert counts.total == 3
    clock.now += 13 * HOUR
    assert counts.total == 2
    clock.now += 12 * HOUR
    assert counts.total == 0


def test_counts_survive_a_restart() -> None:
    clock = Clock()
    counts = HourlyCounts(clock)
    counts.record("kpi")
    clock.now += HOUR
    counts.record("kpi")
    counts.record("status")
    stored = json.loads(json.dumps(counts.as_dict()))
    assert stored["hours"] == {"1000": {"kpi": 1}, "1001": {"kpi": 1, "status": 1}}
    counts = restored(stored, clock)
    counts.record("kpi")
    assert counts.by_hour == {1000: {"kpi": 1}, 1001: {"kpi": 2, "status": 1}}


def test_plain_counts_by_hour_are_readable() -> None:
    counts = restored({"975": 9, "990": 2, "1000": 1, "x": 5, "991": None}, Clock())
    assert counts.total == 3
    counts.record()
    assert counts.by_hour == {990: {"": 2}, 1000: {"": 2}}


def test_clock_set_back_keeps_counts_for_one_window() -> None:
    clock = Clock()
    counts = restored({"1001": 5, "1000": 1}, clock)
    assert counts.total == 6
    clock.now -= 100 * HOUR
    assert counts.total == 6
    clock.now += 24 * HOUR
    assert restored(counts.as_dict(), clock).total == 6
    clock.now += HOUR
    assert counts.total == 0
