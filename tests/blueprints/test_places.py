"""The blueprints about places send what their triggers and the report say."""

from collections.abc import Callable
from datetime import datetime, timedelta

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.conversation import async_converse
from homeassistant.core import Context, HomeAssistant
from homeassistant.setup import async_setup_component
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
    states = ("unknown", "on", "off", "on", "unavailable", "on", "unknown", "on")
    for state in states:
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


@pytest.mark.parametrize(
    ("question", "language", "answer"),
    [
        (
            "How many visitors did Brno have today?",
            "en",
            "Brno, Česká has had 642 visitors today.",
        ),
        # Inflected.
        ("Kolik lidí dnes přišlo do Brna?", "cs", "Brno, Česká: dnes 642 návštěvníků."),
        (
            "How many people came to Atlantis today?",
            "en",
            "I do not know the number of Atlantis.",
        ),
    ],
)
async def test_a_question_about_visitors_is_answered(
    hass: HomeAssistant,
    cloud: Simulator,
    entity: Find,
    use: Use,
    question: str,
    language: str,
    answer: str,
) -> None:
    await hass.async_block_till_done(wait_background_tasks=True)
    for component in ("homeassistant", "conversation"):
        assert await async_setup_component(hass, component, {})
    shop = next(n.node_id for n in cloud.world.nodes if n.type == "location")
    sensor = entity("sensor", shop, "visitors_today")
    await use("voice_visitors", sensors=[sensor])
    for state, expected in (
        ("641.5", answer),
        ("unknown", answer if "Atlantis" in answer else None),
    ):
        hass.states.async_set(sensor, state)
        result = await async_converse(hass, question, None, Context(), language)
        speech = result.response.speech["plain"]["speech"]
        if expected:
            assert speech == expected
        else:
            assert "642" not in speech
            assert "Brno, Česká" in speech


async def _at(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, moment: datetime
) -> None:
    freezer.move_to(moment)
    async_fire_time_changed(hass, moment)
    await hass.async_block_till_done(wait_background_tasks=True)
