"""Reads hours again on demand: corrections, and hours older than configured."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import batched

from homeassistant.util import dt as dt_util

from ..client import MAX_SERIES_PER_QUERY, Lane, NetrexError
from ..client.days import HOUR
from ..kpi import SeriesKey
from .coverage import newest_hour
from .importer import HistoryImporter
from .plan import Block
from .spans import Spans


@dataclass(slots=True)
class ImportResult:
    """The result of an import.

    Attributes:
        rows: Number of rows written.
        refused: The reason and the end (unix seconds) of the hours that the portal
            refused, by series.
    """

    rows: int = 0
    refused: dict[SeriesKey, tuple[NetrexError, int]] = field(default_factory=dict)


async def async_import(
    history: HistoryImporter, series: Iterable[SeriesKey], start: int
) -> ImportResult:
    """Read series again from the unix time `start`, the newest hours first.

    Raises:
        NetrexError: A query failed. Values read before it have been written.
        NotWrittenError: The recorder did not store the values.
    """
    # Writing would recreate a deleted statistic with only this part.
    await history.async_verify()
    now = dt_util.utcnow().timestamp()
    start = start // HOUR * HOUR
    spans = Spans[SeriesKey]()
    # The start of what was read.
    reached = dict.fromkeys(series, newest_hour(now))
    result = ImportResult()
    while blocks := [
        Block(key, max(start, end - spans.length(key)), end)
        for key, end in reached.items()
        if start < end
    ]:
        for batch in batched(blocks, MAX_SERIES_PER_QUERY, strict=False):
            read = await history.reader.async_read(batch, Lane.COMMAND, now)
            result.rows += read.rows
            for block in batch:
                key = block.series
                if (error := read.refused.get(block)) is None:
                    spans.accepted(key, block.length)
                    reached[key] = block.start
                elif not spans.shorten(key, block.length):
                    result.refused[key] = error, block.end
                    del reached[key]
    return result
