"""The search for nodes with KPIs continues from what is stored."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from unittest.mock import AsyncMock, Mock

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.netrex.client import (
    Granularity,
    NetrexConnectionError,
    NetrexError,
    NetrexNoDataError,
    NetrexNotFoundError,
    NetrexPermissionError,
    NetrexResponseError,
    Node,
    NodeType,
    SeriesRequest,
    SeriesValue,
)
from custom_components.netrex.client.days import HOUR, QUARTER
from custom_components.netrex.kpi.probe import PROBE_INTERVAL, KpiProbe

SHOP = Node(node_id=7, name="Brno", type=NodeType.LOCATION, parent_node_id=None)


def answering(
    asked: list[int],
    bad: Mapping[int, NetrexError],
    *,
    fails_whole: bool = False,
) -> Mock:
    """Return a client whose nodes have visitors, except for the bad ones.

    Args:
        asked: Receives the nodes of each query.
        bad: The errors of the others.
        fails_whole: An error fails the whole query.
    """

    async def kpi_results(
        requests: list[SeriesRequest], **_: object
    ) -> dict[SeriesRequest, list[SeriesValue] | NetrexError]:
        assert {request.granularity for request in requests} == {Granularity.D}
        nodes = [request.node_id for request in requests]
        asked.extend(nodes)
        for node in nodes:
            if fails_whole and node in bad:
                raise bad[node]
        return {
            request: bad.get(request.node_id) or [SeriesValue(0, 1, 5.0)]
            for request in requests
        }

    client = Mock()
    client.kpi_results = AsyncMock(side_effect=kpi_results)
    return client


async def search(probe: KpiProbe, nodes: Sequence[Node] = (SHOP,)) -> int:
    """Probe nodes for visitors; return how often some were found."""
    found: list[bool] = []
    # As long as a week, as in the product.
    with suppress(NetrexError):
        await probe.async_probe(
            nodes, {"visitors"}, PROBE_INTERVAL, lambda: found.append(True)
        )
    return len(found)


async def test_metrics_that_are_no_longer_known_are_ignored() -> None:
    store = Mock()
    store.data = {
        "kpi": {"probe": {"metrics": {"7": ["footfall", "sales"], "8": ["footfall"]}}}
    }
    probe = KpiProbe(answering([], {}), store)
    assert probe.nodes == {7}
    assert await search(probe) == 1
    assert probe.metrics(7) == {"people_in", "people_out", "visitors", "sales"}
    assert store.data["kpi"]["probe"]["metrics"] == {
        "7": ["people_in", "people_out", "visitors", "sales"]
    }


@pytest.mark.parametrize("position", [0, 4, 11])
@pytest.mark.parametrize("fails_whole", [False, True])
@pytest.mark.parametrize(
    "error",
    [
        NetrexConnectionError("cut"),
        NetrexNoDataError("null"),
        NetrexNotFoundError("gone"),
        NetrexPermissionError("refused"),
        NetrexResponseError("HTML"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_a_node_that_fails_hides_no_other_and_is_asked_seldom(
    freezer: FrozenDateTimeFactory,
    error: NetrexError,
    position: int,
    fails_whole: bool,
) -> None:
    nodes = [replace(SHOP, node_id=number) for number in range(12)]
    bad = {position: error}
    asked: list[int] = []
    store = Mock(data={})
    probe = KpiProbe(answering(asked, bad, fails_whole=fails_whole), store)
    for _ in range(3):
        await search(probe, nodes)
        freezer.tick(QUARTER)
    assert probe.nodes == set(range(12)) - {position}

    # A day after that with a restart each hour, which forgets nothing.
    if isinstance(error, NetrexConnectionError) and not fails_whole:
        # A missing response to one field does not exist.
        return
    asked.clear()
    for hour in range(24):
        if hour and probe.queries.refused.by_reason():
            probe = KpiProbe(answering(asked, bad, fails_whole=fails_whole), store)
        for _ in range(4):
            await search(probe, nodes)
            freezer.tick(QUARTER)
    assert set(asked) == {position}
    assert len(asked) <= 16
    assert sum(probe.queries.refused.by_reason().values()) == 1

    bad.clear()
    freezer.tick(12 * HOUR)
    await search(probe, nodes)
    assert probe.nodes == set(range(12))
    assert not probe.queries.refused.by_reason()
