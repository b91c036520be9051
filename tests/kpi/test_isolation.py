"""One refused place changes nothing elsewhere; a clock once ahead freezes nothing."""

from datetime import timedelta

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.client import (
    NetrexClient,
    NetrexPermissionError,
    SeriesRequest,
)
from simulator import Simulator

from ..kpi_options import ALL_SENSORS
from .conftest import NOON
from .test_restart import today
from .test_sensor import TODAY, numbers, settle, shop_id, state

pytestmark = pytest.mark.usefixtures("noon")


async def test_a_refused_place_is_asked_seldom_and_changes_no_other(
    hass: HomeAssistant,
    cloud: Simulator,
    freezer: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await settle(hass, entry)
    kpi, shop = entry.runtime_data.kpi, shop_id(cloud)
    refused = next(node for node in kpi.nodes if node != shop)
    others = set(numbers(hass, entry))
    asked = 0
    results = NetrexClient.kpi_results

    async def refuse(
        self: NetrexClient, requests: list[SeriesRequest], **lane: object
    ) -> dict[SeriesRequest, object]:
        nonlocal asked
        found: dict[SeriesRequest, object] = {
            request: NetrexPermissionError("no right")
            for request in requests
            if request.node_id == refused
        }
        asked += bool(found)
        rest = [request for request in requests if request not in found]
        return found | (await results(self, rest) if rest else {})

    with monkeypatch.context() as patched:
        patched.setattr(NetrexClient, "kpi_results", refuse)
        for quarter in range(1, 13):
            freezer.tick(timedelta(minutes=15))
            for _ in range(4):
                await settle(hass, entry)
                assert kpi.last_update_success
            assert float(state(hass, entry, shop, "people_in_today")) == today(
                cloud, 15 * quarter
            )
        assert set(kpi.queries.refused.by_reason()) == {"no_permission"}
        assert set(numbers(hass, entry)) == others
    # Three hours with delays of a quarter hour, one, and two hours.
    assert asked <= 4

    freezer.tick(timedelta(hours=4))
    await settle(hass, entry)
    assert not kpi.queries.refused.by_reason()


# The sensors of today show whether a node's numbers are right.
@pytest.mark.parametrize("entry_options", [ALL_SENSORS])
@pytest.mark.parametrize(
    ("kind", "value"),
    [
        # Other kinds of responses: tests/faults.
        ("cut", None),
        ("html", None),
        ("status", 401),
        ("status", 403),
    ],
)
async def test_queries_that_fail_because_of_one_camera_hide_no_other(
    hass: HomeAssistant,
    cloud: Simulator,
    freezer: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    kind: str,
    value: int | None,
) -> None:
    await settle(hass, entry)
    kpi, shop = entry.runtime_data.kpi, shop_id(cloud)
    # The first node of the first query, so that everything would come after it.
    bad = min(node for node in kpi.nodes if node != shop)
    midnight = NOON.replace(hour=0, minute=0).timestamp()

    def assert_true(node_id: int) -> None:
        for key, metric in TODAY.items():
            truth = cloud.truth(node_id, metric, midnight, kpi.data.end)
            if truth is not None:
                shown = float(state(hass, entry, node_id, key))
                assert shown == pytest.approx(truth), (node_id, key)

    cloud.faults.add("graphql", kind, value, count=None, match=f"node_id:{bad},")
    for _ in range(8):
        freezer.tick(timedelta(minutes=15))
        # The reading and its repetitions.
        for _ in range(4):
            await settle(hass, entry)
        for node_id in set(kpi.nodes) - {bad}:
            assert_true(node_id)
    assert not list(entry.async_get_active_flows(hass, {"reauth"}))

    cloud.faults.clear()
    freezer.tick(timedelta(hours=5))
    await settle(hass, entry)
    assert not kpi.queries.refused.by_reason()
    assert_true(bad)


@pytest.mark.parametrize("ahead", [timedelta(hours=2), timedelta(days=5)])
async def test_a_clock_once_ahead_freezes_no_number(
    hass: HomeAssistant,
    cloud: Simulator,
    freezer: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    ahead: timedelta,
) -> None:
    await settle(hass, entry)
    freezer.move_to(NOON + ahead)
    await settle(hass, entry)
    freezer.move_to(NOON + timedelta(minutes=15))
    await settle(hass, entry)
    assert float(state(hass, entry, shop_id(cloud), "people_in_today")) == today(
        cloud, 15
    )
