"""Statistics are plausible, deterministic, and aligned as documented."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise
import time
from zoneinfo import ZoneInfo

from hypothesis import given, settings, strategies as st
import pytest

from simulator import Clock, Switches
from simulator.state import State
from simulator.world.kpi import GRANULARITIES, METRICS, RAW_METRICS, Kpi
from simulator.world.model import Column, Source, SourceKind
from simulator.world.scenarios import build_world
from simulator.world.shop_days import QUARTER, day_sheet, midnight

ZONE = ZoneInfo("Europe/Prague")
# Wednesday, 14 October 2026, 12:07:30 local time.
NOW = datetime(2026, 10, 14, 12, 7, 30, tzinfo=ZONE).timestamp()


@pytest.fixture
def state() -> State:
    return State(build_world("chain"), Clock.virtual(NOW), Switches())


@pytest.fixture
def kpi(state: State) -> Kpi:
    return Kpi(state)


def at(day: int, hour: int = 0, minute: int = 0, month: int = 10) -> float:
    return datetime(2026, month, day, hour, minute, tzinfo=ZONE).timestamp()


def locations(state: State) -> Iterator[int]:
    return (node.node_id for node in state.world.nodes if node.type == "location")


def shop_sources(state: State, kpi: Kpi) -> list[Source]:
    return kpi.sources(next(locations(state)))


def test_the_same_seed_gives_the_same_numbers(state: State, kpi: Kpi) -> None:
    other = State(build_world("chain"), Clock.virtual(NOW), Switches())
    third = State(build_world("chain", 2), Clock.virtual(NOW), Switches())
    day_sheet.cache_clear()
    series = [
        [
            point.value
            for point in Kpi(one).series(
                shop_sources(one, Kpi(one)), "peopleCountIn", at(6), at(7), "HQ"
            )
        ]
        for one in (state, other, third)
    ]
    assert series[0] == series[1] != series[2]


def test_quarter_hours_align_as_documented(kpi: Kpi) -> None:
    assert list(kpi.spans(1589186000, 1589186780, "HQ")) == [
        (1589185800, 1589186700),
        (1589186700, 1589187600),
    ]


@pytest.mark.parametrize(
    ("granularity", "spans"),
    [
        ("H", [(at(14, 9), at(14, 10)), (at(14, 10), at(14, 11))]),
        # Local time is two hours ahead of UTC; buckets start at 04, 08, and 12 UTC.
        ("H4", [(at(14, 6), at(14, 10)), (at(14, 10), at(14, 14))]),
        ("D", [(at(14), at(15))]),
        ("W", [(at(12), at(19))]),
        ("M", [(at(1), at(1, month=11))]),
    ],
)
def test_buckets_align_with_their_granularity(
    kpi: Kpi, granularity: str, spans: list[tuple[float, float]]
) -> None:
    assert list(kpi.spans(at(14, 9, 7), at(14, 10, 30), granularity)) == spans


def test_blocks_may_start_at_local_midnight(state: State, kpi: Kpi) -> None:
    state.switches.kpi_blocks = "local"
    assert next(kpi.spans(at(14, 9), at(14, 10), "H4")) == (at(14, 8), at(14, 12))
    assert next(kpi.spans(at(14, 9), at(14, 10), "H12")) == (at(14), at(14, 12))


@pytest.mark.parametrize(
    ("day", "quarters"),
    [
        (date(2026, 3, 29), 92),
        (date(2026, 10, 14), 96),
        (date(2025, 10, 26), 100),
    ],
)
def test_a_day_of_a_clock_change_has_92_or_100_quarter_hours(
    state: State, kpi: Kpi, day: date, quarters: int
) -> None:
    """Shops open at the same local time on days of 23, 24, or 25 hours."""
    start, end = midnight(day, ZONE), midnight(day + timedelta(days=1), ZONE)
    sources = shop_sources(state, kpi)
    points = kpi.series(sources, "peopleCountIn", start, end, "HQ")
    assert len(points) == quarters
    (whole,) = kpi.series(sources, "peopleCountIn", start, end, "D")
    assert (whole.start, whole.end) == (start, end)
    assert whole.value == sum(point.value or 0 for point in points) > 0
    first = next(point.start for point in points if point.value)
    assert 9 <= datetime.fromtimestamp(first, ZONE).hour <= 10


@settings(max_examples=30, deadline=None)
@given(
    start=st.integers(int(at(1, month=9)), int(at(13))),
    length=st.integers(1, 20 * 86_400),
    granularity=st.sampled_from(GRANULARITIES),
    metric=st.sampled_from(METRICS[:8]),
)
def test_a_series_adds_up_to_the_single_value(
    start: int, length: int, granularity: str, metric: str
) -> None:
    """Buckets are contiguous, cover the requested time, and add up to the value."""
    kpi = Kpi(State(build_world("shop"), Clock.virtual(NOW + 90 * 86_400), Switches()))
    sources = kpi.sources(kpi._state.world.nodes[0].node_id)
    points = kpi.series(sources, metric, start, start + length, granularity)
    assert points[0].start <= start < points[0].end
    assert points[-1].start < start + length <= points[-1].end
    for left, right in pairwise(points):
        assert left.end == right.start
    total = kpi.total(sources, metric, points[0].start, points[-1].end)
    assert sum(point.value or 0 for point in points) == pytest.approx(total)


@pytest.mark.parametrize("metric", METRICS[:8])
def test_a_folder_is_the_sum_of_its_shops(state: State, kpi: Kpi, metric: str) -> None:
    root = state.world.nodes[0].node_id
    whole = kpi.total(kpi.sources(root), metric, at(13), at(14))
    parts = [
        kpi.total(kpi.sources(n), metric, at(13), at(14)) for n in locations(state)
    ]
    assert whole
    assert sum(part or 0 for part in parts) == pytest.approx(whole)


def test_a_ratio_is_the_quotient_of_sums(state: State, kpi: Kpi) -> None:
    sources = kpi.sources(state.world.nodes[0].node_id)

    def value(metric: str) -> float:
        total = kpi.total(sources, metric, at(13), at(14))
        assert total is not None
        return total

    visitors = value("peopleCountAverage")
    sales, amount = (
        value("transactionCountPositive"),
        value("transactionAmountPositive"),
    )
    assert value("conversionCount") == pytest.approx(sales / visitors * 100)
    assert value("conversionAmount") == pytest.approx(amount / visitors)
    assert value("transactionAmountAverage") == pytest.approx(amount / sales)
    assert value("peopleCountAverage") == pytest.approx(
        (value("peopleCountIn") + value("peopleCountOut")) / 2
    )


def test_a_week_looks_like_a_shops(state: State, kpi: Kpi) -> None:
    sources = shop_sources(state, kpi)
    days = {
        metric: [p.value or 0 for p in kpi.series(sources, metric, at(5), at(12), "D")]
        for metric in METRICS
    }
    visitors = days["peopleCountIn"]
    assert visitors[5] == max(visitors)  # Saturday
    assert days["peopleCountOut"] == visitors
    for people, passing, sales, refunds, conversion, average in zip(
        visitors,
        days["peopleCountPassBy"],
        days["transactionCountPositive"],
        days["transactionCountNegative"],
        days["conversionCount"],
        days["transactionAmountAverage"],
        strict=True,
    ):
        assert passing > 2 * people
        assert 0 <= refunds < 0.15 * sales
        assert 15 < conversion < 50
        assert 250 < average < 800
    hours = kpi.series(sources, "peopleCountIn", at(7), at(8), "H")
    by_hour = [point.value or 0 for point in hours]
    assert sum(by_hour[:9]) == sum(by_hour[21:]) == 0
    assert max(by_hour[15:19]) > max(by_hour[9], by_hour[18])


def test_a_closed_day_has_no_visitors(state: State, kpi: Kpi) -> None:
    sources = shop_sources(state, kpi)
    christmas = at(25, month=12) - 365 * 86_400
    assert kpi.total(sources, "peopleCountIn", christmas, christmas + 86_400) == 0


def test_raw_amounts_are_in_minor_units(state: State, kpi: Kpi) -> None:
    sources = shop_sources(state, kpi)
    raw = kpi.raw(sources, "transactionValueIn", at(13), at(14))
    amount = kpi.total(sources, "transactionAmountPositive", at(13), at(14))
    assert raw is not None
    assert raw / 100 == pytest.approx(amount)
    state.switches.kpi_money_factor = 100
    assert kpi.total(
        sources, "transactionAmountPositive", at(13), at(14)
    ) == pytest.approx(raw)
    for metric in RAW_METRICS:
        assert kpi.raw(sources, metric, at(13), at(14))


def test_missing_numbers_are_a_switch(state: State, kpi: Kpi) -> None:
    street = [s for s in shop_sources(state, kpi) if s.kind is SourceKind.PASS_BY]
    for metric in ("peopleCountIn", "conversionCount"):
        assert kpi.total(street, metric, at(13), at(14)) is None
    state.switches.kpi_missing = "zero"
    assert kpi.total(street, "peopleCountIn", at(13), at(14)) == 0


def test_a_division_by_zero_is_a_switch(state: State, kpi: Kpi) -> None:
    sources = shop_sources(state, kpi)
    assert kpi.total(sources, "conversionCount", at(13, 3), at(13, 4)) is None
    state.switches.kpi_division_by_zero = "zero"
    assert kpi.total(sources, "conversionCount", at(13, 3), at(13, 4)) == 0


def test_current_and_future_quarter_hours_are_switches(state: State, kpi: Kpi) -> None:
    """It is 12:07:30: the quarter hour that started at 12:00 is the current one."""
    sources = shop_sources(state, kpi)

    def values() -> list[float | None]:
        points = kpi.series(
            sources, "peopleCountIn", at(14, 11, 45), at(14, 12, 30), "HQ"
        )
        return [point.value for point in points]

    done, running, future = values()
    assert done
    assert running is future is None
    state.switches.kpi_unfinished = "partial"
    _, partial, _ = values()
    state.clock.jump(QUARTER)
    _, whole, _ = values()
    assert partial is not None
    assert whole is not None
    assert 0 < partial < whole
    state.clock.jump(-QUARTER)
    state.switches.kpi_future = "zero"
    assert values()[2] == 0


def test_numbers_arrive_after_the_delay(state: State, kpi: Kpi) -> None:
    state.switches.kpi_delay = 300
    sources, span = shop_sources(state, kpi), (at(14, 11, 45), at(14, 12))
    before = kpi.total(sources, "peopleCountIn", *span)
    state.clock.jump(-180)
    assert kpi.total(sources, "peopleCountIn", *span) == 0
    state.switches.kpi_late = "null"
    assert kpi.total(sources, "peopleCountIn", *span) is None
    assert kpi.truth(next(locations(state)), "peopleCountIn", *span) == before


def test_late_numbers_arrive_in_the_end(state: State, kpi: Kpi) -> None:
    """Some past buckets change later; in the end they equal the truth."""
    switches = state.switches
    switches.kpi_late_share, switches.kpi_late_by = 0.5, 7200
    node_id = next(locations(state))
    sources, span = kpi.sources(node_id), (at(14, 9), at(14, 12))
    early = kpi.series(sources, "peopleCountIn", *span, "HQ")
    truth = kpi.truth(node_id, "peopleCountIn", *span)
    state.clock.jump(7200)
    late = kpi.series(sources, "peopleCountIn", *span, "HQ")
    assert early != late
    assert sum(point.value or 0 for point in late) == truth
    assert sum(point.value or 0 for point in early) < sum(p.value or 0 for p in late)
    for before, after in zip(early, late, strict=True):
        assert (before.value or 0) <= (after.value or 0)


def test_the_truth_ends_with_the_last_full_quarter_hour(state: State, kpi: Kpi) -> None:
    node_id = next(locations(state))
    whole_day = kpi.truth(node_id, "peopleCountIn", at(14), at(15))
    assert whole_day == kpi.truth(node_id, "peopleCountIn", at(14), at(14, 12))


def test_a_correction_replaces_a_number(state: State, kpi: Kpi) -> None:
    source = shop_sources(state, kpi)[0]
    start = int(at(13, 10))
    state.world.corrections[source.node_id] = {start: {Column.PEOPLE_IN: 12_345}}
    assert kpi.total([source], "peopleCountIn", start, start + 1) == 12_345


def test_a_year_is_computed_quickly(state: State, kpi: Kpi) -> None:
    day_sheet.cache_clear()
    sources = shop_sources(state, kpi)
    started = time.process_time()
    points = kpi.series(sources, "conversionCount", NOW - 365 * 86_400, NOW, "HQ")
    assert len(points) == 365 * 96 + 1
    assert time.process_time() - started < 1.0


def test_a_quarter_hour_without_visitors_is_a_switch(state: State, kpi: Kpi) -> None:
    sources, night = shop_sources(state, kpi), (at(13, 3), at(13, 4))
    assert kpi.total(sources, "peopleCountIn", *night) == 0
    state.switches.kpi_nothing = "null"
    assert kpi.total(sources, "peopleCountIn", *night) is None
