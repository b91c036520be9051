"""A twentieth of all answers is lost for a day: nothing becomes unavailable."""

import asyncio
import logging
from pathlib import Path
import random
import time

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.netrex.client.days import DAY, HOUR
from custom_components.netrex.const import DOMAIN
from simulator import Simulator

from ..virtual import run_virtually
from .test_crossings import losing
from .virtual_shop import GONE, add_account

SHARE = 0.05


async def lose_answers(hass: HomeAssistant, cloud: Simulator) -> list[str]:
    """Return the entities that became unavailable or unknown within a day."""
    entry = await add_account(hass, cloud, {})
    await asyncio.sleep(HOUR)
    registry = er.async_get(hass)
    blinks: list[str] = []

    @callback
    def changed(event: Event[EventStateChangedData]) -> None:
        old, new = event.data["old_state"], event.data["new_state"]
        found = registry.async_get(event.data["entity_id"])
        if old is None or found is None or found.platform != DOMAIN:
            return
        # Ratios and changes of an empty day are unknown.
        is_empty = found.translation_key in (
            "conversion_today",
            "visitors_change_today",
        )
        if (
            (new is None or new.state in GONE)
            and old.state not in GONE
            and not (is_empty and new and new.state == "unknown")
        ):
            blinks.append(
                f"{event.data['entity_id']} {new and new.state} {time.time():.0f}"
            )

    stop = hass.bus.async_listen(EVENT_STATE_CHANGED, changed)
    with losing(SHARE, random.Random(5)):  # noqa: S311 - a plan, not a secret
        await asyncio.sleep(DAY)
    stop()
    assert sum(query.query.count("cameraList") for query in cloud.queries) > 900
    await hass.config_entries.async_unload(entry.entry_id)
    return blinks


@pytest.mark.timeout(200)
def test_lost_answers_make_nothing_unavailable(
    freezer: FrozenDateTimeFactory,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    freezer.move_to("2026-11-19T06:00:00+01:00")
    blinks = run_virtually(freezer, tmp_path, lose_answers)
    assert blinks == []
    lines = [
        record.getMessage()
        for record in caplog.records
        if "netrex" in record.name and record.levelno >= logging.INFO
    ]
    assert len(lines) <= 2, lines
