"""The action `get_kpi`: KPIs of any period, as series or totals (decision 0011)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any

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

from ..client import (
    LONGEST_RANGE,
    Granularity,
    Lane,
    NetrexClient,
    NetrexError,
    NetrexNoDataError,
    SeriesRequest,
    SeriesValue,
    ValueRequest,
)
from ..client.days import DAY, HOUR, QUARTER, Span
from ..const import DOMAIN
from ..devices import find_nodes
from ..errors import command_errors, error_text, invalid
from ..models import NetrexConfigEntry
from .metrics import BASE, BY_KEY, RATIOS, RAW, SeriesKey

ACTION_GET_KPI = "get_kpi"
ATTR_NODES = "nodes"
ATTR_METRICS = "metrics"
ATTR_START = "start"
ATTR_END = "end"
ATTR_GRANULARITY = "granularity"
TOTAL = "total"
METRIC_KEYS = [description.key for description in (*BASE, *RATIOS, *RAW)]
RAW_KEYS = {description.key for description in RAW}

# The shortest interval of a value (seconds); calendar units vary in length.
LENGTHS: Mapping[Granularity, int] = {
    Granularity.HQ: QUARTER,
    Granularity.H: HOUR,
    Granularity.H4: 4 * HOUR,
    Granularity.H8: 8 * HOUR,
    Granularity.H12: 12 * HOUR,
    Granularity.D: DAY,
    Granularity.W: 7 * DAY,
    Granularity.M: 28 * DAY,
}
# Limits of one call: 100 queries occupy the account for two minutes, and a response of
# 200,000 values (a year of quarter hours of five series) takes about 20 MB.
MAX_SERIES = 500
MAX_VALUES = 200_000


def _granularity(value: object) -> Granularity | None:
    """Return the granularity of the values; None for totals."""
    text = cv.string(value)
    if text.lower() == TOTAL:
        return None
    try:
        return Granularity(text.upper())
    except ValueError:
        choices = ", ".join((*Granularity, TOTAL))
        raise vol.Invalid(f"expected one of {choices}") from None


SCHEMA = vol.Schema(
    {
        vol.Required(ATTR_CONFIG_ENTRY_ID): str,
        vol.Required(ATTR_NODES): vol.All(
            cv.ensure_list, vol.Length(min=1), [cv.string]
        ),
        vol.Required(ATTR_METRICS): vol.All(
            cv.ensure_list, vol.Length(min=1), [vol.In(METRIC_KEYS)]
        ),
        vol.Required(ATTR_START): cv.datetime,
        vol.Optional(ATTR_END): cv.datetime,
        vol.Optional(ATTR_GRANULARITY, default=Granularity.H.value): _granularity,
    }
)

# A total is a series with one value.
type KpiAnswer = Sequence[SeriesValue] | NetrexError


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the action."""
    hass.services.async_register(
        DOMAIN,
        ACTION_GET_KPI,
        _async_get_kpi,
        SCHEMA,
        supports_response=SupportsResponse.ONLY,
    )


async def _async_get_kpi(call: ServiceCall) -> ServiceResponse:
    """Query the portal; return the values by node and metric, and the errors."""
    entry: NetrexConfigEntry = service.async_get_config_entry(
        call.hass, DOMAIN, call.data[ATTR_CONFIG_ENTRY_ID]
    )
    nodes = find_nodes(call.hass, entry, call.data[ATTR_NODES])
    keys = [
        SeriesKey(node_id, metric)
        for node_id in dict.fromkeys(nodes.values())
        for metric in dict.fromkeys(call.data[ATTR_METRICS])
    ]
    granularity: Granularity | None = call.data[ATTR_GRANULARITY]
    span = _span(call.data)
    _check_size(len(keys), granularity, span)
    inventory = entry.runtime_data.inventory.data
    raw_nodes = {key.node_id for key in keys if key.metric in RAW_KEYS}
    if raw_nodes and (granularity or not raw_nodes <= inventory.cameras.keys()):
        raise invalid("raw_metrics_of_cameras")
    with command_errors(call.hass, entry):
        answers = await _async_fetch(entry.runtime_data.client, keys, granularity, span)
    names = {
        # A device may exist for a while after its node was removed.
        node_id: known.name
        if (known := inventory.tree.node(node_id) or inventory.cameras.get(node_id))
        else str(node_id)
        for node_id in nodes.values()
    }
    # Errors can be translated only in the event loop, but building a response with a
    # year of quarter hours would block it.
    translated = {
        key: error_text(answer) if isinstance(answer, NetrexError) else answer
        for key, answer in answers.items()
    }
    return await call.hass.async_add_executor_job(
        _response, nodes, names, translated, dt_util.get_default_time_zone()
    )


