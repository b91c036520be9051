"""The actions `get_report` and `export_kpi`."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any

from homeassistant.auth.permissions.const import POLICY_CONTROL
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import dt as dt_util
import voluptuous as vol

from ..client import Granularity, NetrexError
from ..client.days import local_date
from ..const import DOMAIN
from ..errors import command_errors, error_text
from ..models import NetrexConfigEntry
from ..recordings.file_view import async_link_file
from ..recordings.paths import check_target, resolve_target
from .export import Dialect, Export
from .metrics import BY_KEY, needs
from .periods import Compare, Period
from .permissions import async_check_permissions
from .places import place_name, without_parts
from .question import async_ask
from .report import Figures, ReportFormat, Words, build_report, metrics_to_ask, render
from .requests import (
    ATTR_COMPARE,
    ATTR_GRANULARITY,
    METRIC_KEYS,
    KpiRequest,
    async_read_request,
    check_size,
    fields,
    granularity,
    local_text,
)

ACTION_GET_REPORT = "get_report"
ACTION_EXPORT_KPI = "export_kpi"
ATTR_FORMAT = "format"
ATTR_FILENAME = "filename"
ATTR_SEPARATOR = "separator"
ATTR_OVERWRITE = "overwrite"
NO_COMPARISON = "none"
# The columns of a report if none are chosen and the places have them.
REPORT_METRICS = ("visitors", "people_in", "transactions", "sales", "conversion")
SEPARATORS: Mapping[str, str | None] = {
    "auto": None,
    "comma": ",",
    "semicolon": ";",
    "tab": "\t",
}
SUFFIX = ".csv"
DEFAULT_NAME = "netrex/kpi_{start}_{end}"
# A year of quarter hours of 50 places with two metrics; the file has about 100 MB.
MAX_EXPORTED_VALUES = 4_000_000


def _compare(value: object) -> Compare | None:
    text = cv.string(value)
    return None if text == NO_COMPARISON else vol.Coerce(Compare)(text)


REPORT_SCHEMA = vol.Schema(
    {
        **fields(METRIC_KEYS),
        vol.Optional(ATTR_COMPARE, default=Compare.WEEK.value): _compare,
        vol.Optional(ATTR_FORMAT, default=ReportFormat.TEXT.value): vol.Coerce(
            ReportFormat
        ),
    }
)
EXPORT_SCHEMA = vol.Schema(
    {
        **fields(METRIC_KEYS),
        vol.Optional(ATTR_GRANULARITY, default=Granularity.H.value): granularity,
        vol.Optional(ATTR_FILENAME): cv.string,
        vol.Optional(ATTR_SEPARATOR, default="auto"): vol.In(SEPARATORS),
        vol.Optional(ATTR_OVERWRITE, default=False): cv.boolean,
    }
)


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions."""
    hass.services.async_register(
        DOMAIN,
        ACTION_GET_REPORT,
        _async_get_report,
        REPORT_SCHEMA,
        supports_response=SupportsResponse.ONLY,
    )
    hass.services.async_register(
        DOMAIN,
        ACTION_EXPORT_KPI,
        _async_export_kpi,
        EXPORT_SCHEMA,
        supports_response=SupportsResponse.OPTIONAL,
    )


async def _async_get_report(call: ServiceCall) -> ServiceResponse:
    """Return a report of places as text and as data."""
    request = await async_read_request(call, period=Period.LAST_WEEK)
    entry = request.entry
    metrics = request.question.metrics or _available(request)
    question = request.ask(metrics_to_ask(metrics))
    await async_check_permissions(call.hass, call.context, entry, question.keys)
    check_size(question, MAX_EXPORTED_VALUES)
    with command_errors(entry):
        answer = await async_ask(call.hass, entry, question)
    zone = dt_util.get_default_time_zone()
    nodes = question.node_ids
    days = (
        local_date(question.span.start, zone),
        local_date(question.span.end - 1, zone),
    )
    report = build_report(
        answer,
        {node_id: place_name(entry, node_id) for node_id in nodes},
        metrics,
        distinct=without_parts(entry, nodes),
        days=days,
        stopped=_stopped_days(entry, nodes, days),
    )
    words = await _async_words(call.hass)
    response: dict[str, Any] = {
        "text": render(report, call.data[ATTR_FORMAT], words),
        "rows": [
            {
                "node_id": row.node_id,
                "name": row.name,
                **_figures(row.figures),
                "counting_stopped": [day.isoformat() for day in row.stopped],
            }
            for row in report.rows
        ],
        "totals": _figures(report.totals),
        "best": report.best and report.best.name,
        "worst": report.worst and report.worst.name,
        "start": local_text(question.span.start, zone),
        "end": local_text(question.span.end, zone),
        "errors": [
            {
                "node": place_name(entry, key.node_id),
                "metric": key.metric,
                "error": error_text(value),
            }
            for values in (answer.values, answer.earlier)
            for key, value in values.items()
            if isinstance(value, NetrexError)
        ],
    }
    if answer.earlier_span:
        response["earlier_start"] = local_text(answer.earlier_span.start, zone)
        response["earlier_end"] = local_text(answer.earlier_span.end, zone)
    return response


