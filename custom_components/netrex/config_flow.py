"""Config flow: the portal's address, the sign-in, the account."""

from collections.abc import Mapping
import logging
from typing import Any, override

from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_USER,
    ConfigFlowResult,
    OptionsFlow,
)
from homeassistant.const import (
    CONF_ACCESS_TOKEN,
    CONF_API_TOKEN,
    CONF_HOST,
    CONF_TOKEN,
    CONF_URL,
)
from homeassistant.core import callback
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.config_entry_oauth2_flow import AbstractOAuth2FlowHandler
from homeassistant.util.hass_dict import HassKey
import voluptuous as vol

from .application_credentials import portal_context, redirect_url
from .auth import async_renew, async_revoke, fixed_token
from .client import (
    Lane,
    NetrexClient,
    NetrexConnectionError,
    NetrexError,
    NetrexRateLimitedError,
    Scope,
    Tree,
)
from .const import CONF_AUTH_IMPLEMENTATION, CONF_SCOPES, DEFAULT_HOST, DOMAIN, LOGGER
from .dashboard import DASHBOARD_LINK
from .errors import error_key
from .flow_schemas import (
    API_TOKEN_SCHEMA,
    DEFAULT_SCOPES,
    RECONFIGURE_SCHEMA,
    SECTION_RIGHTS,
    USER_SCHEMA,
)
from .models import NetrexConfigEntry
from .options_flow import NetrexOptionsFlow
from .pacing import async_found_account, async_get_portal_pacer
from .portal import InvalidHostError, Portal, async_probe

# The last valid input of the first form, until an entry is created.
DATA_LAST_INPUT: HassKey[dict[str, Any]] = HassKey(f"{DOMAIN}_last_input")

# Errors that a retry can solve.
TRANSIENT_ERRORS = frozenset(
    {"allowance_used", "cannot_connect", "rate_limited", "unusable_answer"}
)

# The errors of the form that signs in again, by the reasons for which Home Assistant's
# OAuth2 helper aborts. Others mean that the portal cannot be asked at the moment.
REAUTH_ERRORS: Mapping[str, str] = {
    "authorize_url_timeout": "no_redirect_url",
    "missing_configuration": "credentials_unavailable",
    "missing_credentials": "credentials_gone",
    "no_url_available": "no_redirect_url",
    "oauth_error": "credentials_refused",
    "oauth_implementation_unavailable": "credentials_unavailable",
    "oauth_unauthorized": "credentials_refused",
    "user_rejected_authorize": "sign_in_canceled",
}
DEFAULT_REAUTH_ERROR = "sign_in_failed"
REAUTH_DONE = "reauth_successful"