def _span(data: Mapping[str, Any]) -> Span:
    """Return the requested period."""
    now = dt_util.utcnow()
    start = dt_util.as_utc(data[ATTR_START])
    end = dt_util.as_utc(data.get(ATTR_END, now))
    if start > now:
        raise invalid("start_in_future")
    if end <= start:
        raise invalid("end_before_start")
    if (end - start).total_seconds() > LONGEST_RANGE:
        raise invalid("range_too_long")
    return Span(int(start.timestamp()), int(end.timestamp()))


def _check_size(series: int, granularity: Granularity | None, span: Span) -> None:
    """Raise if the call would use up the daily allowance or too much memory."""
    each = -(-(span.end - span.start) // LENGTHS[granularity]) if granularity else 1
    if series > MAX_SERIES or series * each > MAX_VALUES:
        raise invalid(
            "request_too_large",
            series=str(series),
            values=str(series * each),
            most_series=str(MAX_SERIES),
            most_values=str(MAX_VALUES),
        )


async def _async_fetch(
    client: NetrexClient,
    keys: Iterable[SeriesKey],
    granularity: Granularity | None,
    span: Span,
) -> dict[SeriesKey, KpiAnswer]:
    """Return the values of each series, or its error.

    Raises:
        NetrexError: All series failed.
    """
    answers = (
        await _async_series(client, keys, granularity, span)
        if granularity
        else await _async_totals(client, keys, span)
    )
    failed = [err for err in answers.values() if isinstance(err, NetrexError)]
    if len(failed) == len(answers):
        raise failed[0]
    return answers


async def _async_series(
    client: NetrexClient,
    keys: Iterable[SeriesKey],
    granularity: Granularity,
    span: Span,
) -> dict[SeriesKey, KpiAnswer]:
    requests = {
        key: SeriesRequest(key.node_id, metric, *span, granularity)
        for key in keys
        if (metric := BY_KEY[key.metric].metric)
    }
    results = await client.kpi_results(list(requests.values()), lane=Lane.COMMAND)
    return {key: results[request] for key, request in requests.items()}


async def _async_totals(
    client: NetrexClient, keys: Iterable[SeriesKey], span: Span
) -> dict[SeriesKey, KpiAnswer]:
    requests = {
        key: ValueRequest(key.node_id, metric, *span)
        for key in keys
        if (metric := BY_KEY[key.metric].metric or BY_KEY[key.metric].raw)
    }
    results = await client.kpi_value_results(list(requests.values()), lane=Lane.COMMAND)
    return {
        key: _total(key, span, results[request]) for key, request in requests.items()
    }


def _total(key: SeriesKey, span: Span, result: float | NetrexError) -> KpiAnswer:
    value: float | None = None
    if not isinstance(result, NetrexError):
        description = BY_KEY[key.metric]
        value = round(result * description.factor, 2) if description.raw else result
    elif not isinstance(result, NetrexNoDataError):
        return result
    return [SeriesValue(*span, value)]


def _response(
    nodes: Mapping[str, int],
    names: Mapping[int, str],
    answers: Mapping[SeriesKey, Sequence[SeriesValue] | str],
    zone: tzinfo,
) -> ServiceResponse:
    """Return the response, which lists each node under the name used in the call."""
    response: dict[str, Any] = {
        name: {"node_id": node_id, "name": names[node_id], "metrics": {}}
        for name, node_id in nodes.items()
    }
    errors: list[Any] = []
    for name, node_id in nodes.items():
        for key, answer in answers.items():
            if key.node_id != node_id:
                continue
            if isinstance(answer, str):
                errors.append({"node": name, "metric": key.metric, "error": answer})
            else:
                response[name]["metrics"][key.metric] = [
                    {
                        "start": _local(value.start, zone),
                        "end": _local(value.end, zone),
                        "value": value.value,
                    }
                    for value in answer
                ]
    return {"nodes": response, "errors": errors}


def _local(moment: int, zone: tzinfo) -> str:
    """Return a unix time as local time, as Home Assistant's own actions do."""
    return datetime.fromtimestamp(moment, UTC).astimezone(zone).isoformat()
