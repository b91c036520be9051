"""Signing in again."""

import time
from unittest.mock import AsyncMock, patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.application_credentials import (
    DATA_COMPONENT,
    ClientCredential,
    async_import_client_credential,
)
from homeassistant.config_entries import (
    ConfigEntry,
    ConfigFlowResult,
)
from homeassistant.const import CONF_API_TOKEN, CONF_TOKEN
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import config_entry_oauth2_flow
from homeassistant.helpers.config_entry_oauth2_flow import (
    ImplementationUnavailableError,
)
from homeassistant.helpers.network import NoURLAvailableError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from yarl import URL

from custom_components.netrex.auth import RENEWAL_COOLDOWN_SECONDS
from custom_components.netrex.const import (
    CONF_SCOPES,
    DOMAIN,
)
from simulator import Simulator
from simulator.world.model import OAuthClient

from .steps import (
    REDIRECT,
    SignIn,
    access_token,
    assert_aborted,
    authority,
    choose,
    configure,
    start,
)


async def reauth(hass: HomeAssistant, entry: ConfigEntry) -> ConfigFlowResult:
    """Start reauthentication, as a refused token does."""
    return await hass.config_entries.flow.async_init(
        DOMAIN,
        context={
            "source": "reauth",
            "entry_id": entry.entry_id,
            "unique_id": entry.unique_id,
            "title_placeholders": {"name": entry.title},
        },
        data=dict(entry.data),
    )


def assert_form(result: ConfigFlowResult, error: str) -> None:
    """Fail if the user is not back at the form, with this error."""
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "reauth_confirm"
    assert result["errors"] == {"base": error}


async def test_a_new_api_token_replaces_the_refused_one(
    hass: HomeAssistant,
    cloud: Simulator,
    token_entry: MockConfigEntry,
    no_setup: AsyncMock,
) -> None:
    before = dict(token_entry.data)
    cloud.oauth.revoke_all()
    result = await reauth(hass, token_entry)
    assert result["step_id"] == "reauth_api_token"
    result = await configure(hass, result, {CONF_API_TOKEN: before[CONF_API_TOKEN]})
    assert result["errors"] == {"base": "invalid_auth"}
    token = cloud.create_api_token()
    set_ups = no_setup.call_count
    result = await configure(hass, result, {CONF_API_TOKEN: token})
    await hass.async_block_till_done()
    assert_aborted(result, "reauth_successful")
    assert token_entry.data == {**before, CONF_API_TOKEN: token}
    assert no_setup.call_count == set_ups + 1


async def test_an_api_token_of_another_account_is_refused(
    hass: HomeAssistant, cloud: Simulator, token_entry: MockConfigEntry
) -> None:
    before = dict(token_entry.data)
    result = await reauth(hass, token_entry)
    guest = cloud.create_api_token("guest")
    result = await configure(hass, result, {CONF_API_TOKEN: guest})
    assert result["step_id"] == "reauth_api_token"
    assert result["errors"] == {"base": "wrong_account"}
    assert token_entry.data == before
    # The form is still there for the right token.
    result = await configure(hass, result, {CONF_API_TOKEN: cloud.create_api_token()})
    assert_aborted(result, "reauth_successful")


async def test_a_refresh_token_avoids_the_sign_in(
    hass: HomeAssistant, cloud: Simulator, oauth_entry: ConfigEntry
) -> None:
    """The portal has ended the access token early."""
    before = access_token(oauth_entry)
    cloud.world.tokens[before].expires_at = time.time() - 1
    assert_aborted(await reauth(hass, oauth_entry), "reauth_successful")
    await hass.async_block_till_done()
    assert access_token(oauth_entry) != before
    assert access_token(oauth_entry) in cloud.world.tokens
    assert oauth_entry.data[CONF_SCOPES] == ["read", "liveview"]


async def test_a_refused_refreshed_token_asks_to_sign_in(
    hass: HomeAssistant, cloud: Simulator, oauth_entry: ConfigEntry
) -> None:
    """A portal that refuses the tokens it issues must not cause a loop."""
    cloud.switches.access_token_lifetime = 0
    result = await reauth(hass, oauth_entry)
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "reauth_confirm"


