"""Which nodes have which KPIs: found out once, in the gaps between other requests."""

from collections.abc import AsyncIterator, Iterable, Mapping, Set as AbstractSet
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
from .metrics import BASE

DAY = 24 * 60 * 60
# A shop that was closed for a holiday is not a shop without a counter.
LOOK_BACK = 7 * DAY
# A counter may be installed later, so a node without data is asked again weekly; one
# that somebody has chosen, daily.
PROBE_AGAIN = 7 * DAY
CHOSEN_AGAIN = DAY
# Shops first: theirs are the numbers that people look for.
RANK: Mapping[NodeType, int] = {
    NodeType.LOCATION: 0,
    NodeType.FOLDER: 1,
    NodeType.CAMERA: 2,
}
# What to ask for, people first, and which metrics a number proves. The visitors are
# the mean of in and out; where there are sales, a week without a refund does not mean
# that there never will be one.
PROBES: Mapping[Metric, tuple[str, ...]] = {
    Metric.PEOPLE_COUNT_AVERAGE: ("people_in", "people_out", "visitors"),
    Metric.TRANSACTION_COUNT_POSITIVE: (
        "transactions",
        "refunds",
        "sales",
        "refunds_amount",
    ),
    Metric.PEOPLE_COUNT_PASS_BY: ("pass_by",),
}


class KpiProbe:
    """Knows which nodes have which KPIs, and looks for further ones.

    What it found out is stored, so a restart asks nothing.
    """

    def __init__(self, client: NetrexClient, store: NetrexStore) -> None:
        self._client = client
        self._store = store
        stored: dict[str, Any] = store.data.get("kpi", {}).get("probe", {})
        # When each node was last asked for what (unix seconds), and what it has.
        self._asked: dict[str, dict[int, float]] = {
            metric: {int(node_id): moment for node_id, moment in asked.items()}
            for metric, asked in stored.get("asked", {}).items()
        }
        self._metrics: dict[int, frozenset[str]] = {
            int(node_id): frozenset(keys)
            for node_id, keys in stored.get("metrics", {}).items()
        }

    @property
    def nodes(self) -> frozenset[int]:
        """The nodes with KPIs."""
        return frozenset(self._metrics)

    def metrics(self, node_id: int) -> frozenset[str]:
        """Return the keys of the base metrics that a node has data of."""
        return self._metrics.get(node_id, frozenset())

    def due(
        self, nodes: Iterable[Node], wanted: AbstractSet[str], again: int
    ) -> list[tuple[Node, Metric]]:
        """Return what to ask to find the wanted metrics, the most interesting first."""
        now = dt_util.utcnow().timestamp()
        ranked = sorted(
            (node for node in nodes if node.type in RANK),
            key=lambda node: RANK[node.type],
        )
        return [
            (node, metric)
            for metric, keys in PROBES.items()
            if not wanted.isdisjoint(keys)
            for node in ranked
            if keys[0] not in self.metrics(node.node_id)
            and self._asked.get(metric, {}).get(node.node_id, 0) + again <= now
        ]

    async def async_probe(
        self, nodes: Iterable[Node], wanted: AbstractSet[str], again: int
    ) -> AsyncIterator[set[int]]:
        """Ask what is due; yield the nodes with data, a query at a time.

        Args:
            nodes: Whom to ask.
            wanted: The keys of the metrics that matter.
            again: Seconds until a node without data is asked again.

        Raises NetrexError as the client does; what was learned before is kept.
        """
        due = self.due(nodes, wanted, again)
        for batch in batched(due, MAX_SERIES_PER_QUERY, strict=False):
            now = int(dt_util.utcnow().timestamp())
            answers = await self._client.kpi_series(
                [
                    SeriesRequest(
                        node.node_id, metric, now - LOOK_BACK, now, Granularity.D
                    )
                    for node, metric in batch
                ],
                lane=Lane.BACKFILL,
            )
            found = {
                request
                for request, slots in answers.items()
                if any(slot.value for slot in slots)
            }
            for request in answers:
                asked = self._asked.setdefault(request.metric, {})
                asked[request.node_id] = float(now)
            for request in found:
                self._metrics[request.node_id] = self.metrics(
                    request.node_id
                ) | frozenset(PROBES[request.metric])
            self._store.data.setdefault("kpi", {})["probe"] = self._as_dict()
            self._store.async_changed()
            yield {request.node_id for request in found}

    def _as_dict(self) -> dict[str, Any]:
        order = [description.key for description in BASE]
        return {
            "asked": {
                metric: {str(node_id): moment for node_id, moment in asked.items()}
                for metric, asked in self._asked.items()
            },
            "metrics": {
                str(node_id): sorted(keys, key=order.index)
                for node_id, keys in self._metrics.items()
            },
        }
