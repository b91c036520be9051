"""Tokens of the portal: OAuth2 access tokens and API tokens."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from math import inf
import time
from typing import Any

from aiohttp import ClientError, ClientTimeout
from homeassistant.const import (
    CONF_ACCESS_TOKEN,
    CONF_API_TOKEN,
    CONF_HOST,
    CONF_TOKEN,
    CONF_URL,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import (
    ConfigEntryAuthFailed,
    ConfigEntryNotReady,
    OAuth2TokenRequestBaseError,
    OAuth2TokenRequestReauthError,
)
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.config_entry_oauth2_flow import (
    AbstractOAuth2Implementation,
    OAuth2Session,
    async_get_config_entry_implementation,
    async_get_implementations,
)
from homeassistant.helpers.event import async_track_point_in_utc_time
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from .application_credentials import portal_context
from .client import (
    Lane,
    NetrexAuthError,
    NetrexConnectionError,
    NetrexError,
    NetrexRateLimitedError,
)
from .client.http import PLAIN_BODY, read_small_json
from .const import CONF_AUTH_IMPLEMENTATION, DOMAIN, LOGGER
from .models import NetrexConfigEntry
from .pacing import async_get_pacer, async_get_portal_pacer

type TokenProvider = Callable[[], Awaitable[str]]
type TokenRenewal = Callable[[str], Awaitable[bool]]

# A token that cannot be refreshed is replaced before it expires: in the last quarter of
# its lifetime, and at most three days before its end.
MAX_LEAD_SECONDS = 3 * 24 * 3600
LEAD_SHARE = 0.25

REVOKE_TIMEOUT = ClientTimeout(total=10)

# A token that is refused within minutes of its renewal has not expired; another renewal
# would only repeat that.
RENEWAL_COOLDOWN_SECONDS = 600
DATA_RENEWALS: HassKey[dict[str, float]] = HassKey(f"{DOMAIN}_renewals")


def fixed_token(token: str) -> TokenProvider:
    """Return a provider of a constant token."""

    async def async_get_token() -> str:
        return token

    return async_get_token


async def async_get_token_provider(
    hass: HomeAssistant, entry: NetrexConfigEntry
) -> TokenProvider:
    """Return the function that gives the client a valid token.

    It raises NetrexAuthError if the user has to sign in again, NetrexRateLimitedError
    if the account's requests are paused, and NetrexConnectionError if the portal
    temporarily returns no token.

    Raises:
        ConfigEntryAuthFailed: The application credentials were removed.
        ConfigEntryNotReady: They are temporarily unavailable.
    """
    if api_token := entry.data.get(CONF_API_TOKEN):
        return fixed_token(api_token)
    session = OAuth2Session(hass, entry, await _async_implementation(hass, entry))
    _async_cut_expiry(hass, entry)
    _async_schedule_reauth(hass, entry)

    async def async_get_token() -> str:
        _async_cut_expiry(hass, entry)
        try:
            await session.async_ensure_token_valid()
        except OAuth2TokenRequestReauthError as err:
            raise NetrexAuthError(
                "The portal refused to refresh the access token", expired=True
            ) from err
        except OAuth2TokenRequestBaseError as err:
            raise _temporary(err) from err
        return str(session.token[CONF_ACCESS_TOKEN])

    return async_get_token


@callback
def _async_cut_expiry(hass: HomeAssistant, entry: NetrexConfigEntry) -> None:
    """Cut an expiry that is too late because the clock was ahead at the renewal."""
    token = entry.data[CONF_TOKEN]
    latest = time.time() + token["expires_in"]
    if token["expires_at"] > latest:
        hass.config_entries.async_update_entry(
            entry, data={**entry.data, CONF_TOKEN: {**token, "expires_at": latest}}
        )


def _temporary(err: Exception) -> NetrexError:
    """Return the client's error for a token request that may succeed later."""
    if isinstance(err.__cause__, NetrexRateLimitedError):
        return err.__cause__
    return NetrexConnectionError("The portal returned no access token")


async def async_renew(hass: HomeAssistant, entry: NetrexConfigEntry) -> bool:
    """Refresh an OAuth2 token regardless of its age; False if that is not possible."""
    try:
        return await _async_renew(hass, entry)
    except NetrexError:
        return False


