"""Neither the camera access token nor a stream key leaves the integration."""

import json
import logging
from typing import Any

from homeassistant.components.diagnostics import REDACTED
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest

from custom_components.netrex.const import (
    CONF_DEVICE_TOKEN,
)
from custom_components.netrex.diagnostics import async_get_config_entry_diagnostics
from simulator import Simulator
from simulator.camera.events import TAMPERING, Event
from tests.conftest import SetUp
from tests.leaks import assert_log_clean, assert_no_secret, texts
from tests.waiting import eventually

from .conftest import DOCUMENTATION, Entities

ACCOUNT = DOCUMENTATION
pytestmark = pytest.mark.usefixtures("haste")


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
    set_up: SetUp,
    secrets: list[str],
    caplog: pytest.LogCaptureFixture,
    generation: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    cloud.switches.set("camstreamer_api", generation)
    entry = await set_up()
    entities = Entities(hass, entry, 140094)
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

    for domain, action, key in calls:
        await entities.call(domain, action, key)
    shown = [repr(vars(entry.runtime_data.gateway))]
    for fault in ("cut", "garbage", "html", "status"):
        for domain, action, key in calls:
            cloud.faults.add("gateway", fault, 500, count=4)
            try:
                await entities.call(domain, action, key)
            except HomeAssistantError as err:
                shown.append(texts(err))
            cloud.faults.clear()
    cloud.faults.add("events", "garbage")
    cloud.camera(140094).events.emit(Event(TAMPERING))
    cloud.world.tokens.pop(secrets[0])
    for domain, action, key in calls:
        with pytest.raises(HomeAssistantError) as caught:
            await entities.call(domain, action, key)
        assert caught.value.translation_key == "camera_token_refused"
        shown.append(texts(caught.value))
    cloud.camera(140094).events.cut()
    await eventually(lambda: "does not report its events" in caplog.text)
    assert len(shown) > len(calls)

    assert_no_secret("\n".join(shown), secrets)
    assert_log_clean(caplog, secrets)
    states = [
        json.dumps(state.as_dict(), default=str) for state in hass.states.async_all()
    ]
    assert_no_secret("\n".join(states), secrets)
    diagnostics = await async_get_config_entry_diagnostics(hass, entry)
    text = json.dumps(diagnostics, default=str)
    assert_no_secret(text, secrets)
    assert_no_secret(text, ["ACCC8EE8A9CA", "accc8ee8a9ca", "YouTube", REDACTED])
    assert diagnostics["gateway"]["broadcasts"]["streams"] == 4


async def test_a_refused_token_ends_the_poll(
    hass: HomeAssistant, cloud: Simulator, set_up: SetUp
) -> None:
    entry = await set_up()
    broadcasts = entry.runtime_data.gateway.broadcasts
    await eventually(lambda: len(broadcasts.data) == 2)
    cloud.world.tokens.pop(entry.options[CONF_DEVICE_TOKEN])
    broadcasts._due_at.clear()
    del cloud.calls[:]
    await broadcasts.async_refresh()
    asked = [call for call in cloud.calls if "camstreamer" in call.path]
    # Both calls ran concurrently; of many cameras, only the first four are called.
    assert 0 < len(asked) <= 2
    assert broadcasts.failed
    assert len(broadcasts.data) == 2
