"""The integration's actions."""

from typing import Any

from homeassistant.const import ATTR_CONFIG_ENTRY_ID, CONF_URL
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.helpers import config_validation as cv, service
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.util.json import JsonValueType
import voluptuous as vol

from .client import DEFAULT_CAMERA_URL, operations
from .client.check import PortalCalls, Subject, as_table, check_account
from .client.paced_transport import read
from .client.values import as_storable
from .const import CONF_DEVICE_TOKEN, CONF_DEVICE_URL, DOMAIN
from .errors import command_errors, invalid
from .gateway import actions as gateway_actions
from .history import actions as history_actions
from .kpi import actions as kpi_actions
from .live import actions as live_actions
from .models import NetrexConfigEntry
from .recordings import actions as recordings_actions

ACTION_CHECK_ACCOUNT = "check_account"
CHECK_ACCOUNT_SCHEMA = vol.Schema({vol.Required(ATTR_CONFIG_ENTRY_ID): str})

ACTION_RUN_QUERY = "run_query"
ATTR_QUERY = "query"
ATTR_VARIABLES = "variables"
ATTR_ALLOW_MUTATION = "allow_mutation"
RUN_QUERY_SCHEMA = vol.Schema(
    {
        vol.Required(ATTR_CONFIG_ENTRY_ID): str,
        vol.Required(ATTR_QUERY): vol.All(cv.string, vol.Length(min=1, max=100_000)),
        vol.Optional(ATTR_VARIABLES): dict,
        vol.Optional(ATTR_ALLOW_MUTATION, default=False): cv.boolean,
    }
)
# The definitions that a document may have without `allow_mutation`.
READ_ONLY = frozenset({"query", "fragment"})


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register all actions."""
    for actions in (
        gateway_actions,
        history_actions,
        kpi_actions,
        live_actions,
        recordings_actions,
    ):
        actions.async_setup_services(hass)
    for name, handler, schema in (
        (ACTION_CHECK_ACCOUNT, _async_check_account, CHECK_ACCOUNT_SCHEMA),
        (ACTION_RUN_QUERY, _async_run_query, RUN_QUERY_SCHEMA),
    ):
        service.async_register_admin_service(
            hass,
            DOMAIN,
            name,
            handler,
            schema,
            supports_response=SupportsResponse.ONLY,
        )


async def _async_check_account(call: ServiceCall) -> ServiceResponse:
    """Call each documented function of the portal once (decision 0032).

    Returns `rows`, and the same as a Markdown `table` for a bug report. Neither
    contains names, ids, links, or addresses.
    """
    entry: NetrexConfigEntry = service.async_get_config_entry(
        call.hass, DOMAIN, call.data[ATTR_CONFIG_ENTRY_ID]
    )
    session, url = async_get_clientsession(call.hass), entry.data[CONF_URL]
    client = entry.runtime_data.client
    with command_errors(entry):
        get_token = client.get_token
        portal = PortalCalls(session, url, get_token, client.pacer)
        rows = await check_account(
            Subject(
                session,
                url,
                get_token,
                portal,
                entry.options.get(CONF_DEVICE_TOKEN, ""),
                entry.options.get(CONF_DEVICE_URL, DEFAULT_CAMERA_URL),
            )
        )
    found: list[JsonValueType] = [row.as_dict() for row in rows]
    return {"rows": found, "table": as_table(rows)}


async def _async_run_query(call: ServiceCall) -> ServiceResponse:
    """Send a GraphQL document; return `data`, and `errors` if there are any.

    Uses the pacer and the ledger like all other queries.
    """
    entry: NetrexConfigEntry = service.async_get_config_entry(
        call.hass, DOMAIN, call.data[ATTR_CONFIG_ENTRY_ID]
    )
    document = call.data[ATTR_QUERY]
    if operations(document) - READ_ONLY and not call.data[ATTR_ALLOW_MUTATION]:
        raise invalid("mutation_not_allowed")
    with command_errors(entry):
        answer = await entry.runtime_data.client.execute(
            document, call.data.get(ATTR_VARIABLES)
        )
    # Home Assistant serializes the response, also into traces that it stores.
    response: dict[str, Any] = {"data": await read(answer, as_storable)}
    if answer.errors:
        response["errors"] = [
            {"message": str(entry.error), "path": list(entry.path)}
            for entry in answer.errors
        ]
    return response
