"""Where tokens come from: the one place that knows both OAuth2 and API tokens."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from math import inf
import time
from typing import Any

from aiohttp import ClientError, ClientTimeout
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_ACCESS_TOKEN, CONF_API_TOKEN, CONF_TOKEN, CONF_URL
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
from homeassistant.util.json import json_loads_object

from .application_credentials import portal_context
from .client import NetrexAuthError, NetrexConnectionError
from .const import CONF_AUTH_IMPLEMENTATION, DOMAIN, LOGGER

type TokenProvider = Callable[[], Awaitable[str]]
type TokenRenewal = Callable[[str], Awaitable[bool]]

# A token that cannot be refreshed is replaced before its end: in its last quarter,
# but not more than three days (in seconds) ahead.
LONGEST_LEAD = 3 * 24 * 3600
LEAD_SHARE = 0.25

REVOKE_TIMEOUT = ClientTimeout(total=10)

# A token that is refused in the first minutes (in seconds) after its renewal is not
# refused for its age: to renew it once more would only go round and round.
RENEWAL_HELPS_AFTER = 600
DATA_RENEWALS: HassKey[dict[str, float]] = HassKey(f"{DOMAIN}_renewals")


def fixed_token(token: str) -> TokenProvider:
    """Return a provider that always gives this token."""

    async def async_get_token() -> str:
        return token

    return async_get_token


async def async_get_token_provider(
    hass: HomeAssistant, entry: ConfigEntry[Any]
) -> TokenProvider:
    """Return what gives the client a valid token of this entry.

    The provider raises NetrexAuthError if the person has to sign in again, and
    NetrexConnectionError if the portal gave no token this time.

    Raises:
        ConfigEntryAuthFailed: The application credentials were removed.
        ConfigEntryNotReady: They are not available now.
    """
    if api_token := entry.data.get(CONF_API_TOKEN):
        return fixed_token(api_token)
    session = OAuth2Session(hass, entry, await _async_implementation(hass, entry))
    _async_plan_sign_in(hass, entry)

    async def async_get_token() -> str:
        try:
            await session.async_ensure_token_valid()
        except OAuth2TokenRequestReauthError as err:
            raise NetrexAuthError(
                "The portal does not renew the access", expired=True
            ) from err
        except OAuth2TokenRequestBaseError as err:
            raise NetrexConnectionError("The portal gave no new token") from err
        return str(session.token[CONF_ACCESS_TOKEN])

    return async_get_token


async def async_renew(hass: HomeAssistant, entry: ConfigEntry[Any]) -> bool:
    """Refresh an OAuth2 token whatever its age; False if that is not possible.

    "Access token expired." means to request a refresh, and it may come before the
    time that we know: a clock was wrong, or the portal had told no lifetime. It is
    not done again within `RENEWAL_HELPS_AFTER`.
    """
    renewals = hass.data.setdefault(DATA_RENEWALS, {})
    now = time.monotonic()
    if now < renewals.get(entry.entry_id, -inf) + RENEWAL_HELPS_AFTER:
        return False
    try:
        implementation = await _async_implementation(hass, entry)
        token = await implementation.async_refresh_token(entry.data[CONF_TOKEN])
    except ConfigEntryAuthFailed, ConfigEntryNotReady:
        return False
    renewals[entry.entry_id] = now
    # At once: the old refresh token may be worthless now.
    hass.config_entries.async_update_entry(
        entry, data={**entry.data, CONF_TOKEN: token}
    )
    return True


def get_renewal(hass: HomeAssistant, entry: ConfigEntry[Any]) -> TokenRenewal | None:
    """Return what replaces a token that ends early; None for one that can't be."""
    if CONF_TOKEN not in entry.data:
        return None
    lock = asyncio.Lock()

    async def async_renew_token(token: str) -> bool:
        async with lock:
            # Somebody else may have been told the same a moment ago.
            return entry.data[CONF_TOKEN][
                CONF_ACCESS_TOKEN
            ] != token or await async_renew(hass, entry)

    return async_renew_token


async def _async_implementation(
    hass: HomeAssistant, entry: ConfigEntry[Any]
) -> AbstractOAuth2Implementation:
    with portal_context(entry.data[CONF_URL]):
        return await async_get_config_entry_implementation(hass, entry)


@callback
def _async_plan_sign_in(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Ask to sign in before a token ends that cannot be refreshed.

    Otherwise the cameras would stop at its end without a warning.
    """
    token = entry.data[CONF_TOKEN]
    if token.get("refresh_token"):
        return
    lead = min(LONGEST_LEAD, token["expires_in"] * LEAD_SHARE)

    @callback
    def async_ask(_now: datetime) -> None:
        entry.async_start_reauth(hass)

    entry.async_on_unload(
        async_track_point_in_utc_time(
            hass,
            async_ask,
            dt_util.utc_from_timestamp(token["expires_at"] - lead),
        )
    )


async def async_revoke(hass: HomeAssistant, data: Mapping[str, Any]) -> None:
    """Give an OAuth2 access back to the portal ("Canceling access token").

    API tokens belong to the person who made them and stay. Nothing is raised: what
    had the access goes away in any case.

    Args:
        hass: Home Assistant.
        data: Of a config entry that is or was.
    """
    if (token := data.get(CONF_TOKEN)) is None:
        return
    # A token that has ended may not be known any more, while what it came from lives
    # on. That goes only with a token that is good.
    ended = token["expires_at"] <= time.time()
    if not ended and await _async_cancel(hass, data[CONF_URL], token):
        return
    renewed = await _async_refreshed(hass, data)
    if (renewed or ended) and await _async_cancel(
        hass, data[CONF_URL], renewed or token
    ):
        return
    LOGGER.warning(
        "The portal did not confirm the end of Home Assistant's access; it can be"
        " ended in the portal's own settings"
    )


async def _async_refreshed(
    hass: HomeAssistant, data: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Return a new token, or None; there may be no entry to keep it in any more."""
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


async def _async_cancel(hass: HomeAssistant, url: str, token: dict[str, Any]) -> bool:
    """Cancel an access token with its refresh token; False if nobody confirms it."""
    try:
        async with async_get_clientsession(hass).post(
            f"{url}/oauth2/revoke",
            params={"access_token": token[CONF_ACCESS_TOKEN]},
            allow_redirects=False,
            timeout=REVOKE_TIMEOUT,
        ) as response:
            answer = json_loads_object(await response.read())
    except ClientError, TimeoutError, ValueError:
        # The error's text may hold the URL with the token.
        return False
    return response.status == HTTPStatus.OK and answer.get("success") is True
