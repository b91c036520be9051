"""Quarter hours and windows compared with a model that keeps every quarter hour."""

from datetime import UTC, datetime, timedelta
import json
import math
from zoneinfo import ZoneInfo

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.netrex.client import SeriesValue
from custom_components.netrex.client.days import DAY, HOUR, QUARTER, Span, day_bounds
from custom_components.netrex.kpi import SeriesKey
from custom_components.netrex.kpi.planning import SettlingDelay, first_needed, spread
from custom_components.netrex.kpi.quarters import Need, QuarterHours
from custom_components.netrex.kpi.values import KpiKey, key_value, need_of
from custom_components.netrex.kpi.windows import Window, week_before, window_spans

PRAGUE = ZoneInfo("Europe/Prague")
KEY = SeriesKey(1, "people_in")
# Around both clock changes, also in zones that change at midnight, and elsewhere.
STARTS = [
    pytest.param(zone, start, id=f"{zone} {start}")
    for zone, start in (
        ("Europe/Prague", "2026-03-25"),
        ("Europe/Prague", "2026-10-21"),
        ("Africa/Cairo", "2026-04-20"),
        ("America/Havana", "2026-10-28"),
        ("Asia/Kathmandu", "2026-07-01"),
    )
]

reading = st.tuples(
    st.integers(1, 70),  # quarter hours that pass
    st.integers(0, 2**32),  # seed of the portal's values
    st.floats(0, 0.4),  # share of gaps
)


def portal(start: int, end: int, seed: int, gaps: float) -> dict[int, float | None]:
    """Return the values of quarter hours; some are gaps, some zeros."""
    return {
        moment: None
        if hash((seed, moment)) % 100 < gaps * 100
        else hash((moment, seed)) % 5
        for moment in range(start, end, QUARTER)
    }


def midnight(zone: ZoneInfo, moment: datetime) -> int:
    """Return the start of a local day, found by search instead of arithmetic."""
    day = moment.astimezone(zone).date()
    at = int(moment.timestamp()) // QUARTER * QUARTER
    while datetime.fromtimestamp(at - QUARTER, UTC).astimezone(zone).date() >= day:
        at -= QUARTER
    return at


@pytest.mark.parametrize(("name", "start"), STARTS)
@settings(max_examples=15, deadline=None)
@given(readings=st.lists(reading, min_size=1, max_size=16))
def test_windows_equal_a_model_that_keeps_everything(
    name: str, start: str, readings: list[tuple[int, int, float]]
) -> None:
    zone = ZoneInfo(name)
    now = int(datetime.fromisoformat(start).replace(tzinfo=UTC).timestamp())
    quarter_hours, model = QuarterHours(zone), dict[int, float]()
    for passed, seed, gaps in readings:
        now += passed * QUARTER
        windows = window_spans(now, now, zone)
        horizon = min(span.start for span in windows.values())
        quarter_hours.retain({KEY: Need(horizon)})
        since = first_needed(quarter_hours.reach(KEY), horizon, now)
        assert since is not None
        answer = portal(since, now, seed, gaps)
        quarter_hours.merge(
            KEY,
            [SeriesValue(at, at + QUARTER, value) for at, value in answer.items()],
            since,
            now,
        )
        quarter_hours.retain({KEY: Need(horizon)})
        model |= {at: value for at, value in answer.items() if value is not None}
        for span in windows.values():
            known = [model[at] for at in range(*span, QUARTER) if at in model]
            expected = math.fsum(known) if known else None
            assert quarter_hours.total(KEY, *span) == expected

        whole = QuarterHours(zone)
        whole.restore_snapshot(json.loads(json.dumps(dict(quarter_hours.snapshot()))))
        assert whole.reach(KEY) == quarter_hours.reach(KEY)
        for span in windows.values():
            assert whole.total(KEY, *span) == quarter_hours.total(KEY, *span)

        again = QuarterHours(zone)
        again.restore(quarter_hours.as_dict())
        for day in {day_bounds(at, zone) for at in model if at >= horizon}:
            reach = again.reach(KEY)
            if reach and reach.start <= day.start < reach.end:
                assert again.total(KEY, *day) == quarter_hours.total(KEY, *day)


