"""The week's profile against simulated shops (decision 0031).

The full year is `benchmarks/weeks.py`; here is a short version of it.
"""

from datetime import date, timedelta

import pytest

from benchmarks.weeks import PRAGUE, Shops, alarms, door_alarm, errors, two_doors
from custom_components.netrex.client.days import HOUR, QUARTER, midnight
from custom_components.netrex.kpi.counting import CountingPoint, has_stopped
from custom_components.netrex.kpi.profile import WeekProfile, learn_profile

MONDAY = date(2026, 10, 5)


@pytest.fixture(scope="module")
def shops() -> Shops:
    """Return every shop of the chain."""
    return Shops()


def test_expected_visitors_are_nearer_than_last_week(shops: Shops) -> None:
    noon, last_week = errors(shops, MONDAY, 14, hour=12)
    afternoon, _ = errors(shops, MONDAY, 14, hour=16)
    assert noon <= 8
    assert afternoon <= 4
    assert last_week > 1.5 * noon


def test_a_closed_day_of_all_shops_raises_no_alarm(shops: Shops) -> None:
    # 28 September and 28 October are holidays on which the shops are closed.
    # On 24 December they close at noon.
    for day in (date(2026, 9, 28), date(2026, 10, 28), date(2026, 12, 24)):
        assert not alarms(shops, day)


def test_ordinary_days_raise_no_alarm(shops: Shops) -> None:
    found = [alarms(shops, MONDAY + timedelta(days=day)) for day in range(7)]
    assert sum(map(len, found)) == 0


def test_every_counter_that_dies_is_found_within_three_quarters(shops: Shops) -> None:
    for day in (MONDAY, MONDAY + timedelta(days=3)):
        dies = midnight(day, PRAGUE) + 11 * HOUR
        for index in range(0, len(shops), 3):
            found = alarms(shops, day, dead={index: dies})
            assert found.keys() == {index}
            assert found[index] - dies <= 3 * QUARTER


def test_one_of_two_doors_that_dies_is_found(shops: Shops) -> None:
    dies = midnight(MONDAY, PRAGUE) + 11 * HOUR
    with_two = two_doors(shops, MONDAY)
    assert len(with_two) >= 6
    for shop in with_two:
        at = door_alarm(shops, shop, MONDAY, 0, dies)
        assert at is not None
        assert at - dies <= 3 * QUARTER


def hours(days: int, *, per_hour: float = 30) -> dict[int, float]:
    """Return hours of a shop that is open from 9 to 18 every day but Sunday."""
    start = MONDAY - timedelta(days=days)
    return {
        midnight(day, PRAGUE) + hour * HOUR: per_hour
        if 9 <= hour < 18 and day.weekday() != 6
        else 0.0
        for day in (start + timedelta(days=index) for index in range(days))
        for hour in range(24)
    }


def profile(days: int = 56) -> WeekProfile:
    """Return the profile of that shop."""
    found = learn_profile(hours(days), (), midnight(MONDAY, PRAGUE), PRAGUE)
    assert found
    return found


def test_opening_hours_are_learned() -> None:
    opening = profile().opening(MONDAY)
    assert opening
    start = midnight(MONDAY, PRAGUE)
    assert opening == (start + 9 * HOUR, start + 18 * HOUR)
    assert profile().opening(MONDAY - timedelta(days=1)) is None


def test_nothing_is_known_in_the_first_week() -> None:
    now = midnight(MONDAY, PRAGUE)
    assert learn_profile(hours(6), (), now, PRAGUE) is None
    assert learn_profile({}, (), now, PRAGUE) is None
    assert learn_profile(hours(20, per_hour=0), (), now, PRAGUE) is None


def test_days_on_which_counting_had_stopped_teach_nothing() -> None:
    known = hours(35)
    mondays = [MONDAY - timedelta(days=7 * week) for week in range(1, 6)]
    for day in mondays[:3]:
        for hour in range(10, 24):
            known[midnight(day, PRAGUE) + hour * HOUR] = 0.0
    now = midnight(MONDAY, PRAGUE)
    misled = learn_profile(known, (), now, PRAGUE)
    right = learn_profile(known, mondays[:3], now, PRAGUE)
    assert misled
    assert right
    assert misled.hours[12] == 0
    assert right.hours[12] == 30


def test_there_is_no_forecast_without_visitors_or_too_early() -> None:
    start = midnight(MONDAY, PRAGUE)
    assert profile().forecast(0, start + 15 * HOUR) is None
    assert profile().forecast(50, start + 10 * HOUR) is None
    # Twice as many as usual until noon, and 180 are still to come on a usual day.
    assert profile().forecast(180, start + 12 * HOUR) == pytest.approx(
        180 + 180 * 200 / 110
    )


def point(
    counted_until: float | None, until: float, week: WeekProfile
) -> CountingPoint:
    """Return a counter with 8 visitors per quarter hour until an hour of the day."""
    start = midnight(MONDAY, PRAGUE)
    last = start + (counted_until or 0) * HOUR

    def count(first: int, end: int) -> float:
        opened = max(first, start + 9 * HOUR)
        return max(0.0, (min(end, last) - opened) / QUARTER * 8)

    return CountingPoint(week, count, start, int(start + until * HOUR))


@pytest.mark.parametrize(
    ("counted", "others", "sisters", "expected"),
    [
        # Silent for an hour; other places count.
        (11, [12, 12, None], [], True),
        # Most others are silent as well: closed earlier today.
        (11, [12, 11, 11], [], False),
        # A single place that has counted today, and one that has not opened.
        (11, [], [], True),
        (None, [], [], False),
        # Its other door counts.
        (None, [], [12], True),
        (12, [12], [12], False),
    ],
)
def test_what_an_alarm_needs(
    counted: float | None,
    others: list[float | None],
    sisters: list[float | None],
    expected: bool,
) -> None:
    week = profile()
    found = has_stopped(
        point(counted, 12, week),
        [point(other, 12, week) for other in others],
        [point(sister, 12, week) for sister in sisters],
    )
    assert found is expected
