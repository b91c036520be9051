"""Changing how to sign in to the same account."""

from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigEntry,
    ConfigFlowResult,
)
from homeassistant.const import CONF_API_TOKEN, CONF_HOST, CONF_TOKEN, CONF_URL
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry
from yarl import URL

from custom_components.netrex.const import (
    CONF_AUTH_IMPLEMENTATION,
    CONF_SCOPES,
    DOMAIN,
)
from simulator import Simulator
from simulator.world.model import OAuthClient

from .steps import SignIn, access_token, assert_aborted, authority, choose, configure


async def reconfigure(hass: HomeAssistant, entry: ConfigEntry) -> ConfigFlowResult:
    """Open the dialog of an entry."""
    return await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_RECONFIGURE, "entry_id": entry.entry_id}
    )


async def test_a_sign_in_replaces_an_api_token(
    hass: HomeAssistant,
    cloud: Simulator,
    client: OAuthClient,
    token_entry: MockConfigEntry,
    sign_in: SignIn,
) -> None:
    del client
    result = await reconfigure(hass, token_entry)
    assert result["step_id"] == "reconfigure"
    assert result["description_placeholders"] == {"host": authority(cloud)}
    result = await configure(hass, result, {"rights": {"scopes": ["liveview"]}})
    assert result["errors"] == {"base": "read_required"}
    result = await configure(hass, result, {"rights": {"scopes": ["read", "events"]}})
    result = await choose(hass, result, "pick_implementation")
    result = await sign_in(result)
    await hass.async_block_till_done()
    assert_aborted(result, "reconfigure_successful")
    assert token_entry.data == {
        CONF_HOST: authority(cloud),
        CONF_URL: cloud.url,
        CONF_SCOPES: ["read", "events"],
        CONF_AUTH_IMPLEMENTATION: DOMAIN,
        CONF_TOKEN: token_entry.data[CONF_TOKEN],
    }
    assert access_token(token_entry) in cloud.world.tokens


async def test_an_api_token_replaces_a_sign_in_and_revokes_it(
    hass: HomeAssistant, cloud: Simulator, oauth_entry: ConfigEntry
) -> None:
    token = cloud.create_api_token()
    assert cloud.world.grants
    result = await reconfigure(hass, oauth_entry)
    result = await choose(hass, await configure(hass, result, {}), "api_token")
    result = await configure(hass, result, {CONF_API_TOKEN: token})
    assert_aborted(result, "reconfigure_successful")
    assert oauth_entry.data == {
        CONF_HOST: authority(cloud),
        CONF_URL: cloud.url,
        CONF_API_TOKEN: token,
    }
    assert list(cloud.world.tokens) == [token]
    assert not cloud.world.grants


async def test_the_form_suggests_the_present_permissions(
    hass: HomeAssistant,
    cloud: Simulator,
    oauth_entry: ConfigEntry,
    sign_in: SignIn,
) -> None:
    """Left unchanged, they are requested again."""
    result = await reconfigure(hass, oauth_entry)
    assert result["data_schema"] is not None
    [(_, section)] = result["data_schema"].schema.items()
    [marker] = section.schema.schema
    assert marker.description == {"suggested_value": ["read", "liveview"]}
    result = await configure(hass, result, {})
    result = await choose(hass, result, "pick_implementation")
    assert URL(result["url"]).query["scope"] == "read,liveview"
    result = await sign_in(result)
    assert_aborted(result, "reconfigure_successful")
    assert access_token(oauth_entry) in cloud.world.tokens


async def test_reconfiguring_to_another_account_is_refused(
    hass: HomeAssistant,
    cloud: Simulator,
    oauth_entry: ConfigEntry,
    sign_in: SignIn,
) -> None:
    before = dict(oauth_entry.data)
    for option in ("api_token", "pick_implementation"):
        result = await reconfigure(hass, oauth_entry)
        result = await choose(hass, await configure(hass, result, {}), option)
        if option == "api_token":
            guest = {CONF_API_TOKEN: cloud.create_api_token("guest")}
            result = await configure(hass, result, guest)
        else:
            result = await sign_in(result, username="guest")
        assert_aborted(result, "wrong_account")
    assert oauth_entry.data == before
