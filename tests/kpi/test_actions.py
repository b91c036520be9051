"""The action get_kpi returns the cloud's values in few queries, and the errors."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import (
    config_validation as cv,
    device_registry as dr,
    script,
)
from homeassistant.util.yaml import parse_yaml
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_mock_service,
)
import voluptuous as vol

from custom_components.netrex.client import Granularity
from custom_components.netrex.const import DOMAIN
from custom_components.netrex.devices import node_identifier
from custom_components.netrex.kpi.metrics import BASE, RATIOS, RAW
from simulator import Simulator

from ..test_inventory import remove
from ..waiting import token_checked_twice
from .conftest import NOON
from .test_sensor import shop_id

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples.md"
METRICS = [description.key for description in (*BASE, *RATIOS)]
# On the quarter hour, but not on an hour, day, week or month.
START = NOON - timedelta(days=40, minutes=20)
END = NOON - timedelta(days=2, minutes=5)


pytestmark = pytest.mark.usefixtures("noon")


async def get_kpi(
    hass: HomeAssistant, entry: MockConfigEntry, nodes: object, **data: object
) -> dict[str, Any]:
    """Call the action; by default for visitors by hour."""
    response = await hass.services.async_call(
        DOMAIN,
        "get_kpi",
        {
            "config_entry_id": entry.entry_id,
            "nodes": nodes,
            "metrics": ["visitors"],
            "start": START.isoformat(),
            "end": END.isoformat(),
        }
        | data,
        blocking=True,
        return_response=True,
    )
    assert response
    return dict(response)


@pytest.mark.parametrize("granularity", list(Granularity))
async def test_every_metric_of_every_granularity(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    granularity: Granularity,
) -> None:
    await hass.async_block_till_done(wait_background_tasks=True)
    shop = shop_id(cloud)
    counter = next(c for c in cloud.world.cameras if cloud.kpi.sources(c))
    cloud.queries.clear()
    long = granularity in {Granularity.D, Granularity.W, Granularity.M}
    start = START if long else END - timedelta(days=5, minutes=15)
    response = await get_kpi(
        hass,
        entry,
        [str(shop), str(counter)],
        metrics=METRICS,
        start=start.isoformat(),
        granularity=granularity.lower(),
    )

    assert not response["errors"]
    # 22 series.
    assert len(cloud.queries) == 5
    for node_id in (shop, counter):
        found = response["nodes"][str(node_id)]
        assert found["node_id"] == node_id
        assert found["name"] == next(
            n.name for n in cloud.world.nodes if n.node_id == node_id
        )
        assert list(found["metrics"]) == METRICS
        for description in (*BASE, *RATIOS):
            truth = cloud.kpi.series(
                cloud.kpi.sources(node_id),
                str(description.metric),
                start.timestamp(),
                END.timestamp(),
                granularity,
            )
            rows = found["metrics"][description.key]
            assert [
                (
                    datetime.fromisoformat(row["start"]).timestamp(),
                    datetime.fromisoformat(row["end"]).timestamp(),
                    row["value"],
                )
                for row in rows
            ] == [tuple(point) for point in truth]
            assert rows[0]["start"].endswith(("+01:00", "+02:00"))


async def test_totals_and_raw_metrics(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    span = START.timestamp(), END.timestamp()
    shop = shop_id(cloud)
    response = await get_kpi(hass, entry, shop, metrics=METRICS, granularity="total")
    for description in (*BASE, *RATIOS):
        [row] = response["nodes"][str(shop)]["metrics"][description.key]
        assert row["value"] == cloud.truth(shop, str(description.metric), *span)
        assert datetime.fromisoformat(row["start"]) == START
        assert datetime.fromisoformat(row["end"]) == END

    cameras = [c for c in cloud.world.cameras if cloud.kpi.sources(c)]
    response = await get_kpi(
        hass,
        entry,
        cameras,
        metrics=[description.key for description in RAW],
        granularity="total",
    )
    compared = 0
    for node_id in cameras:
        for description in RAW:
            [row] = response["nodes"][str(node_id)]["metrics"][description.key]
            base = next(b for b in BASE if f"raw_{b.key}" == description.key)
            truth = cloud.truth(node_id, str(base.metric), *span)
            # Stored values are whole numbers.
            assert row["value"] == pytest.approx(truth, abs=0.5)
            compared += truth is not None
    assert compared >= 3


async def test_nodes_by_any_name(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    await hass.async_block_till_done(wait_background_tasks=True)
    node = next(n for n in cloud.world.nodes if n.external_id)
    device = dr.async_get(hass).async_get_device_by_identifier(
        node_identifier(entry, node.node_id), entry.entry_id
    )
    assert device
    names = [str(node.node_id), node.external_id, device.id]
    cloud.queries.clear()
    response = await get_kpi(hass, entry, names)

    assert list(response["nodes"]) == names
    assert {found["node_id"] for found in response["nodes"].values()} == {node.node_id}
    assert len({str(found) for found in response["nodes"].values()}) == 1
    assert len(cloud.queries) == 1


async def test_a_year_of_quarter_hours_until_now(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    shop = shop_id(cloud)
    data = {"start": (NOON - timedelta(days=365)).isoformat(), "granularity": "HQ"}
    response = await hass.services.async_call(
        DOMAIN,
        "get_kpi",
        {"config_entry_id": entry.entry_id, "nodes": shop, "metrics": "people_in"}
        | data,
        blocking=True,
        return_response=True,
    )
    rows: Any = (response or {})["nodes"]
    rows = rows[str(shop)]["metrics"]["people_in"]
    assert len(rows) == 365 * 96 + 1
    assert sum(row["value"] or 0 for row in rows) == pytest.approx(
        cloud.truth(
            shop,
            "peopleCountIn",
            (NOON - timedelta(days=365)).timestamp(),
            NOON.timestamp(),
        )
    )


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ({"nodes": ["4711"]}, "unknown_node"),
        ({"start": (NOON + timedelta(days=1)).isoformat()}, "start_in_future"),
        ({"end": START.isoformat()}, "end_before_start"),
        ({"start": (END - timedelta(days=367)).isoformat()}, "range_too_long"),
        ({"start": "0001-01-01 00:00:00"}, "range_too_long"),
        ({"end": "9999-12-31 23:59:59"}, "range_too_long"),
        (
            {"metrics": METRICS, "granularity": "HQ", "nodes": "every"},
            "request_too_large",
        ),
        ({"metrics": ["raw_visitors"], "granularity": "total"}, "raw_metrics"),
        ({"metrics": ["raw_visitors"], "nodes": "camera"}, "raw_metrics"),
    ],
)
async def test_invalid_input_raises_a_translated_error(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    data: dict[str, Any],
    key: str,
) -> None:
    await hass.async_block_till_done(wait_background_tasks=True)
    cloud.queries.clear()
    presets = {
        "every": [node.node_id for node in cloud.world.nodes],
        "camera": [next(iter(cloud.world.cameras))],
    }
    nodes = data.pop("nodes", [shop_id(cloud)])
    with pytest.raises(ServiceValidationError) as raised:
        await get_kpi(
            hass,
            entry,
            presets.get(nodes, nodes) if isinstance(nodes, str) else nodes,
            **data,
        )
    assert str(raised.value.translation_key).startswith(key)
    assert str(raised.value) != raised.value.translation_key
    assert cloud.queries == []


@pytest.mark.parametrize(
    "data", [{"granularity": "H3"}, {"metrics": ["joy"]}, {"nodes": []}]
)
async def test_the_schema_rejects_invalid_values(
    hass: HomeAssistant, entry: MockConfigEntry, data: dict[str, Any]
) -> None:
    with pytest.raises(vol.Invalid):
        await get_kpi(hass, entry, data.pop("nodes", ["1"]), **data)


@pytest.mark.parametrize("granularity", ["H", "total"])
async def test_errors_are_returned_beside_values(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry, granularity: str
) -> None:
    await hass.async_block_till_done(wait_background_tasks=True)
    shop = str(shop_id(cloud))
    cloud.faults.add("graphql", "half", count=None, match="statisticData")
    metrics = ["people_in", "people_out", "visitors", "transactions"]
    response = await get_kpi(
        hass, entry, shop, metrics=metrics, granularity=granularity
    )

    failed = [error["metric"] for error in response["errors"]]
    assert 0 < len(failed) < len(metrics)
    assert [*response["nodes"][shop]["metrics"]] == [
        metric for metric in metrics if metric not in failed
    ]
    for error in response["errors"]:
        assert error["node"] == shop
        assert "portal" in error["error"]

    # The only series failed.
    with pytest.raises(HomeAssistantError) as raised:
        await get_kpi(hass, entry, shop, granularity=granularity)
    assert raised.value.translation_key == "unusable_answer"

    cloud.faults.clear()
    cloud.faults.add("graphql", "garbage", count=None)
    with pytest.raises(HomeAssistantError) as raised:
        await get_kpi(hass, entry, shop, granularity=granularity)
    assert raised.value.translation_key == "unusable_answer"


async def test_a_metric_without_data_has_no_value(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    silent = next(c for c in cloud.world.cameras if not cloud.kpi.sources(c))
    response = await get_kpi(hass, entry, silent, granularity="total")
    [row] = response["nodes"][str(silent)]["metrics"]["visitors"]
    assert row["value"] is None
    assert not response["errors"]


async def test_a_refused_token_asks_to_sign_in_again(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    await hass.async_block_till_done(wait_background_tasks=True)
    cloud.oauth.revoke_all()
    with pytest.raises(HomeAssistantError) as raised:
        await get_kpi(hass, entry, shop_id(cloud))
    assert raised.value.translation_key == "invalid_auth"
    await token_checked_twice(hass, entry)
    [flow] = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == SOURCE_REAUTH


async def test_the_example_in_the_guide(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    shop = str(shop_id(cloud))
    text = EXAMPLES.read_text("utf-8")
    [example] = [
        block.split("```")[0]
        for block in text.split("```yaml\n")
        if "netrex.get_kpi" in block.split("```")[0]
    ]
    config: Any = parse_yaml(example.replace("63575", shop))
    config["actions"][0]["data"]["config_entry_id"] = entry.entry_id
    notified = async_mock_service(hass, "notify", "mobile_app_phone")
    actions = await script.async_validate_actions_config(
        hass, cv.SCRIPT_SCHEMA(config["actions"])
    )
    await script.Script(hass, actions, "example", "test").async_run(context=Context())
    await hass.async_block_till_done()

    midnight = NOON.replace(hour=0, minute=0)
    visitors = cloud.truth(
        int(shop),
        "peopleCountAverage",
        (midnight - timedelta(days=7)).timestamp(),
        midnight.timestamp(),
    )
    assert visitors
    message: str = notified[0].data["message"]
    assert message.startswith(f"{round(visitors)} visitors last week,")
    assert "%" in message


async def test_a_device_may_outlive_its_node(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    await hass.async_block_till_done(wait_background_tasks=True)
    gone = next(iter(cloud.world.cameras))
    device = dr.async_get(hass).async_get_device_by_identifier(
        node_identifier(entry, gone), entry.entry_id
    )
    assert device
    remove(cloud, gone)
    await entry.runtime_data.inventory.async_refresh()
    await hass.async_block_till_done(wait_background_tasks=True)
    assert gone not in entry.runtime_data.inventory.data

    shop = str(shop_id(cloud))
    response = await get_kpi(hass, entry, [shop, device.id])
    assert response["nodes"][shop]["metrics"]["visitors"]
    assert response["nodes"][device.id]["name"] == str(gone)
    [error] = response["errors"]
    assert error["node"] == device.id
    with pytest.raises(ServiceValidationError) as raised:
        await get_kpi(hass, entry, device.id)
    assert raised.value.translation_key == "not_found"
