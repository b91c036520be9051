"""Neither the camera access token nor a stream key gets out; without one no call."""

import json
import logging
from typing import Any

from homeassistant.components.diagnostics import REDACTED
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.const import (
    CONF_CAMERA_EVENTS,
    CONF_DEVICE_TOKEN,
    DOMAIN,
)
from custom_components.netrex.diagnostics import async_get_config_entry_diagnostics
from simulator import Simulator
from simulator.camera.events import TAMPERING, Event
from tests.leaks import assert_log_clean, assert_no_secret, texts
from tests.waiting import eventually

from .conftest import Entities


@pytest.fixture
def secrets(cloud: Simulator, entry_options: dict[str, Any]) -> list[str]:
    """Return the token and all stream keys."""
    keys = [
        stream.media_server_url.rpartition("/")[2]
        for node_id in cloud.world.cameras
        for stream in cloud.camera(node_id).camstreamer.streams.values()
    ]
    assert len(keys) == 2 * len(cloud.world.cameras)
    return [entry_options[CONF_DEVICE_TOKEN], *keys]


@pytest.mark.parametrize("generation", ["new", "old"])
async def test_no_secret_in_logs_states_diagnostics_and_errors(
    hass: HomeAssistant,
    cloud: Simulator,
    config_entry: MockConfigEntry,
    secrets: list[str],
    caplog: pytest.LogCaptureFixture,
    generation: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    cloud.switches.set("camstreamer_api", generation)
    await hass.config_entries.async_setup(config_entry.entry_id)
    entities = Entities(hass, config_entry, 140094)
    stream = next(iter(cloud.camera(140094).camstreamer.streams))
    await eventually(
        lambda: (
            entities.has("binary_sensor", "input_0")
            and entities.has("switch", f"broadcast_{stream}")
            and entities.has("button", "preset_1")
        )
    )
    calls = [
        ("switch", "turn_off", f"broadcast_{stream}"),
        ("switch", "turn_on", "output_2"),
        ("button", "press", "preset_2"),
    ]

    async def call(domain: str, action: str, key: str) -> None:
        await hass.services.async_call(
            domain, action, {"entity_id": entities.id(domain, key)}, blocking=True
        )

    for domain, action, key in calls:
        await call(domain, action, key)
    shown = [repr(vars(config_entry.runtime_data.gateway))]
    for fault in ("cut", "garbage", "html", "status"):
        for domain, action, key in calls:
            cloud.faults.add("gateway", fault, 500, count=4)
            try:
                await call(domain, action, key)
            except HomeAssistantError as err:
                shown.append(texts(err))
            cloud.faults.clear()
    cloud.faults.add("events", "garbage")
    cloud.camera(140094).events.emit(Event(TAMPERING))
    cloud.world.tokens.pop(secrets[0])
    for domain, action, key in calls:
        with pytest.raises(HomeAssistantError) as caught:
            await call(domain, action, key)
        assert caught.value.translation_key == "camera_token_refused"
        shown.append(texts(caught.value))
    cloud.camera(140094).events.cut()
    await eventually(lambda: "does not tell its events" in caplog.text)
    assert len(shown) > len(calls)

    assert_no_secret("\n".join(shown), secrets)
    assert_log_clean(caplog, secrets)
    states = [
        json.dumps(state.as_dict(), default=str) for state in hass.states.async_all()
    ]
    assert_no_secret("\n".join(states), secrets)
    diagnostics = await async_get_config_entry_diagnostics(hass, config_entry)
    told = json.dumps(diagnostics, default=str)
    assert_no_secret(told, secrets)
    assert_no_secret(told, ["ACCC8EE8A9CA", "accc8ee8a9ca", "YouTube", REDACTED])
    assert diagnostics["gateway"]["broadcasts"]["streams"] == 4


async def test_without_a_token_nothing_is_asked_and_nothing_dead_is_shown(
    hass: HomeAssistant, cloud: Simulator, config_entry: MockConfigEntry
) -> None:
    options = {**config_entry.options}
    del options[CONF_DEVICE_TOKEN]
    assert options[CONF_CAMERA_EVENTS]
    hass.config_entries.async_update_entry(config_entry, options=options)
    await hass.config_entries.async_setup(config_entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert not cloud.calls
    assert cloud.camera(140094).events.listeners == 0
    entities = er.async_entries_for_config_entry(
        er.async_get(hass), config_entry.entry_id
    )
    assert not {entity.domain for entity in entities} & {"button", "switch"}
    keys = {entity.translation_key for entity in entities}
    assert not keys & {"input", "motion", "broadcasting", "alert"}
    with pytest.raises(HomeAssistantError) as caught:
        await hass.services.async_call(
            DOMAIN,
            "ptz",
            {
                "entity_id": Entities(hass, config_entry, 140094).id(
                    "camera", "camera"
                ),
                "pan": 1,
            },
            blocking=True,
        )
    assert caught.value.translation_key == "no_camera_token"


async def test_a_refused_token_ends_the_round(
    hass: HomeAssistant, cloud: Simulator, config_entry: MockConfigEntry
) -> None:
    await hass.config_entries.async_setup(config_entry.entry_id)
    broadcasts = config_entry.runtime_data.gateway.broadcasts
    await eventually(lambda: len(broadcasts.data) == 2)
    cloud.world.tokens.pop(config_entry.options[CONF_DEVICE_TOKEN])
    broadcasts._due_at.clear()
    del cloud.calls[:]
    await broadcasts.async_refresh()
    asked = [call for call in cloud.calls if "camstreamer" in call.path]
    # Both were under way at once; of many only the first few.
    assert 0 < len(asked) <= 2
    assert broadcasts.failed
    assert len(broadcasts.data) == 2
