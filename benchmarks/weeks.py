"""Measures the week's profile: forecasts and alarms of 20 simulated shops.

Run: `python -m benchmarks.weeks` for the whole year 2026 (minutes).
"""

from array import array
from collections.abc import Collection, Mapping
from datetime import date, timedelta
from functools import cache
from statistics import fmean
from zoneinfo import ZoneInfo

from custom_components.netrex.client.days import HOUR, QUARTER, Span, day_span
from custom_components.netrex.kpi.counting import CountingPoint, has_stopped
from custom_components.netrex.kpi.profile import (
    LEARNED_DAYS,
    WeekProfile,
    learn_profile,
)
from simulator.world.model import Column, SourceKind
from simulator.world.scenarios import build_world
from simulator.world.shop_days import day_sheet

PRAGUE = ZoneInfo("Europe/Prague")
FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)
# The days on which big Czech shops have to be closed, and the half one.
CLOSED = frozenset(
    {(1, 1), (4, 6), (5, 8), (9, 28), (10, 28), (12, 25), (12, 26)},
)
EARLY = {(12, 24): 12}
WEEK = timedelta(days=7)


class Shops:
    """The shops of the scenario `chain`: what their doors counted, and what is usual.

    A door is a pair of a shop and the number of its counter.
    """

    def __init__(self) -> None:
        self._seed = 1
        shops: dict[int, list[object]] = {}
        for sources in build_world("chain", self._seed).sources.values():
            for source in sources:
                if source.kind is SourceKind.PEOPLE:
                    shops.setdefault(source.shop.key, []).append(source)
        self._sources = [shops[key] for key in sorted(shops)]
        self.doors = cache(self._doors)
        self.profile = cache(self._profile)

    def __len__(self) -> int:
        """Return the number of shops."""
        return len(self._sources)

    def _doors(self, shop: int, day: date) -> list[array[int]]:
        """Return the visitors of each quarter hour of a day, by door."""
        key = (day.month, day.day)
        sheets = [
            day_sheet(self._seed, source, day, PRAGUE)[Column.PEOPLE_IN]
            for source in self._sources[shop]
        ]
        hours = 0 if key in CLOSED else EARLY.get(key, 24)
        return [
            array("i", [n if i < 4 * hours else 0 for i, n in enumerate(sheet)])
            for sheet in sheets
        ]

    def quarters(self, shop: int, day: date, door: int | None = None) -> list[int]:
        """Return the visitors of a shop or of one door."""
        doors = self.doors(shop, day)
        chosen = doors if door is None else [doors[door]]
        return [sum(values) for values in zip(*chosen, strict=True)]

    def _profile(self, shop: int, day: date, door: int | None = None) -> WeekProfile:
        """Return what is usual, as learned in the night before a day."""
        hours: dict[int, float] = {}
        for back in range(1, LEARNED_DAYS + 1):
            span = day_span(before := day - timedelta(days=back), PRAGUE)
            counts = self.quarters(shop, before, door)
            for index in range(0, len(counts), 4):
                hours[span.start + index * QUARTER] = sum(counts[index : index + 4])
        found = learn_profile(hours, (), day_span(day, PRAGUE).start, PRAGUE)
        if found is None:
            raise ValueError("Too few days were simulated")
        return found


def errors(shops: Shops, first: date, days: int, hour: int) -> tuple[float, float]:
    """Return the mean errors in percent of the forecast, and of last week's total."""
    forecast, last_week = list[float](), list[float]()
    for shop in range(len(shops)):
        for day in (first + timedelta(days=index) for index in range(days)):
            counts = shops.quarters(shop, day)
            total = sum(counts)
            profile = shops.profile(shop, day)
            span = day_span(day, PRAGUE)
            until = span.start + hour * HOUR
            expected = profile.forecast(sum(counts[: hour * 4]), until)
            if not total or expected is None:
                continue
            forecast.append(100 * abs(expected - total) / total)
            before = sum(shops.quarters(shop, day - WEEK))
            last_week.append(100 * abs(before - total) / total)
    return fmean(forecast), fmean(last_week)


def _point(
    profile: WeekProfile, counts: list[int], span: Span, until: int, dead: int | None
) -> CountingPoint:
    if dead is not None:
        alive = max(0, (dead - span.start) // QUARTER)
        counts = [*counts[:alive], *[0] * (len(counts) - alive)]

    def count(start: int, end: int) -> float:
        return sum(
            counts[(start - span.start) // QUARTER : (end - span.start) // QUARTER]
        )

    return CountingPoint(profile, count, span.start, until)


def alarms(
    shops: Shops, day: date, dead: Mapping[int, int] | None = None
) -> dict[int, int]:
    """Return the times of the first alarms of a day, by shop.

    Args:
        shops: The shops.
        day: The day.
        dead: The times from which shops count nothing.
    """
    span = day_span(day, PRAGUE)
    dead = dead or {}
    found: dict[int, int] = {}
    for until in range(span.start + QUARTER, span.end + 1, QUARTER):
        points = [
            _point(
                shops.profile(shop, day),
                shops.quarters(shop, day),
                span,
                until,
                dead.get(shop),
            )
            for shop in range(len(shops))
        ]
        for shop, point in enumerate(points):
            others = [other for other in points if other is not point]
            if shop not in found and has_stopped(point, others):
                found[shop] = until
    return found


def door_alarm(shops: Shops, shop: int, day: date, door: int, dead: int) -> int | None:
    """Return the time of the alarm if one of two doors dies at the time `dead`."""
    span = day_span(day, PRAGUE)
    for until in range(span.start + QUARTER, span.end + 1, QUARTER):
        point, *sisters = (
            _point(
                shops.profile(shop, day, index),
                shops.quarters(shop, day, index),
                span,
                until,
                dead if index == door else None,
            )
            for index in sorted(
                range(len(shops.doors(shop, day))), key=lambda i: i != door
            )
        )
        if has_stopped(point, [], sisters):
            return until
    return None


def two_doors(shops: Shops, day: date) -> list[int]:
    """Return the shops with two doors."""
    return [n for n in range(len(shops)) if len(shops.doors(n, day)) == 2]  # noqa: PLR2004 - two doors


def is_closed(day: date) -> bool:
    """Return whether all shops are closed, for all of the day or for a part of it."""
    return (day.month, day.day) in CLOSED | EARLY.keys()


def main() -> None:
    """Print the figures of a year."""
    shops = Shops()
    days = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
    for hour in (12, 16):
        forecast, last_week = errors(shops, FIRST, len(days), hour)
        print(f"{hour}:00 forecast {forecast:.1f} %, last week {last_week:.1f} %")
    false = {day: len(alarms(shops, day)) for day in days}
    closed = sum(count for day, count in false.items() if is_closed(day))
    print(f"false alarms on closed days: {closed}")
    ordinary = sum(false.values()) - closed
    print(f"false alarms per shop and year: {ordinary / len(shops):.2f}")
    _print_found(shops, [day for day in days if not is_closed(day)][::7])


def _print_found(shops: Shops, days: Collection[date]) -> None:
    delays, missed = list[float](), 0
    for day in days:
        for shop in range(len(shops)):
            dies = day_span(day, PRAGUE).start + 11 * HOUR
            if not sum(shops.quarters(shop, day)[44:]):
                continue
            if (at := alarms(shops, day, {shop: dies}).get(shop)) is None:
                missed += 1
            else:
                delays.append((at - dies) / 60)
    print(
        f"died at 11:00: {len(delays)} found, {missed} missed, "
        f"mean {fmean(delays):.0f} min, longest {max(delays):.0f} min"
    )


if __name__ == "__main__":
    main()