async def _async_renew(hass: HomeAssistant, entry: NetrexConfigEntry) -> bool:
    """Refresh an OAuth2 token regardless of its age; False if that is refused.

    The documented answer to "Access token expired." is a refresh. The error can come
    before the stored expiry: a clock was wrong, or the portal gave no lifetime. Not
    repeated within `RENEWAL_COOLDOWN_SECONDS`.

    Raises:
        NetrexError: The portal temporarily returns no token.
    """
    renewals = hass.data.setdefault(DATA_RENEWALS, {})
    now = time.monotonic()
    if now < renewals.get(entry.entry_id, -inf) + RENEWAL_COOLDOWN_SECONDS:
        return False
    try:
        implementation = await _async_implementation(hass, entry)
        token = await implementation.async_refresh_token(entry.data[CONF_TOKEN])
    except ConfigEntryAuthFailed:
        return False
    except ConfigEntryNotReady as err:
        raise _temporary(err) from err
    renewals[entry.entry_id] = now
    # Immediately, because the old refresh token may be invalid now.
    hass.config_entries.async_update_entry(
        entry, data={**entry.data, CONF_TOKEN: token}
    )
    return True


def get_renewal(hass: HomeAssistant, entry: NetrexConfigEntry) -> TokenRenewal | None:
    """Return the function that replaces an expired token, None for an API token."""
    if CONF_TOKEN not in entry.data:
        return None
    lock = asyncio.Lock()

    async def async_renew_token(token: str) -> bool:
        async with lock:
            if entry.data[CONF_TOKEN][CONF_ACCESS_TOKEN] != token:
                # A concurrent request has renewed it.
                return True
            return await _async_renew(hass, entry)

    return async_renew_token


async def _async_implementation(
    hass: HomeAssistant, entry: NetrexConfigEntry
) -> AbstractOAuth2Implementation:
    pacer = async_get_pacer(hass, entry.unique_id)
    with portal_context(entry.data[CONF_URL], pacer):
        return await async_get_config_entry_implementation(hass, entry)


@callback
def _async_schedule_reauth(hass: HomeAssistant, entry: NetrexConfigEntry) -> None:
    """Start reauthentication before a token without a refresh token expires.

    Otherwise the cameras would stop without a warning.
    """
    token = entry.data[CONF_TOKEN]
    if token.get("refresh_token"):
        return
    lead = min(MAX_LEAD_SECONDS, token["expires_in"] * LEAD_SHARE)

    @callback
    def async_start_reauth(_now: datetime) -> None:
        entry.async_start_reauth(hass)

    entry.async_on_unload(
        async_track_point_in_utc_time(
            hass,
            async_start_reauth,
            dt_util.utc_from_timestamp(token["expires_at"] - lead),
        )
    )


async def async_revoke(hass: HomeAssistant, data: Mapping[str, Any]) -> None:
    """Revoke OAuth2 access at the portal ("Canceling access token").

    API tokens stay, because the user created them. Never raises: the config entry is
    removed or changed either way.

    Args:
        hass: Home Assistant.
        data: The data of the config entry, which may already be removed.
    """
    if (token := data.get(CONF_TOKEN)) is None:
        return
    # The portal may not recognize an expired access token, while its refresh token is
    # still valid. Revoking that takes a valid access token.
    expired = token["expires_at"] <= time.time()
    if not expired and await _async_cancel(hass, data, token):
        return
    renewed = await _async_refreshed(hass, data)
    if (renewed or expired) and await _async_cancel(hass, data, renewed or token):
        return
    LOGGER.warning(
        "The portal did not confirm that Home Assistant's access is revoked;"
        " revoke it in the portal's settings"
    )


async def _async_refreshed(
    hass: HomeAssistant, data: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Return a new token or None; does not store it, the entry may be removed."""
    try:
        with portal_context(data[CONF_URL]):
            implementations = await async_get_implementations(hass, DOMAIN)
        implementation = implementations[data[CONF_AUTH_IMPLEMENTATION]]
        token: dict[str, Any] = await implementation.async_refresh_token(
            data[CONF_TOKEN]
        )
    except ConfigEntryAuthFailed, ConfigEntryNotReady, KeyError:
        return None
    return token


async def _async_cancel(
    hass: HomeAssistant, data: Mapping[str, Any], token: dict[str, Any]
) -> bool:
    """Revoke an access token and its refresh token; False if not confirmed."""

    async def async_post() -> bool:
        try:
            async with async_get_clientsession(hass).post(
                f"{data[CONF_URL]}/oauth2/revoke",
                params={"access_token": token[CONF_ACCESS_TOKEN]},
                headers=PLAIN_BODY,
                allow_redirects=False,
                timeout=REVOKE_TIMEOUT,
            ) as response:
                answer = await read_small_json(response)
        except ClientError, TimeoutError, ValueError:
            # Not logged: the error's text may contain the URL with the token.
            return False
        return response.status == HTTPStatus.OK and answer.get("success") is True

    pacer = async_get_portal_pacer(hass, data[CONF_HOST])
    try:
        return await pacer.run(Lane.INTERACTIVE, async_post)
    except NetrexError:
        return False
