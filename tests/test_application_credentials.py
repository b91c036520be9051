"""OAuth2 at the simulated portal: addresses, tokens, the dialog, and no leaks."""

import logging
import time
from typing import Any

from aiohttp import ClientTimeout
from homeassistant.components.application_credentials import ClientCredential
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import (
    OAuth2TokenRequestConnectionError,
    OAuth2TokenRequestReauthError,
)
from homeassistant.setup import async_setup_component
import pytest
from yarl import URL

from custom_components.netrex import application_credentials as platform
from custom_components.netrex.application_credentials import (
    NetrexOAuth2Implementation,
    async_get_auth_implementation,
    async_get_description_placeholders,
    portal_context,
)
from custom_components.netrex.const import DOMAIN
from simulator import Simulator
from simulator.world.model import OAuthClient

from .leaks import assert_log_clean, assert_no_secret, texts
from .oauth_tokens import CREDENTIAL, expired
from .visitor import visit

REDIRECT = "https://example.com/auth/external/callback"


@pytest.fixture
def client(cloud: Simulator) -> OAuthClient:
    """Return an application registered at the simulated portal."""
    return cloud.add_client([REDIRECT])


def at(
    hass: HomeAssistant,
    cloud: Simulator,
    client: OAuthClient,
    secret: str | None = None,
) -> NetrexOAuth2Implementation:
    """Return the implementation of an application at the simulated portal."""
    credential = ClientCredential(
        client.client_id, client.client_secret if secret is None else secret
    )
    return NetrexOAuth2Implementation(hass, DOMAIN, credential, cloud.url)


async def signed_in(
    hass: HomeAssistant, implementation: NetrexOAuth2Implementation
) -> dict[str, Any]:
    """Return a token after a visit to the portal's pages."""
    url = URL(await implementation.async_generate_authorize_url("flow"))
    back = await visit(str(url.update_query(scope="read,write")))
    return await implementation.async_resolve_external_data(
        {"code": back.query["code"], "state": {"redirect_uri": REDIRECT}}
    )


async def test_the_implementation_uses_the_portal_of_the_context(
    hass: HomeAssistant,
) -> None:
    usual = await async_get_auth_implementation(hass, DOMAIN, CREDENTIAL)
    with portal_context("https://cloud.camstreamer.com"):
        other = await async_get_auth_implementation(hass, DOMAIN, CREDENTIAL)
    again = await async_get_auth_implementation(hass, DOMAIN, CREDENTIAL)
    assert usual.authorize_url == "https://system2.netrex.cz/oauth2/auth/"
    assert usual.token_url == "https://system2.netrex.cz/oauth2/token"
    assert other.authorize_url == "https://cloud.camstreamer.com/oauth2/auth/"
    assert other.token_url == "https://cloud.camstreamer.com/oauth2/token"
    assert again.token_url == usual.token_url


@pytest.mark.usefixtures("current_request_with_host")
@pytest.mark.parametrize("place", ["query", "body", "both"])
async def test_a_token_is_issued_whether_the_portal_reads_query_or_body(
    hass: HomeAssistant, cloud: Simulator, client: OAuthClient, place: str
) -> None:
    """It is undocumented whether the portal reads the query or the body."""
    cloud.switches.set("token_parameters", place)
    implementation = at(hass, cloud, client)
    token = await signed_in(hass, implementation)
    assert token["expires_in"] == cloud.switches.access_token_lifetime
    assert token["access_token"] in cloud.world.tokens
    refreshed = await implementation.async_refresh_token(expired(token))
    assert refreshed["access_token"] in cloud.world.tokens
    assert refreshed["access_token"] != token["access_token"]
    assert refreshed["expires_at"] > time.time() + 3000


