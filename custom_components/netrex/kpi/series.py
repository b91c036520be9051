"""From the portal's series of quarter hours to slots."""

import asyncio
from collections.abc import Collection, Mapping

from ..client import Granularity, NetrexClient, NetrexError, SeriesRequest
from . import QuarterHours, SeriesKey
from .metrics import BY_KEY


async def async_read_series(
    client: NetrexClient,
    slots: QuarterHours,
    group: Collection[tuple[SeriesKey, int]],
    end: int,
) -> Mapping[SeriesKey, float | None]:
    """Read some series, each from a time on, until `end`; unix seconds.

    Returns:
        Those that came, and how their last known quarter hour has changed (see
        `Slots.put`).

    Raises:
        NetrexError: None of them came.
    """
    requests = {
        SeriesRequest(series.node_id, metric, start, end, Granularity.HQ): series
        for series, start in group
        if (metric := BY_KEY[series.metric].metric)
    }
    results = await client.kpi_results(list(requests))
    failed = [err for err in results.values() if isinstance(err, NetrexError)]
    if failed and len(failed) == len(results):
        raise failed[0]
    changes: dict[SeriesKey, float | None] = {}
    for request, result in results.items():
        if not isinstance(result, NetrexError):
            series = requests[request]
            changes[series] = slots.put(series, result, request.start, end)
            # A month of one series takes milliseconds.
            await asyncio.sleep(0)
    return changes