class NetrexConfigFlow(AbstractOAuth2FlowHandler, domain=DOMAIN):
    """Add an account, sign in again, or change how to sign in."""

    DOMAIN = DOMAIN
    VERSION = 1
    MINOR_VERSION = 2

    _portal: Portal
    # The account of the credentials, identified by its root node (decision 0004).
    _account_id: str
    _title: str

    def __init__(self) -> None:
        super().__init__()
        self._scopes: list[str] = DEFAULT_SCOPES
        self._credentials: dict[str, Any] = {}

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: NetrexConfigEntry) -> OptionsFlow:
        """Return the options flow."""
        return NetrexOptionsFlow()

    @property
    @override
    def logger(self) -> logging.Logger:
        """Return the integration's logger."""
        return LOGGER

    @property
    @override
    def extra_authorize_data(self) -> dict[str, Any]:
        """Request the scopes, separated by commas as the portal documents."""
        return {"scope": ",".join(self._scopes)}

    @callback
    @override
    def async_abort(self, *, reason: str, **details: Any) -> ConfigFlowResult:
        """Abort the flow, or show the form again to a user who has to sign in again.

        A reauthentication that was aborted could only be started again by a restart.
        """
        if self.source != SOURCE_REAUTH or reason == REAUTH_DONE:
            return super().async_abort(reason=reason, **details)
        return self._show_reauth(REAUTH_ERRORS.get(reason, DEFAULT_REAUTH_ERROR))

    @override
    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Request the portal's address and probe it."""
        errors: dict[str, str] = {}
        if user_input is not None:
            errors = self._take_scopes(user_input) or await self._async_find_portal(
                user_input[CONF_HOST]
            )
            if not errors:
                self.hass.data[DATA_LAST_INPUT] = user_input
                return await self.async_step_auth_method()
        # The frontend starts a new flow after it has asked for the credentials.
        shown = user_input or self.hass.data.get(DATA_LAST_INPUT)
        return self.async_show_form(
            step_id="user",
            data_schema=self.add_suggested_values_to_schema(USER_SCHEMA, shown),
            description_placeholders={"example_host": DEFAULT_HOST},
            errors=errors,
        )

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Request the scopes; the portal is part of the account's identity."""
        self._load(self._get_reconfigure_entry())
        errors: dict[str, str] = {}
        if user_input is not None:
            errors = self._take_scopes(user_input)
            if not errors:
                return await self.async_step_auth_method()
        shown = user_input or {SECTION_RIGHTS: {CONF_SCOPES: self._scopes}}
        return self.async_show_form(
            step_id="reconfigure",
            data_schema=self.add_suggested_values_to_schema(RECONFIGURE_SCHEMA, shown),
            description_placeholders={"host": self._portal.host},
            errors=errors,
        )

    async def async_step_auth_method(
        self, _user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Let the user choose how to sign in."""
        options = ["pick_implementation", "new_credentials", "api_token"]
        if self.source == SOURCE_USER:
            options.append("user")
        return self.async_show_menu(
            step_id="auth_method",
            menu_options=options,
            description_placeholders={
                "host": self._portal.host,
                "redirect_url": redirect_url(self.hass),
            },
        )

    @override
    async def async_step_pick_implementation(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Sign in to the portal."""
        with portal_context(self._portal.url):
            return await super().async_step_pick_implementation(user_input)

    async def async_step_new_credentials(
        self, _user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Make the frontend request application credentials and restart the flow."""
        return self.async_abort(reason="missing_credentials")

    async def async_step_api_token(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Request a token that was created in the portal."""
        return await self._async_step_token("api_token", user_input)

    async def async_step_reauth(
        self, entry_data: Mapping[str, Any]
    ) -> ConfigFlowResult:
        """Sign in again with the entry's authentication method."""
        entry = self._get_reauth_entry()
        self._load(entry)
        if CONF_API_TOKEN in entry_data:
            return await self.async_step_reauth_api_token()
        # No form if the refresh token works and the new token is accepted.
        if await async_renew(self.hass, entry):
            token = entry.data[CONF_TOKEN][CONF_ACCESS_TOKEN]
            if await self._async_read_account(token) is None:
                return self.async_update_reload_and_abort(entry)
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_api_token(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Request a new token."""
        return await self._async_step_token("reauth_api_token", user_input)

    async def async_step_reauth_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Announce the portal's sign-in page."""
        if user_input is None:
            return self._show_reauth()
        implementation = self._get_reauth_entry().data[CONF_AUTH_IMPLEMENTATION]
        return await self.async_step_pick_implementation(
            {"implementation": implementation}
        )

    @override
    async def async_oauth_create_entry(self, data: dict[str, Any]) -> ConfigFlowResult:
        """Continue once the portal has issued a token."""
        self._credentials = {**data, CONF_SCOPES: self._scopes}
        return await self.async_step_read_account()

    async def async_step_read_account(
        self, _user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Read the account that signed in; the form is shown only for a retry."""
        key = await self._async_read_account(
            self._credentials[CONF_TOKEN][CONF_ACCESS_TOKEN]
        )
        if key in TRANSIENT_ERRORS:
            return self.async_show_form(
                step_id="read_account",
                data_schema=vol.Schema({}),
                description_placeholders={"host": self._portal.host},
                errors={"base": key},
            )
        key = key or self._wrong_account()
        if key is None:
            return await self._async_finish()
        if self.source == SOURCE_REAUTH:
            return self._show_reauth(key)
        return self.async_abort(reason=key)

    def _wrong_account(self) -> str | None:
        """Return the error key if another account signed in to an entry."""
        if self.source != SOURCE_REAUTH:
            return None
        is_same = self._account_id == self._get_reauth_entry().unique_id
        return None if is_same else "wrong_account"

    def _show_reauth(self, error: str | None = None) -> ConfigFlowResult:
        """Show the form that leads to the portal's sign-in page."""
        return self.async_show_form(
            step_id="reauth_confirm",
            description_placeholders={"host": self._portal.host},
            errors={"base": error} if error else None,
        )

    async def _async_step_token(
        self, step_id: str, user_input: dict[str, Any] | None
    ) -> ConfigFlowResult:
        errors: dict[str, str] = {}
        if user_input is not None:
            # A pasted token often ends with a line break.
            token = user_input[CONF_API_TOKEN].strip()
            self._credentials = {CONF_API_TOKEN: token}
            key = await self._async_read_account(token) or self._wrong_account()
            if key is None:
                return await self._async_finish()
            errors["base"] = key
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(
                API_TOKEN_SCHEMA, user_input
            ),
            description_placeholders={"host": self._portal.host},
            errors=errors,
        )

    def _load(self, entry: NetrexConfigEntry) -> None:
        """Load the portal and the scopes of an entry."""
        self._portal = Portal(entry.data[CONF_HOST], entry.data[CONF_URL])
        self._scopes = entry.data.get(CONF_SCOPES, DEFAULT_SCOPES)

    def _take_scopes(self, user_input: dict[str, Any]) -> dict[str, str]:
        """Keep the scopes to request; return the form's errors."""
        scopes = user_input.get(SECTION_RIGHTS, {}).get(CONF_SCOPES, self._scopes)
        if Scope.READ not in scopes:
            return {"base": "read_required"}
        self._scopes = [scope.value for scope in Scope if scope in scopes]
        return {}

    async def _async_find_portal(self, address: str) -> dict[str, str]:
        """Probe and keep the portal at an address; return the form's errors."""
        try:
            self._portal = Portal.parse(address)
            await async_probe(
                async_get_clientsession(self.hass),
                self._portal,
                async_get_portal_pacer(self.hass, self._portal.host),
            )
        except (NetrexConnectionError, NetrexRateLimitedError) as err:
            return {"base": error_key(err)}
        except InvalidHostError, NetrexError:
            return {CONF_HOST: "invalid_host"}
        return {}

    async def _async_read_account(self, token: str) -> str | None:
        """Read the account of a token; return an error key, None for success."""
        client = NetrexClient(
            async_get_clientsession(self.hass),
            self._portal.url,
            fixed_token(token),
            # Not the entry's: the token may belong to another account.
            pacer=async_get_portal_pacer(self.hass, self._portal.host),
        )
        try:
            inventory = await client.inventory(lane=Lane.INTERACTIVE)
        except NetrexError as err:
            return error_key(err)
        tree = Tree(inventory.nodes)
        if tree.root_id is None or (root := tree.node(tree.root_id)) is None:
            return "no_nodes"
        host = self._portal.host
        # The client names a node without a name by its id.
        self._title = host if root.name == str(root.node_id) else root.name
        self._account_id = f"{host}_{root.node_id}"
        async_found_account(self.hass, host, self._account_id)
        return None

    async def _async_finish(self) -> ConfigFlowResult:
        """Create the entry, or update the credentials of the existing one."""
        data = {
            CONF_HOST: self._portal.host,
            CONF_URL: self._portal.url,
            **self._credentials,
        }
        await self.async_set_unique_id(self._account_id)
        if self.source == SOURCE_USER:
            self._abort_if_unique_id_configured()
            self.hass.data.pop(DATA_LAST_INPUT, None)
            return self.async_create_entry(
                title=self._title, data=data, description_placeholders=DASHBOARD_LINK
            )
        self._abort_if_unique_id_mismatch(reason="wrong_account")
        entry = (
            self._get_reauth_entry()
            if self.source == SOURCE_REAUTH
            else self._get_reconfigure_entry()
        )
        before = entry.data
        result = self.async_update_reload_and_abort(entry, data=data)
        # A second sign-in with the same application may return the same grant, so the
        # old one is revoked only when an API token replaces it.
        if CONF_TOKEN not in data:
            await async_revoke(self.hass, before)
        return result
