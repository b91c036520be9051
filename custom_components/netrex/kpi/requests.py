"""The fields that the actions about KPIs share, and the question that they form."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from typing import Any

from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import ServiceCall
from homeassistant.helpers import config_validation as cv, service
from homeassistant.util import dt as dt_util
import voluptuous as vol

from ..client import LONGEST_RANGE, Granularity
from ..client.days import DAY, HOUR, QUARTER, Span, local_range
from ..const import DOMAIN
from ..errors import invalid
from ..models import NetrexConfigEntry
from .metrics import BASE, RATIOS, RAW
from .periods import Compare, Period, period_span
from .permissions import async_readable_nodes
from .places import counting_places, find_nodes
from .question import Question

ATTR_NODES = "nodes"
ATTR_METRICS = "metrics"
ATTR_PERIOD = "period"
ATTR_START = "start"
ATTR_END = "end"
ATTR_GRANULARITY = "granularity"
ATTR_COMPARE = "compare"
TOTAL = "total"
METRIC_KEYS = [description.key for description in (*BASE, *RATIOS)]
ANY_METRIC_KEYS = [*METRIC_KEYS, *(description.key for description in RAW)]
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
# 100 queries occupy the account for two minutes.
MAX_SERIES = 500


COMPARE = vol.Coerce(Compare)


@dataclass(frozen=True, slots=True)
class KpiRequest:
    """A question, and the texts that its nodes have in the call."""

    entry: NetrexConfigEntry
    nodes: Mapping[str, int]
    question: Question

    def ask(self, metrics: Sequence[str]) -> Question:
        """Return the question for other metrics."""
        return replace(self.question, metrics=tuple(dict.fromkeys(metrics)))


def granularity(value: object) -> Granularity | None:
    """Validate the granularity of the values; None for totals."""
    text = cv.string(value)
    if text.lower() == TOTAL:
        return None
    try:
        return Granularity(text.upper())
    except ValueError:
        choices = ", ".join((*Granularity, TOTAL))
        raise vol.Invalid(f"expected one of {choices}") from None


def fields(metrics: Iterable[str]) -> dict[Any, Any]:
    """Return the fields of a schema, with the allowed metrics."""
    return {
        vol.Required(ATTR_CONFIG_ENTRY_ID): str,
        vol.Optional(ATTR_NODES): vol.All(
            cv.ensure_list, vol.Length(min=1), [cv.string]
        ),
        vol.Optional(ATTR_METRICS): vol.All(
            cv.ensure_list, vol.Length(min=1), [vol.In(list(metrics))]
        ),
        vol.Exclusive(ATTR_PERIOD, "start"): vol.Coerce(Period),
        vol.Exclusive(ATTR_START, "start"): cv.datetime,
        vol.Optional(ATTR_END): cv.datetime,
    }


async def async_read_request(
    call: ServiceCall,
    *,
    metrics: Iterable[str] = (),
    period: Period = Period.YESTERDAY,
    longest: float = LONGEST_RANGE,
) -> KpiRequest:
    """Return the question of an action, with defaults for what the call leaves out.

    Args:
        call: The call.
        metrics: The default metrics.
        period: The default period.
        longest: The longest period (seconds).

    Raises:
        ServiceValidationError: The account, a node, or the period is invalid.
    """
    entry: NetrexConfigEntry = service.async_get_config_entry(
        call.hass, DOMAIN, call.data[ATTR_CONFIG_ENTRY_ID]
    )
    if ATTR_NODES in call.data:
        nodes = find_nodes(call.hass, entry, call.data[ATTR_NODES])
    else:
        places = await async_readable_nodes(
            call.hass, call.context, entry, counting_places(entry)
        )
        nodes = {str(node_id): node_id for node_id in places}
        if not nodes:
            raise invalid("no_places")
    question = Question(
        tuple(dict.fromkeys(nodes.values())),
        tuple(dict.fromkeys(call.data.get(ATTR_METRICS, metrics))),
        _span(entry, call.data, period, longest),
        call.data.get(ATTR_GRANULARITY),
        call.data.get(ATTR_COMPARE),
    )
    return KpiRequest(entry, nodes, question)


def check_size(question: Question, most_values: int) -> None:
    """Raise if a question would use up the daily allowance or too much memory."""
    series = len(question.keys)
    span = question.span
    if question.compare:
        series *= 2
    step = question.granularity and LENGTHS[question.granularity]
    each = -(-(span.end - span.start) // step) if step else 1
    if series > MAX_SERIES or series * each > most_values:
        raise invalid(
            "request_too_large",
            series=str(series),
            values=str(series * each),
            most_series=str(MAX_SERIES),
            most_values=str(most_values),
        )


def _span(
    entry: NetrexConfigEntry, data: Mapping[str, Any], period: Period, longest: float
) -> Span:
    """Return the requested period."""
    now = dt_util.utcnow()
    if ATTR_START not in data:
        if ATTR_END in data:
            raise invalid("end_without_start")
        settled = entry.runtime_data.kpi.data.end
        zone = dt_util.get_default_time_zone()
        span = period_span(
            data.get(ATTR_PERIOD, period), now.timestamp(), settled, zone
        )
        if span.end <= span.start:
            raise invalid("period_not_begun")
        return span
    span = span_between(data[ATTR_START], data.get(ATTR_END, now))
    if span.start > now.timestamp():
        raise invalid("start_in_future")
    if span.end <= span.start:
        raise invalid("end_before_start")
    if span.end - span.start > longest:
        raise invalid("range_too_long")
    return span


def span_between(start: datetime, end: datetime) -> Span:
    """Return the span between two times, which may be local ones.

    Raises:
        ServiceValidationError: A time is in no year from 1 to 9999.
    """
    zone = dt_util.get_default_time_zone()
    try:
        first, last = local_range(start, end, zone)
    except OverflowError:
        raise invalid("range_too_long") from None
    return Span(int(first.timestamp()), int(last.timestamp()))


def local_text(moment: int, zone: tzinfo) -> str:
    """Return a unix time as local time, as Home Assistant's own actions do."""
    return datetime.fromtimestamp(moment, UTC).astimezone(zone).isoformat()
