"""Titles that fit, and the visitors of an hour in its title, without a query."""

from datetime import date
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.client.days import DAY, Span
from custom_components.netrex.media.titles import Texts
from custom_components.netrex.media.visitors import async_hour_visitors
from simulator import Simulator

from ..kpi.test_sensor import settle, shop_id, state
from .conftest import Ask, asked, child, titles

TODAY = date(2026, 11, 28)
# What a tile of the media browser shows on a phone.
LONGEST = 18
NOW = "2026-07-15 14:23:45-07:00"


@pytest.fixture(autouse=True)
def _now(cloud: Simulator, freezer: FrozenDateTimeFactory) -> None:
    """Freeze the time after the cloud started: certificates need the real time."""
    freezer.move_to(NOW)


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", ["Today · 28 Nov", "Yesterday · 27 Nov", "25 Nov · Wed"]),
        ("cs", ["Dnes 28. 11.", "Včera 27. 11.", "st 25. 11."]),
    ],
)
async def test_days_have_short_titles(
    hass: HomeAssistant, language: str, expected: list[str]
) -> None:
    hass.config.language = language
    texts = await Texts.async_load(hass)
    days = [TODAY, date(2026, 11, 27), date(2026, 11, 25)]
    assert [texts.format_day(day, TODAY) for day in days] == expected
    last_year = texts.format_day(date(2025, 9, 24), TODAY)
    assert "2025" in last_year
    assert max(map(len, [*expected, last_year])) <= LONGEST


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", ["14:00 · 1 visitor", "14:00 · 3 visitors", "14:00 · 1,212 visitors"]),
        (
            "cs",
            [
                "14:00 · 1 návštěvník",
                "14:00 · 3 návštěvníci",
                "14:00 · 1\N{NO-BREAK SPACE}212 návštěvníků",
            ],
        ),
    ],
)
async def test_hours_have_their_visitors(
    hass: HomeAssistant, language: str, expected: list[str]
) -> None:
    hass.config.language = language
    texts = await Texts.async_load(hass)
    assert [texts.format_visitors("14:00", n) for n in (1, 3, 1212)] == expected


async def test_the_visitors_of_an_hour_take_no_query(
    hass: HomeAssistant, browse: Ask, cloud: Simulator, entry: MockConfigEntry
) -> None:
    await settle(hass, entry)
    counter = next(c for c in cloud.world.cameras if cloud.kpi.sources(c))
    silent = next(c for c in cloud.world.cameras if not cloud.kpi.sources(c))
    for camera in (counter, silent):
        days = await browse(f"{entry.entry_id}/camera/{camera}")
        before = asked(cloud)
        hours = await browse(child(days, "Today"))
        assert asked(cloud) == before + 1
        shown = [one for one in titles(hours) if "visitor" in one]
        # The current hour is not known yet.
        assert shown == titles(hours)[:14]
        node_id = counter if camera == counter else shop_id(cloud)
        today = float(state(hass, entry, node_id, "visitors_today"))
        counted = sum(int(one.split(" · ")[1].split()[0]) for one in shown)
        assert 0 < counted == pytest.approx(today, abs=14 + today / 10)


async def test_visitors_that_a_user_may_not_read_are_not_shown(
    hass: HomeAssistant, browse: Ask, cloud: Simulator, entry: MockConfigEntry
) -> None:
    await settle(hass, entry)
    camera = next(c for c in cloud.world.cameras if cloud.kpi.sources(c))
    days = await browse(f"{entry.entry_id}/camera/{camera}")
    with patch(
        "custom_components.netrex.media.visitors.is_readable", return_value=False
    ):
        hours = await browse(child(days, "Today"))
    assert hours["children"]
    assert not any("visitor" in one for one in titles(hours))


async def test_what_does_not_count_has_no_visitors(
    hass: HomeAssistant, browse: Ask, cloud: Simulator, entry: MockConfigEntry
) -> None:
    """Neither a camera of a place that does not count, nor a day before it began."""
    await settle(hass, entry)
    camera = next(c for c in cloud.world.cameras if cloud.kpi.sources(c))
    day = Span(0, DAY)
    assert await async_hour_visitors(hass, entry, None, camera, Span(DAY, DAY)) == {}
    assert await async_hour_visitors(hass, entry, None, camera, day) == {}
    assert await async_hour_visitors(hass, entry, None, -1, day) == {}
