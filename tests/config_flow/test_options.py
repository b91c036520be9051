"""The options of an account."""

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.client import LiveTransport
from custom_components.netrex.const import (
    CONF_DAILY_ALLOWANCE,
    CONF_HISTORY_DAYS,
    CONF_KPI_CAMERA_SENSORS,
    CONF_KPI_PLACE_SENSORS,
    CONF_KPI_WINDOWS,
    CONF_LIVE_TRANSPORT,
    CONF_RECORDINGS_LIMIT,
    CONF_RELAY_ACCESS,
    CONF_RELAY_HOST,
    CONF_RELAY_PORT,
)
from custom_components.netrex.kpi.selection import (
    CAMERA_DEFAULT,
    PLACE_DEFAULT,
    WINDOWS_DEFAULT,
)
from custom_components.netrex.live import VideoSource
from custom_components.netrex.relay.endpoint import bind
from simulator import Simulator

from ..relay.players import watch
from .steps import open_page, save, suggested

KPI_DEFAULTS = {
    CONF_KPI_WINDOWS: list(WINDOWS_DEFAULT),
    CONF_KPI_PLACE_SENSORS: list(PLACE_DEFAULT),
    CONF_KPI_CAMERA_SENSORS: list(CAMERA_DEFAULT),
}
LIVE_VIEW_DEFAULTS = {
    CONF_LIVE_TRANSPORT: "auto",
    CONF_RELAY_ACCESS: False,
    CONF_RELAY_PORT: 0,
}


async def test_the_allowance_is_saved_and_used(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    assert entry.runtime_data.pacer.ledger.allowance == 8000
    result = await save(hass, entry, "budget", **{CONF_DAILY_ALLOWANCE: 2500.0})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert entry.options == {CONF_DAILY_ALLOWANCE: 2500}
    assert isinstance(entry.options[CONF_DAILY_ALLOWANCE], int)
    assert entry.state is ConfigEntryState.LOADED
    assert entry.runtime_data.pacer.ledger.allowance == 2500
    again = await open_page(hass, entry, "budget")
    assert suggested(again, CONF_DAILY_ALLOWANCE) == 2500


async def test_a_page_keeps_what_the_others_saved(
    hass: HomeAssistant, token_entry: MockConfigEntry
) -> None:
    await save(hass, token_entry, "budget", **{CONF_DAILY_ALLOWANCE: 2500})
    await save(hass, token_entry, "kpi", **{CONF_HISTORY_DAYS: 30})
    await save(hass, token_entry, "live_view", **{CONF_RELAY_HOST: "127.0.0.1"})
    await save(hass, token_entry, "recordings", **{CONF_RECORDINGS_LIMIT: 5.0})
    assert token_entry.options == LIVE_VIEW_DEFAULTS | KPI_DEFAULTS | {
        CONF_DAILY_ALLOWANCE: 2500,
        CONF_HISTORY_DAYS: 30,
        CONF_RELAY_HOST: "127.0.0.1",
        CONF_RECORDINGS_LIMIT: 5,
    }
    # A field that is emptied is forgotten, though the form does not send it.
    await save(hass, token_entry, "live_view")
    assert token_entry.options == LIVE_VIEW_DEFAULTS | KPI_DEFAULTS | {
        CONF_DAILY_ALLOWANCE: 2500,
        CONF_HISTORY_DAYS: 30,
        CONF_RECORDINGS_LIMIT: 5,
    }


@pytest.mark.parametrize(
    ("page", "options"),
    [
        ("budget", {CONF_DAILY_ALLOWANCE: 499}),
        ("budget", {CONF_DAILY_ALLOWANCE: 10_001}),
        ("budget", {CONF_DAILY_ALLOWANCE: "many"}),
        ("budget", {CONF_DAILY_ALLOWANCE: None}),
        ("kpi", {CONF_HISTORY_DAYS: -1}),
        ("kpi", {CONF_HISTORY_DAYS: 1826}),
        ("live_view", {CONF_LIVE_TRANSPORT: "pigeon"}),
        ("live_view", {CONF_RELAY_PORT: 65_536}),
        ("live_view", {CONF_RELAY_PORT: -1}),
        ("recordings", {CONF_RECORDINGS_LIMIT: 0}),
        ("recordings", {CONF_RECORDINGS_LIMIT: 1001}),
    ],
)
async def test_values_out_of_bounds_are_refused(
    hass: HomeAssistant,
    token_entry: MockConfigEntry,
    page: str,
    options: dict[str, object],
) -> None:
    result = await open_page(hass, token_entry, page)
    with pytest.raises(InvalidData):
        await hass.config_entries.options.async_configure(result["flow_id"], options)
    assert not token_entry.options


async def test_a_fixed_transport_is_used(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    await save(hass, entry, "live_view", **{CONF_LIVE_TRANSPORT: "rtspws"})

    live = entry.runtime_data.live
    camera_id = next(iter(cloud.world.cameras))
    assert await watch(live.stream_source(VideoSource(camera_id)))
    assert live.last_transport(camera_id) is LiveTransport.RTSPWS


async def test_relay_access_is_tested_before_it_is_saved(
    hass: HomeAssistant, token_entry: MockConfigEntry
) -> None:
    on = {CONF_RELAY_ACCESS: True, CONF_RELAY_HOST: " 127.0.0.1 "}
    with bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        result = await save(
            hass, token_entry, "live_view", **on, **{CONF_RELAY_PORT: port}
        )
        assert result["errors"] == {CONF_RELAY_PORT: "relay_port_in_use"}
        # What was filled in is still there.
        assert suggested(result, CONF_RELAY_PORT) == port
    result = await hass.config_entries.options.async_configure(
        result["flow_id"], on | {CONF_RELAY_PORT: port}
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert token_entry.options == LIVE_VIEW_DEFAULTS | {
        CONF_RELAY_ACCESS: True,
        CONF_RELAY_HOST: "127.0.0.1",
        CONF_RELAY_PORT: port,
    }


@pytest.mark.parametrize(
    ("options", "errors"),
    [
        ({CONF_RELAY_ACCESS: True}, {CONF_RELAY_HOST: "address_required"}),
        (
            {CONF_RELAY_ACCESS: True, CONF_RELAY_HOST: "192.0.2.1"},
            {CONF_RELAY_HOST: "relay_address_missing"},
        ),
        ({CONF_RELAY_HOST: "0.0.0.0"}, {CONF_RELAY_HOST: "invalid_address"}),  # noqa: S104 - is refused
        ({CONF_RELAY_HOST: "my.nas"}, {CONF_RELAY_HOST: "invalid_address"}),
    ],
)
async def test_an_unusable_relay_address_shows_the_reason(
    hass: HomeAssistant,
    token_entry: MockConfigEntry,
    options: dict[str, object],
    errors: dict[str, str],
) -> None:
    result = await save(hass, token_entry, "live_view", **options)

    assert result["errors"] == errors
    assert not token_entry.options


async def test_another_option_can_be_saved_while_the_relay_uses_its_port(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    with bind("127.0.0.1", 0) as probe:
        port = probe.getsockname()[1]
    on = {
        CONF_RELAY_ACCESS: True,
        CONF_RELAY_HOST: "127.0.0.1",
        CONF_RELAY_PORT: port,
    }
    await save(hass, entry, "live_view", **on)
    before = entry.runtime_data.live.access.url("1")
    assert f":{port}/" in before

    result = await save(hass, entry, "live_view", **on, **{CONF_LIVE_TRANSPORT: "rtsp"})

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert entry.runtime_data.live.access.url("1") == before
