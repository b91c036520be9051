"""Tools for language models read what is exposed, and nothing else."""

from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.homeassistant.exposed_entities import (
    async_expose_entity,
)
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import llm
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.netrex.client import Metric
from custom_components.netrex.llm import async_get_tools
from simulator import Simulator

from .kpi.conftest import NOON
from .kpi.test_sensor import sensor, settle, shop_id


@pytest.fixture(autouse=True)
async def _noon(
    hass: HomeAssistant, cloud: Simulator, freezer: FrozenDateTimeFactory
) -> None:
    await hass.config.async_set_time_zone("Europe/Prague")
    freezer.move_to(NOON)
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(hass, "llm", {})


async def instance(hass: HomeAssistant) -> llm.APIInstance:
    """Return the API that a conversation agent gets."""
    context = llm.LLMContext("test", Context(), "en", "conversation", None)
    return await llm.async_get_api(hass, llm.LLM_API_ASSIST, context)


async def call(hass: HomeAssistant, tool: str, /, **args: object) -> tuple[Any, bool]:
    """Call a tool as a model does; return the data and whether it is an error."""
    api = await instance(hass)
    result = await api.async_call_tool(llm.ToolInput(f"netrex__{tool}", dict(args)))
    if isinstance(result, llm.ToolResult):
        return result.data, result.error
    return result, False


def expose(hass: HomeAssistant, entry: MockConfigEntry, node_id: int) -> None:
    """Expose a KPI of a node to the assistant."""
    entity_id = sensor(hass, entry, node_id, "visitors_today")
    assert entity_id
    async_expose_entity(hass, "conversation", entity_id, should_expose=True)


async def test_there_are_no_tools_unless_a_kpi_is_exposed(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    await settle(hass, entry)
    names = {tool.name for tool in (await instance(hass)).tools}
    assert not any(name.startswith("netrex") for name in names)
    expose(hass, entry, shop_id(cloud))
    api = await instance(hass)
    tools = {tool.name: tool for tool in api.tools if tool.name.startswith("netrex")}
    assert tools.keys() == {"netrex__find_places", "netrex__kpi"}
    assert "netrex__kpi" in api.api_prompt
    for tool in tools.values():
        assert tool.annotations.read_only
        assert not tool.annotations.destructive
        assert tool.integration == "netrex"
    await hass.config_entries.async_unload(entry.entry_id)
    names = {tool.name for tool in (await instance(hass)).tools}
    assert not any(name.startswith("netrex") for name in names)


async def test_a_model_compares_yesterday(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    await settle(hass, entry)
    shop = shop_id(cloud)
    expose(hass, entry, shop)
    found, error = await call(hass, "find_places", name="brno")
    assert not error
    [place] = found["places"]
    assert "visitors" in place["metrics"]
    found, error = await call(
        hass,
        "kpi",
        places=[place["name"]],
        metrics=["visitors"],
        period="yesterday",
        compare="week",
        start="",
    )
    assert not error
    [row] = found["values"]
    midnight = NOON.replace(hour=0, minute=0).timestamp()
    visitors = str(Metric.PEOPLE_COUNT_AVERAGE)
    truth = cloud.truth(shop, visitors, midnight - 86400, midnight)
    assert row["value"] == pytest.approx(truth)
    assert row["unit"] == "people"
    assert row["change_percent"] is not None
    assert found["start"] == "2026-11-19T00:00:00+01:00"
    found, error = await call(
        hass,
        "kpi",
        places=[place["id"]],
        metrics=["visitors", "conversion"],
        start="2026-11-19",
        end="2026-11-20",
    )
    assert not error
    assert found["values"][0]["value"] == pytest.approx(truth)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({"places": ["Atlantis"], "metrics": ["visitors"]}, "expose"),
        ({"places": ["Brno, Česká"], "metrics": ["steps"]}, "must be one of"),
        ({"places": ["Brno, Česká"], "metrics": ["visitors"], "start": "soon"}, "date"),
        (
            {"places": ["Brno, Česká"], "metrics": ["visitors"], "start": "2024-01-01"},
            "year",
        ),
        (
            {"places": ["Brno, Česká"], "metrics": ["visitors"], "start": "0001-01-01"},
            "year",
        ),
        ({"places": ["Brno, Česká"] * 50, "metrics": ["visitors"]}, "fewer"),
        (
            {"places": ["Brno, Česká"], "metrics": ["visitors"], "start": "2027-01-01"},
            "no data",
        ),
    ],
)
async def test_a_model_can_act_on_errors(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    args: dict[str, object],
    words: str,
) -> None:
    await settle(hass, entry)
    expose(hass, entry, shop_id(cloud))
    found, error = await call(hass, "kpi", **args)
    assert error
    assert words in found["error"]


