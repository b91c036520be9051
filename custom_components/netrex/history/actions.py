"""The action `import_history`: reads corrections, and hours older than configured."""

from datetime import timedelta

from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.helpers import config_validation as cv, service
from homeassistant.util import dt as dt_util
import voluptuous as vol

from ..const import DOMAIN, MAX_HISTORY_DAYS
from ..errors import command_errors, failed, invalid
from ..kpi import BASE, BY_KEY, RATIOS, needs
from ..kpi.places import find_nodes
from ..models import NetrexConfigEntry

ACTION_IMPORT_HISTORY = "import_history"
ATTR_START = "start"
ATTR_NODES = "nodes"
ATTR_METRICS = "metrics"
METRIC_KEYS = [description.key for description in (*BASE, *RATIOS)]
SCHEMA = vol.Schema(
    {
        vol.Required(ATTR_CONFIG_ENTRY_ID): str,
        vol.Required(ATTR_START): cv.datetime,
        vol.Optional(ATTR_NODES): vol.All(cv.ensure_list, [cv.string]),
        vol.Optional(ATTR_METRICS): vol.All(cv.ensure_list, [vol.In(METRIC_KEYS)]),
    }
)


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the action."""
    service.async_register_admin_service(
        hass,
        DOMAIN,
        ACTION_IMPORT_HISTORY,
        _async_import_history,
        SCHEMA,
        supports_response=SupportsResponse.OPTIONAL,
    )


async def _async_import_history(call: ServiceCall) -> ServiceResponse:
    """Read hours again; return the number of statistics rows written."""
    entry: NetrexConfigEntry = service.async_get_config_entry(
        call.hass, DOMAIN, call.data[ATTR_CONFIG_ENTRY_ID]
    )
    history = entry.runtime_data.history
    if not history.available:
        raise failed("no_recorder")
    start = dt_util.as_utc(call.data[ATTR_START])
    now = dt_util.utcnow()
    if start > now:
        raise invalid("start_in_future")
    # A typo in the year would use up the daily allowance.
    if start < now - timedelta(days=MAX_HISTORY_DAYS):
        raise invalid("start_too_early", days=str(MAX_HISTORY_DAYS))
    series = history.series()
    if names := call.data.get(ATTR_NODES):
        nodes = set(find_nodes(call.hass, entry, names).values())
        series = [key for key in series if key.node_id in nodes]
    if metrics := call.data.get(ATTR_METRICS):
        wanted = {base for metric in metrics for base in needs(BY_KEY[metric])}
        series = [key for key in series if key.metric in wanted]
    with command_errors(entry):
        hours = await history.async_import(series, int(start.timestamp()))
    return {"hours": hours} if call.return_response else None
