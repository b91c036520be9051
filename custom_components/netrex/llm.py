"""Tools for language models: find places, and read their KPIs.

They only read. Names and texts are English, as those of Home Assistant's own tools.
"""

from collections.abc import Iterator
from typing import Any, override

from homeassistant.components.homeassistant import async_should_expose
from homeassistant.components.llm import LLMTools
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import config_validation as cv, entity_registry as er, intent
from homeassistant.helpers.llm import (
    LLM_API_ASSIST,
    LLMContext,
    Tool,
    ToolAnnotations,
    ToolInput,
    ToolResult,
)
from homeassistant.util import dt as dt_util
import voluptuous as vol

from .automation_targets import SENSOR_KEYS
from .client import LONGEST_RANGE, NetrexError
from .client.days import Span
from .const import DOMAIN
from .entity import split_unique_id
from .errors import command_errors, error_text, invalid
from .kpi.metrics import BY_KEY, Kind, SeriesKey
from .kpi.periods import Compare, Period, period_span
from .kpi.permissions import async_check_permissions, async_readable_nodes
from .kpi.places import find_nodes, place_name
from .kpi.question import Question, async_ask
from .kpi.requests import METRIC_KEYS, span_between
from .models import NetrexConfigEntry

# A call costs at most so many values, which are a few queries, and a model that loops
# reaches the end of its own budget first.
MAX_VALUES = 40
PROMPT = (
    "The netrex tools know people counts, sales, and conversion of shops and sites. "
    f"Use {DOMAIN}__find_places to find the name of a place, and {DOMAIN}__kpi for "
    "numbers of any period, also compared with the week or the year before."
)
_READ = ToolAnnotations(read_only=True, destructive=False, idempotent=True)


@callback
def async_get_tools(
    hass: HomeAssistant, llm_context: LLMContext, api_id: str
) -> LLMTools | None:
    """Return the tools if an account is loaded and one of its KPIs is exposed."""
    if api_id != LLM_API_ASSIST or not any(_exposed(hass, llm_context)):
        return None
    return LLMTools(tools=[FindPlacesTool(), KpiTool()], prompt=PROMPT)


def _exposed(
    hass: HomeAssistant, llm_context: LLMContext
) -> Iterator[tuple[NetrexConfigEntry, int]]:
    """Yield the places of which an entity with a KPI is exposed to the assistant."""
    if not llm_context.assistant:
        return
    registry = er.async_get(hass)
    entry: NetrexConfigEntry
    for entry in hass.config_entries.async_loaded_entries(DOMAIN):
        nodes: dict[int, None] = {}
        for entity in er.async_entries_for_config_entry(registry, entry.entry_id):
            node_id, key = split_unique_id(entry, entity.unique_id)
            if (
                node_id is not None
                and key in SENSOR_KEYS
                and async_should_expose(hass, llm_context.assistant, entity.entity_id)
            ):
                nodes[node_id] = None
        yield from ((entry, node_id) for node_id in nodes)


class _ReadTool(Tool):
    """A tool that reports wrong arguments to the model, so that it can correct them."""

    integration = DOMAIN
    annotations = _READ

    @override
    async def async_call(
        self, hass: HomeAssistant, tool_input: ToolInput, llm_context: LLMContext
    ) -> ToolResult:
        """Call the tool."""
        given = {
            key: value
            for key, value in tool_input.tool_args.items()
            if not intent.is_blank_slot_value(value)
        }
        try:
            return ToolResult(
                data=await self.async_read(hass, self.parameters(given), llm_context)
            )
        except (HomeAssistantError, vol.Invalid) as err:
            return ToolResult(data={"error": str(err)}, error=True)

    async def async_read(
        self, hass: HomeAssistant, args: dict[str, Any], llm_context: LLMContext
    ) -> dict[str, Any]:
        """Return the result."""
        raise NotImplementedError


class FindPlacesTool(_ReadTool):
    """Lists places by a part of their name."""

    name = f"{DOMAIN}__find_places"
    title = "Find places"
    description = (
        "Lists shops and other places with people counts or sales, "
        "and what each counts."
    )
    parameters = vol.Schema(
        {
            vol.Optional(
                "name", description="Part of the place's name; empty for all places"
            ): cv.string
        }
    )
    annotations = ToolAnnotations(
        read_only=True, destructive=False, idempotent=True, open_world=False
    )

    @override
    async def async_read(
        self, hass: HomeAssistant, args: dict[str, Any], llm_context: LLMContext
    ) -> dict[str, Any]:
        part = args.get("name", "").casefold()
        readable: dict[NetrexConfigEntry, set[int]] = {}
        for entry, node_id in _exposed(hass, llm_context):
            readable.setdefault(entry, set()).add(node_id)
        if (context := llm_context.context) is not None:
            readable = {
                entry: set(await async_readable_nodes(hass, context, entry, nodes))
                for entry, nodes in readable.items()
            }
        return {
            "places": [
                {
                    "name": name,
                    "id": str(node_id),
                    "metrics": sorted(entry.runtime_data.kpi.metrics(node_id)),
                }
                for entry, node_id in _exposed(hass, llm_context)
                if node_id in readable[entry]
                and part in (name := place_name(entry, node_id)).casefold()
            ]
        }


