"""KPIs without a query: from the held quarter hours and the long-term statistics."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta, tzinfo
from itertools import pairwise
from typing import Literal

from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..client import Granularity, SeriesValue
from ..client.days import DAY, HOUR, Span, day_bounds, local_date, midnight
from ..models import NetrexConfigEntry
from .metrics import BASE, BY_KEY, RATIOS, SeriesKey, needs, ratio
from .quarters import QuarterHours

_KEYS = frozenset(description.key for description in (*BASE, *RATIOS))
_GRANULARITIES = frozenset(
    {None, Granularity.H, Granularity.D, Granularity.W, Granularity.M}
)
_CALENDAR = frozenset({Granularity.W, Granularity.M})
type _Values = dict[SeriesKey, list[SeriesValue]]
# The values of a series by the start of an hour or day.
type _Stored = Mapping[int, float]


async def async_held_values(
    hass: HomeAssistant,
    entry: NetrexConfigEntry,
    keys: Iterable[SeriesKey],
    span: Span,
    granularity: Granularity | None,
) -> _Values:
    """Return the values of the KPIs that are known completely, by KPI.

    Others are missing from the result. Counts and money of times without a value are 0,
    ratios are None (decision 0027).
    """
    kpi = entry.runtime_data.kpi
    zone = dt_util.get_default_time_zone()
    wanted = [
        key
        for key in keys
        if key.metric in _KEYS and key.metric not in kpi.ratios.replaced
    ]
    if granularity not in _GRANULARITIES or not wanted:
        return {}
    units = list(_units(span, granularity, zone))
    groups = _groups(units, granularity, zone)
    if granularity in _CALENDAR and not _is_whole(
        span, kpi.data.end, granularity, zone
    ):
        # The portal returns whole weeks and months.
        return {}
    bases = {base for key in wanted for base in _bases(key)}
    stored = await _async_stored(
        hass, entry, bases, span, "hour" if granularity is Granularity.H else "day"
    )
    series = {
        base: values
        for base in bases
        if (values := _series(entry, base, units, stored)) is not None
    }
    return {
        key: [
            SeriesValue(
                units[first].start,
                units[last - 1].end,
                _value(key, [sum(series[base][first:last]) for base in _bases(key)]),
            )
            for first, last in groups
        ]
        for key in wanted
        if all(base in series for base in _bases(key))
    }


def _bases(key: SeriesKey) -> list[SeriesKey]:
    return [SeriesKey(key.node_id, base) for base in needs(BY_KEY[key.metric])]


def _value(key: SeriesKey, sums: list[float]) -> float | None:
    description = BY_KEY[key.metric]
    return ratio(description, *sums) if description.numerator else sums[0]


def _units(span: Span, granularity: Granularity | None, zone: tzinfo) -> Iterator[Span]:
    """Yield the hours or the local days of a span, the first and last one cut."""
    moment = span.start
    while moment < span.end:
        if granularity is Granularity.H:
            end = moment // HOUR * HOUR + HOUR
        else:
            end = day_bounds(moment, zone).end
        yield Span(moment, min(end, span.end))
        moment = end


def _groups(
    units: list[Span], granularity: Granularity | None, zone: tzinfo
) -> list[tuple[int, int]]:
    """Return the first and the last unit (exclusive) of each value."""
    if granularity is None:
        return [(0, len(units))] if units else []
    if granularity in (Granularity.H, Granularity.D):
        return [(index, index + 1) for index in range(len(units))]
    firsts = [
        index
        for index, unit in enumerate(units)
        if index == 0 or _starts(local_date(unit.start, zone), granularity)
    ]
    return list(pairwise([*firsts, len(units)]))


def _is_whole(span: Span, settled: int, granularity: Granularity, zone: tzinfo) -> bool:
    """Return whether a span has whole weeks or months, except the current one."""
    return all(
        moment == midnight(day := local_date(moment, zone), zone)
        and _starts(day, granularity)
        for moment in (span.start, *([span.end] if span.end < settled else []))
    )


def _starts(day: date, granularity: Granularity) -> bool:
    return day.weekday() == 0 if granularity is Granularity.W else day.day == 1


def _series(
    entry: NetrexConfigEntry,
    key: SeriesKey,
    units: list[Span],
    stored: Mapping[SeriesKey, _Stored],
) -> list[float] | None:
    """Return the value of each unit; None if one of them is not known."""
    coverage = entry.runtime_data.history.covered(key)
    quarter_hours = entry.runtime_data.kpi.quarter_hours
    values: list[float] = []
    for unit in units:
        if coverage and coverage.start <= unit.start and unit.end <= coverage.end:
            values.append(stored.get(key, {}).get(unit.start, 0.0))
        elif _is_held(quarter_hours, key, unit):
            values.append(quarter_hours.total(key, *unit) or 0.0)
        else:
            return None
    return values


def _is_held(quarter_hours: QuarterHours, key: SeriesKey, unit: Span) -> bool:
    """Return whether the sum of a span is held: older days are known as a whole."""
    is_recent = unit.end > quarter_hours.known_until(key) - DAY
    return quarter_hours.covers(key, *unit) and (
        is_recent or unit == day_bounds(unit.start, quarter_hours.zone)
    )


async def _async_stored(
    hass: HomeAssistant,
    entry: NetrexConfigEntry,
    bases: Iterable[SeriesKey],
    span: Span,
    period: Literal["hour", "day"],
) -> dict[SeriesKey, _Stored]:
    """Return what the statistics have of a span: sums of whole hours or local days."""
    history = entry.runtime_data.history
    ids = {
        statistic_id: key
        for key in bases
        if (covered := history.covered(key))
        and covered.start < span.end
        and span.start < covered.end
        and (statistic_id := history.statistics(key.node_id).get(key.metric))
    }
    if not ids:
        return {}
    zone = dt_util.get_default_time_zone()
    # Whole days, because the recorder leaves out the hours before the start.
    start = day_bounds(span.start, zone).start
    end = midnight(local_date(span.end - 1, zone) + timedelta(days=1), zone)
    rows = await get_instance(hass).async_add_executor_job(
        lambda: statistics_during_period(
            hass,
            dt_util.utc_from_timestamp(start),
            dt_util.utc_from_timestamp(end),
            set(ids),
            period,
            None,
            {"change"},
        )
    )
    return {
        ids[statistic_id]: {
            int(row["start"]): row.get("change") or 0.0 for row in found
        }
        for statistic_id, found in rows.items()
    }