@pytest.mark.usefixtures("current_request_with_host")
@pytest.mark.parametrize(
    ("rotates", "repeats"), [(False, True), (False, False), (True, True)]
)
async def test_a_refresh_token_is_kept_or_replaced(
    hass: HomeAssistant,
    cloud: Simulator,
    client: OAuthClient,
    rotates: bool,
    repeats: bool,
) -> None:
    cloud.switches.refresh_rotates = rotates
    cloud.switches.refresh_repeats = repeats
    implementation = at(hass, cloud, client)
    token = first = await signed_in(hass, implementation)
    for _ in range(3):
        token = await implementation.async_refresh_token(expired(token))
    assert (token["refresh_token"] != first["refresh_token"]) is rotates
    assert token["access_token"] in cloud.world.tokens


@pytest.mark.usefixtures("current_request_with_host")
async def test_without_a_client_secret_there_is_no_refresh(
    hass: HomeAssistant, cloud: Simulator, client: OAuthClient
) -> None:
    implementation = at(hass, cloud, client, secret="")
    token = await signed_in(hass, implementation)
    assert token.keys() == {"access_token", "expires_in"}
    with pytest.raises(OAuth2TokenRequestReauthError, match="no refresh token"):
        await implementation.async_refresh_token(expired(token))


@pytest.mark.parametrize(
    "kind", ["cut", "cut_body", "garbage", "empty", "html", "delay"]
)
@pytest.mark.usefixtures("current_request_with_host")
async def test_a_failed_token_request_leaks_nothing_and_can_be_retried(
    hass: HomeAssistant,
    cloud: Simulator,
    client: OAuthClient,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    implementation = at(hass, cloud, client)
    token = await signed_in(hass, implementation)
    monkeypatch.setattr(platform, "TOKEN_TIMEOUT", ClientTimeout(total=0.2))
    cloud.faults.add("token", kind, 0.6 if kind == "delay" else None)
    with pytest.raises(OAuth2TokenRequestConnectionError) as caught:
        await implementation.async_refresh_token(expired(token))
    assert_no_secret(texts(caught.value), cloud.secrets)
    assert_log_clean(caplog, cloud.secrets)
    assert (await implementation.async_refresh_token(expired(token)))["access_token"]


@pytest.mark.usefixtures("current_request_with_host")
async def test_the_dialog_shows_the_address_of_the_request(hass: HomeAssistant) -> None:
    placeholders = await async_get_description_placeholders(hass)
    assert placeholders == {"redirect_url": REDIRECT}


async def test_the_dialog_shows_my_home_assistant(hass: HomeAssistant) -> None:
    assert await async_setup_component(hass, "my", {})
    placeholders = await async_get_description_placeholders(hass)
    assert placeholders["redirect_url"] == "https://my.home-assistant.io/redirect/oauth"


async def test_the_dialog_falls_back_to_the_configured_address(
    hass: HomeAssistant,
) -> None:
    """The dialog is opened over a WebSocket, whose request has no such header."""
    hass.config.internal_url = "http://homeassistant.local:8123"
    placeholders = await async_get_description_placeholders(hass)
    assert placeholders["redirect_url"] == (
        "http://homeassistant.local:8123/auth/external/callback"
    )


async def test_the_dialog_without_an_address_shows_my_home_assistant(
    hass: HomeAssistant,
) -> None:
    hass.config.api = None
    hass.config.internal_url = hass.config.external_url = None
    placeholders = await async_get_description_placeholders(hass)
    assert placeholders["redirect_url"] == "https://my.home-assistant.io/redirect/oauth"


@pytest.mark.usefixtures("current_request_with_host")
async def test_the_dialog_shows_the_address_of_the_flow(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    hass.config.internal_url = "http://homeassistant.local:8123"
    assert platform.redirect_url(hass) == REDIRECT

    def outside_a_request(_: HomeAssistant) -> str:
        raise RuntimeError

    monkeypatch.setattr(platform, "async_get_redirect_uri", outside_a_request)
    placeholders = await async_get_description_placeholders(hass)
    assert placeholders == {"redirect_url": REDIRECT}
