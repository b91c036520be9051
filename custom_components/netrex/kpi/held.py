"""KPIs without a query: from the held quarter hours and the long-term statistics."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import tzinfo
from itertools import pairwise

from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..client import Granularity, SeriesValue
from ..client.days import HOUR, Span, day_bounds, local_date, midnight
from ..history.coverage import Hours
from ..models import NetrexConfigEntry
from .metrics import BASE, BY_KEY, RATIOS, SeriesKey, needs, ratio

_KEYS = frozenset(description.key for description in (*BASE, *RATIOS))
_GRANULARITIES = frozenset(
    {None, Granularity.H, Granularity.D, Granularity.W, Granularity.M}
)
type _Values = dict[SeriesKey, list[SeriesValue]]
# The values of a series by hours and local days.
type _Stored = Mapping[Span, float]


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
    if not wanted or granularity not in _GRANULARITIES:
        return {}
    if granularity and not _is_whole(span, kpi.data.end, granularity, zone):
        # The portal's intervals are never cut.
        return {}
    units = list(_units(span, granularity, zone))
    groups = _groups(units, granularity, zone)
    bases = {base for key in wanted for base in _bases(key)}
    hours = await async_stored_hours(hass, entry, bases, span)
    stored = await hass.async_add_executor_job(_stored_units, hours, units)
    series = {
        base: values
        for base in bases
        if (values := _series(entry, base, units, stored.get(base, {}))) is not None
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
    """Yield the local days of a span, and the hours of days that it cuts.

    If the values are hourly, yield only hours.
    """
    moment = span.start
    while moment < span.end:
        day = day_bounds(moment, zone)
        end = day.end
        if granularity is Granularity.H:
            end = _next_hour(moment)
        elif moment > day.start or day.end > span.end:
            end = min(_next_hour(moment), day.end)
        yield Span(moment, min(end, span.end))
        moment = end


def _next_hour(moment: int) -> int:
    return moment // HOUR * HOUR + HOUR


def _groups(
    units: list[Span], granularity: Granularity | None, zone: tzinfo
) -> list[tuple[int, int]]:
    """Return the first and the last unit (exclusive) of each value."""
    firsts = [
        index
        for index, unit in enumerate(units)
        if index == 0 or (granularity and _starts(unit.start, granularity, zone))
    ]
    return list(pairwise([*firsts, len(units)]))


def _is_whole(span: Span, settled: int, granularity: Granularity, zone: tzinfo) -> bool:
    """Return whether a span has whole intervals, except the current one."""
    return all(
        _starts(moment, granularity, zone)
        for moment in (span.start, *([span.end] if span.end < settled else []))
    )


def _starts(moment: int, granularity: Granularity, zone: tzinfo) -> bool:
    """Return whether an interval of the portal starts at a time."""
    if granularity is Granularity.H:
        return moment % HOUR == 0
    day = local_date(moment, zone)
    return moment == midnight(day, zone) and (
        granularity is Granularity.D
        or (granularity is Granularity.W and day.weekday() == 0)
        or (granularity is Granularity.M and day.day == 1)
    )


def _series(
    entry: NetrexConfigEntry, key: SeriesKey, units: list[Span], stored: _Stored
) -> list[float] | None:
    """Return the value of each unit; None if one of them is not known."""
    quarter_hours = entry.runtime_data.kpi.quarter_hours
    values: list[float] = []
    for unit in units:
        if unit in stored:
            values.append(stored[unit])
        elif quarter_hours.knows_sum(key, *unit):
            values.append(quarter_hours.total(key, *unit) or 0.0)
        else:
            return None
    return values


def _stored_units(
    hours: Mapping[SeriesKey, Hours], units: Iterable[Span]
) -> dict[SeriesKey, _Stored]:
    """Return the units of which the statistics have every hour."""
    # The statistics have hours of the unix clock, which some time zones cut.
    aligned = [unit for unit in units if unit.start % HOUR == 0 == unit.end % HOUR]
    return {
        key: {
            unit: sum(found[start] for start in range(*unit, HOUR))
            for unit in aligned
            if unit.start in found and unit.end - HOUR in found
        }
        for key, found in hours.items()
    }


async def async_stored_hours(
    hass: HomeAssistant,
    entry: NetrexConfigEntry,
    keys: Iterable[SeriesKey],
    span: Span,
) -> dict[SeriesKey, Hours]:
    """Return the hours of a span that the statistics have, by their start.

    Hours without a row were read and had no value: they are 0.
    """
    history = entry.runtime_data.history
    spans = {
        key: Span(max(span.start, covered.start), min(span.end, covered.end))
        for key in keys
        if (covered := history.covered(key))
        and covered.start < span.end
        and span.start < covered.end
    }
    ids = {
        key: statistic_id
        for key in spans
        if (statistic_id := history.statistics(key.node_id).get(key.metric))
    }
    if not ids:
        return {}

    def read() -> dict[SeriesKey, Hours]:
        rows = statistics_during_period(
            hass,
            dt_util.utc_from_timestamp(span.start),
            dt_util.utc_from_timestamp(span.end),
            set(ids.values()),
            "hour",
            None,
            {"state"},
        )
        found: dict[SeriesKey, Hours] = {}
        for key, statistic_id in ids.items():
            hours = dict.fromkeys(_hours(spans[key]), 0.0)
            for row in rows.get(statistic_id, ()):
                if (start := int(row["start"])) in hours:
                    hours[start] = row.get("state") or 0.0
            found[key] = hours
        return found

    return await get_instance(hass).async_add_executor_job(read)


def _hours(span: Span) -> range:
    """Return the starts of the hours that lie in a span."""
    return range(-(-span.start // HOUR) * HOUR, span.end - HOUR + 1, HOUR)
