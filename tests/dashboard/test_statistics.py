"""The statistics that `netrex/places` names, with a recorder."""

import logging
from typing import Any

from homeassistant.components.recorder import Recorder
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.netrex.const import CONF_HISTORY_DAYS


@pytest.fixture(autouse=True)
def _integration(
    recorder_mock: Recorder, enable_custom_integrations: None, socket_enabled: None
) -> None:
    """Set up the recorder, which has to come before Home Assistant."""
    logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)


@pytest.mark.parametrize("entry_options", [{CONF_HISTORY_DAYS: 1}])
async def test_statistics_are_those_of_the_recorder(
    hass: HomeAssistant, entry: MockConfigEntry, hass_ws_client: WebSocketGenerator
) -> None:
    # The probe finds some metrics later than others.
    for _ in range(3):
        await hass.async_block_till_done(wait_background_tasks=True)
        await async_wait_recording_done(hass)
    client = await hass_ws_client(hass)

    async def ask(command: str) -> Any:  # noqa: ANN401 - JSON of any shape
        await client.send_json_auto_id({"type": command})
        return (await client.receive_json())["result"]

    [account] = (await ask("netrex/places"))["accounts"]
    known = {row["statistic_id"] for row in await ask("recorder/list_statistic_ids")}
    named = {
        statistic_id
        for place in account["places"]
        for statistic_id in place["statistics"].values()
    }
    assert named == {found for found in known if found.startswith("netrex:")}
    place = next(p for p in account["places"] if "conversion" in p["counts"])
    statistics = place["statistics"]
    assert {"visitors", "sales", "conversion"} <= statistics.keys()
    assert not {"occupancy", "visitors_change"} & statistics.keys()
    assert statistics["visitors"].endswith(f"_{place['node_id']}_visitors")
