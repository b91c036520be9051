"""Reading the portal's series of quarter hours."""

import asyncio
from collections.abc import Collection, Mapping

from ..client import Granularity, NetrexClient, NetrexError, SeriesRequest
from .metrics import BY_KEY, SeriesKey
from .quarters import QuarterHours


async def async_read_series(
    client: NetrexClient,
    quarter_hours: QuarterHours,
    starts: Collection[tuple[SeriesKey, int]],
    end: int,
) -> Mapping[SeriesKey, float | None]:
    """Read each series from its start until `end`; unix seconds.

    Returns:
        The series that were answered and the change of their last known quarter hour
        (see `QuarterHours.merge`).

    Raises:
        NetrexError: None of the series was answered.
    """
    requests = {
        SeriesRequest(series.node_id, metric, start, end, Granularity.HQ): series
        for series, start in starts
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
            changes[series] = quarter_hours.merge(series, result, request.start, end)
            # Merging a month of one series takes milliseconds.
            await asyncio.sleep(0)
    return changes
