"""The times that sensors tell of."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum

from ..client.days import QUARTER, Span, local_date, midnight


class Window(StrEnum):
    """A time whose KPI can be shown; the value ends unique ids."""

    QUARTER = "quarter"  # the last one that has settled
    HOUR = "hour"  # the one of that quarter, so that a full hour can be seen, too
    TODAY = "today"
    YESTERDAY = "yesterday"
    WEEK = "week"  # since Monday, as in Home Assistant's calendars and periods
    MONTH = "month"


def week_before(span: Span, zone: tzinfo) -> Span:
    """Return the same times of the wall clock a week before."""
    return Span(*(_week_before(moment, zone) for moment in span))


def _week_before(moment: int, zone: tzinfo) -> int:
    local = datetime.fromtimestamp(moment, UTC).astimezone(zone)
    # Arithmetic of aware times of one zone is that of the wall clock.
    return int((local - timedelta(days=7)).timestamp())


def spans(now: float, settled: int, zone: tzinfo) -> Mapping[Window, Span]:
    """Return which times the windows are.

    Args:
        now: Unix time; says which day today is.
        settled: The end of the last quarter hour that is known.
        zone: Where midnight is.
    """
    day = local_date(now, zone)
    today = midnight(day, zone)
    # Just after midnight nothing of the new day is known.
    end = max(settled, today)
    last = settled - QUARTER
    minute = datetime.fromtimestamp(last, UTC).astimezone(zone).minute
    return {
        Window.QUARTER: Span(last, settled),
        Window.HOUR: Span(last - minute * 60, settled),
        Window.TODAY: Span(today, end),
        Window.YESTERDAY: Span(midnight(day - timedelta(days=1), zone), today),
        Window.WEEK: Span(midnight(day - timedelta(days=day.weekday()), zone), end),
        Window.MONTH: Span(midnight(day.replace(day=1), zone), end),
    }
