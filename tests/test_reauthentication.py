"""Only a refused account is asked to sign in again; no request and no limit is."""

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex import coordinator
from custom_components.netrex.client import Lane
from custom_components.netrex.client.days import HOUR
from custom_components.netrex.errors import command_errors
from simulator import Simulator

from .conftest import SetUp


def asks(hass: HomeAssistant, entry: MockConfigEntry) -> int:
    """Return the number of requests to sign in."""
    return len(list(entry.async_get_active_flows(hass, {SOURCE_REAUTH})))


async def command(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Send a command that is refused, and wait for what follows."""
    with pytest.raises(HomeAssistantError), command_errors(entry):
        await entry.runtime_data.client.execute("{nodeList{name}}", lane=Lane.COMMAND)
    await hass.async_block_till_done(wait_background_tasks=True)


def limit(cloud: Simulator, status: int, body: str) -> None:
    """Let an exhausted limiter answer without a body, or with a page of no reason."""
    if body == "page":
        cloud.faults.add("graphql", "status", status, count=None)
        return
    cloud.switches.rate_limit, cloud.switches.daily_queries = True, 0
    cloud.switches.limit_status = status
    cloud.switches.limit_body = "empty"


@pytest.mark.parametrize("status", [401, 403])
async def test_one_refused_request_does_not_ask_to_sign_in(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry, status: int
) -> None:
    """Only the request for the names is refused, each time."""
    cloud.faults.add("graphql", "status", status, count=None, match="{nodeList{name}}")
    for _ in range(3):
        await command(hass, entry)
        assert not asks(hass, entry)
    await entry.runtime_data.status.async_refresh()
    assert entry.runtime_data.status.last_update_success


@pytest.mark.parametrize("body", ["empty", "page"])
@pytest.mark.parametrize("status", [401, 403])
async def test_a_limit_without_a_reason_blanks_nothing_and_asks_for_nothing(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    status: int,
    body: str,
) -> None:
    limit(cloud, status, body)
    data = entry.runtime_data
    for _ in range(4):
        for reader in (data.status, data.inventory):
            await reader.async_refresh()
            assert reader.last_update_success
        await command(hass, entry)
        freezer.tick(600)
    assert not asks(hass, entry)


async def test_refusals_without_a_reason_ask_only_if_they_last(
    hass: HomeAssistant,
    cloud: Simulator,
    set_up: SetUp,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One may come from a limiter; a portal may explain nothing to a revoked token."""
    cloud.faults.add("graphql", "status", 401, count=None)
    entry = await set_up()
    assert not asks(hass, entry)
    monkeypatch.setattr(coordinator, "UNEXPLAINED_SECONDS", 0)
    await hass.config_entries.async_reload(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    assert asks(hass, entry) == 1


async def test_an_accepted_query_shows_that_the_token_is_valid(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """The status is refused for hours, the inventory is not."""
    data = entry.runtime_data
    cloud.faults.add("graphql", "status", 401, count=None, match="query{cameraList{")
    for _ in range(8):
        await data.status.async_refresh()
        await data.inventory.async_refresh()
        freezer.tick(HOUR)
    assert not data.status.last_update_success
    assert data.inventory.last_update_success
    assert not asks(hass, entry)
