"""The action `get_kpi`: KPIs of any period, as series or totals (decision 0011)."""

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import Any

from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util
import voluptuous as vol

from ..client import Granularity, NetrexError, SeriesValue
from ..const import DOMAIN
from ..errors import command_errors, error_text, invalid
from . import report_actions
from .metrics import SeriesKey
from .permissions import async_check_permissions
from .places import place_name
from .question import KpiAnswers, KpiResult, Question, async_ask
from .requests import (
    ANY_METRIC_KEYS,
    ATTR_COMPARE,
    ATTR_GRANULARITY,
    ATTR_METRICS,
    ATTR_NODES,
    ATTR_PERIOD,
    ATTR_START,
    COMPARE,
    RAW_KEYS,
    KpiRequest,
    async_read_request,
    check_size,
    fields,
    granularity,
    local_text,
)

ACTION_GET_KPI = "get_kpi"
# A response of 200,000 values (a year of quarter hours of five series) takes 20 MB.
MAX_VALUES = 200_000

SCHEMA = vol.All(
    vol.Schema(
        {
            **fields(ANY_METRIC_KEYS),
            vol.Required(ATTR_NODES): vol.All(
                cv.ensure_list, vol.Length(min=1), [cv.string]
            ),
            vol.Required(ATTR_METRICS): vol.All(
                cv.ensure_list,
                vol.Length(min=1),
                [vol.In(ANY_METRIC_KEYS)],
            ),
            vol.Optional(ATTR_GRANULARITY, default=Granularity.H.value): granularity,
            vol.Optional(ATTR_COMPARE): COMPARE,
        }
    ),
    cv.has_at_least_one_key(ATTR_START, ATTR_PERIOD),
)

# The values of a KPI, or the text of its error.
type _Texts = Mapping[SeriesKey, Sequence[SeriesValue] | str]


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions."""
    hass.services.async_register(
        DOMAIN,
        ACTION_GET_KPI,
        _async_get_kpi,
        SCHEMA,
        supports_response=SupportsResponse.ONLY,
    )
    report_actions.async_setup_services(hass)


async def _async_get_kpi(call: ServiceCall) -> ServiceResponse:
    """Query the portal; return the values by node and metric, and the errors."""
    request = await async_read_request(call)
    entry, question = request.entry, request.question
    await async_check_permissions(call.hass, call.context, entry, question.keys)
    check_size(question, MAX_VALUES)
    _check_raw_metrics(call, question, entry.runtime_data.inventory.data.cameras)
    with command_errors(entry):
        answer = await async_ask(call.hass, entry, question, portal_only=True)
    names = {node_id: place_name(entry, node_id) for node_id in question.node_ids}
    return await call.hass.async_add_executor_job(
        _response,
        request,
        names,
        answer,
        # Errors can be translated only in the event loop, but building a response with
        # a year of quarter hours would block it.
        (_translated(answer.values), _translated(answer.earlier)),
        dt_util.get_default_time_zone(),
    )


def _check_raw_metrics(
    call: ServiceCall, question: Question, cameras: Mapping[int, object]
) -> None:
    """Raise if raw metrics are requested that the portal does not have."""
    if RAW_KEYS.isdisjoint(question.metrics):
        return
    if question.granularity or not set(question.node_ids) <= cameras.keys():
        raise invalid("raw_metrics_of_cameras")


def _translated(values: Mapping[SeriesKey, KpiResult]) -> _Texts:
    return {
        key: error_text(value) if isinstance(value, NetrexError) else value
        for key, value in values.items()
    }


def _response(
    request: KpiRequest,
    names: Mapping[int, str],
    answer: KpiAnswers,
    texts: tuple[_Texts, _Texts],
    zone: tzinfo,
) -> ServiceResponse:
    """Return the response, which lists each node under the name used in the call."""
    question = request.question
    values, earlier = texts
    errors: list[Any] = []
    response: dict[str, Any] = {}
    for name, node_id in request.nodes.items():
        keys = [SeriesKey(node_id, metric) for metric in question.metrics]
        errors += [
            {"node": name, "metric": key.metric, "error": text}
            for found in texts
            for key in keys
            if isinstance(text := found.get(key), str)
        ]
        response[name] = {
            "node_id": node_id,
            "name": names[node_id],
            "metrics": _rows(keys, values, zone),
        }
        if question.compare:
            response[name]["earlier"] = _rows(keys, earlier, zone)
            response[name]["change_percent"] = {
                key.metric: answer.change(key)
                for key in keys
                if question.granularity is None
            }
    return {
        "nodes": response,
        "errors": errors,
        "start": local_text(question.span.start, zone),
        "end": local_text(question.span.end, zone),
    }


def _rows(keys: Sequence[SeriesKey], values: _Texts, zone: tzinfo) -> dict[str, Any]:
    return {
        key.metric: [
            {
                "start": local_text(value.start, zone),
                "end": local_text(value.end, zone),
                "value": value.value,
            }
            for value in found
        ]
        for key in keys
        if not isinstance(found := values.get(key, ""), str)
    }
