"""Periods that the statistics cover take no query, and equal the cloud's truth."""

from datetime import timedelta

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.client import Granularity
from custom_components.netrex.client.days import Span
from custom_components.netrex.kpi.question import KpiAnswers, Question, async_ask
from simulator import Simulator

from .conftest import NOON, settle
from .test_import import shop_id

METRICS = ("visitors", "sales", "transactions", "conversion")


@pytest.fixture
def history_days() -> int:
    """Return enough for a whole week before this one."""
    return 13


@pytest.mark.parametrize(
    ("granularity", "days"),
    [
        (None, 10),
        (Granularity.H, 10),
        (Granularity.D, 10),
        # From Monday to Monday.
        (Granularity.W, 7),
    ],
)
async def test_statistics_answer(
    hass: HomeAssistant,
    clock: FrozenDateTimeFactory,
    cloud: Simulator,
    entry: MockConfigEntry,
    granularity: Granularity | None,
    days: int,
) -> None:
    await settle(hass, entry)
    midnight = dt_util.as_local(NOON).replace(hour=0, minute=0)
    span = Span(
        int((midnight - timedelta(days=11)).timestamp()),
        int((midnight - timedelta(days=11 - days)).timestamp()),
    )
    shop = shop_id(cloud)
    cloud.queries.clear()
    question = Question((shop,), METRICS, span, granularity)
    answer = await async_ask(hass, entry, question)
    assert not cloud.queries
    portal = await async_ask(hass, entry, question, portal_only=True)
    assert cloud.queries
    check_equal(answer, portal)


def check_equal(answer: KpiAnswers, portal: KpiAnswers) -> None:
    """Check that two answers have the same values at the same times."""
    assert answer.values.keys() == portal.values.keys()
    for key, values in answer.values.items():
        expected = portal.values[key]
        assert not isinstance(values, Exception)
        assert not isinstance(expected, Exception)
        assert len(values) == len(expected)
        for own, theirs in zip(values, expected, strict=True):
            assert own.start == theirs.start
            assert own.end == theirs.end
            # The portal has no value for an hour without visitors, and we have 0.
            assert (own.value or 0) == pytest.approx(theirs.value or 0, rel=1e-4)


async def test_a_period_that_cuts_days_and_hours_does_not_count_all_of_them(
    hass: HomeAssistant,
    clock: FrozenDateTimeFactory,
    cloud: Simulator,
    entry: MockConfigEntry,
) -> None:
    await settle(hass, entry)
    for minute in (0, 30):
        noon = dt_util.as_local(NOON).replace(hour=12, minute=minute)
        start, end = (
            int((noon - timedelta(days=days)).timestamp()) for days in (10, 8)
        )
        for granularity in (None, Granularity.H, Granularity.D):
            question = Question(
                (shop_id(cloud),), METRICS, Span(start, end), granularity
            )
            cloud.queries.clear()
            answer = await async_ask(hass, entry, question)
            # Whole hours are held, but neither half an hour nor half a day.
            is_held = minute == 0 and granularity is not Granularity.D
            assert bool(cloud.queries) is not is_held
            check_equal(
                answer, await async_ask(hass, entry, question, portal_only=True)
            )
