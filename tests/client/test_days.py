"""Times on the unix clock, and local ones."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from custom_components.netrex.client.days import (
    DAY,
    HOUR,
    is_fresh,
    local_range,
    not_in_future,
)

PRAGUE = ZoneInfo("Europe/Prague")


def test_a_stored_time_is_never_later_than_now() -> None:
    now = 1_800_000_000.0
    assert [
        not_in_future(now + ahead, now) - now
        for ahead in (-DAY, -HOUR, 0, 2 * HOUR, 5 * DAY)
    ] == [-DAY, -HOUR, 0, 0, 0]


def test_a_time_in_the_future_is_not_fresh() -> None:
    now = 1_800_000_000.0
    assert [
        is_fresh(now + ahead, now, DAY)
        for ahead in (-DAY, -HOUR, 0, 1, 2 * HOUR, 5 * DAY)
    ] == [False, True, True, False, False, False]


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        # The clocks go back: the hour from 2 to 3 comes twice.
        ("2026-10-25 02:30", "2026-10-25 02:30", 1.0),
        ("2026-10-25 02:30", "2026-10-25 02:10", 40 / 60),
        ("2026-10-25 00:00", "2026-10-26 00:00", 25.0),
        # They go forward: the hour is skipped, and its times are the moment after.
        ("2026-03-29 01:30", "2026-03-29 02:30", 0.5),
        ("2026-03-29 02:10", "2026-03-29 02:50", 0.0),
        ("2026-03-29 00:00", "2026-03-30 00:00", 23.0),
        # Times with an offset mean what they say.
        ("2026-10-25T02:30+02:00", "2026-10-25T02:30+01:00", 1.0),
    ],
)
def test_local_times_around_a_change_of_clocks(
    start: str, end: str, hours: float
) -> None:
    first, last = local_range(
        datetime.fromisoformat(start), datetime.fromisoformat(end), PRAGUE
    )
    assert (last - first).total_seconds() == pytest.approx(hours * HOUR)