async def test_a_place_that_is_not_exposed_is_not_told(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    await settle(hass, entry)
    expose(hass, entry, shop_id(cloud))
    other = next(
        node for node in entry.runtime_data.kpi.nodes if node != shop_id(cloud)
    )
    found, error = await call(hass, "kpi", places=[str(other)], metrics=["visitors"])
    assert error
    assert "expose" in found["error"]


async def test_a_user_reads_only_what_is_permitted(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    hass_read_only_user: MockUser,
) -> None:
    await settle(hass, entry)
    expose(hass, entry, shop_id(cloud))
    hass_read_only_user.mock_policy({"entities": {"entity_ids": {"light.x": True}}})
    context = llm.LLMContext(
        "test", Context(user_id=hass_read_only_user.id), "en", "conversation", None
    )
    api = await llm.async_get_api(hass, llm.LLM_API_ASSIST, context)
    found = await api.async_call_tool(llm.ToolInput("netrex__find_places", {}))
    assert isinstance(found, llm.ToolResult)
    assert found.data == {"places": []}
    asked = {"places": [str(shop_id(cloud))], "metrics": ["visitors"]}
    result = await api.async_call_tool(llm.ToolInput("netrex__kpi", asked))
    assert isinstance(result, llm.ToolResult)
    assert result.error


async def test_without_an_assistant_nothing_is_exposed(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    await settle(hass, entry)
    expose(hass, entry, shop_id(cloud))
    for assistant, has_tools in (("conversation", True), ("", False)):
        context = llm.LLMContext("test", Context(), "en", assistant, None)
        tools = async_get_tools(hass, context, llm.LLM_API_ASSIST)
        assert (tools is not None) is has_tools


async def test_a_model_learns_units_and_what_could_not_be_read(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    await settle(hass, entry)
    shop = shop_id(cloud)
    expose(hass, entry, shop)
    cloud.faults.add("graphql", "half", count=None, match="statisticData")
    metrics = ["people_in", "visitors", "transactions", "sales", "conversion"]
    found, error = await call(
        hass,
        "kpi",
        places=[str(shop)],
        metrics=metrics,
        start="2026-09-01",
        end="2026-09-02",
    )
    assert not error
    assert {row["metric"]: row["unit"] for row in found["values"]} == {
        "people_in": "people",
        "visitors": "people",
        "transactions": "transactions",
        "sales": hass.config.currency,
        "conversion": "%",
    }
    failed = [row for row in found["values"] if "error" in row]
    assert 0 < len(failed) < len(metrics)
    for row in failed:
        assert row["value"] is None
        assert "portal" in row["error"]


async def test_a_model_is_told_that_a_name_is_ambiguous(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    await settle(hass, entry)
    expose(hass, entry, shop_id(cloud))
    for node in cloud.world.nodes[-2:]:
        node.external_id = "twin"
    await entry.runtime_data.inventory.async_refresh()
    found, error = await call(hass, "kpi", places=["twin"], metrics=["visitors"])
    assert error
    assert "twin" in found["error"]
    for node in cloud.world.nodes[-2:]:
        assert str(node.node_id) in found["error"]
