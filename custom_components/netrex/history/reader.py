"""Reads blocks of hours from the portal and writes them to the recorder."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ..client import (
    Granularity,
    Lane,
    Metric,
    NetrexClient,
    NetrexError,
    SeriesRequest,
    SeriesValue,
)
from ..client.days import HOUR
from ..item_errors import concerns_item
from ..kpi import BASE
from .coverage import Hours
from .plan import Block
from .state import ImportState
from .statistics import NodeStatistics

METRICS: dict[str, Metric] = {row.key: row.metric for row in BASE if row.metric}


@dataclass(slots=True)
class BatchResult:
    """The results of one query.

    Attributes:
        rows: Number of rows written.
        refused: The refused blocks, with the reasons.
    """

    rows: int = 0
    refused: dict[Block, NetrexError] = field(default_factory=dict)


class BlockReader:
    """Reads and writes blocks, in the background and on demand.

    Args:
        client: Sends the queries.
        statistics: Writes the values.
        state: Is updated when values have been written.
        names: Returns the names of the nodes with KPIs.

    Attributes:
        stopped: Whether the account is unloaded, so the state must not change.
    """

    def __init__(
        self,
        client: NetrexClient,
        statistics: NodeStatistics,
        state: ImportState,
        names: Callable[[], Mapping[int, str]],
    ) -> None:
        self._client = client
        self._statistics = statistics
        self._state = state
        self._names = names
        self.stopped = False

    async def async_read(
        self, batch: Sequence[Block], lane: Lane, now: float
    ) -> BatchResult:
        """Request blocks in one query, write the values and store the coverage.

        Args:
            batch: The blocks, at most one for each series.
            lane: Priority of the query.
            now: The time for which the blocks were planned.

        Raises:
            NetrexError: The error concerns the account. Values that arrived have been
                written.
            NotWrittenError: The recorder did not store the values.
        """
        requests = {
            SeriesRequest(
                block.series.node_id,
                METRICS[block.series.metric],
                block.start,
                block.end,
                Granularity.H,
            ): block
            for block in batch
        }
        corrections = self._statistics.writer.corrections
        before = corrections.copy()
        results = await self._client.kpi_results(list(requests), lane=lane)
        if lane is Lane.COMMAND:
            corrections.update({block.series.node_id for block in batch})
            before = corrections.copy()
        result = BatchResult()
        failed: NetrexError | None = None
        arrived: dict[int, dict[Block, Hours]] = {}
        for request, answer in results.items():
            block = requests[request]
            if not isinstance(answer, NetrexError):
                arrived.setdefault(request.node_id, {})[block] = _hours(answer, block)
            elif concerns_item(answer):
                result.refused[block] = answer
            else:
                failed = answer
        await self._async_write(arrived, before, result, now)
        if failed is not None:
            raise failed
        return result

    async def _async_write(
        self,
        arrived: dict[int, dict[Block, Hours]],
        corrections: Counter[int],
        result: BatchResult,
        now: float,
    ) -> None:
        """Write the values of each node, and store the coverage.

        Raises:
            NotWrittenError: The recorder did not store the values.
        """
        names = self._names()
        for node_id, blocks in arrived.items():
            if corrections[node_id] != self._statistics.writer.corrections[node_id]:
                # The values may be older than those of an import on demand.
                continue
            result.rows += await self._statistics.async_write(
                node_id,
                names.get(node_id, str(node_id)),
                {block.series.metric: hours for block, hours in blocks.items()},
            )
            if not self.stopped:
                for block, hours in blocks.items():
                    self._state.accept(block, hours, int(now))


def _hours(values: Sequence[SeriesValue], block: Block) -> Hours:
    """Return the values of a block's hours.

    A series may cover more time than requested, and the recorder takes only whole hours
    in unix time. An hour without a value remains a gap: it is not a zero and does not
    delete a known value.
    """
    return {
        value.start: value.value
        for value in values
        if value.value is not None
        and value.start % HOUR == 0
        and value.end - value.start == HOUR
        and block.start <= value.start < block.end
    }
