"""The numbers of a shop's day: visitors, passers-by, sales, and refunds.

Every number is a pure function of the seed, the source, and the quarter hour: the same
seed gives the same history, however often and in whatever order it is read.
"""

from array import array
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
import math
import random
from zoneinfo import ZoneInfo

from .model import Column, Shop, Source, SourceKind

QUARTER = 900
_HOUR = 3600
_FULL_DAY = 96

# Arrays save memory: a year of a chain has millions of numbers.
type Sheet = dict[Column, array[int]]

_WEEKDAYS = (0.85, 0.82, 0.88, 0.95, 1.15, 1.35, 0.95)
_MONTHS = (0.85, 0.88, 0.95, 1.0, 1.0, 0.97, 0.92, 0.93, 1.0, 1.02, 1.1, 1.4)
_SUNDAY = 6
_CLOSED = {(1, 1), (12, 25), (12, 26)}
_SHORT = {(12, 24): 13.0, (12, 31): 16.0}
# Hour of the peak, its width in hours, its height above the base level.
_PEAKS = ((11.5, 1.6, 1.0), (16.8, 1.8, 1.5))
# Shares of visitors who leave after 0, 1, and 2 quarter hours.
_STAY = (0.35, 0.45, 0.2)
# Above this mean the normal distribution approximates the Poisson distribution.
_NORMAL_ABOVE = 12.0
# Rounding can keep the sum of the probabilities below the draw.
_MAX_COUNT = 100


