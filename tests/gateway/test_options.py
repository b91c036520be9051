"""The choice of cameras that send events, in the options."""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.const import CONF_CAMERA_EVENTS, CONF_DEVICE_URL
from simulator import Simulator
from tests.config_flow.steps import open_page, save, suggested
from tests.config_flow.test_kpi_options import choices
from tests.waiting import eventually

from .conftest import DOCUMENTATION

ACCOUNT = DOCUMENTATION
pytestmark = pytest.mark.usefixtures("haste")


@pytest.fixture
def entry_options(camera_options: dict[str, Any]) -> dict[str, Any]:
    """Return options with an existing camera and a removed one."""
    return {**camera_options, CONF_CAMERA_EVENTS: ["140094", "99"]}


async def test_cameras_can_be_chosen(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    page = await open_page(hass, entry, "camera_access")
    assert choices(page, CONF_CAMERA_EVENTS) == {
        "140094": "ACCC8EE8A9CA",
        "62303": "San Diego / ACCC8ED8CBF0",
        "99": "99",
    }
    assert suggested(page, CONF_CAMERA_EVENTS) == ["140094", "99"]
    await eventually(lambda: cloud.camera(140094).events.listeners)

    result = await save(
        hass,
        entry,
        "camera_access",
        **{
            CONF_DEVICE_URL: entry.options[CONF_DEVICE_URL],
            CONF_CAMERA_EVENTS: ["62303", "99"],
        },
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert entry.options[CONF_CAMERA_EVENTS] == ["62303", "99"]
    await eventually(lambda: cloud.camera(62303).events.listeners)
    await eventually(lambda: not cloud.camera(140094).events.listeners)


async def test_the_choice_may_be_empty(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    await save(
        hass,
        entry,
        "camera_access",
        **{CONF_DEVICE_URL: entry.options[CONF_DEVICE_URL]},
    )
    assert not entry.options.get(CONF_CAMERA_EVENTS)
    assert entry.runtime_data.gateway.events == {}


async def test_an_account_that_is_not_loaded_offers_no_choice(
    hass: HomeAssistant, config_entry: MockConfigEntry
) -> None:
    config_entry.add_to_hass(hass)
    page = await open_page(hass, config_entry, "camera_access")
    schema = page["data_schema"]
    assert schema
    assert CONF_CAMERA_EVENTS not in schema.schema
