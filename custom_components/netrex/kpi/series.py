"""Reads the portal's series of quarter hours."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field

from ..client import (
    Granularity,
    NetrexClient,
    NetrexError,
    SeriesRequest,
)
from .metrics import BY_KEY, SeriesKey
from .quarters import QuarterHours

_ORDER = {key: index for index, key in enumerate(BY_KEY)}


@dataclass(slots=True)
class SeriesResults:
    """The results of reading several series.

    Attributes:
        changes: The change of the last known quarter hour of each series that was read
            (see `QuarterHours.merge`).
        errors: The error of each series that was not read.
    """

    changes: dict[SeriesKey, float | None] = field(default_factory=dict)
    errors: dict[SeriesKey, NetrexError] = field(default_factory=dict)


async def async_read_series(
    client: NetrexClient,
    quarter_hours: QuarterHours,
    starts: Collection[tuple[SeriesKey, int]],
    end: int,
) -> SeriesResults:
    """Read each series from its start until `end` (unix seconds).

    If the response has an error for one series, the error is part of the result.

    Raises:
        NetrexError: The token was refused, or there was no usable response at all.
    """
    requests = {
        SeriesRequest(series.node_id, metric, start, end, Granularity.HQ): series
        for series, start in starts
        if (metric := BY_KEY[series.metric].metric)
    }
    results = await client.kpi_results(list(requests))
    read = SeriesResults()
    for request, result in results.items():
        series = requests[request]
        if isinstance(result, NetrexError):
            read.errors[series] = result
            continue
        read.changes[series] = quarter_hours.merge(series, result, request.start, end)
        # Merging one month of a series takes milliseconds.
        await asyncio.sleep(0)
    return read


def order_of(series: SeriesKey) -> tuple[int, int]:
    """Return the sort key of a series: one query reads the series of a node."""
    return series.node_id, _ORDER[series.metric]
