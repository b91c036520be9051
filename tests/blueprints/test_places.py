"""The blueprints about places send what their triggers and the report say."""

from collections.abc import Callable
from datetime import datetime, timedelta

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from simulator import Simulator

from .conftest import Phone, Use

type Find = Callable[[str, int, str], str]


@pytest.mark.parametrize(
    ("name", "key"), [("place_full", "full"), ("counting_stopped", "counting")]
)
async def test_a_place_sends_a_message(
    hass: HomeAssistant,
    cloud: Simulator,
    entity: Find,
    phone: Phone,
    use: Use,
    name: str,
    key: str,
) -> None:
    await hass.async_block_till_done(wait_background_tasks=True)
    shop = next(n.node_id for n in cloud.world.nodes if n.type == "location")
    entity_id = entity("binary_sensor", shop, key)
    await use(
        name,
        places={"entity_id": entity_id},
        recipients={"entity_id": phone.entity_id},
        message="Look",
    )
    for state in ("off", "on", "unavailable", "on"):
        hass.states.async_set(entity_id, state)
    await hass.async_block_till_done(wait_background_tasks=True)
    [message] = phone.messages
    assert message["message"] == "Look"
    assert message["title"] == "Brno, Česká"


async def test_the_weekly_report_is_sent_on_its_day(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    phone: Phone,
    use: Use,
    freezer: FrozenDateTimeFactory,
) -> None:
    await hass.async_block_till_done(wait_background_tasks=True)
    await use(
        "weekly_report",
        account=entry.entry_id,
        recipients={"entity_id": phone.entity_id},
        compare="none",
    )
    now = dt_util.now()
    monday = (now + timedelta(days=7 - now.weekday())).replace(
        hour=8, minute=0, second=0, microsecond=0
    )
    for day in (monday - timedelta(days=1), monday):
        await _at(hass, freezer, day)
    [message] = phone.messages
    assert message["title"] == "Last week"
    assert "Brno, Česká" in message["message"]
    assert "Visitors" in message["message"]


async def _at(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, moment: datetime
) -> None:
    freezer.move_to(moment)
    async_fire_time_changed(hass, moment)
    await hass.async_block_till_done(wait_background_tasks=True)
