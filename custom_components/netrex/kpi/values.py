"""KPI values computed from the sums of series."""

from dataclasses import dataclass
from datetime import tzinfo
from typing import NamedTuple

from ..client.days import day_bounds
from .metrics import BY_KEY, OCCUPANCY, SeriesKey, needs, ratio
from .quarters import Need, QuarterHours
from .windows import Window, Windows, week_before


@dataclass(frozen=True, slots=True)
class KpiKey:
    """A KPI of a node in a window: the coordinator context of an enabled sensor."""

    node_id: int
    metric: str
    window: Window


class Reading(NamedTuple):
    """A value, or None if it is unknown, and its window (unix seconds)."""

    value: float | None
    start: int
    end: int


def series_of(key: KpiKey) -> tuple[SeriesKey, ...]:
    """Return the series from which a KPI is computed."""
    return tuple(SeriesKey(key.node_id, metric) for metric in needs(BY_KEY[key.metric]))


def need_of(key: KpiKey, windows: Windows, earlier: Windows, zone: tzinfo) -> Need:
    """Return the time from which the series of a KPI have to be known.

    Args:
        key: The KPI.
        windows: The current windows.
        earlier: The windows of the longest lag. Until a reading succeeds, the KPI is
            shown as of then, and a day that has just ended still lacks its last values.
        zone: The local time zone.
    """
    description = BY_KEY[key.metric]
    span = min(windows[key.window], earlier[key.window])
    if description.base:
        before = week_before(span, zone)
        # As the week proceeds, the end passes every quarter hour of the previous week.
        return Need(before.start, day_bounds(before.end, zone).start)
    if description is OCCUPANCY:
        # The sensor also shows yesterday's drift.
        return Need(earlier[Window.YESTERDAY].start)
    return Need(span.start)


def known_until(key: KpiKey, quarter_hours: QuarterHours) -> int:
    """Return the unix time up to which all series of a KPI were read; 0 if never."""
    return min(quarter_hours.known_until(series) for series in series_of(key))


def key_value(
    key: KpiKey, quarter_hours: QuarterHours, windows: Windows
) -> float | None:
    """Return the value of a KPI; None if it is unknown.

    If the whole window was read but has no values, counts and money are 0, because only
    places with counters have KPIs. Ratios and changes are unknown (decision 0027).
    """
    description = BY_KEY[key.metric]
    span = windows[key.window]
    if not all(quarter_hours.covers(series, *span) for series in series_of(key)):
        return None
    sums = [quarter_hours.total(series, *span) for series in series_of(key)]
    if description.numerator:
        return ratio(description, *sums)
    if description.base:
        [series], [now] = series_of(key), sums
        before = quarter_hours.total(series, *week_before(span, quarter_hours.zone))
        return None if now is None else ratio(description, now - (before or 0), before)
    if description is OCCUPANCY:
        people_in, people_out = sums
        return max(0.0, (people_in or 0.0) - (people_out or 0.0))
    return sums[0] or 0.0


def drift(node_id: int, quarter_hours: QuarterHours, windows: Windows) -> float | None:
    """Return yesterday's people in minus people out; None if either is unknown.

    A place that is empty at night should have no drift: any drift is people that the
    counters missed.
    """
    people_in, people_out = (
        quarter_hours.total(SeriesKey(node_id, metric), *windows[Window.YESTERDAY])
        for metric in needs(OCCUPANCY)
    )
    if people_in is None or people_out is None:
        return None
    return people_in - people_out
