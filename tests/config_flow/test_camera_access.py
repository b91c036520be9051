"""The options page for camera access."""

from typing import Any

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.client import DEFAULT_CAMERA_URL
from custom_components.netrex.const import (
    CONF_DAILY_ALLOWANCE,
    CONF_DEVICE_TOKEN,
    CONF_DEVICE_URL,
)
from simulator import Simulator
from tests.leaks import assert_log_clean

from .steps import open_page, save

PAGE = "camera_access"
FORGET = "forget_token"


def prefilled(result: ConfigFlowResult) -> dict[str, Any]:
    """Return what the fields of a form are filled with."""
    assert result["data_schema"]
    return {
        str(marker): marker.description["suggested_value"]
        for marker in result["data_schema"].schema
        if "suggested_value" in (marker.description or {})
    }


async def test_a_token_is_tested_kept_and_removed(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    camera_options: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    page = await open_page(hass, entry, PAGE)
    assert page["data_schema"]
    assert FORGET not in page["data_schema"].schema
    assert page["description_placeholders"] == {"serial_number": "{serial_number}"}

    token, url = camera_options[CONF_DEVICE_TOKEN], camera_options[CONF_DEVICE_URL]
    result = await save(
        hass,
        entry,
        PAGE,
        **{CONF_DEVICE_TOKEN: f" {token}\n", CONF_DEVICE_URL: f"{url}/"},
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert entry.options == {CONF_DEVICE_TOKEN: token, CONF_DEVICE_URL: url}
    assert entry.runtime_data.gateway is not None

    # It is not shown again, and other pages leave it alone.
    page = await open_page(hass, entry, PAGE)
    assert prefilled(page) == {CONF_DEVICE_URL: url}
    await save(hass, entry, "budget", **{CONF_DAILY_ALLOWANCE: 2500})
    assert entry.options[CONF_DEVICE_TOKEN] == token

    # An empty field keeps it. What stays the same is not tried, a new address is.
    cloud.faults.add("gateway", "status", 503, count=None)
    result = await save(hass, entry, PAGE, **{CONF_DEVICE_URL: url, FORGET: False})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert entry.options[CONF_DEVICE_TOKEN] == token
    changed = url.replace("/camera/", "/elsewhere/")
    result = await save(hass, entry, PAGE, **{CONF_DEVICE_URL: changed})
    assert errors_of(result) == {"base": "camera_call_missing"}
    cloud.faults.clear()
    await hass.async_block_till_done(wait_background_tasks=True)

    await save(hass, entry, PAGE, **{CONF_DEVICE_URL: url, FORGET: True})
    assert entry.options == {CONF_DAILY_ALLOWANCE: 2500, CONF_DEVICE_URL: url}
    assert entry.runtime_data.gateway is None
    assert_log_clean(caplog, cloud.secrets)


async def test_an_address_is_saved_without_a_token(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    await save(hass, entry, PAGE, **{CONF_DEVICE_URL: DEFAULT_CAMERA_URL})
    assert entry.options == {CONF_DEVICE_URL: DEFAULT_CAMERA_URL}
    assert cloud.calls == []


def errors_of(result: ConfigFlowResult) -> dict[str, str]:
    """Return the errors of a form."""
    assert result["type"] is FlowResultType.FORM
    return result["errors"] or {}


async def test_a_refused_token_shows_the_reason(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    camera_options: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    before = dict(entry.options)
    weak, old = (
        cloud.create_api_token(scopes=["read"]),
        cloud.create_api_token(expires_in=-1),
    )
    for token, fault in (
        ("nonsense", {CONF_DEVICE_TOKEN: "camera_token_refused"}),
        ("line\nbreak", {CONF_DEVICE_TOKEN: "camera_token_refused"}),
        (old, {CONF_DEVICE_TOKEN: "camera_token_refused"}),
        (weak, {CONF_DEVICE_TOKEN: "camera_no_permission"}),
    ):
        result = await save(
            hass, entry, PAGE, **camera_options | {CONF_DEVICE_TOKEN: token}
        )
        assert errors_of(result) == fault
        # What was typed is not sent back either.
        assert CONF_DEVICE_TOKEN not in prefilled(result)
    for status, fault in (
        (404, {"base": "camera_call_missing"}),
        (405, {"base": "camera_method_refused"}),
        (429, {"base": "rate_limited"}),
        (500, {"base": "camera_answer_unusable"}),
        (503, {"base": "camera_unreachable"}),
    ):
        cloud.faults.add("gateway", "status", status, count=None)
        result = await save(hass, entry, PAGE, **camera_options)
        assert errors_of(result) == fault
        cloud.faults.clear()
    for camera in cloud.world.cameras.values():
        camera.is_connected = False
    await entry.runtime_data.status.async_refresh()
    result = await save(hass, entry, PAGE, **camera_options)
    assert errors_of(result) == {"base": "no_camera_to_test"}
    assert entry.options == before
    assert_log_clean(caplog, cloud.secrets)


async def test_an_address_that_would_leak_the_token_is_refused(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    camera_options: dict[str, Any],
) -> None:
    for url in (
        "http://{serial_number}.device-connect.net",
        "https://device-connect.net",
        "https://user:password@x.cz/{serial_number}",
        "nonsense",
    ):
        result = await save(
            hass, entry, PAGE, **camera_options | {CONF_DEVICE_URL: url}
        )
        assert errors_of(result) == {CONF_DEVICE_URL: "invalid_camera_url"}
        assert prefilled(result) == {CONF_DEVICE_URL: url}
    assert cloud.calls == []
