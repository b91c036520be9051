"""KPI sensors equal the cloud's truth; budget sensors count queries."""

from datetime import UTC, datetime, timedelta
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.netrex.client import Lane
from custom_components.netrex.kpi.coordinator import KpiCoordinator
from custom_components.netrex.kpi.metrics import METRICS
from custom_components.netrex.kpi.planning import spread
from custom_components.netrex.kpi.selection import CAMERA_DEFAULT
from simulator import Simulator

from ..conftest import SetUp
from ..kpi_options import ALL_SENSORS
from .conftest import NOON

# The sensors of today that are enabled by default, and their metrics.
TODAY = {
    f"{description.key}_today": str(description.metric)
    for description in METRICS
    if description.enabled_default and description.metric
}


@pytest.fixture(autouse=True)
async def _prague(hass: HomeAssistant) -> None:
    await hass.config.async_set_time_zone("Europe/Prague")


async def settle(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Wait until the probe has finished and all series have been read."""
    await hass.async_block_till_done(wait_background_tasks=True)
    await entry.runtime_data.kpi.async_refresh()
    await hass.async_block_till_done(wait_background_tasks=True)


def sensor(
    hass: HomeAssistant, entry: MockConfigEntry, node_id: int | None, key: str
) -> str | None:
    """Return the entity id of a sensor."""
    node = "" if node_id is None else f"_{node_id}"
    return er.async_get(hass).async_get_entity_id(
        "sensor", "netrex", f"{entry.unique_id}{node}_{key}"
    )


def state(
    hass: HomeAssistant, entry: MockConfigEntry, node_id: int | None, key: str
) -> str:
    """Return the state of a sensor."""
    entity_id = sensor(hass, entry, node_id, key)
    assert entity_id
    found = hass.states.get(entity_id)
    assert found
    return found.state


def shop_id(cloud: Simulator) -> int:
    """Return the node id of the shop."""
    return next(n.node_id for n in cloud.world.nodes if n.type == "location")


def numbers(hass: HomeAssistant, entry: MockConfigEntry) -> dict[str, str]:
    """Return the states of all counts of today by entity id."""
    return {
        found.entity_id: shown.state
        for found in er.async_entries_for_config_entry(
            er.async_get(hass), entry.entry_id
        )
        if found.translation_key in TODAY
        and (shown := hass.states.get(found.entity_id))
    }


@pytest.mark.parametrize("entry_options", [ALL_SENSORS])
async def test_kpis_equal_the_truth(
    hass: HomeAssistant,
    cloud: Simulator,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
) -> None:
    await settle(hass, entry)
    midnight = NOON.replace(hour=0, minute=0).timestamp()
    settled = NOON.replace(minute=0).timestamp()

    nodes = entry.runtime_data.kpi.nodes
    assert shop_id(cloud) in nodes
    assert set(nodes) & set(cloud.world.cameras)
    for node_id in nodes:
        for key, metric in TODAY.items():
            truth = cloud.truth(node_id, metric, midnight, settled)
            if truth is None:
                assert sensor(hass, entry, node_id, key) is None
            else:
                shown = state(hass, entry, node_id, key)
                assert float(shown) == pytest.approx(truth)


async def test_only_nodes_with_people_get_sensors(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    await settle(hass, entry)
    counters = {s.node_id for sources in cloud.world.sources.values() for s in sources}
    without = next(c for c in cloud.world.cameras if c not in counters)

    assert sensor(hass, entry, without, "people_in_today") is None
    assert sensor(hass, entry, shop_id(cloud), "people_in_today")


async def test_the_last_reset_is_local_midnight(
    hass: HomeAssistant,
    cloud: Simulator,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
) -> None:
    await settle(hass, entry)
    entity_id = sensor(hass, entry, shop_id(cloud), "visitors_today")
    assert entity_id
    found = hass.states.get(entity_id)
    assert found
    assert found.attributes["state_class"] == "total"
    assert found.attributes["last_reset"] == "2026-11-20T00:00:00+01:00"

    noon.move_to(NOON + timedelta(hours=12))
    await settle(hass, entry)
    found = hass.states.get(entity_id)
    assert found
    assert found.state == "0.0"
    assert found.attributes["last_reset"] == "2026-11-21T00:00:00+01:00"


async def test_a_disabled_sensor_costs_nothing(
    hass: HomeAssistant, cloud: Simulator, set_up: SetUp
) -> None:
    entry = await set_up()
    await settle(hass, entry)
    registry = er.async_get(hass)
    for found in er.async_entries_for_config_entry(registry, entry.entry_id):
        if found.unique_id.endswith(("_today", "_occupancy")):
            registry.async_update_entity(
                found.entity_id, disabled_by=er.RegistryEntryDisabler.USER
            )
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    cloud.queries.clear()
    await settle(hass, entry)

    assert cloud.queries == []


async def test_between_quarter_hours_nothing_is_read_twice(
    hass: HomeAssistant,
    cloud: Simulator,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
) -> None:
    await settle(hass, entry)
    cloud.queries.clear()
    await settle(hass, entry)
    assert cloud.queries == []

    noon.tick(timedelta(minutes=15))
    await settle(hass, entry)
    kpi = entry.runtime_data.kpi
    enabled = {d.key for d in METRICS if d.enabled_default}
    series = sum(
        len(
            kpi.metrics(node_id)
            & (set(CAMERA_DEFAULT) if node_id in cloud.world.cameras else enabled)
        )
        for node_id in kpi.nodes
    )
    queries = [q for q in cloud.queries if q.fields[0].startswith("statistic")]
    assert len(queries) == -(-series // 5)


@pytest.mark.parametrize("scenario", ["shop"])
async def test_the_next_reading_follows_the_quarter_hour(
    noon: FrozenDateTimeFactory, hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    await settle(hass, entry)
    coordinator: KpiCoordinator = entry.runtime_data.kpi

    own = timedelta(seconds=spread(entry.unique_id or ""))
    assert coordinator.next_refresh == NOON.replace(minute=17) + own
    # Home Assistant's timers are up to a second early; nothing would have settled.
    early = timedelta(seconds=1)
    assert coordinator.update_interval == timedelta(minutes=12) + own + early


async def test_a_refusal_does_not_lose_a_number(
    hass: HomeAssistant,
    cloud: Simulator,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
) -> None:
    await settle(hass, entry)
    before = state(hass, entry, shop_id(cloud), "people_in_today")
    cloud.faults.add("graphql", "refuse", count=None)
    noon.tick(timedelta(minutes=15))
    await settle(hass, entry)

    assert state(hass, entry, shop_id(cloud), "people_in_today") == before


async def test_an_incomplete_answer_updates_its_part(
    hass: HomeAssistant,
    cloud: Simulator,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
) -> None:
    await settle(hass, entry)
    before = numbers(hass, entry)
    cloud.faults.add("graphql", "half", count=None, match="granularity:HQ")
    noon.tick(timedelta(minutes=15))
    await settle(hass, entry)
    after = numbers(hass, entry)

    assert after.keys() == before.keys()
    stale = [key for key in after if after[key] == before[key]]
    assert 0 < len(stale) < len(after)


@pytest.mark.parametrize("kind", ["cut", "html", "wrong_types", "garbage"])
async def test_an_outage_makes_sensors_unavailable_until_it_ends(
    hass: HomeAssistant,
    cloud: Simulator,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
    kind: str,
) -> None:
    await settle(hass, entry)
    before = state(hass, entry, shop_id(cloud), "people_in_today")
    cloud.faults.add("graphql", kind, count=None)
    # Up to an hour old, a number is shown; then it would stand still as if fresh.
    for minutes in (15, 30):
        noon.tick(timedelta(minutes=minutes))
        await settle(hass, entry)
        assert state(hass, entry, shop_id(cloud), "people_in_today") == before
    assert "Error fetching kpi data" not in caplog.text
    noon.tick(timedelta(minutes=15))
    for _ in range(2):
        await settle(hass, entry)
    assert state(hass, entry, shop_id(cloud), "people_in_today") == STATE_UNAVAILABLE
    assert caplog.text.count("Error fetching kpi data") == 1

    cloud.faults.clear()
    await settle(hass, entry)
    midnight = NOON.replace(hour=0, minute=0).timestamp()
    settled = (NOON.replace(minute=0) + timedelta(hours=1)).timestamp()
    assert float(state(hass, entry, shop_id(cloud), "people_in_today")) == cloud.truth(
        shop_id(cloud), "peopleCountIn", midnight, settled
    )


async def test_the_budget_counts_the_queries(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    await settle(hass, entry)
    await entry.runtime_data.budget.async_refresh()
    await hass.async_block_till_done()

    queries = len(cloud.queries)
    assert state(hass, entry, None, "queries_used") == str(queries)
    assert state(hass, entry, None, "queries_remaining") == str(8000 - queries)


async def test_the_account_shows_how_recent_the_kpis_are(
    hass: HomeAssistant,
    cloud: Simulator,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
) -> None:
    await settle(hass, entry)
    registry = er.async_get(hass)
    entity_id = sensor(hass, entry, None, "kpi_until")
    assert entity_id
    registry.async_update_entity(entity_id, disabled_by=None)
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass, entry)
    await entry.runtime_data.budget.async_refresh()
    until = dt_util.parse_datetime(state(hass, entry, None, "kpi_until"))
    assert until == NOON.replace(minute=0)
    assert float(state(hass, entry, None, "kpi_interval")) == 15
    # Without a recorder there is no history.
    assert state(hass, entry, None, "history_progress") == STATE_UNAVAILABLE

    # Unanswered queries do not count as known.
    cloud.faults.add("graphql", "cut", count=None, match="granularity:HQ")
    noon.tick(timedelta(minutes=15))
    await settle(hass, entry)
    ledger = entry.runtime_data.pacer.ledger
    for _ in range(ledger.allowance * 9 // 10):
        ledger.record(Lane.KPI)
    await entry.runtime_data.budget.async_refresh()
    assert dt_util.parse_datetime(state(hass, entry, None, "kpi_until")) == until
    assert float(state(hass, entry, None, "kpi_interval")) > 30


async def test_source_ip_is_off_by_default(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    camera = next(iter(cloud.world.cameras.values()))
    entity_id = sensor(hass, entry, camera.node_id, "source_ip")
    assert entity_id
    assert hass.states.get(entity_id) is None

    er.async_get(hass).async_update_entity(entity_id, disabled_by=None)
    with patch("homeassistant.config_entries.RELOAD_AFTER_UPDATE_DELAY", 0):
        await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert state(hass, entry, camera.node_id, "source_ip") == camera.source_ip


async def test_status_is_read_at_its_interval(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    camera = next(iter(cloud.world.cameras.values()))
    entity_id = er.async_get(hass).async_get_entity_id(
        "binary_sensor", "netrex", f"{entry.unique_id}_{camera.node_id}_connectivity"
    )
    assert entity_id
    camera.is_connected = False
    async_fire_time_changed(hass, datetime.now(UTC) + timedelta(seconds=92))
    await hass.async_block_till_done(wait_background_tasks=True)

    found = hass.states.get(entity_id)
    assert found
    assert found.state == "off"
