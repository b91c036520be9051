"""Requests of the last 24 hours and the lanes' quotas."""

import json

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.netrex.client import DEFAULT_ALLOWANCE, LIMIT, Lane, Ledger

from ..ledgers import restored, spent

HOUR = 3600.0
NOON = 500_000 * HOUR + 1800


class Clock:
    """A clock to set."""

    def __init__(self, now: float = NOON) -> None:
        """Show `now`, unix seconds."""
        self.now = now

    def __call__(self) -> float:
        """Return what it shows."""
        return self.now


def test_counts_by_lane() -> None:
    ledger = Ledger(clock=Clock())
    for lane in (Lane.KPI, Lane.KPI, Lane.INTERACTIVE):
        ledger.record(lane)
    assert ledger.used == 3
    assert ledger.remaining == DEFAULT_ALLOWANCE - 3
    assert ledger.used_by_lane == {
        Lane.INTERACTIVE: 1,
        Lane.COMMAND: 0,
        Lane.STATUS: 0,
        Lane.KPI: 2,
        Lane.BACKFILL: 0,
    }


def test_allowance_within_the_limit() -> None:
    assert Ledger(allowance=0).allowance == 1
    assert Ledger(allowance=99_999).allowance == LIMIT
    ledger = Ledger()
    ledger.allowance = 500
    assert ledger.remaining == 500


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0, 5 * HOUR), st.sampled_from(Lane), st.integers(1, 9)),
        max_size=60,
    )
)
def test_never_counts_too_little(steps: list[tuple[float, Lane, int]]) -> None:
    clock = Clock()
    ledger = Ledger(clock=clock)
    moments: list[float] = []
    for pause, lane, count in steps:
        clock.now += pause
        for _ in range(count):
            ledger.record(lane)
            moments.append(clock.now)
        stored = json.loads(json.dumps(ledger.as_dict()))
        ledger = restored(stored, clock=clock)
        day = sum(moment > clock.now - 24 * HOUR for moment in moments)
        longer_day = sum(moment > clock.now - 25 * HOUR for moment in moments)
        assert day <= ledger.used <= longer_day
        assert ledger.used == sum(ledger.used_by_lane.values())


@pytest.mark.parametrize(
    ("used", "permitted"),
    [
        (0, set(Lane)),
        (699, set(Lane)),
        (700, set(Lane) - {Lane.BACKFILL}),
        (949, set(Lane) - {Lane.BACKFILL}),
        (950, {Lane.INTERACTIVE, Lane.COMMAND}),
        (999, {Lane.INTERACTIVE, Lane.COMMAND}),
        (1000, {Lane.INTERACTIVE}),
        (9_999, {Lane.INTERACTIVE}),
        (10_000, set()),
    ],
)
def test_lanes_have_quotas(used: int, permitted: set[Lane]) -> None:
    ledger = spent({500_000: used}, Clock(), allowance=1000)
    assert {lane for lane in Lane if ledger.permits(lane)} == permitted
    for lane in Lane:
        assert (ledger.retry_after(lane) == 0) == (lane in permitted)


@pytest.mark.parametrize(
    ("used", "stretch"),
    [(0, 1), (700, 1), (825, 2), (900, 5), (940, 10), (950, 10), (5000, 10)],
)
def test_stretch_grows_with_use(used: int, stretch: float) -> None:
    ledger = spent({500_000: used}, Clock(), allowance=1000)
    assert ledger.stretch == pytest.approx(stretch)