@pytest.mark.parametrize(("name", "start"), STARTS)
@settings(max_examples=15, deadline=None)
@given(readings=st.lists(reading, min_size=8, max_size=24), restarts=st.booleans())
def test_changes_equal_a_model_that_keeps_everything(
    name: str, start: str, readings: list[tuple[int, int, float]], restarts: bool
) -> None:
    zone = ZoneInfo(name)
    now = int(datetime.fromisoformat(start).replace(tzinfo=UTC).timestamp())
    quarter_hours, model = QuarterHours(zone), dict[int, float]()
    keys = [
        KpiKey(KEY.node_id, metric, window)
        for metric, window in (
            ("people_in_change", Window.TODAY),
            ("people_in_change", Window.WEEK),
            ("people_in", Window.MONTH),
        )
    ]
    for passed, seed, _ in readings:
        now += passed * QUARTER
        windows = window_spans(now, now, zone)
        need = need_of(keys[0], windows, windows, zone)
        for key in keys[1:]:
            need = need_of(key, windows, windows, zone).joined(need)
        if restarts and seed % 2:
            # After a power cut, only the sums of finished days are left.
            after = QuarterHours(zone)
            after.restore(quarter_hours.as_dict())
            quarter_hours = after
        quarter_hours.retain({KEY: need})
        first = first_needed(quarter_hours.reach(KEY, need.quarters), need.start, now)
        assert first is not None
        answer = portal(first, now, 0, gaps=0)
        quarter_hours.merge(
            KEY,
            [SeriesValue(at, at + QUARTER, value) for at, value in answer.items()],
            first,
            now,
        )
        quarter_hours.retain({KEY: need})
        model |= {at: value for at, value in answer.items() if value is not None}
        for key in keys[:2]:
            span = windows[key.window]
            local = [
                datetime.fromtimestamp(moment, UTC).astimezone(zone) for moment in span
            ]
            since, until = (
                int((moment - timedelta(days=7)).timestamp()) for moment in local
            )
            assert week_before(span, zone) == (since, until)
            new = math.fsum(model[at] for at in range(*span, QUARTER))
            old = math.fsum(model[at] for at in range(since, until, QUARTER))
            expected = (
                100 * (new - old) / old if old and span.end > span.start else None
            )
            assert key_value(key, quarter_hours, windows) == pytest.approx(expected)


def test_the_week_before_is_by_the_wall_clock() -> None:
    def at(text: str) -> int:
        return int(datetime.fromisoformat(text).replace(tzinfo=PRAGUE).timestamp())

    span = Span(at("2026-10-25T00:00"), at("2026-10-25T17:15"))
    assert span.end - span.start == 18 * HOUR + QUARTER
    assert week_before(span, PRAGUE) == (
        at("2026-10-18T00:00"),
        at("2026-10-18T17:15"),
    )
    # The hour that the change to summer time skipped.
    skipped = Span(at("2026-04-05T00:00"), at("2026-04-05T02:30"))
    before = week_before(skipped, PRAGUE)
    assert before.start == at("2026-03-29T00:00")
    assert before.end % QUARTER == 0
    assert before.start < before.end <= at("2026-03-29T03:30")


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["Europe/Prague", "America/Havana", "Africa/Cairo", "UTC"]),
    st.integers(1_735_689_600, 1_830_297_600),
)
def test_windows_start_and_end_at_local_quarter_hours(name: str, time: int) -> None:
    zone = ZoneInfo(name)
    now = datetime.fromtimestamp(time, UTC)
    settled = (time - 120) // QUARTER * QUARTER
    windows = window_spans(time, settled, zone)

    today = midnight(zone, now)
    assert windows[Window.TODAY] == (today, max(today, settled))
    assert windows[Window.YESTERDAY].end == today
    yesterday = windows[Window.YESTERDAY].start
    assert yesterday == day_bounds(today - 1, zone)[0]
    assert 23 * HOUR <= today - yesterday <= 25 * HOUR
    local = {
        window: datetime.fromtimestamp(span.start, UTC).astimezone(zone)
        for window, span in windows.items()
    }
    assert local[Window.WEEK].weekday() == 0
    assert local[Window.MONTH].day == 1
    assert local[Window.HOUR].minute == 0
    assert windows[Window.HOUR].start <= windows[Window.QUARTER].start
    assert windows[Window.QUARTER].end - windows[Window.QUARTER].start == QUARTER
    assert all(edge % QUARTER == 0 for span in windows.values() for edge in span)


