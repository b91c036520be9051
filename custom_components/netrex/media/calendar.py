"""Days, hours and slices as people in a time zone see them, in unix seconds."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, tzinfo

from homeassistant.util import dt as dt_util

# Half-open, unix seconds.
type Span = tuple[int, int]

HOUR = 3600
# What is played at once: the portal prepares a slice as a whole, and it is fetched as a
# whole, before its first second can be shown (decision 0012).
SLICE = 600
# Of which there are recordings: the portal's times are of 32 bits.
YEARS = range(2000, 2038)


def day_span(day: date, zone: tzinfo) -> Span:
    """Return a day from midnight to midnight, which need not be 24 hours."""
    midnights = (
        datetime.combine(one, time.min, zone) for one in (day, day + timedelta(days=1))
    )
    start, end = (int(midnight.timestamp()) for midnight in midnights)
    return start, end


def hours(day: date, zone: tzinfo) -> list[Span]:
    """Return the hours of a day: 23 to 25 of them where clocks change."""
    return list(_pieces(day_span(day, zone), HOUR))


def slices(span: Span) -> list[Span]:
    """Return the slices of an hour."""
    return list(_pieces(span, SLICE))


def until(spans: list[Span], now: float) -> list[Span]:
    """Return what of the spans is over; one that is not ends with the last minute."""
    end = int(now) // 60 * 60
    return [(start, min(stop, end)) for start, stop in spans if start < end]


def span_text(span: Span, zone: tzinfo) -> str:
    """Return a time such as 14:10-14:20, with the zone's name where clocks change."""
    start, end = (dt_util.utc_from_timestamp(one).astimezone(zone) for one in span)
    midnight, next_midnight = (
        dt_util.utc_from_timestamp(one).astimezone(zone)
        for one in day_span(start.date(), zone)
    )
    text = f"{start:%H:%M}-{end:%H:%M}"
    if midnight.utcoffset() != next_midnight.utcoffset():
        # On such a day an hour comes twice.
        text += f" {start:%Z}"
    return text


def _pieces(span: Span, length: int) -> Iterator[Span]:
    start, end = span
    for begin in range(start, end, length):
        yield begin, min(begin + length, end)
