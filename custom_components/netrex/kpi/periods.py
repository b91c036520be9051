"""Periods by words, and the periods that they are compared with."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum

from ..client.days import Span, local_date, midnight


class Period(StrEnum):
    """A period relative to now."""

    TODAY = "today"
    YESTERDAY = "yesterday"
    THIS_WEEK = "this_week"  # weeks start on Monday
    LAST_WEEK = "last_week"
    THIS_MONTH = "this_month"
    LAST_MONTH = "last_month"
    THIS_YEAR = "this_year"


class Compare(StrEnum):
    """What a period is compared with: the same weekdays, earlier."""

    WEEK = "week"
    YEAR = "year"


# 364 days are 52 weeks, so that a Saturday is compared with a Saturday.
SHIFT_DAYS: Mapping[Compare, int] = {Compare.WEEK: 7, Compare.YEAR: 364}
_DAY = timedelta(days=1)
_Days = tuple[date, date]


def _week(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _last_month(day: date) -> _Days:
    first = day.replace(day=1)
    return (first - _DAY).replace(day=1), first


# The first day, and the day after the last one.
_DAYS: Mapping[Period, Callable[[date], _Days]] = {
    Period.TODAY: lambda day: (day, day + _DAY),
    Period.YESTERDAY: lambda day: (day - _DAY, day),
    Period.THIS_WEEK: lambda day: (_week(day), day + _DAY),
    Period.LAST_WEEK: lambda day: (_week(day) - 7 * _DAY, _week(day)),
    Period.THIS_MONTH: lambda day: (day.replace(day=1), day + _DAY),
    Period.LAST_MONTH: _last_month,
    Period.THIS_YEAR: lambda day: (day.replace(month=1, day=1), day + _DAY),
}


def period_span(period: Period, now: float, settled: int, zone: tzinfo) -> Span:
    """Return the span of a period.

    Args:
        period: The period.
        now: The unix time, which determines today's date.
        settled: The unix time until which values are known; a period that still lasts
            ends there.
        zone: The local time zone.
    """
    first, last = _DAYS[period](local_date(now, zone))
    start = midnight(first, zone)
    return Span(start, max(start, min(midnight(last, zone), settled)))


def earlier_span(span: Span, compare: Compare, zone: tzinfo) -> Span:
    """Return the span between the same wall clock times of the earlier days."""
    days = timedelta(days=SHIFT_DAYS[compare])

    def shift(moment: int) -> int:
        local = datetime.fromtimestamp(moment, UTC).astimezone(zone)
        return int((local - days).timestamp())

    return Span(shift(span.start), shift(span.end))
