"""Stored quarter hours are restored as far as they can be read."""

from datetime import datetime, timedelta
import math
from zoneinfo import ZoneInfo

import pytest

from custom_components.netrex.client.days import DAY, HOUR
from custom_components.netrex.kpi import SeriesKey
from custom_components.netrex.kpi.quarters import QuarterHours

from .test_quarters import KEY, PRAGUE


def test_days_of_another_time_zone_are_not_restored() -> None:
    quarter_hours = QuarterHours(PRAGUE)
    first = datetime(2026, 5, 4, tzinfo=PRAGUE)
    days = [first + timedelta(days=number) for number in range(3)]
    sums = {str(int(day.timestamp())): 5.0 for day in days}
    quarter_hours.restore({"1_people_in": sums})
    start = int(first.timestamp())
    assert quarter_hours.reach(KEY) == (start, start + 3 * DAY)
    assert quarter_hours.total(KEY, start, start + 2 * DAY) == 10
    assert quarter_hours.total(KEY, start, start + HOUR) is None

    elsewhere = QuarterHours(ZoneInfo("Asia/Tokyo"))
    elsewhere.restore({"1_people_in": sums})
    elsewhere.restore_snapshot(dict(quarter_hours.snapshot()))
    assert elsewhere.reach(KEY) is None


MIDNIGHT = int(datetime(2026, 5, 4, tzinfo=PRAGUE).timestamp())
GOOD_DAYS = {str(MIDNIGHT): 5.0}
GOOD_SNAPSHOT = [MIDNIGHT, MIDNIGHT + DAY, {str(MIDNIGHT): [1] * 96}]


@pytest.mark.parametrize(
    "text", ["", "_", "1", "1_", "_people_in", "a_people_in", "01_people_in", "1 _in"]
)
def test_a_key_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="series"):
        SeriesKey.parse(text)
    for key in (KEY, SeriesKey(-7, "sales")):
        assert SeriesKey.parse(str(key)) == key

    quarter_hours = QuarterHours(PRAGUE)
    quarter_hours.restore({text: GOOD_DAYS, str(KEY): GOOD_DAYS})
    assert set(quarter_hours.as_dict()) == {str(KEY)}
    quarter_hours = QuarterHours(PRAGUE)
    quarter_hours.restore_snapshot({text: GOOD_SNAPSHOT, str(KEY): GOOD_SNAPSHOT})
    assert dict(quarter_hours.snapshot()) == {str(KEY): GOOD_SNAPSHOT}


@pytest.mark.parametrize(
    "sums",
    [
        None,
        [],
        "5",
        {},
        {"x": 5},
        {"": 5},
        {"1e300": 5},
        {str(10**15): 5},
        {str(-(10**15)): 5},
        {str(MIDNIGHT): "many"},
        {str(MIDNIGHT): [1]},
        {str(MIDNIGHT): True},
        {str(MIDNIGHT): math.nan},
        {str(MIDNIGHT): math.inf},
    ],
)
def test_sums_that_cannot_be_read_are_dropped(sums: object) -> None:
    quarter_hours = QuarterHours(PRAGUE)
    quarter_hours.restore({"2_sales": sums, str(KEY): GOOD_DAYS})
    assert quarter_hours.as_dict() == {str(KEY): GOOD_DAYS}
    quarter_hours.restore(sums)
    assert quarter_hours.as_dict() == {str(KEY): GOOD_DAYS}


def test_sums_are_restored_up_to_the_first_that_cannot_be_read() -> None:
    quarter_hours = QuarterHours(PRAGUE)
    following = {str(MIDNIGHT + DAY): "many", str(MIDNIGHT + 2 * DAY): 7}
    quarter_hours.restore({str(KEY): GOOD_DAYS | following})
    assert quarter_hours.as_dict() == {str(KEY): GOOD_DAYS}
    assert quarter_hours.reach(KEY) == (MIDNIGHT, MIDNIGHT + DAY)


@pytest.mark.parametrize(
    "stored",
    [
        None,
        {},
        [],
        5,
        "abc",
        [MIDNIGHT, MIDNIGHT + DAY],
        [*GOOD_SNAPSHOT, 1],
        [None, MIDNIGHT, {}],
        [str(MIDNIGHT), MIDNIGHT, {}],
        [MIDNIGHT + 0.5, MIDNIGHT + DAY, {}],
        [MIDNIGHT, math.nan, {}],
        [MIDNIGHT, True, {}],
        [MIDNIGHT, MIDNIGHT - DAY, {}],
        [-(10**15), MIDNIGHT, {}],
        [MIDNIGHT, 10**15, {}],
        [MIDNIGHT, MIDNIGHT + DAY, None],
        [MIDNIGHT, MIDNIGHT + DAY, []],
        [MIDNIGHT, MIDNIGHT + DAY, {"x": 5}],
        [MIDNIGHT, MIDNIGHT + DAY, {str(10**15): 5}],
        [MIDNIGHT, MIDNIGHT + DAY, {str(MIDNIGHT + 1): 5}],
        [MIDNIGHT, MIDNIGHT + DAY, {str(MIDNIGHT): "many"}],
        [MIDNIGHT, MIDNIGHT + DAY, {str(MIDNIGHT): {}}],
        [MIDNIGHT, MIDNIGHT + DAY, {str(MIDNIGHT): math.inf}],
        [MIDNIGHT, MIDNIGHT + DAY, {str(MIDNIGHT): [1] * 95}],
        [MIDNIGHT, MIDNIGHT + DAY, {str(MIDNIGHT): ["1"] * 96}],
        [MIDNIGHT, MIDNIGHT + DAY, {str(MIDNIGHT): [[]] * 96}],
    ],
)
def test_a_snapshot_that_cannot_be_read_is_dropped(stored: object) -> None:
    quarter_hours = QuarterHours(PRAGUE)
    quarter_hours.restore_snapshot({"2_sales": stored, str(KEY): GOOD_SNAPSHOT})
    assert dict(quarter_hours.snapshot()) == {str(KEY): GOOD_SNAPSHOT}
    quarter_hours.restore_snapshot(stored)
    assert dict(quarter_hours.snapshot()) == {str(KEY): GOOD_SNAPSHOT}