async def test_a_useless_renewal_is_not_repeated(
    hass: HomeAssistant,
    cloud: Simulator,
    oauth_entry: ConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """The account can be read, but something else is refused as if by the token."""
    assert_aborted(await reauth(hass, oauth_entry), "reauth_successful")
    await hass.async_block_till_done()
    renewed = access_token(oauth_entry)
    result = await reauth(hass, oauth_entry)
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "reauth_confirm"
    assert access_token(oauth_entry) == renewed

    hass.config_entries.flow.async_abort(result["flow_id"])
    freezer.tick(RENEWAL_COOLDOWN_SECONDS + 1)
    assert_aborted(await reauth(hass, oauth_entry), "reauth_successful")
    await hass.async_block_till_done()
    assert access_token(oauth_entry) != renewed
    assert access_token(oauth_entry) in cloud.world.tokens


async def test_signing_in_again_replaces_the_token(
    hass: HomeAssistant,
    cloud: Simulator,
    oauth_entry: ConfigEntry,
    sign_in: SignIn,
    no_setup: AsyncMock,
) -> None:
    before = dict(oauth_entry.data)
    cloud.oauth.revoke_all()
    result = await reauth(hass, oauth_entry)
    assert result["step_id"] == "reauth_confirm"
    assert result["description_placeholders"] == {
        "host": authority(cloud),
        "name": oauth_entry.title,
    }
    result = await configure(hass, result, {})
    assert URL(result["url"]).query["scope"] == "read,liveview"
    set_ups = no_setup.call_count
    result = await sign_in(result)
    await hass.async_block_till_done()
    assert_aborted(result, "reauth_successful")
    assert no_setup.call_count == set_ups + 1
    assert access_token(oauth_entry) in cloud.world.tokens
    assert {**oauth_entry.data, CONF_TOKEN: None} == {**before, CONF_TOKEN: None}
    assert len(hass.config_entries.async_entries(DOMAIN)) == 1


async def test_signing_in_again_with_another_account_is_refused(
    hass: HomeAssistant,
    cloud: Simulator,
    oauth_entry: ConfigEntry,
    sign_in: SignIn,
) -> None:
    before = dict(oauth_entry.data)
    cloud.oauth.revoke_all()
    result = await configure(hass, await reauth(hass, oauth_entry), {})
    result = await sign_in(result, username="guest")
    assert result["step_id"] == "reauth_confirm"
    assert result["errors"] == {"base": "wrong_account"}
    assert oauth_entry.data == before
    # The form is still there for the right account.
    result = await sign_in(await configure(hass, result, {}))
    assert_aborted(result, "reauth_successful")


async def test_signing_in_again_needs_credentials(
    hass: HomeAssistant, cloud: Simulator, oauth_entry: ConfigEntry, sign_in: SignIn
) -> None:
    credentials = hass.data[DATA_COMPONENT]
    await hass.config_entries.async_unload(oauth_entry.entry_id)
    for item in credentials.async_items():
        await credentials.async_delete_item(item["id"])
    cloud.oauth.revoke_all()
    result = await configure(hass, await reauth(hass, oauth_entry), {})
    assert_form(result, "credentials_gone")
    # The form is still there once the credentials are.
    added = cloud.add_client([REDIRECT])
    await async_import_client_credential(
        hass, DOMAIN, ClientCredential(added.client_id, added.client_secret, "Shop")
    )
    result = await sign_in(await configure(hass, result, {}))
    assert_aborted(result, "reauth_successful")


async def test_a_reauthentication_that_is_not_confirmed_can_be_repeated(
    hass: HomeAssistant, cloud: Simulator, oauth_entry: ConfigEntry, sign_in: SignIn
) -> None:
    cloud.oauth.revoke_all()
    result = await configure(hass, await reauth(hass, oauth_entry), {})
    result = await sign_in(result, decision="deny")
    assert_form(result, "sign_in_canceled")
    result = await sign_in(await configure(hass, result, {}))
    assert_aborted(result, "reauth_successful")


async def test_a_reauthentication_that_the_portal_fails_can_be_repeated(
    hass: HomeAssistant, cloud: Simulator, oauth_entry: ConfigEntry, sign_in: SignIn
) -> None:
    cloud.oauth.revoke_all()
    result = await configure(hass, await reauth(hass, oauth_entry), {})
    cloud.faults.add("token", "cut")
    result = await sign_in(result)
    assert_form(result, "sign_in_failed")
    result = await sign_in(await configure(hass, result, {}))
    assert_aborted(result, "reauth_successful")


async def test_a_reauthentication_with_a_wrong_secret_can_be_repeated(
    hass: HomeAssistant,
    cloud: Simulator,
    client: OAuthClient,
    oauth_entry: ConfigEntry,
    sign_in: SignIn,
) -> None:
    cloud.oauth.revoke_all()
    secret, client.client_secret = client.client_secret, cloud.secrets.issue()
    result = await configure(hass, await reauth(hass, oauth_entry), {})
    result = await sign_in(result)
    assert_form(result, "credentials_refused")
    client.client_secret = secret
    result = await sign_in(await configure(hass, result, {}))
    assert_aborted(result, "reauth_successful")


@pytest.mark.parametrize(
    ("helper", "failure", "error"),
    [
        (
            "async_get_implementations",
            ImplementationUnavailableError("Shop"),
            "credentials_unavailable",
        ),
        ("async_get_redirect_uri", NoURLAvailableError, "no_redirect_url"),
        ("async_get_redirect_uri", TimeoutError, "no_redirect_url"),
    ],
)
async def test_a_reauthentication_without_a_sign_in_page_can_be_repeated(
    hass: HomeAssistant,
    cloud: Simulator,
    oauth_entry: ConfigEntry,
    sign_in: SignIn,
    helper: str,
    failure: Exception | type[Exception],
    error: str,
) -> None:
    cloud.oauth.revoke_all()
    result = await reauth(hass, oauth_entry)
    with patch.object(config_entry_oauth2_flow, helper, side_effect=failure):
        result = await configure(hass, result, {})
    assert_form(result, error)
    result = await sign_in(await configure(hass, result, {}))
    assert_aborted(result, "reauth_successful")


@pytest.mark.usefixtures("token_entry")
async def test_a_pending_reauthentication_does_not_hide_a_duplicate(
    hass: HomeAssistant, cloud: Simulator, token_entry: MockConfigEntry
) -> None:
    await reauth(hass, token_entry)
    result = await choose(hass, await start(hass, host=cloud.url), "api_token")
    result = await configure(hass, result, {CONF_API_TOKEN: cloud.create_api_token()})
    assert_aborted(result, "already_configured")
