"""An account as it is after the set-up: without a camera access token."""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.const import DOMAIN
from custom_components.netrex.diagnostics import async_get_config_entry_diagnostics
from simulator import Simulator

from .conftest import SENSOR, camera_entity


@pytest.fixture
def entry_options(camera_options: dict[str, Any]) -> dict[str, Any]:
    """Leave the address, which alone means nothing."""
    return {"device_url": camera_options["device_url"]}


async def test_no_call_and_no_dead_entity(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry, node_id: int
) -> None:
    await hass.async_block_till_done(wait_background_tasks=True)
    assert entry.runtime_data.gateway is None
    entities = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    assert entities
    assert "number" not in {entity.domain for entity in entities}
    diagnostics = await async_get_config_entry_diagnostics(hass, entry)
    assert diagnostics["gateway"] is None
    target = {"entity_id": camera_entity(hass, entry, node_id)}
    for action, data in (
        ("get_camera_parameters", {"group": SENSOR}),
        ("set_camera_parameters", {"parameters": {f"{SENSOR}.Brightness": 1}}),
    ):
        with pytest.raises(ServiceValidationError) as caught:
            await hass.services.async_call(
                DOMAIN, action, target | data, blocking=True, return_response=True
            )
        assert caught.value.translation_key == "no_camera_token"
    assert cloud.calls == []
