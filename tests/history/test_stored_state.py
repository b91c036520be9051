"""What is stored about series is read tolerantly, and never believed beyond reason."""

from typing import Any

import pytest

from custom_components.netrex.client.days import DAY, HOUR
from custom_components.netrex.history.coverage import (
    CLOCK_DOUBT,
    Coverage,
    newest_hour,
)
from custom_components.netrex.history.spans import LENGTHS, YEAR, Spans
from custom_components.netrex.kpi import SeriesKey

NOW = 1_795_000_000
NEWEST = newest_hour(NOW)
KEY = SeriesKey(1, "visitors")


@pytest.mark.parametrize(
    "stored",
    [
        [],
        [None] * 5,
        ["a", "b", "c", 1, 2],
        [NEWEST, NEWEST, NOW, None, None],
        [NEWEST, NEWEST - HOUR, NOW, None, None],
        [-HOUR, NEWEST, NOW, None, None],
        [1, NEWEST, NOW, None, None],
        [NEWEST - DAY, NEWEST + 1, NOW, None, None],
        [NEWEST - DAY, NEWEST],
    ],
)
def test_damaged_coverages_are_refused(stored: list[Any]) -> None:
    with pytest.raises(ValueError, match=r"Not|unpack"):
        Coverage.from_list(stored)


@pytest.mark.parametrize("end", [[], [1], [None, 5], ["x", "y"], [NEWEST, 0], [0, 5]])
def test_a_coverage_with_damaged_ends_is_kept_without_them(end: list[Any]) -> None:
    start = NEWEST - DAY
    assert Coverage.from_list([start, NEWEST, NOW, *end]) == Coverage(
        start, NEWEST, NOW
    )


def test_a_coverage_survives_storage() -> None:
    coverage = Coverage(NEWEST - DAY, NEWEST, NOW, NEWEST - DAY, NEWEST - HOUR)
    assert Coverage.from_list(coverage.as_list()) == coverage
    # An earlier version stored whether there was a value.
    old = Coverage.from_list([NEWEST - DAY, NEWEST, NOW, True])
    assert old.last == old.first == NEWEST - HOUR


def test_hours_in_the_future_are_cut() -> None:
    start = NEWEST - 60 * DAY
    ahead = Coverage(start, NEWEST + DAY, NOW + DAY, start, NEWEST + HOUR)
    found = ahead.as_of(NOW)
    assert (found.end, found.read) == (NEWEST, 0)
    assert found.last == NEWEST - CLOCK_DOUBT
    assert found.as_of(NOW) == found

    empty = Coverage(start, NEWEST + DAY, NOW + DAY).as_of(NOW)
    assert empty == Coverage(start, NEWEST, 0)
    first = Coverage(start, NEWEST + DAY, NOW + DAY, NEWEST + HOUR, NEWEST + HOUR)
    assert first.as_of(NOW) == Coverage(start, NEWEST, 0)
    # A clock that is behind all of it proves nothing.
    assert ahead.as_of(start) == ahead


def test_only_what_the_recorder_has_is_covered() -> None:
    start = NEWEST - 10 * DAY
    coverage = Coverage(start, NEWEST, NOW, start, NEWEST - HOUR)
    assert coverage.limited_to((start, NEWEST - HOUR)) == coverage
    assert coverage.limited_to(None) is None
    assert coverage.limited_to((start - 2 * DAY, start - DAY)) is None
    assert coverage.limited_to((NEWEST, NEWEST + DAY)) is None
    # Restored from a backup of five days ago, and rows deleted at the start.
    found = coverage.limited_to((start + DAY, NEWEST - 5 * DAY))
    assert found == Coverage(
        start + DAY, NEWEST - 5 * DAY + HOUR, 0, start + DAY, NEWEST - 5 * DAY
    )
    # Without values there are no rows either.
    nothing = Coverage(start, NEWEST, NOW)
    assert nothing.limited_to(None) == nothing


def test_learned_lengths_survive_storage() -> None:
    spans = Spans[SeriesKey]()
    assert spans.shorten(KEY, YEAR)
    again = Spans[SeriesKey]()
    again.restore(spans.as_dict(), SeriesKey.parse)
    assert again.length(KEY) == spans.length(KEY) == LENGTHS[1]
    again.reset(KEY)
    assert again.length(KEY) == YEAR


@pytest.mark.parametrize(
    "stored",
    [
        None,
        [],
        {"1:visitors": "x"},
        {"1:visitors": 5},
        {"1:visitors": None},
        {"nothing": LENGTHS[1]},
    ],
)
def test_damaged_lengths_are_ignored(stored: object) -> None:
    spans = Spans[SeriesKey]()
    spans.restore(stored, SeriesKey.parse)
    assert spans.length(KEY) == YEAR
    assert spans.as_dict() == {}


def test_a_day_is_the_shortest_length() -> None:
    spans = Spans[SeriesKey]()
    for length in LENGTHS[:-1]:
        assert spans.shorten(KEY, length)
    assert not spans.shorten(KEY, spans.length(KEY))
