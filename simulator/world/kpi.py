"""The portal's statistics: sums of quarter hours over nodes and time.

The number of a folder or a location is the sum of its sources; a ratio is a quotient of
sums. Buckets are half-open and widened outward, as in the documentation's example.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
import math
import random
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ..state import State
from .model import Column, Source
from .shop_days import QUARTER, day_sheet, midnight, quarter_ceil, quarter_floor

_HOUR = 3600
_DAY = timedelta(days=1)

type Values = list[float | None]


class Point(NamedTuple):
    """One bucket of a series, half-open, in unix seconds."""

    start: int
    end: int
    value: float | None


# Sums of statisticDataMetric: columns and their weights. Amounts of money are stored
# in minor units.
_SUMS: dict[str, dict[Column, float]] = {
    "peopleCountAverage": {Column.PEOPLE_IN: 0.5, Column.PEOPLE_OUT: 0.5},
    "peopleCountIn": {Column.PEOPLE_IN: 1},
    "peopleCountOut": {Column.PEOPLE_OUT: 1},
    "peopleCountPassBy": {Column.PASS_BY: 1},
    "transactionCountPositive": {Column.SALES: 1},
    "transactionCountNegative": {Column.REFUNDS: 1},
    "transactionAmountPositive": {Column.SALES_AMOUNT: 1},
    "transactionAmountNegative": {Column.REFUNDS_AMOUNT: 1},
}
_MONEY = {"transactionAmountPositive", "transactionAmountNegative"}
# Ratios of statisticDataMetric: numerator, denominator, factor.
_RATIOS: dict[str, tuple[str, str, float]] = {
    "conversionCount": ("transactionCountPositive", "peopleCountAverage", 100),
    "conversionAmount": ("transactionAmountPositive", "peopleCountAverage", 1),
    "transactionAmountAverage": (
        "transactionAmountPositive",
        "transactionCountPositive",
        1,
    ),
}
# Columns of statisticData, which returns stored numbers: money in minor units.
_RAW: dict[str, dict[Column, float]] = {
    "peopleCount": {Column.PEOPLE_IN: 0.5, Column.PEOPLE_OUT: 0.5},
    "peopleCountIn": {Column.PEOPLE_IN: 1},
    "peopleCountOut": {Column.PEOPLE_OUT: 1},
    "transactionValueIn": {Column.SALES_AMOUNT: 1},
    "transactionCountIn": {Column.SALES: 1},
    "transactionValueOut": {Column.REFUNDS_AMOUNT: 1},
    "transactionCountOut": {Column.REFUNDS: 1},
}
METRICS = (*_SUMS, *_RATIOS)
RAW_METRICS = tuple(_RAW)
_FIXED = {"HQ": QUARTER, "H": _HOUR}
_BLOCKS = {"H4": 4, "H8": 8, "H12": 12}
_LOCAL: dict[str, Callable[[date], tuple[date, date]]] = {
    "D": lambda day: (day, day + _DAY),
    "W": lambda day: (
        day - day.weekday() * _DAY,
        day + (7 - day.weekday()) * _DAY,
    ),
    "M": lambda day: (
        day.replace(day=1),
        (day.replace(day=1) + 32 * _DAY).replace(day=1),
    ),
}
GRANULARITIES = (*_FIXED, *_BLOCKS, *_LOCAL)


@dataclass(frozen=True, slots=True)
class _Moment:
    """The time of a query; `everything` ignores delayed and late data."""

    now: float
    everything: bool = False


class Kpi:
    """Statistics of one world at the time of its clock."""

    def __init__(self, state: State) -> None:
        self._state = state

    @property
    def zone(self) -> ZoneInfo:
        """Return the account's time zone."""
        return ZoneInfo(self._state.switches.time_zone)

    def sources(
        self, node_id: int, visible: Iterable[int] | None = None
    ) -> list[Source]:
        """Return the sources at and below a node; `visible` limits the nodes."""
        world = self._state.world
        inside = world.below([node_id])
        if visible is not None:
            inside &= set(visible)
        return [s for nid in sorted(inside) for s in world.sources.get(nid, ())]

    def total(
        self, sources: list[Source], metric: str, start: float, end: float
    ) -> float | None:
        """Return statisticDataMetric.

        `start` and the exclusive `end` are widened to quarter hours.
        """
        span = (quarter_floor(start), quarter_ceil(end))
        return self._buckets(sources, metric, [span], self._moment())[0].value

    def raw(
        self, sources: list[Source], metric: str, start: float, end: float
    ) -> int | None:
        """Return statisticData: the stored numbers, money in minor units."""
        first, last = quarter_floor(start), quarter_ceil(end)
        columns = self._columns(sources, _RAW[metric], first, last, self._moment())
        value = _sum(columns) if columns is not None else self._missing()
        return None if value is None else round(value)

    def series(
        self,
        sources: list[Source],
        metric: str,
        start: float,
        end: float,
        granularity: str,
    ) -> list[Point]:
        """Return statisticDataMetricByGranularity."""
        spans = list(self.spans(start, end, granularity))
        return self._buckets(sources, metric, spans, self._moment())

    def truth(
        self, node_id: int, metric: str, start: float, end: float
    ) -> float | None:
        """Return the true number of the quarter hours that have ended.

        Delayed and late data are included.
        """
        moment = _Moment(self._state.clock.now(), everything=True)
        span = (quarter_floor(start), quarter_ceil(end))
        return self._buckets(self.sources(node_id), metric, [span], moment)[0].value

    def spans(
        self, start: float, end: float, granularity: str
    ) -> Iterator[tuple[int, int]]:
        """Yield the buckets that overlap the time from `start` to `end`."""
        at = math.floor(start)
        while at < end:
            span = self._span(at, granularity)
            yield span
            at = span[1]

    def _span(self, at: int, granularity: str) -> tuple[int, int]:
        if length := _FIXED.get(granularity):
            return at // length * length, at // length * length + length
        zone = self.zone
        day = datetime.fromtimestamp(at, UTC).astimezone(zone).date()
        if hours := _BLOCKS.get(granularity):
            length = hours * _HOUR
            if self._state.switches.kpi_blocks == "utc":
                return at // length * length, at // length * length + length
            edges = _local_edges(day, hours, zone)
            return next((a, b) for a, b in edges if a <= at < b)
        first, last = _LOCAL[granularity](day)
        return midnight(first, zone), midnight(last, zone)

    def _moment(self) -> _Moment:
        return _Moment(self._state.clock.now())

    def _missing(self) -> float | None:
        return 0.0 if self._state.switches.kpi_missing == "zero" else None

    def _buckets(
        self,
        sources: list[Source],
        metric: str,
        spans: list[tuple[int, int]],
        moment: _Moment,
    ) -> list[Point]:
        if metric in _RATIOS:
            over, under, factor = _RATIOS[metric]
            return [
                Point(a.start, a.end, self._ratio(a.value, b.value, factor))
                for a, b in zip(
                    self._buckets(sources, over, spans, moment),
                    self._buckets(sources, under, spans, moment),
                    strict=True,
                )
            ]
        first, last = spans[0][0], spans[-1][1]
        values = self._columns(sources, _SUMS[metric], first, last, moment)
        if values is None:
            return [Point(*span, self._missing()) for span in spans]
        if metric in _MONEY:
            factor = self._state.switches.kpi_money_factor / 100
            values = [None if v is None else round(v * factor, 2) for v in values]
        if len(values) == len(spans):
            return [Point(*s, v) for s, v in zip(spans, values, strict=True)]
        return [
            Point(a, b, _sum(values[(a - first) // QUARTER : (b - first) // QUARTER]))
            for a, b in spans
        ]

    def _ratio(
        self, over: float | None, under: float | None, factor: float
    ) -> float | None:
        if over is None or under is None:
            return self._missing()
        if under == 0:
            zero = self._state.switches.kpi_division_by_zero == "zero"
            return 0.0 if zero else None
        return over / under * factor

    def _columns(
        self,
        sources: list[Source],
        weights: dict[Column, float],
        first: int,
        last: int,
        moment: _Moment,
    ) -> Values | None:
        """Return the weighted sum per quarter hour; None without a source."""
        total: Values | None = None
        for source in sources:
            for column, weight in weights.items():
                values = self._column(source, column, first, last, moment)
                if values is None:
                    continue
                if weight != 1:
                    values = [None if v is None else v * weight for v in values]
                total = values if total is None else _add(total, values)
        return total

    def _column(
        self, source: Source, column: Column, first: int, last: int, moment: _Moment
    ) -> Values | None:
        """Return one source's column as the portal shows it at the moment."""
        counted = self._counted(source, column, first, last)
        if counted is None:
            return None
        values: Values = list(counted)
        switches = self._state.switches
        late = switches.kpi_late_by if switches.kpi_late_share else 0.0
        patience = 0.0 if moment.everything else switches.kpi_delay + late
        settled = quarter_floor(moment.now - patience)
        for index in range(max(0, (settled - first) // QUARTER), len(values)):
            start = first + index * QUARTER
            values[index] = self._known(source, start, counted[index], moment)
        if switches.kpi_nothing == "null" and not moment.everything:
            values = [value or None for value in values]
        return values

    def _counted(
        self, source: Source, column: Column, first: int, last: int
    ) -> list[int] | None:
        zone, seed = self.zone, self._state.world.seed
        day = datetime.fromtimestamp(first, UTC).astimezone(zone).date()
        day_start, values = midnight(day, zone), list[int]()
        skip = (first - day_start) // QUARTER
        count = (last - first) // QUARTER
        while len(values) < skip + count:
            sheet = day_sheet(seed, source, day, zone)
            if column not in sheet:
                return None
            values.extend(sheet[column])
            day += _DAY
        values = values[skip : skip + count]
        corrections = self._state.world.corrections.get(source.node_id, {})
        for start, corrected in corrections.items():
            if first <= start < last and column in corrected:
                values[(start - first) // QUARTER] = corrected[column]
        return values

    def _known(
        self, source: Source, start: int, value: int, moment: _Moment
    ) -> float | None:
        """Return the number that the portal shows for a recent quarter hour."""
        switches, now = self._state.switches, moment.now
        if moment.everything:
            return value if start + QUARTER <= now else None
        if start > now:
            return None if switches.kpi_future == "null" else 0
        if start + QUARTER > now:
            part = math.floor(value * (now - start) / QUARTER)
            return {"null": None, "zero": 0, "partial": part}[switches.kpi_unfinished]
        arrives = start + QUARTER + switches.kpi_delay
        if self._is_late(source, start):
            arrives += switches.kpi_late_by
        if arrives <= now:
            return value
        return None if switches.kpi_late == "null" else 0

    def _is_late(self, source: Source, start: int) -> bool:
        share = self._state.switches.kpi_late_share
        if not share:
            return False
        seed = f"{self._state.world.seed}/late/{source.node_id}/{start}"
        return random.Random(seed).random() < share  # noqa: S311 - believable, not secret


def _add(left: Values, right: Values) -> Values:
    return [
        b if a is None else a if b is None else a + b
        for a, b in zip(left, right, strict=True)
    ]


def _sum(values: Values) -> float | None:
    known = [value for value in values if value is not None]
    return round(math.fsum(known), 2) if known else None


def _local_edges(day: date, hours: int, zone: ZoneInfo) -> list[tuple[int, int]]:
    """Return a local day's blocks of this many hours on the wall clock."""
    starts = [
        int(datetime(day.year, day.month, day.day, hour, tzinfo=zone).timestamp())
        for hour in range(0, 24, hours)
    ]
    return list(zip(starts, [*starts[1:], midnight(day + _DAY, zone)], strict=True))
