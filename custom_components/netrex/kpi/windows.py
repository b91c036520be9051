"""Time windows of the KPI sensors."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum

from ..client.days import QUARTER, Span, local_date, midnight


class Window(StrEnum):
    """A time window of a KPI; the value is the last part of the sensor's unique id."""

    QUARTER = "quarter"  # the last quarter hour that has settled
    HOUR = "hour"  # the hour containing that quarter hour; shows full hours, too
    TODAY = "today"
    YESTERDAY = "yesterday"
    WEEK = "week"  # since Monday, as in Home Assistant's calendars and periods
    MONTH = "month"


type Windows = Mapping[Window, Span]


@dataclass(frozen=True, slots=True)
class KpiData:
    """The spans of the windows and the end of the last settled quarter hour."""

    end: int
    windows: Windows = field(default_factory=dict)


def week_before(span: Span, zone: tzinfo) -> Span:
    """Return the span between the same wall clock times one week earlier."""
    return Span(*(_week_before(moment, zone) for moment in span))


def _week_before(moment: int, zone: tzinfo) -> int:
    local = datetime.fromtimestamp(moment, UTC).astimezone(zone)
    # Subtracting from an aware time moves the wall clock, not the unix time.
    return int((local - timedelta(days=7)).timestamp())


def window_spans(now: float, settled: int, zone: tzinfo) -> Windows:
    """Return the spans of the windows.

    Args:
        now: The unix time, which determines today's date.
        settled: The end of the last quarter hour that has settled.
        zone: The local time zone.
    """
    day = local_date(now, zone)
    today = midnight(day, zone)
    # Just after midnight, no quarter hour of the new day has settled yet.
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
