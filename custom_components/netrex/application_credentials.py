"""OAuth2 at a portal whose address is only known at run time.

Source: the vendor's "OAuth2 API authorization"; undocumented details are accepted in
any form.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import partial
from http import HTTPStatus
import re
from typing import Any, override

from aiohttp import ClientError, ClientTimeout, RequestInfo
from homeassistant.components.application_credentials import (
    AuthImplementation,
    AuthorizationServer,
    ClientCredential,
)
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import (
    OAuth2TokenRequestConnectionError,
    OAuth2TokenRequestError,
    OAuth2TokenRequestReauthError,
    OAuth2TokenRequestTransientError,
)
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.config_entry_oauth2_flow import (
    AUTH_CALLBACK_PATH,
    MY_AUTH_CALLBACK_PATH,
    async_get_redirect_uri,
)
from homeassistant.helpers.network import NoURLAvailableError, get_url
from homeassistant.util.hass_dict import HassKey
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from .client import Lane, NetrexConnectionError, NetrexRateLimitedError, Pacer
from .client.graphql_errors import redact
from .client.http import PLAIN_BODY, read_small_json, retry_after
from .client.values import as_clamped, as_mapping, as_matching, as_raw_text
from .const import DEFAULT_HOST, DOMAIN, LOGGER
from .pacing import async_get_portal_pacer

TOKEN_TIMEOUT = ClientTimeout(total=30)
# The lifetime of a token whose response gives none; as in the documented examples.
DEFAULT_LIFETIME_SECONDS = 3600
MAX_LIFETIME_SECONDS = 365 * 24 * 3600
# Printable ASCII (RFC 6749 appendix A.12), and short enough for a header.
_TOKEN = re.compile(r"[\x20-\x7e]+")
_MAX_TOKEN_LENGTH = 8_000

# Only a refused grant makes the user sign in again, and only the portal itself refuses
# one: by {"error": text}. The documentation has it for "Invalid request or system
# error", without the texts. These mean a system error, a request that was damaged on
# its way (RFC 6749 sections 4.1.2.1 and 5.2), or a web server in between. All others
# refuse the grant, also "unknown or unavailable platform" ("Error responses") and
# limits that are not rate limits.
_TRANSIENT = re.compile(
    r"server_error|(temporarily|service)[ _](is )?unavailable|internal|system error|"
    r"try again|too many|(rate|request|query|api)[ _-]?limit|time[ d]*out|overload|"
    r"maintenance|gateway|proxy|firewall|"
    r"\b(invalid_request|unsupported_grant_type|invalid_scope)\b"
)
# An error that only repeats an HTTP status, or has no text of its own, comes from a web
# server.
_STATUS_TEXTS = {
    "access denied",
    "error",
    *(str(status.value) for status in HTTPStatus),
    *(status.phrase.casefold() for status in HTTPStatus),
}
_STATUS_PREFIX = re.compile(r"(http )?(error )?\d{3}\W+(?=\w)")
_MAX_REASON_LENGTH = 1_000
_MAX_MESSAGE_LENGTH = 200
_PUBLIC_PARAMETERS = ("grant_type", "redirect_uri", "client_id")

_DATA_REDIRECT_URL: HassKey[str] = HassKey(f"{DOMAIN}_redirect_url")

_portal: ContextVar[tuple[str, Pacer | None]] = ContextVar(
    f"{DOMAIN}_portal", default=(f"https://{DEFAULT_HOST}", None)
)


@contextmanager
def portal_context(url: str, pacer: Pacer | None = None) -> Iterator[None]:
    """Make the implementations built inside the context use the portal at `url`.

    Home Assistant builds implementations on each call and does not pass on arguments.

    Args:
        url: The portal's base URL.
        pacer: The pacer of the account; None if the account is not known.
    """
    token = _portal.set((url, pacer))
    try:
        yield
    finally:
        _portal.reset(token)


async def async_get_auth_implementation(
    hass: HomeAssistant, auth_domain: str, credential: ClientCredential
) -> NetrexOAuth2Implementation:
    """Return the implementation for the portal of the context."""
    url, pacer = _portal.get()
    return NetrexOAuth2Implementation(hass, auth_domain, credential, url, pacer)


async def async_get_description_placeholders(hass: HomeAssistant) -> dict[str, str]:
    """Return the placeholders of the credentials dialog."""
    return {"redirect_url": redirect_url(hass)}


def redirect_url(hass: HomeAssistant) -> str:
    """Return the redirect URL to register at the portal, as Home Assistant sends it."""
    # RuntimeError: outside a request of the frontend, its address is unknown.
    with suppress(RuntimeError):
        hass.data[_DATA_REDIRECT_URL] = async_get_redirect_uri(hass)
    # The dialog for credentials has to show what the flow has shown before.
    if url := hass.data.get(_DATA_REDIRECT_URL):
        return url
    try:
        return f"{get_url(hass)}{AUTH_CALLBACK_PATH}"
    except NoURLAvailableError:
        return MY_AUTH_CALLBACK_PATH


class NetrexOAuth2Implementation(AuthImplementation):
    """Token requests as the portal documents them.

    Errors and log messages never contain a token, a code or the client secret.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        auth_domain: str,
        credential: ClientCredential,
        url: str,
        pacer: Pacer | None = None,
    ) -> None:
        super().__init__(
            hass,
            auth_domain,
            credential,
            AuthorizationServer(
                authorize_url=f"{url}/oauth2/auth/",
                token_url=f"{url}/oauth2/token",
            ),
        )
        host = URL(url).host_port_subcomponent or ""
        self._pacer = pacer or async_get_portal_pacer(hass, host)

    @override
    async def _async_refresh_token(self, token: dict[str, Any]) -> dict[str, Any]:
        """Refresh; without a refresh token the user has to sign in again.

        The portal issues no refresh token to a client without a secret.
        """
        if not token.get("refresh_token"):
            raise self._error(
                OAuth2TokenRequestReauthError,
                HTTPStatus.UNAUTHORIZED,
                "The access token has expired and there is no refresh token",
            )
        refreshed: dict[str, Any] = await super()._async_refresh_token(token)
        return refreshed

    @override
    async def _token_request(self, data: dict[str, Any]) -> dict[str, Any]:
        """Request a token; raises the errors of Home Assistant's OAuth2 helper.

        The portal documents the parameters in the query of a POST, RFC 6749 in its
        body: they are sent in both.
        """
        parameters = {**data, "client_id": self.client_id}
        if self.client_secret:
            parameters["client_secret"] = self.client_secret
        answer = await self._async_post(parameters)
        if answer is None:
            raise OAuth2TokenRequestConnectionError(domain=self.service_domain)
        status, content = answer
        if error := _error_class(status, content):
            raise self._error(error, status, _masked(content, parameters))
        token = read_token(content)
        if status != HTTPStatus.OK or token is None:
            raise OAuth2TokenRequestConnectionError(domain=self.service_domain)
        return token

    async def _async_post(
        self, parameters: Mapping[str, str]
    ) -> tuple[int, Mapping[str, object]] | None:
        """Return status and JSON object (empty if invalid), or None without a response.

        Raises:
            OAuth2TokenRequestTransientError: The account's requests are paused.
        """
        try:
            return await self._pacer.run(
                Lane.INTERACTIVE, partial(self._post, parameters)
            )
        except NetrexConnectionError:
            return None
        except NetrexRateLimitedError as err:
            raise self._error(
                OAuth2TokenRequestTransientError,
                HTTPStatus.TOO_MANY_REQUESTS,
                str(err),
            ) from err

    async def _post(
        self, parameters: Mapping[str, str]
    ) -> tuple[int, Mapping[str, object]]:
        """Send a request; return status and JSON object.

        Errors are not passed on: their texts and attributes contain the full URL.
        """
        try:
            async with async_get_clientsession(self.hass).post(
                self.token_url,
                params=parameters,
                data=parameters,
                headers=PLAIN_BODY,
                # A redirect would send the secrets to another address.
                allow_redirects=False,
                timeout=TOKEN_TIMEOUT,
            ) as response:
                if response.status == HTTPStatus.TOO_MANY_REQUESTS:
                    self._pacer.back_off(retry_after(response.headers))
                return response.status, await read_small_json(response)
        except (ClientError, TimeoutError) as err:
            LOGGER.debug("No response from %s: %s", self.token_url, type(err).__name__)
        raise NetrexConnectionError("The portal returned no access token")

    def _error[ErrorT: OAuth2TokenRequestError](
        self, error: type[ErrorT], status: int, message: str
    ) -> ErrorT:
        """Build an error whose request has neither query nor headers."""
        url = URL(self.token_url)
        return error(
            request_info=RequestInfo(url, "POST", CIMultiDictProxy(CIMultiDict()), url),
            status=status,
            message=message,
            domain=self.service_domain,
        )