def test_polling_settles_below_its_quota() -> None:
    """A poller that needs twice the allowance is never rejected."""
    clock = Clock()
    ledger = Ledger(allowance=1000, clock=clock)
    needed = 86_400 / 2000
    stretches: list[float] = []
    while clock.now < NOON + 5 * 86_400:
        assert ledger.permits(Lane.KPI)
        ledger.record(Lane.KPI)
        stretches.append(ledger.stretch)
        clock.now += needed * stretches[-1]
    assert 700 < ledger.used < 950
    last_days = stretches[len(stretches) // 2 :]
    assert 1.7 < min(last_days) <= max(last_days) < 5


def test_polling_of_the_planned_size_is_not_stretched() -> None:
    clock = Clock()
    ledger = Ledger(clock=clock)
    for minute in range(2 * 1440):
        clock.now += 60
        if minute % 2:
            ledger.record(Lane.STATUS)
        if minute % 15 == 3:
            for _ in range(32):
                ledger.record(Lane.KPI)
        if minute % 7 == 0:
            ledger.record(Lane.INTERACTIVE)
        assert ledger.stretch == 1


def test_retry_after_is_the_time_until_permission() -> None:
    clock = Clock()
    ledger = spent({499_980: 20, 499_990: 50, 500_000: 40}, clock, allowance=100)
    for lane, hour in ((Lane.COMMAND, 499_980), (Lane.BACKFILL, 499_990)):
        wait = ledger.retry_after(lane)
        assert clock.now + wait == (hour + 25) * HOUR
    clock.now += ledger.retry_after(Lane.COMMAND) - 1
    assert not ledger.permits(Lane.COMMAND)
    clock.now += 1
    assert ledger.permits(Lane.COMMAND)


def test_smallest_allowance_permits_one_request() -> None:
    clock = Clock()
    ledger = Ledger(allowance=1, clock=clock)
    assert ledger.permits(Lane.BACKFILL)
    ledger.record(Lane.BACKFILL)
    assert not ledger.permits(Lane.BACKFILL)
    clock.now += ledger.retry_after(Lane.BACKFILL)
    assert ledger.permits(Lane.BACKFILL)


def test_clock_set_back_keeps_the_counts() -> None:
    clock = Clock()
    ledger = Ledger(clock=clock)
    for _ in range(100):
        ledger.record(Lane.KPI)
    for back in (60.0, 5 * HOUR, NOON):
        clock.now = NOON - back
        ledger = restored(ledger.as_dict(), clock=clock)
        assert ledger.used == 100
    ledger.record(Lane.KPI)
    # The counts of the future became those of the present.
    clock.now = NOON + HOUR
    assert ledger.used == 100
    clock.now = NOON + 25 * HOUR
    assert ledger.used == 0


@pytest.mark.parametrize("ahead", [2, 120, -1, -24])
def test_a_wrong_clock_neither_forgets_nor_blocks(ahead: int) -> None:
    clock = Clock(NOON + ahead * HOUR)
    ledger = Ledger(clock=clock)
    for _ in range(100):
        ledger.record(Lane.KPI)
    clock.now = NOON
    for _ in range(2):
        ledger = restored(ledger.as_dict(), clock=clock)
        assert ledger.used == 100
    clock.now = NOON + 27 * HOUR
    assert ledger.used == 0


def test_clock_that_was_years_ahead_blocks_for_a_day_only() -> None:
    clock = Clock(NOON * 2)
    ledger = spent({1_000_001: LIMIT}, clock)
    clock.now = NOON
    assert not ledger.permits(Lane.INTERACTIVE)
    clock.now = NOON + 24 * HOUR
    ledger = restored(ledger.as_dict(), clock=clock)
    assert not ledger.permits(Lane.INTERACTIVE)
    clock.now = NOON + 25 * HOUR
    assert ledger.permits(Lane.INTERACTIVE)
    assert ledger.as_dict() == {"hours": {}, "ahead_since": None}


def test_clock_set_back_twice_starts_a_new_window() -> None:
    clock = Clock()
    ledger = spent({500_010: 5}, clock)
    assert ledger.used == 5
    clock.now = NOON - 48 * HOUR
    assert ledger.used == 5
    clock.now = NOON - 20 * HOUR
    assert ledger.used == 0


def test_stored_counts_are_added_once() -> None:
    ledger = Ledger(clock=Clock())
    ledger.record(Lane.INTERACTIVE)
    stored = {"hours": {"500000": {"kpi": 5}, "499999": {"status": 2}}}

    ledger.restore(stored)
    assert ledger.used == 8
    assert ledger.used_by_lane[Lane.KPI] == 5

    # A later setup restores counts of this run.
    ledger.restore(ledger.as_dict())
    assert ledger.used == 8


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["hours", "ahead_since", "500000", "kpi", "x"]), inner
            )
        ),
        max_leaves=15,
    )
)
def test_stored_junk_is_ignored(stored: object) -> None:
    ledger = restored(stored, clock=Clock())
    ledger.record(Lane.KPI)
    assert ledger.used >= 1
    json.dumps(ledger.as_dict())
