"""The search for nodes with KPIs continues from what is stored."""

from unittest.mock import AsyncMock, Mock

from custom_components.netrex.client import (
    Granularity,
    Node,
    NodeType,
    SeriesRequest,
    SeriesValue,
)
from custom_components.netrex.kpi.probe import KpiProbe

SHOP = Node(node_id=7, name="Brno", type=NodeType.LOCATION, parent_node_id=None)


async def test_metrics_that_are_no_longer_known_are_ignored() -> None:
    store = Mock()
    store.data = {
        "kpi": {"probe": {"metrics": {"7": ["footfall", "sales"], "8": ["footfall"]}}}
    }
    client = Mock()

    async def kpi_series(
        requests: list[SeriesRequest], **_: object
    ) -> dict[SeriesRequest, list[SeriesValue]]:
        assert {request.granularity for request in requests} == {Granularity.D}
        return {request: [SeriesValue(0, 1, 5.0)] for request in requests}

    client.kpi_series = AsyncMock(side_effect=kpi_series)
    probe = KpiProbe(client, store)
    assert probe.nodes == {7}
    async for found in probe.async_probe([SHOP], {"visitors"}, 1):
        assert found == {7}
    assert probe.metrics(7) == {"people_in", "people_out", "visitors", "sales"}
    assert store.data["kpi"]["probe"]["metrics"] == {
        "7": ["people_in", "people_out", "visitors", "sales"]
    }
