"""The user's steps in the flows."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from homeassistant.config_entries import (
    SOURCE_USER,
    ConfigEntry,
    ConfigFlowResult,
)
from homeassistant.const import CONF_TOKEN
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from pytest_homeassistant_custom_component.common import MockConfigEntry
from yarl import URL

from custom_components.netrex.const import (
    DOMAIN,
)
from simulator import Simulator

REDIRECT = "https://example.com/auth/external/callback"

type SignIn = Callable[..., Awaitable[ConfigFlowResult]]


async def start(hass: HomeAssistant, **user_input: object) -> ConfigFlowResult:
    """Start the flow and fill in the first page."""
    result = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "user"
    return await configure(hass, result, user_input)


async def configure(
    hass: HomeAssistant, result: ConfigFlowResult, user_input: Mapping[str, Any]
) -> ConfigFlowResult:
    """Fill in a page."""
    return await hass.config_entries.flow.async_configure(
        result["flow_id"], dict(user_input)
    )


async def choose(
    hass: HomeAssistant, result: ConfigFlowResult, option: str
) -> ConfigFlowResult:
    """Choose from the menu."""
    assert result["type"] is FlowResultType.MENU
    assert result["step_id"] == "auth_method"
    assert option in result["menu_options"]
    return await configure(hass, result, {"next_step_id": option})


async def open_page(
    hass: HomeAssistant, entry: MockConfigEntry, page: str
) -> ConfigFlowResult:
    """Choose a page of the menu."""
    result = await hass.config_entries.options.async_init(entry.entry_id)
    assert result["type"] is FlowResultType.MENU
    assert page in result["menu_options"]
    return await hass.config_entries.options.async_configure(
        result["flow_id"], {"next_step_id": page}
    )


async def save(
    hass: HomeAssistant, entry: MockConfigEntry, page: str, **options: object
) -> ConfigFlowResult:
    """Fill in a page; return what comes of it."""
    result = await open_page(hass, entry, page)
    assert result["step_id"] == page
    result = await hass.config_entries.options.async_configure(
        result["flow_id"], options
    )
    await hass.async_block_till_done()
    return result


def suggested(result: ConfigFlowResult, field: str) -> Any:  # noqa: ANN401 - form data
    """Return what a form has in a field."""
    schema = result["data_schema"]
    assert schema is not None
    [marker] = [marker for marker in schema.schema if marker == field]
    return marker.description["suggested_value"]


def authority(cloud: Simulator) -> str:
    """Return the portal's host and port."""
    return URL(cloud.url).authority


def access_token(entry: ConfigEntry) -> str:
    """Return an entry's OAuth2 access token."""
    token = entry.data[CONF_TOKEN]["access_token"]
    assert isinstance(token, str)
    return token


def assert_aborted(result: ConfigFlowResult, reason: str) -> None:
    """Fail if the flow did not end for this reason."""
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == reason
