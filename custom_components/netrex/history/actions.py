"""The action `import_history`."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import config_validation as cv, service
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonValueType
import voluptuous as vol

from ..client.days import local_instant
from ..const import DOMAIN, MAX_HISTORY_DAYS
from ..errors import command_errors, error_text, failed, invalid
from ..kpi import BASE, BY_KEY, RATIOS, SeriesKey, needs
from ..kpi.coordinator import KpiCoordinator
from ..kpi.places import find_nodes
from ..models import NetrexConfigEntry
from .on_demand import async_import

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
    """Read hours again; return the number of rows written, and what was left out."""
    entry: NetrexConfigEntry = service.async_get_config_entry(
        call.hass, DOMAIN, call.data[ATTR_CONFIG_ENTRY_ID]
    )
    history = entry.runtime_data.history
    if not history.available:
        raise failed("no_recorder")
    now = dt_util.utcnow()
    too_early = invalid("start_too_early", days=str(MAX_HISTORY_DAYS))
    try:
        start = local_instant(call.data[ATTR_START], dt_util.get_default_time_zone())
    except OverflowError:
        raise too_early from None
    if start > now:
        raise invalid("start_in_future")
    # A typo in the year would use up the daily allowance.
    if start < now - timedelta(days=MAX_HISTORY_DAYS):
        raise too_early
    nodes = find_nodes(call.hass, entry, call.data.get(ATTR_NODES, ()))
    series, left_out = _select(entry, nodes, call.data.get(ATTR_METRICS, ()))
    with command_errors(entry):
        result = await async_import(history, series, int(start.timestamp()))
    names = {node_id: name for name, node_id in nodes.items()}
    left_out += [
        _left_out(
            names.get(key.node_id, str(key.node_id)),
            key.metric,
            error_text(error),
            before=dt_util.as_local(dt_util.utc_from_timestamp(end)).isoformat(),
        )
        for key, (error, end) in result.refused.items()
    ]
    if call.return_response:
        return {"hours": result.rows, "left_out": [*left_out]}
    if left_out and len(result.refused) == len(series):
        # Without a response, nothing else would say so.
        reason = left_out[0]["reason"]
        raise failed("nothing_imported", reason=str(reason))
    return None


def _select(
    entry: NetrexConfigEntry, nodes: Mapping[str, int], metrics: Sequence[str]
) -> tuple[list[SeriesKey], list[dict[str, JsonValueType]]]:
    """Return the series to read, and what was requested but cannot be read.

    Args:
        entry: The loaded account.
        nodes: Node ids by the name used in the call; all nodes if empty.
        metrics: Keys of base metrics and ratios; all if empty.
    """
    wanted = {base for metric in metrics for base in needs(BY_KEY[metric])}
    series = [
        key
        for key in entry.runtime_data.history.series()
        if (not nodes or key.node_id in nodes.values())
        and (not metrics or key.metric in wanted)
    ]
    left_out: list[dict[str, JsonValueType]] = []
    for name, node_id in nodes.items() or ((None, None),):
        found = {key.metric for key in series if node_id in (None, key.node_id)}
        for metric in metrics or (None,):
            if found if metric is None else found.issuperset(needs(BY_KEY[metric])):
                continue
            reason = str(_reason(entry.runtime_data.kpi, node_id, metric))
            left_out.append(_left_out(name, metric, reason))
    return series, left_out


def _reason(
    kpi: KpiCoordinator, node_id: int | None, metric: str | None
) -> HomeAssistantError:
    """Return why a node, a metric, or everything is left out."""
    if node_id is not None and not kpi.wants(node_id):
        return failed("history_node_not_chosen")
    if metric is not None and not kpi.wanted_metrics.issuperset(needs(BY_KEY[metric])):
        return failed("history_metric_not_chosen")
    return failed("history_no_data")


def _left_out(
    node: str | None, metric: str | None, reason: str, *, before: str | None = None
) -> dict[str, JsonValueType]:
    """Return an item of the response.

    Args:
        node: The node as in the call; None for all.
        metric: The key of the metric; None for all.
        reason: Why it was left out.
        before: The local time before which hours were left out; None for all hours.
    """
    return {"node": node, "metric": metric, "before": before, "reason": reason}
