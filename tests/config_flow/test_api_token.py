"""Adding an account with an API token."""

from collections.abc import Callable

from homeassistant.const import CONF_API_TOKEN
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.const import (
    DOMAIN,
)
from simulator import Simulator
from simulator.world.model import User

from .steps import assert_aborted, authority, choose, configure, start, suggested


@pytest.mark.usefixtures("no_setup", "short_pause")
@pytest.mark.parametrize(
    ("kind", "value", "error"),
    [
        ("cut", None, "cannot_connect"),
        ("status", 503, "cannot_connect"),
        ("refuse", None, "rate_limited"),
        ("html", None, "unusable_answer"),
        ("cut_body", None, "unusable_answer"),
        ("wrong_types", None, "unusable_answer"),
    ],
)
async def test_a_failing_portal_keeps_the_entered_token(
    hass: HomeAssistant, cloud: Simulator, kind: str, value: int | None, error: str
) -> None:
    token = cloud.create_api_token()
    result = await choose(hass, await start(hass, host=cloud.url), "api_token")
    # A refused request is repeated once.
    count = 2 if error == "rate_limited" else 1
    cloud.faults.add("graphql", kind, value, count=count)
    result = await configure(hass, result, {CONF_API_TOKEN: token})
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "api_token"
    assert result["errors"] == {"base": error}
    assert suggested(result, CONF_API_TOKEN) == token
    result = await configure(hass, result, {CONF_API_TOKEN: token})
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.usefixtures("no_setup")
@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda _: "no-such-token", "invalid_auth"),
        (lambda _: "žádný token", "invalid_auth"),
        (lambda _: " ", "invalid_auth"),
        (lambda cloud: cloud.create_api_token(expires_in=-1), "invalid_auth"),
        (lambda cloud: cloud.create_api_token(scopes=["liveview"]), "no_permission"),
        (lambda cloud: cloud.create_api_token("blind"), "no_nodes"),
    ],
)
async def test_an_unusable_token_is_refused_with_its_reason(
    hass: HomeAssistant,
    cloud: Simulator,
    make: Callable[[Simulator], str],
    error: str,
) -> None:
    cloud.world.users["blind"] = User("blind", "blind", full_access=False)
    result = await choose(hass, await start(hass, host=cloud.url), "api_token")
    result = await configure(hass, result, {CONF_API_TOKEN: make(cloud)})
    assert result["errors"] == {"base": error}
    result = await configure(hass, result, {CONF_API_TOKEN: cloud.create_api_token()})
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.usefixtures("no_setup")
async def test_an_account_without_a_name_is_named_after_its_portal(
    hass: HomeAssistant, cloud: Simulator
) -> None:
    cloud.world.nodes[0].name = None
    result = await choose(hass, await start(hass, host=cloud.url), "api_token")
    result = await configure(hass, result, {CONF_API_TOKEN: cloud.create_api_token()})
    assert result["title"] == authority(cloud)


@pytest.mark.usefixtures("no_setup")
async def test_two_accounts_can_be_added_but_none_twice(
    hass: HomeAssistant, cloud: Simulator, config_entry: MockConfigEntry
) -> None:
    """The shop's guest has another root node, so it is another account."""
    config_entry.add_to_hass(hass)
    result = await choose(hass, await start(hass, host=cloud.url), "api_token")
    result = await configure(hass, result, {CONF_API_TOKEN: cloud.create_api_token()})
    assert_aborted(result, "already_configured")
    result = await choose(hass, await start(hass, host=cloud.url), "api_token")
    guest = cloud.create_api_token("guest")
    result = await configure(hass, result, {CONF_API_TOKEN: guest})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert len(hass.config_entries.async_entries(DOMAIN)) == 2
