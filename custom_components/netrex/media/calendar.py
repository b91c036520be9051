"""Days, hours, and slices in a time zone, as spans of unix seconds."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta, tzinfo

from ..client.days import HOUR, Span, day_span

# The unit of playback (seconds): the portal prepares a slice, and it is downloaded, in
# full before its first second can play (decision 0012).
SLICE = 600
# Years that can have recordings: the portal's times are 32-bit.
YEARS = range(2000, 2038)


def hours(day: date, zone: tzinfo) -> list[Span]:
    """Return the hours of a day: 23 to 25 of them if the clocks change."""
    return _split(day_span(day, zone), HOUR)


def slices(span: Span) -> list[Span]:
    """Return the slices of an hour."""
    return _split(span, SLICE)


def elapsed(spans: Iterable[Span], now: float) -> list[Span]:
    """Return the spans up to `now` (unix seconds), cut at the last full minute."""
    end = int(now) // 60 * 60
    return [Span(start, min(stop, end)) for start, stop in spans if start < end]


def format_span(span: Span, zone: tzinfo) -> str:
    """Return times such as 14:10-14:20, with the zone's name if the clocks change.

    Both times have the offset of the start, so that no span looks empty.
    """
    start = datetime.fromtimestamp(span.start, zone)
    end = start.replace(tzinfo=None) + timedelta(seconds=span.end - span.start)
    text = f"{start:%H:%M}-{end:%H:%M}"
    first, last = (
        datetime.fromtimestamp(midnight, zone).utcoffset()
        for midnight in day_span(start.date(), zone)
    )
    # On such a day the same hour can come twice.
    return text if first == last else f"{text} {start:%Z}"


def _split(span: Span, length: int) -> list[Span]:
    return [
        Span(start, min(start + length, span.end))
        for start in range(span.start, span.end, length)
    ]
