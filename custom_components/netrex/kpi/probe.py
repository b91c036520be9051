"""Searches for nodes that have KPI data, using requests of the lowest priority."""

from collections.abc import Callable, Iterable, Mapping, Set as AbstractSet
from typing import Any

from homeassistant.util import dt as dt_util

from ..client import (
    Granularity,
    Lane,
    Metric,
    NetrexClient,
    NetrexError,
    NetrexNoDataError,
    NetrexNotFoundError,
    Node,
    NodeType,
    SeriesRequest,
)
from ..client.days import DAY, not_in_future
from ..item_queries import ItemQueries
from ..store import NetrexStore
from .metrics import BASE, SeriesKey

# All times are in seconds. A week, because a shop may be closed for a few days.
LOOK_BACK = 7 * DAY
# A counter may be installed later, so nodes without data are probed again.
PROBE_INTERVAL = 7 * DAY
CHOSEN_PROBE_INTERVAL = DAY
# Locations first: users look for the figures of their shops.
RANK: Mapping[NodeType, int] = {
    NodeType.LOCATION: 0,
    NodeType.FOLDER: 1,
    NodeType.CAMERA: 2,
}
# The metrics to request, people first, and the keys that have data if a metric has a
# value. Visitors are the mean of people in and out. A shop with sales will also have
# refunds, even if there were none in the last week.
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
# The order in which the keys are stored.
_ORDER = [description.key for description in BASE]
_KEYS = frozenset(_ORDER)


class KpiProbe:
    """Finds the nodes with KPI data. The results are stored and survive a restart.

    Attributes:
        queries: Its queries, with the probes that failed and when each is due again.
    """

    def __init__(self, client: NetrexClient, store: NetrexStore) -> None:
        self._client = client
        self._store = store
        stored: dict[str, Any] = store.data.get("kpi", {}).get("probe", {})
        # The unix time at which each node was last probed, by metric.
        self._probed: dict[str, dict[int, float]] = {
            metric: {int(node_id): moment for node_id, moment in probed.items()}
            for metric, probed in stored.get("asked", {}).items()
        }
        # Another version may have stored other metrics.
        self._metrics: dict[int, frozenset[str]] = {
            int(node_id): known
            for node_id, keys in stored.get("metrics", {}).items()
            if (known := _KEYS.intersection(keys))
        }
        # By node and requested metric.
        self.queries = ItemQueries[SeriesKey](lambda: dt_util.utcnow().timestamp())
        self.queries.refused.restore(stored.get("refused"), SeriesKey.parse)

    @property
    def nodes(self) -> frozenset[int]:
        """The nodes with KPI data."""
        return frozenset(self._metrics)

    def metrics(self, node_id: int) -> frozenset[str]:
        """Return the keys of the base metrics for which a node has data."""
        return self._metrics.get(node_id, frozenset())

    def _due(
        self, nodes: Iterable[Node], wanted: AbstractSet[str], interval: int
    ) -> list[SeriesKey]:
        """Return the probes that are due, most useful first."""
        now = dt_util.utcnow().timestamp()
        for probed in self._probed.values():
            for node_id, moment in probed.items():
                probed[node_id] = not_in_future(moment, now)
        ranked = sorted(
            (node for node in nodes if node.type in RANK),
            key=lambda node: RANK[node.type],
        )
        self.queries.retain(
            {SeriesKey(node.node_id, metric) for node in ranked for metric in PROBES}
        )
        return [
            key
            for metric, keys in PROBES.items()
            if not wanted.isdisjoint(keys)
            for node in ranked
            if keys[0] not in self.metrics(node.node_id)
            and self._probed.get(metric, {}).get(node.node_id, 0) + interval <= now
            and self.queries.refused.is_due(key := SeriesKey(node.node_id, metric))
        ]

    async def async_probe(
        self,
        nodes: Iterable[Node],
        wanted: AbstractSet[str],
        interval: int,
        found: Callable[[], None],
    ) -> None:
        """Send the probes that are due; a probe that fails costs no other.

        Args:
            nodes: The nodes to probe.
            wanted: The keys of the metrics to look for.
            interval: Time until a node without data is probed again (seconds).
            found: Called after each query that found data.

        Raises:
            NetrexError: No query was answered.
        """

        async def query(batch: tuple[SeriesKey, ...]) -> dict[SeriesKey, NetrexError]:
            errors, has_found = await self._async_query(batch)
            if has_found:
                found()
            return errors

        try:
            await self.queries.async_run(self._due(nodes, wanted, interval), query)
        finally:
            self._store.data.setdefault("kpi", {})["probe"] = self._as_dict()
            self._store.async_changed()

    async def _async_query(
        self, batch: tuple[SeriesKey, ...]
    ) -> tuple[dict[SeriesKey, NetrexError], bool]:
        """Send some probes; return the errors, and whether a node has data."""
        now = int(dt_util.utcnow().timestamp())
        requests = {
            SeriesRequest(
                key.node_id, Metric(key.metric), now - LOOK_BACK, now, Granularity.D
            ): key
            for key in batch
        }
        results = await self._client.kpi_results(list(requests), lane=Lane.BACKFILL)
        errors: dict[SeriesKey, NetrexError] = {}
        has_found = False
        for request, result in results.items():
            key = requests[request]
            if isinstance(result, NetrexNoDataError):
                # Without data is what most nodes are: not a failure of the query.
                errors[key] = NetrexNotFoundError(str(result))
            elif isinstance(result, NetrexError):
                errors[key] = result
            else:
                self._probed.setdefault(key.metric, {})[key.node_id] = float(now)
                if any(value.value for value in result):
                    has_found = True
                    self._metrics[key.node_id] = self.metrics(key.node_id).union(
                        PROBES[request.metric]
                    )
        return errors, has_found

    def _as_dict(self) -> dict[str, Any]:
        return {
            "refused": self.queries.refused.as_dict(),
            "asked": {
                metric: {str(node_id): moment for node_id, moment in probed.items()}
                for metric, probed in self._probed.items()
            },
            "metrics": {
                str(node_id): sorted(keys, key=_ORDER.index)
                for node_id, keys in self._metrics.items()
            },
        }
