"""Which part of the day counts, and what a series adds up to."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from homeassistant.core import HomeAssistant
from hypothesis import HealthCheck, given, settings, strategies as st
import pytest

from custom_components.netrex.client import Slot
from custom_components.netrex.coordinators.kpi import SETTLING, settled_day, total

PRAGUE = ZoneInfo("Europe/Prague")


@pytest.fixture(autouse=True)
async def _prague(hass: HomeAssistant) -> None:
    await hass.config.async_set_time_zone("Europe/Prague")


@pytest.mark.parametrize(
    ("now", "start", "end"),
    [
        pytest.param(
            datetime(2026, 11, 20, 12, 1, 59, tzinfo=PRAGUE),
            datetime(2026, 11, 20, tzinfo=PRAGUE),
            datetime(2026, 11, 20, 11, 45, tzinfo=PRAGUE),
            id="the quarter has not settled",
        ),
        pytest.param(
            datetime(2026, 11, 20, 12, 2, tzinfo=PRAGUE),
            datetime(2026, 11, 20, tzinfo=PRAGUE),
            datetime(2026, 11, 20, 12, 0, tzinfo=PRAGUE),
            id="the quarter has settled",
        ),
        pytest.param(
            datetime(2026, 11, 20, 0, 1, tzinfo=PRAGUE),
            datetime(2026, 11, 20, tzinfo=PRAGUE),
            datetime(2026, 11, 20, tzinfo=PRAGUE),
            id="nothing of the new day yet",
        ),
        pytest.param(
            datetime(2026, 10, 25, 23, 59, tzinfo=PRAGUE),
            datetime(2026, 10, 25, tzinfo=PRAGUE),
            datetime(2026, 10, 25, 23, 45, tzinfo=PRAGUE),
            id="a day of 25 hours",
        ),
    ],
)
async def test_settled_day(now: datetime, start: datetime, end: datetime) -> None:
    assert settled_day(now) == (start, end)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1577836800, 2051222400))
async def test_the_end_is_a_full_quarter_of_the_day_that_has_settled(
    time: int,
) -> None:
    now = datetime.fromtimestamp(time, PRAGUE)
    start, end = settled_day(now)

    assert start <= end
    assert start.astimezone(PRAGUE).date() == now.date()
    assert end.timestamp() % 900 == 0
    assert end == start or end <= now.astimezone(end.tzinfo) - SETTLING
    assert now.astimezone(end.tzinfo) - end < timedelta(minutes=15) + SETTLING


@pytest.mark.parametrize(
    ("values", "expected"),
    [((), None), ((None, None), None), ((0, None), 0), ((1.5, None, 2), 3.5)],
)
async def test_a_gap_is_no_zero(
    values: tuple[float | None, ...], expected: float | None
) -> None:
    slots = tuple(
        Slot(number * 900, number * 900 + 900, value)
        for number, value in enumerate(values)
    )
    assert total(slots) == expected