def quarter_floor(moment: float) -> int:
    """Return the start of the quarter hour that contains a unix time."""
    return int(moment // QUARTER) * QUARTER


def quarter_ceil(moment: float) -> int:
    """Return the next boundary of quarter hours; a boundary is its own."""
    return -int(-moment // QUARTER) * QUARTER


@lru_cache(maxsize=4096)
def midnight(day: date, zone: ZoneInfo) -> int:
    """Return the unix time at which a local day starts."""
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())


@lru_cache(maxsize=40_000)
def day_sheet(seed: int, source: Source, day: date, zone: ZoneInfo) -> Sheet:
    """Return a source's columns for one local day, one number per quarter hour.

    A day has 92, 96, or 100 quarter hours, by the rules of the time zone.
    """
    start = midnight(day, zone)
    count = (midnight(day + timedelta(days=1), zone) - start) // QUARTER
    hours = _hours(start, count, zone)
    shop = source.shop
    busy = _busyness(seed, shop, day) * source.share
    rng = random.Random(f"{seed}/{source.node_id}/{source.kind}/{day}")  # noqa: S311 - believable, not secret
    return _SHEETS[source.kind](rng, shop, day, hours, busy)


def _hours(start: int, count: int, zone: ZoneInfo) -> tuple[float, ...]:
    """Return the local hour (0 to 24) in the middle of each quarter hour."""
    if count == _FULL_DAY:
        return _PLAIN_HOURS
    moments = (
        datetime.fromtimestamp(start + index * QUARTER + QUARTER / 2, UTC)
        for index in range(count)
    )
    local = (moment.astimezone(zone) for moment in moments)
    return tuple(at.hour + at.minute / 60 + at.second / _HOUR for at in local)


_PLAIN_HOURS = tuple((index + 0.5) / 4 for index in range(_FULL_DAY))


def _opening(shop: Shop, day: date) -> tuple[float, float] | None:
    """Return the opening and closing hours, None for a closed day."""
    if (day.month, day.day) in _CLOSED:
        return None
    opens, closes = shop.opens, shop.closes
    if day.weekday() == _SUNDAY:
        if shop.sunday is None:
            return None
        opens, closes = shop.sunday
    return opens, min(closes, _SHORT.get((day.month, day.day), 24.0))


def _busyness(seed: int, shop: Shop, day: date) -> float:
    """Return the factor of the shop's numbers on this day, 1 for an ordinary day."""
    weather = random.Random(f"{seed}/shop{shop.key}/{day}")  # noqa: S311 - believable, not secret
    season = _MONTHS[day.month - 1]
    return _WEEKDAYS[day.weekday()] * season * weather.lognormvariate(0.0, 0.12)


@lru_cache(maxsize=256)
def _curve(opens: float, closes: float, hours: tuple[float, ...]) -> tuple[float, ...]:
    """Return the distribution of visitors over the quarter hours (sums to 1)."""
    weights = [
        0.0
        if not opens <= hour < closes
        else (
            0.35 + sum(h * math.exp(-(((hour - at) / w) ** 2)) for at, w, h in _PEAKS)
        )
        * min(1.0, 0.4 + (hour - opens), 0.4 + (closes - hour))
        for hour in hours
    ]
    total = sum(weights) or 1.0
    return tuple(weight / total for weight in weights)


def _poisson(rng: random.Random, mean: float) -> int:
    """Return a Poisson-distributed count with this mean."""
    if mean <= 0:
        return 0
    if mean > _NORMAL_ABOVE:
        return max(0, round(rng.gauss(mean, math.sqrt(mean))))
    draw, count = rng.random(), 0
    chance = math.exp(-mean)
    while draw > chance and count < _MAX_COUNT:
        draw -= chance
        count += 1
        chance *= mean / count
    return count


def _visitors(
    rng: random.Random, shop: Shop, day: date, hours: tuple[float, ...], busy: float
) -> array[int]:
    """Return the number of visitors who enter in each quarter hour."""
    opening = _opening(shop, day)
    if opening is None:
        return array("i", [0]) * len(hours)
    mean = shop.visitors * busy
    curve = _curve(*opening, hours)
    return array("i", [_poisson(rng, mean * part) for part in curve])


def _leaving(entering: array[int]) -> array[int]:
    """Return the number of visitors who leave in each quarter hour."""
    leaving, due, gone = array("i"), 0.0, 0
    for index in range(len(entering)):
        for lag, share in enumerate(_STAY):
            due += share * entering[index - lag] if index >= lag else 0.0
        leaving.append(round(due) - gone)
        gone = round(due)
    return leaving


def _people(
    rng: random.Random, shop: Shop, day: date, hours: tuple[float, ...], busy: float
) -> Sheet:
    entering = _visitors(rng, shop, day, hours, busy)
    return {Column.PEOPLE_IN: entering, Column.PEOPLE_OUT: _leaving(entering)}


def _pass_by(
    rng: random.Random, shop: Shop, day: date, hours: tuple[float, ...], busy: float
) -> Sheet:
    """Return the passers-by, from six to midnight; fewer on closed days."""
    quiet = 1.0 if _opening(shop, day) else 0.4
    mean = shop.visitors * shop.pass_by * busy * quiet
    curve = _curve(6.0, 24.0, hours)
    counts = array("i", [_poisson(rng, mean * part) for part in curve])
    return {Column.PASS_BY: counts}


def _transactions(
    rng: random.Random, shop: Shop, day: date, hours: tuple[float, ...], busy: float
) -> Sheet:
    sales = _visitors(rng, shop, day, hours, busy * shop.conversion)
    refunds = array("i", [_poisson(rng, count * shop.refunds) for count in sales])
    return {
        Column.SALES: sales,
        Column.SALES_AMOUNT: _amounts(rng, sales, shop),
        Column.REFUNDS: refunds,
        Column.REFUNDS_AMOUNT: _amounts(rng, refunds, shop),
    }


def _amounts(rng: random.Random, counts: array[int], shop: Shop) -> array[int]:
    """Return the sums of this many receipts in minor units."""
    ticket = shop.ticket * 100
    return array(
        "i",
        [
            round(ticket * count * math.exp(rng.gauss(0.0, 0.5 / math.sqrt(count))))
            if count
            else 0
            for count in counts
        ],
    )


_SHEETS = {
    SourceKind.PEOPLE: _people,
    SourceKind.PASS_BY: _pass_by,
    SourceKind.TRANSACTIONS: _transactions,
}
