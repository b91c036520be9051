"""Periods by words, and the same weekdays of earlier times."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from custom_components.netrex.client.days import Span
from custom_components.netrex.kpi.periods import (
    Compare,
    Period,
    earlier_span,
    period_span,
)

PRAGUE = ZoneInfo("Europe/Prague")


def unix(text: str) -> int:
    """Return the unix time of a local time in Prague."""
    return int(datetime.fromisoformat(text).replace(tzinfo=PRAGUE).timestamp())


# Sunday, the day on which winter time starts.
NOW = "2026-10-25 12:05"


@pytest.mark.parametrize(
    ("period", "start", "end"),
    [
        (Period.TODAY, "2026-10-25", "2026-10-25 12:00"),
        (Period.YESTERDAY, "2026-10-24", "2026-10-25"),
        (Period.THIS_WEEK, "2026-10-19", "2026-10-25 12:00"),
        (Period.LAST_WEEK, "2026-10-12", "2026-10-19"),
        (Period.THIS_MONTH, "2026-10-01", "2026-10-25 12:00"),
        (Period.LAST_MONTH, "2026-09-01", "2026-10-01"),
        (Period.THIS_YEAR, "2026-01-01", "2026-10-25 12:00"),
    ],
)
def test_words(period: Period, start: str, end: str) -> None:
    settled = unix("2026-10-25 12:00")
    assert period_span(period, unix(NOW), settled, PRAGUE) == (unix(start), unix(end))


def test_a_period_of_which_nothing_is_known_is_empty() -> None:
    now, settled = unix("2026-10-25 00:03"), unix("2026-10-24 23:45")
    span = period_span(Period.TODAY, now, settled, PRAGUE)
    assert span.start == span.end


@pytest.mark.parametrize(
    ("compare", "day"), [(Compare.WEEK, "2026-10-18"), (Compare.YEAR, "2025-10-26")]
)
def test_earlier_days_have_the_same_weekday_and_clock(
    compare: Compare, day: str
) -> None:
    span = Span(unix("2026-10-25"), unix("2026-10-25 12:00"))
    assert earlier_span(span, compare, PRAGUE) == (unix(day), unix(f"{day} 12:00"))