def merge(
    quarter_hours: QuarterHours, start: int, values: list[float | None]
) -> float | None:
    """Merge an answer that starts at `start`."""
    return quarter_hours.merge(
        KEY,
        [
            SeriesValue(at, at + QUARTER, value)
            for at, value in zip(
                range(start, start + QUARTER * len(values), QUARTER),
                values,
                strict=True,
            )
        ],
        start,
        start + QUARTER * len(values),
    )


def test_a_gap_is_not_zero_and_deletes_no_value() -> None:
    quarter_hours, start = (
        QuarterHours(PRAGUE),
        int(datetime(2026, 5, 4, tzinfo=PRAGUE).timestamp()),
    )
    merge(quarter_hours, start, [None, None])
    assert quarter_hours.total(KEY, start, start + 2 * QUARTER) is None
    merge(quarter_hours, start, [0, None])
    assert quarter_hours.total(KEY, start, start + 2 * QUARTER) == 0
    merge(quarter_hours, start, [4, 1])
    merge(quarter_hours, start, [None, 2])
    assert quarter_hours.total(KEY, start, start + 2 * QUARTER) == 6


def test_unsettled_values_and_other_lengths_are_ignored() -> None:
    quarter_hours, start = (
        QuarterHours(PRAGUE),
        int(datetime(2026, 5, 4, tzinfo=PRAGUE).timestamp()),
    )
    end = start + QUARTER
    answer = [
        SeriesValue(start - QUARTER, start, 100),
        SeriesValue(start, end, 1),
        SeriesValue(start, start + HOUR, 100),
        SeriesValue(start + 1, end + 1, 100),
        SeriesValue(end, end + QUARTER, 100),
    ]
    quarter_hours.merge(KEY, answer, start, end)
    assert quarter_hours.total(KEY, start, start + DAY) == 1


def test_merging_returns_the_change_of_the_last_known_quarter_hour() -> None:
    quarter_hours, start = (
        QuarterHours(PRAGUE),
        int(datetime(2026, 5, 4, tzinfo=PRAGUE).timestamp()),
    )
    assert merge(quarter_hours, start, [3, 0]) is None
    assert merge(quarter_hours, start, [3, 8, 5]) == 1
    assert merge(quarter_hours, start, [3, 8, 10, 0]) == 0.5
    assert merge(quarter_hours, start, [3, 8, 10, 0, 1]) is None


@pytest.mark.parametrize(
    ("reach", "expected"),
    [
        pytest.param(None, 0, id="never read"),
        pytest.param(Span(10 * DAY, 20 * DAY), 0, id="a longer window is needed"),
        pytest.param(Span(0, 20 * DAY), None, id="up to date"),
        pytest.param(Span(0, 20 * DAY - HOUR), 18 * DAY - HOUR, id="once an hour"),
        pytest.param(Span(0, 15 * DAY), 13 * DAY, id="after an outage"),
    ],
)
def test_a_reading_starts_where_values_may_change(
    reach: Span | None, expected: int | None
) -> None:
    assert first_needed(reach, 0, 20 * DAY) == expected


def test_within_an_hour_the_last_two_are_read_again() -> None:
    now = 20 * DAY + 2 * QUARTER
    assert first_needed(Span(0, now - QUARTER), 0, now) == now - QUARTER - 2 * HOUR
    assert first_needed(Span(0, now), now, now) is None


def test_the_delay_is_learned() -> None:
    delay = SettlingDelay()
    delay.learn([])
    assert delay.seconds == 120
    for _ in range(10):
        delay.learn([1.0, 0.2])
    assert delay.seconds == SettlingDelay.LONGEST
    for _ in range(96 * 20):
        delay.learn([0.0, 0.1])
    assert delay.seconds == SettlingDelay.SHORTEST
    assert SettlingDelay(5000).seconds == SettlingDelay.LONGEST


def test_accounts_spread() -> None:
    delays = [spread(f"portal_{number}") for number in range(200)]
    assert set(delays) == set(range(20))
    assert spread("portal_1") == delays[1]