class KpiTool(_ReadTool):
    """Returns KPIs of places over a period."""

    name = f"{DOMAIN}__kpi"
    title = "Read KPIs"
    description = (
        "Returns KPIs of shops and other places over a period, optionally compared "
        "with the same weekdays a week or 52 weeks earlier. Null is not known."
    )
    parameters = vol.Schema(
        {
            vol.Required(
                "places", description="Names or ids of places, as found by find_places"
            ): [cv.string],
            vol.Required("metrics", description="The KPIs"): [vol.In(METRIC_KEYS)],
            vol.Optional(
                "period", description="A period relative to today; instead of start"
            ): vol.In([str(period) for period in Period]),
            vol.Optional(
                "start", description="First moment, ISO 8601 in local time"
            ): cv.string,
            vol.Optional(
                "end", description="End (exclusive), ISO 8601; now if left out"
            ): cv.string,
            vol.Optional("compare", description="The earlier period"): vol.In(
                [str(compare) for compare in Compare]
            ),
        }
    )

    @override
    async def async_read(
        self, hass: HomeAssistant, args: dict[str, Any], llm_context: LLMContext
    ) -> dict[str, Any]:
        chosen = _find(hass, llm_context, args["places"])
        compare = Compare(args["compare"]) if "compare" in args else None
        metrics = tuple(args["metrics"])
        nodes = sum(map(len, chosen.values()))
        if nodes * len(metrics) * (2 if compare else 1) > MAX_VALUES:
            raise invalid("too_many_values", values=str(MAX_VALUES))
        places: list[Any] = []
        span: Span | None = None
        for entry, node_ids in chosen.items():
            span = _span(entry, args)
            question = Question(tuple(node_ids), metrics, span, compare=compare)
            if (context := llm_context.context) is not None:
                await async_check_permissions(hass, context, entry, question.keys)
            with command_errors(entry):
                answer = await async_ask(hass, entry, question)
            for key, value in answer.values.items():
                row: dict[str, Any] = {
                    "place": place_name(entry, key.node_id),
                    "metric": key.metric,
                    "value": answer.total(key),
                    "unit": _unit(hass, key),
                }
                if compare:
                    row["earlier"] = answer.total(key, earlier=True)
                    row["change_percent"] = answer.change(key)
                if isinstance(value, NetrexError):
                    row["error"] = error_text(value)
                places.append(row)
        local = dt_util.get_default_time_zone()
        return {
            "values": places,
            **{
                name: dt_util.utc_from_timestamp(moment).astimezone(local).isoformat()
                for name, moment in zip(("start", "end"), span or (), strict=False)
            },
        }


def _find(
    hass: HomeAssistant, llm_context: LLMContext, names: list[str]
) -> dict[NetrexConfigEntry, list[int]]:
    """Return the exposed places of these names, by account.

    Raises:
        ServiceValidationError: A place does not exist or is not exposed.
    """
    exposed: dict[NetrexConfigEntry, set[int]] = {}
    for entry, node_id in _exposed(hass, llm_context):
        exposed.setdefault(entry, set()).add(node_id)
    found: dict[NetrexConfigEntry, list[int]] = {}
    for name in names:
        error = invalid("place_not_exposed", place=name)
        for entry, nodes in exposed.items():
            try:
                matching = set(find_nodes(hass, entry, [name]).values())
            except HomeAssistantError as err:
                if getattr(err, "translation_key", None) == "ambiguous_node":
                    raise
                continue
            if matching <= nodes:
                found.setdefault(entry, []).extend(sorted(matching))
                break
        else:
            raise error
    return found


def _span(entry: NetrexConfigEntry, args: dict[str, Any]) -> Span:
    """Return the period. Raises ServiceValidationError."""
    now = dt_util.utcnow()
    settled = entry.runtime_data.kpi.data.end
    if "start" not in args:
        span = period_span(
            Period(args.get("period", Period.TODAY)),
            now.timestamp(),
            settled,
            dt_util.get_default_time_zone(),
        )
    else:
        end = (
            cv.datetime(args["end"])
            if "end" in args
            else dt_util.utc_from_timestamp(settled)
        )
        span = span_between(cv.datetime(args["start"]), end)
        span = Span(span.start, min(span.end, settled))
    if span.end <= span.start:
        raise invalid("period_not_begun")
    if span.end - span.start > LONGEST_RANGE:
        raise invalid("range_too_long")
    return span


def _unit(hass: HomeAssistant, key: SeriesKey) -> str:
    description = BY_KEY[key.metric]
    if key.metric == "conversion":
        return "%"
    if description.kind is Kind.COUNT:
        is_sale = key.metric in ("transactions", "refunds")
        return "transactions" if is_sale else "people"
    return hass.config.currency
