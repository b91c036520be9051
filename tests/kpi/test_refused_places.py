"""Repair issues name refused places and a used-up allowance, and delete themselves."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.client import (
    Lane,
    NetrexConnectionError,
    NetrexError,
    NetrexNotFoundError,
    NetrexPermissionError,
    NetrexResponseError,
)
from custom_components.netrex.const import DOMAIN
from custom_components.netrex.kpi.metrics import SeriesKey
from simulator import Simulator

from .test_sensor import shop_id

pytestmark = pytest.mark.usefixtures("noon")


def issue(
    hass: HomeAssistant, entry: MockConfigEntry, kind: str
) -> ir.IssueEntry | None:
    """Return an issue of the account."""
    return ir.async_get(hass).async_get_issue(DOMAIN, f"{kind}_{entry.entry_id}")


@pytest.mark.parametrize(
    ("error", "count", "is_named"),
    [
        (NetrexPermissionError("no"), 3, True),
        (NetrexNotFoundError("gone"), 3, True),
        (NetrexPermissionError("no"), 2, False),
        # Nothing that a person could change.
        (NetrexResponseError("HTML"), 9, False),
        (NetrexConnectionError("cut"), 9, False),
    ],
)
async def test_a_place_that_remains_refused_is_named_until_it_comes_back(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    error: NetrexError,
    count: int,
    is_named: bool,
) -> None:
    data, shop = entry.runtime_data, shop_id(cloud)
    refused = data.kpi.queries.refused
    keys = [SeriesKey(shop, metric) for metric in ("people_in", "people_out")]
    for key in keys * count:
        refused.failed(key, error)
    await data.budget.async_refresh()
    found = issue(hass, entry, "refused_places")
    assert (found is not None) is is_named
    if found is not None:
        placeholders = found.translation_placeholders or {}
        assert placeholders["count"] == "1"
        assert placeholders["places"] == f"- {data.kpi.tree.node(shop).name}"
    for key in keys:
        refused.succeeded(key)
    await data.budget.async_refresh()
    assert issue(hass, entry, "refused_places") is None


async def test_a_used_up_allowance_is_reported_until_queries_are_permitted(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    data = entry.runtime_data
    ledger, allowance = data.pacer.ledger, data.pacer.ledger.allowance
    assert issue(hass, entry, "allowance") is None
    ledger.allowance = 1
    assert not ledger.permits(Lane.KPI)
    await data.budget.async_refresh()
    found = issue(hass, entry, "allowance")
    assert found is not None
    assert (found.translation_placeholders or {})["allowance"] == "1"
    ledger.allowance = allowance
    await data.budget.async_refresh()
    assert issue(hass, entry, "allowance") is None


async def test_an_unloaded_account_has_no_such_issue(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    entry.runtime_data.pacer.ledger.allowance = 1
    await entry.runtime_data.budget.async_refresh()
    assert issue(hass, entry, "allowance") is not None
    await hass.config_entries.async_unload(entry.entry_id)
    assert issue(hass, entry, "allowance") is None
