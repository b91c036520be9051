"""Which nodes have KPIs: found out once, in the gaps between other requests."""

from collections.abc import AsyncIterator, Iterable, Mapping
from itertools import batched
from typing import Any

from homeassistant.util import dt as dt_util

from ..client import (
    MAX_SERIES_PER_QUERY,
    Granularity,
    Lane,
    Metric,
    NetrexClient,
    Node,
    NodeType,
    SeriesRequest,
)
from ..store import NetrexStore

DAY = 24 * 60 * 60
# A shop that was closed for a holiday is not a shop without a counter.
LOOK_BACK = 7 * DAY
# A counter may be installed later, so a node without data is asked again weekly.
PROBE_AGAIN = 7 * DAY
# Shops first: theirs are the numbers that people look for.
RANK: Mapping[NodeType, int] = {
    NodeType.LOCATION: 0,
    NodeType.FOLDER: 1,
    NodeType.CAMERA: 2,
}


class KpiProbe:
    """Knows the nodes with people counts, and looks for further ones.

    What it found out is stored, so a restart asks nothing.
    """

    def __init__(self, client: NetrexClient, store: NetrexStore) -> None:
        """Take up what an earlier run found."""
        self._client = client
        self._store = store
        stored: dict[str, Any] = store.data.get("kpi", {})
        # When each node was last asked (unix seconds), and the last sign of data.
        self._asked: dict[int, float] = {
            int(node_id): asked for node_id, asked in stored.get("asked", {}).items()
        }
        self.nodes: frozenset[int] = frozenset(stored.get("nodes", ()))

    def due(self, nodes: Iterable[Node]) -> list[Node]:
        """Return the nodes to ask, the most interesting first."""
        now = dt_util.utcnow().timestamp()
        return sorted(
            (
                node
                for node in nodes
                if node.type in RANK
                and node.node_id not in self.nodes
                and self._asked.get(node.node_id, 0) + PROBE_AGAIN <= now
            ),
            key=lambda node: RANK[node.type],
        )

    async def async_probe(self, nodes: Iterable[Node]) -> AsyncIterator[set[int]]:
        """Ask the nodes that are due; yield those with data, a query at a time.

        Raises NetrexError as the client does; what was learned before is kept.
        """
        for batch in batched(self.due(nodes), MAX_SERIES_PER_QUERY, strict=False):
            now = int(dt_util.utcnow().timestamp())
            answers = await self._client.kpi_series(
                [
                    SeriesRequest(
                        node.node_id,
                        Metric.PEOPLE_COUNT_AVERAGE,
                        now - LOOK_BACK,
                        now,
                        Granularity.D,
                    )
                    for node in batch
                ],
                lane=Lane.BACKFILL,
            )
            found = {
                request.node_id
                for request, slots in answers.items()
                if any(slot.value for slot in slots)
            }
            self._asked |= dict.fromkeys(
                (request.node_id for request in answers), float(now)
            )
            self.nodes |= found
            self._store.data["kpi"] = {
                "asked": {str(key): value for key, value in self._asked.items()},
                "nodes": sorted(self.nodes),
            }
            self._store.async_changed()
            yield found
