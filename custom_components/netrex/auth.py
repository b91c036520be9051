"""Where tokens come from: the one place that knows both OAuth2 and API tokens."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from http import HTTPStatus
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
)
from homeassistant.helpers.event import async_track_point_in_utc_time
from homeassistant.util import dt as dt_util
from homeassistant.util.json import json_loads_object

from .application_credentials import portal_context
from .client import NetrexAuthError, NetrexConnectionError
from .const import LOGGER

type TokenProvider = Callable[[], Awaitable[str]]

# A token that cannot be refreshed is replaced before its end: in its last quarter,
# but not more than three days (in seconds) ahead.
LONGEST_LEAD = 3 * 24 * 3600
LEAD_SHARE = 0.25

REVOKE_TIMEOUT = ClientTimeout(total=10)


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
    time that we know: a clock was wrong, or the portal had told no lifetime.
    """
    try:
        implementation = await _async_implementation(hass, entry)
        token = await implementation.async_refresh_token(entry.data[CONF_TOKEN])
    except ConfigEntryAuthFailed, ConfigEntryNotReady:
        return False
    # At once: the old refresh token may be worthless now.
    hass.config_entries.async_update_entry(
        entry, data={**entry.data, CONF_TOKEN: token}
    )
    return True


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


async def async_revoke(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Give an OAuth2 access back to the portal ("Canceling access token").

    API tokens belong to the person who made them and stay. Nothing is raised: the
    entry goes away in any case.
    """
    if (token := entry.data.get(CONF_TOKEN)) is None:
        return
    url = f"{entry.data[CONF_URL]}/oauth2/revoke"
    try:
        async with async_get_clientsession(hass).post(
            url,
            params={"access_token": token[CONF_ACCESS_TOKEN]},
            allow_redirects=False,
            timeout=REVOKE_TIMEOUT,
        ) as response:
            answer = json_loads_object(await response.read())
            revoked = response.status == HTTPStatus.OK and answer.get("success") is True
    except ClientError, TimeoutError, ValueError:
        # The error's text may hold the URL with the token.
        revoked = False
    if not revoked:
        LOGGER.warning(
            "The portal did not confirm the end of Home Assistant's access; it can be"
            " ended in the portal's own settings"
        )
