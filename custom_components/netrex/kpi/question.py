"""One question for all: KPIs of places over a period, compared (decision 0030).

Actions, reports, and tools ask it. Values come from what is held and from the long-term
statistics where both suffice, and from the portal otherwise.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import NamedTuple

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..client import (
    Granularity,
    Lane,
    NetrexClient,
    NetrexError,
    NetrexNoDataError,
    SeriesRequest,
    SeriesValue,
    ValueRequest,
)
from ..client.days import Span
from ..models import NetrexConfigEntry
from .held import async_held_values
from .metrics import BY_KEY, Kind, SeriesKey, ratio
from .periods import Compare, earlier_span

# A total is a series with one value.
type KpiResult = Sequence[SeriesValue] | NetrexError


class _Part(NamedTuple):
    """A KPI in one of the two periods of a question."""

    key: SeriesKey
    span: Span


@dataclass(frozen=True, slots=True)
class Question:
    """KPIs of nodes over a period.

    Attributes:
        node_ids: The nodes.
        metrics: The keys of base metrics, ratios, or raw metrics.
        span: The period (unix seconds), at most a year.
        granularity: The intervals of the values; None for one value per KPI.
        compare: The earlier period to compare with.
    """

    node_ids: tuple[int, ...]
    metrics: tuple[str, ...]
    span: Span
    granularity: Granularity | None = None
    compare: Compare | None = None

    @property
    def keys(self) -> list[SeriesKey]:
        """The KPIs, by node."""
        nodes, metrics = dict.fromkeys(self.node_ids), dict.fromkeys(self.metrics)
        return [SeriesKey(*pair) for pair in product(nodes, metrics)]


@dataclass(frozen=True, slots=True)
class KpiAnswers:
    """The values of a question.

    Attributes:
        values: The values of each KPI, or the error that prevented them.
        earlier: The same for the period that they are compared with.
        earlier_span: That period; None without a comparison.
    """

    values: Mapping[SeriesKey, KpiResult]
    earlier: Mapping[SeriesKey, KpiResult] = field(default_factory=dict)
    earlier_span: Span | None = None

    def total(self, key: SeriesKey, *, earlier: bool = False) -> float | None:
        """Return the single value of a KPI; None if it is unknown."""
        answer = (self.earlier if earlier else self.values).get(key)
        if answer is None or isinstance(answer, NetrexError) or not answer:
            return None
        return answer[0].value

    def change(self, key: SeriesKey) -> float | None:
        """Return the difference from the earlier period in percent."""
        return change_percent(self.total(key), self.total(key, earlier=True))


def change_percent(now: float | None, before: float | None) -> float | None:
    """Return the difference of two values in percent; None if it has no meaning."""
    if now is None or not before:
        return None
    return 100 * (now - before) / before


async def async_ask(
    hass: HomeAssistant,
    entry: NetrexConfigEntry,
    question: Question,
    *,
    portal_only: bool = False,
) -> KpiAnswers:
    """Answer a question.

    Args:
        hass: Home Assistant.
        entry: The loaded account.
        question: The question.
        portal_only: Whether all values have to be the portal's own.

    Raises:
        NetrexError: All values of one of the periods failed.
    """
    spans = [question.span]
    if question.compare:
        zone = dt_util.get_default_time_zone()
        spans.append(earlier_span(question.span, question.compare, zone))
    answers: dict[_Part, KpiResult] = {}
    if not portal_only:
        for span in spans:
            held = await async_held_values(
                hass, entry, question.keys, span, question.granularity
            )
            answers |= {_Part(key, span): values for key, values in held.items()}
    parts = [_Part(key, span) for span in spans for key in question.keys]
    if missing := [part for part in parts if part not in answers]:
        client = entry.runtime_data.client
        answers |= (
            await _async_series(client, missing, question.granularity)
            if question.granularity
            else await _async_totals(client, missing)
        )
    values = [
        {key: answers[_Part(key, span)] for key in question.keys} for span in spans
    ]
    for results in values:
        _raise_if_all_failed(results.values())
    if len(spans) == 1:
        return KpiAnswers(values[0])
    return KpiAnswers(values[0], values[1], spans[1])


def _raise_if_all_failed(results: Collection[KpiResult]) -> None:
    failed = [result for result in results if isinstance(result, NetrexError)]
    if failed and len(failed) == len(results):
        raise failed[0]


async def _async_series(
    client: NetrexClient, parts: Iterable[_Part], granularity: Granularity
) -> dict[_Part, KpiResult]:
    requests = {
        part: SeriesRequest(part.key.node_id, metric, *part.span, granularity)
        for part in parts
        if (metric := BY_KEY[part.key.metric].metric)
    }
    results = await client.kpi_results(list(requests.values()), lane=Lane.COMMAND)
    return {part: results[request] for part, request in requests.items()}


async def _async_totals(
    client: NetrexClient, parts: Iterable[_Part]
) -> dict[_Part, KpiResult]:
    requests = {
        part: ValueRequest(part.key.node_id, metric, *part.span)
        for part in parts
        if (metric := BY_KEY[part.key.metric].metric or BY_KEY[part.key.metric].raw)
    }
    results = await client.kpi_value_results(list(requests.values()), lane=Lane.COMMAND)
    return {part: _total(*part, results[request]) for part, request in requests.items()}


def _total(key: SeriesKey, span: Span, result: float | NetrexError) -> KpiResult:
    value: float | None = None
    if not isinstance(result, NetrexError):
        description = BY_KEY[key.metric]
        value = round(result * description.factor, 2) if description.raw else result
    elif not isinstance(result, NetrexNoDataError):
        return result
    return [SeriesValue(*span, value)]


def sum_of_places(
    answer: KpiAnswers, node_ids: Iterable[int], metric: str, *, earlier: bool = False
) -> float | None:
    """Return a KPI of several places together; None if none of them has it.

    Ratios are computed from the sums, so the question has to include their parts.
    """
    description = BY_KEY[metric]
    nodes = list(node_ids)
    if description.kind is Kind.RATIO:
        return ratio(
            description,
            *(
                sum_of_places(answer, nodes, part or "", earlier=earlier)
                for part in (description.numerator, description.denominator)
            ),
        )
    totals = (answer.total(SeriesKey(n, metric), earlier=earlier) for n in nodes)
    known = [total for total in totals if total is not None]
    return sum(known) if known else None