def read_token(content: Mapping[str, object]) -> dict[str, Any] | None:
    """Return what is stored of a token response; None without an access token.

    Home Assistant merges it into the old token, so the old refresh token stays if the
    response has none.
    """
    token = {
        name: value
        for name in ("access_token", "refresh_token")
        if (value := as_matching(content.get(name), _TOKEN, _MAX_TOKEN_LENGTH))
    }
    if "access_token" not in token:
        return None
    return {**token, "expires_in": _lifetime(content.get("expires_in"))}


def _error_class(
    status: int, content: Mapping[str, object]
) -> type[OAuth2TokenRequestError] | None:
    """Return the error class: transient, sign in again, or None for no error."""
    if (
        status == HTTPStatus.TOO_MANY_REQUESTS
        or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    ):
        return OAuth2TokenRequestTransientError
    if error := content.get("error"):
        text = (_reason(error) or "error")[:_MAX_REASON_LENGTH].casefold()
        bare = _STATUS_PREFIX.sub("", text.strip(" .!"), count=1)
        if _TRANSIENT.search(text) or bare in _STATUS_TEXTS:
            return OAuth2TokenRequestTransientError
        return OAuth2TokenRequestReauthError
    return None


def _masked(content: Mapping[str, object], parameters: Mapping[str, str]) -> str:
    """Return the portal's reason with the values that we sent masked."""
    secrets = [
        value for name, value in parameters.items() if name not in _PUBLIC_PARAMETERS
    ]
    reason = _reason(content.get("error")) or "No reason given"
    return redact(reason, *secrets)[:_MAX_MESSAGE_LENGTH]


def _reason(error: object) -> str | None:
    """Return the text of an error, which may be an object with a text inside."""
    item = as_mapping(error)
    return (
        as_raw_text(error)
        or as_raw_text(item.get("message"))
        or as_raw_text(item.get("code"))
    )


def _lifetime(value: object) -> int:
    """Return `expires_in` in seconds, a year at most; it may be missing or a string."""
    seconds = int(as_clamped(value, 0, MAX_LIFETIME_SECONDS) or 0)
    return seconds or DEFAULT_LIFETIME_SECONDS
