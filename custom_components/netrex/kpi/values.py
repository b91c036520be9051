"""From sums to what is shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import NamedTuple

from ..client.days import Span, day_bounds
from .metrics import BY_KEY, OCCUPANCY, needs, ratio
from .quarters import Need, QuarterHours, SeriesKey
from .windows import Window, week_before


@dataclass(frozen=True, slots=True)
class KpiKey:
    """A value somebody wants: the coordinator's context of an enabled sensor."""

    node_id: int
    metric: str
    window: Window


class Reading(NamedTuple):
    """A value, None where nothing is known, and the begin of the time it is of."""

    value: float | None
    start: int


def series_of(key: KpiKey) -> tuple[SeriesKey, ...]:
    """Return the series that a value is made from."""
    return tuple(SeriesKey(key.node_id, metric) for metric in needs(BY_KEY[key.metric]))


def need_of(key: KpiKey, spans: Mapping[Window, Span], zone: tzinfo) -> Need:
    """Return from when on the series of a value have to be known."""
    description = BY_KEY[key.metric]
    span = spans[key.window]
    if description.base:
        before = week_before(span, zone)
        # Each day of the week will be compared by its quarter hours.
        return Need(before.start, day_bounds(before.end, zone)[0])
    if description is OCCUPANCY:
        return Need(spans[Window.YESTERDAY].start)
    return Need(span.start)


def known_until(key: KpiKey, slots: QuarterHours) -> int:
    """Return up to when all of a value's series were read, unix seconds; 0 if never."""
    reaches = [slots.reach(series) for series in series_of(key)]
    return min(reach[1] if reach else 0 for reach in reaches)


def key_value(
    key: KpiKey, slots: QuarterHours, spans: Mapping[Window, Span]
) -> float | None:
    """Return a value as the slots tell it; None where nothing is known."""
    description = BY_KEY[key.metric]
    span = spans[key.window]
    sums = [slots.total(series, *span) for series in series_of(key)]
    if description.numerator:
        return ratio(description, *sums)
    if description.base:
        [series], [now] = series_of(key), sums
        before = slots.total(series, *week_before(span, slots.zone))
        return None if now is None else ratio(description, now - (before or 0), before)
    if description is OCCUPANCY:
        inside, outside = sums
        if inside is None and outside is None:
            return None
        return max(0.0, (inside or 0.0) - (outside or 0.0))
    return sums[0]


def drift(
    node_id: int, slots: QuarterHours, spans: Mapping[Window, Span]
) -> float | None:
    """Return by how many people in and out of yesterday differ; None if unknown.

    A place that is empty at night should have none: it is what its counters miss.
    """
    came, left = (
        slots.total(SeriesKey(node_id, metric), *spans[Window.YESTERDAY])
        for metric in needs(OCCUPANCY)
    )
    return None if came is None or left is None else came - left
