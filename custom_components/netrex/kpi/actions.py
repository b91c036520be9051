"""The action that answers with KPIs of any time: as series, or as totals."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, NamedTuple

from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import ServiceValidationError
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
from ..const import DOMAIN
from ..devices import find_nodes
from ..errors import command_errors, error_text
from ..models import NetrexConfigEntry
from .metrics import BASE, BY_KEY, RATIOS, RAW

ACTION_GET_KPI = "get_kpi"
ATTR_NODES = "nodes"
ATTR_METRICS = "metrics"
ATTR_START = "start"
ATTR_END = "end"
ATTR_GRANULARITY = "granularity"
TOTAL = "total"
METRIC_KEYS = [description.key for description in (*BASE, *RATIOS, *RAW)]
RAW_KEYS = {description.key for description in RAW}

_DAY = timedelta(days=1)
# About how long a value's time is; the calendar is not the same everywhere.
LENGTHS: Mapping[Granularity, timedelta] = {
    Granularity.HQ: timedelta(minutes=15),
    Granularity.H: timedelta(hours=1),
    Granularity.H4: timedelta(hours=4),
    Granularity.H8: timedelta(hours=8),
    Granularity.H12: timedelta(hours=12),
    Granularity.D: _DAY,
    Granularity.W: 7 * _DAY,
    Granularity.M: 28 * _DAY,
}
# What one call may take: 100 queries are two minutes of the account's time, and 200,000
# values (a year of quarter hours for five series) about 20 MB of answer.
MOST_SERIES = 500
MOST_VALUES = 200_000


def _granularity(value: object) -> Granularity | None:
    """Return the length of the values, None for totals."""
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


class Wish(NamedTuple):
    """A metric of a node, by its key."""

    node_id: int
    metric: str


# A total is the one slot of its time.
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
    """Ask the portal and return values by node and metric, and what failed."""
    entry: NetrexConfigEntry = service.async_get_config_entry(
        call.hass, DOMAIN, call.data[ATTR_CONFIG_ENTRY_ID]
    )
    nodes = find_nodes(call.hass, entry, call.data[ATTR_NODES])
    metrics = list(dict.fromkeys(call.data[ATTR_METRICS]))
    granularity: Granularity | None = call.data[ATTR_GRANULARITY]
    start, end = _range(call.data)
    wishes = [
        Wish(node_id, key)
        for node_id in dict.fromkeys(nodes.values())
        for key in metrics
    ]
    _check_size(len(wishes), granularity, end - start)
    cameras = entry.runtime_data.inventory.data.cameras
    if RAW_KEYS.intersection(metrics) and (
        granularity is not None or not set(nodes.values()) <= cameras.keys()
    ):
        raise _invalid("raw_metrics_of_cameras")
    client = entry.runtime_data.client
    with command_errors(call.hass, entry):
        answers = (
            await _async_totals(client, wishes, start, end)
            if granularity is None
            else await _async_series(client, wishes, start, end, granularity)
        )
        failed = [err for err in answers.values() if isinstance(err, NetrexError)]
        if len(failed) == len(answers):
            raise failed[0]
    tree = entry.runtime_data.inventory.data.tree
    names = {
        # A device may outlive its node for a while.
        node_id: known.name
        if (known := tree.node(node_id) or cameras.get(node_id))
        else str(node_id)
        for node_id in nodes.values()
    }
    # Texts are there in the event loop alone, and a year of quarter hours would hold
    # that up.
    shown = {
        wish: error_text(answer) if isinstance(answer, NetrexError) else answer
        for wish, answer in answers.items()
    }
    return await call.hass.async_add_executor_job(
        _response, nodes, names, shown, dt_util.get_default_time_zone()
    )


def _range(data: Mapping[str, Any]) -> tuple[int, int]:
    """Return the time that is asked for, in unix seconds."""
    now = dt_util.utcnow()
    start = dt_util.as_utc(data[ATTR_START])
    end = dt_util.as_utc(data.get(ATTR_END, now))
    if start > now:
        raise _invalid("start_in_future")
    if end <= start:
        raise _invalid("end_before_start")
    if (end - start).total_seconds() > LONGEST_RANGE:
        raise _invalid("range_too_long")
    return int(start.timestamp()), int(end.timestamp())


def _check_size(series: int, granularity: Granularity | None, seconds: int) -> None:
    """Raise where an answer would take the account's day, or everybody's memory."""
    each = 1
    if granularity is not None:
        each = -(-seconds // int(LENGTHS[granularity].total_seconds()))
    if series > MOST_SERIES or series * each > MOST_VALUES:
        raise _invalid(
            "request_too_large",
            series=str(series),
            values=str(series * each),
            most_series=str(MOST_SERIES),
            most_values=str(MOST_VALUES),
        )


def _invalid(key: str, **placeholders: str) -> ServiceValidationError:
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key=key,
        translation_placeholders=placeholders,
    )


async def _async_series(
    client: NetrexClient,
    wishes: Iterable[Wish],
    start: int,
    end: int,
    granularity: Granularity,
) -> dict[Wish, KpiAnswer]:
    requests = {
        wish: SeriesRequest(wish.node_id, metric, start, end, granularity)
        for wish in wishes
        if (metric := BY_KEY[wish.metric].metric)
    }
    results = await client.kpi_results(list(requests.values()), lane=Lane.COMMAND)
    return {wish: results[request] for wish, request in requests.items()}


async def _async_totals(
    client: NetrexClient, wishes: Iterable[Wish], start: int, end: int
) -> dict[Wish, KpiAnswer]:
    requests = {
        wish: ValueRequest(wish.node_id, metric, start, end)
        for wish in wishes
        if (metric := BY_KEY[wish.metric].metric or BY_KEY[wish.metric].raw)
    }
    results = await client.kpi_value_results(list(requests.values()), lane=Lane.COMMAND)
    answers: dict[Wish, KpiAnswer] = {}
    for wish, request in requests.items():
        result = results[request]
        if isinstance(result, NetrexNoDataError):
            answers[wish] = [SeriesValue(start, end, None)]
        elif isinstance(result, NetrexError):
            answers[wish] = result
        else:
            description = BY_KEY[wish.metric]
            if description.raw:
                result = round(result * description.factor, 2)
            answers[wish] = [SeriesValue(start, end, result)]
    return answers


def _response(
    nodes: Mapping[str, int],
    names: Mapping[int, str],
    answers: Mapping[Wish, Sequence[SeriesValue] | str],
    zone: tzinfo,
) -> ServiceResponse:
    """Return what the caller gets: every node under the name it was called by."""
    response: dict[str, Any] = {
        name: {"node_id": node_id, "name": names[node_id], "metrics": {}}
        for name, node_id in nodes.items()
    }
    errors: list[Any] = []
    for name, node_id in nodes.items():
        for wish, answer in answers.items():
            if wish.node_id != node_id:
                continue
            if isinstance(answer, str):
                errors.append({"node": name, "metric": wish.metric, "error": answer})
            else:
                response[name]["metrics"][wish.metric] = [
                    {
                        "start": _local(slot.start, zone),
                        "end": _local(slot.end, zone),
                        "value": slot.value,
                    }
                    for slot in answer
                ]
    return {"nodes": response, "errors": errors}


def _local(moment: int, zone: tzinfo) -> str:
    """Return a unix time as Home Assistant's actions show times."""
    return datetime.fromtimestamp(moment, UTC).astimezone(zone).isoformat()