def _figures(figures: Figures) -> dict[str, Any]:
    found: dict[str, Any] = {"metrics": dict(figures.values)}
    if figures.earlier:
        found["earlier"] = dict(figures.earlier)
        found["change_percent"] = figures.changes
    return found


def _stopped_days(
    entry: NetrexConfigEntry, node_ids: Sequence[int], days: tuple[date, date]
) -> dict[int, list[date]]:
    """Return the days on which the counting of places had stopped."""
    first, last = days
    return {
        node_id: found
        for node_id in node_ids
        if (
            found := [
                day
                for day in entry.runtime_data.weeks.stopped_days(node_id)
                if first <= day <= last
            ]
        )
    }


def _available(request: KpiRequest) -> tuple[str, ...]:
    """Return the default metrics that one of the nodes has data for."""
    kpi = request.entry.runtime_data.kpi
    known = [kpi.metrics(node_id) for node_id in request.question.node_ids]
    found = [
        metric
        for metric in REPORT_METRICS
        if any(metrics.issuperset(needs(BY_KEY[metric])) for metrics in known)
    ]
    if "visitors" in found and "people_in" in found:
        found.remove("people_in")
    return tuple(found) or REPORT_METRICS[:1]


async def _async_words(hass: HomeAssistant) -> Words:
    language = hass.config.language
    selector = await async_get_translations(hass, language, "selector", {DOMAIN})
    common = await async_get_translations(hass, language, "common", {DOMAIN})
    names = f"component.{DOMAIN}.selector.kpi_metric.options."
    words = f"component.{DOMAIN}.common."
    return Words(
        language,
        {metric: selector.get(f"{names}{metric}", metric) for metric in METRIC_KEYS},
        {key.removeprefix(words): text for key, text in common.items()},
    )


async def _async_export_kpi(call: ServiceCall) -> ServiceResponse:
    """Save KPIs as a CSV file; return its path and its link."""
    hass = call.hass
    request = await async_read_request(call, period=Period.LAST_MONTH)
    entry = request.entry
    question = request.ask(request.question.metrics or _available(request))
    # Saving a file is more than reading.
    await async_check_permissions(
        hass, call.context, entry, question.keys, POLICY_CONTROL
    )
    check_size(question, MAX_EXPORTED_VALUES)
    zone = dt_util.get_default_time_zone()
    name = call.data.get(ATTR_FILENAME) or DEFAULT_NAME.format(
        start=local_date(question.span.start, zone).isoformat(),
        end=local_date(question.span.end - 1, zone).isoformat(),
    )
    target = resolve_target(hass.config, name, SUFFIX)
    overwrite = call.data[ATTR_OVERWRITE]
    await hass.async_add_executor_job(
        partial(check_target, hass.config, target, overwrite=overwrite)
    )
    words = await _async_words(hass)
    headings = [
        *(
            words[key]
            for key in ("report_place", "report_node_id", "report_start", "report_end")
        ),
        *(words.metrics[metric] for metric in question.metrics),
    ]
    export = Export(
        question,
        {node_id: place_name(entry, node_id) for node_id in question.node_ids},
        headings,
        Dialect.of(words.language, SEPARATORS[call.data[ATTR_SEPARATOR]]),
        zone,
    )
    with command_errors(entry):
        rows = await export.async_write(hass, entry, target, overwrite=overwrite)
    if not call.return_response:
        return None
    return {"path": str(target), "rows": rows, "url": async_link_file(hass, target)}
