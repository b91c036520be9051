"""What the action `import_history` says about hours that it did not read."""

from datetime import datetime, timedelta
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.client import NetrexNotFoundError, NetrexPermissionError
from custom_components.netrex.client.days import DAY
from custom_components.netrex.const import DOMAIN
from simulator import Simulator

from .conftest import NOON, Portal
from .few import few_series, set_up
from .test_import import shop_id


@pytest.fixture
def history_options(cloud: Simulator) -> dict[str, Any]:
    """Return the options of the entry: two metrics of the shop."""
    return few_series(cloud)


async def import_history(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    *,
    days: int = 8,
    wants_response: bool = True,
    **data: Any,  # noqa: ANN401 - as the action takes it
) -> Any:  # noqa: ANN401 - a response
    """Call the action; the last five days have been imported before."""
    data.setdefault("start", (NOON - timedelta(days=days)).isoformat())
    return await hass.services.async_call(
        DOMAIN,
        "import_history",
        {"config_entry_id": entry.entry_id, **data},
        blocking=True,
        return_response=wants_response,
    )


async def test_what_was_not_chosen_is_left_out_with_the_reason(
    hass: HomeAssistant, cloud: Simulator, config_entry: MockConfigEntry
) -> None:
    await set_up(hass, config_entry)
    shop = str(shop_id(cloud))
    other = str(next(c for c in cloud.world.cameras if cloud.kpi.sources(c)))
    response = await import_history(
        hass, config_entry, nodes=[shop, other], metrics=["people_in", "conversion"]
    )
    assert response["hours"] > 0
    reasons = {
        (row["node"], row["metric"]): row["reason"] for row in response["left_out"]
    }
    assert reasons.keys() == {
        (shop, "conversion"),
        (other, "people_in"),
        (other, "conversion"),
    }
    assert "metric" in reasons[shop, "conversion"]
    assert "node" in reasons[other, "people_in"]
    assert {row["before"] for row in response["left_out"]} == {None}


async def test_a_refused_series_is_left_out_before_the_refused_hour(
    hass: HomeAssistant,
    cloud: Simulator,
    config_entry: MockConfigEntry,
    portal: Portal,
) -> None:
    await set_up(hass, config_entry)
    oldest = NOON.timestamp() - 2 * DAY
    portal.refuse = lambda request: (
        NetrexNotFoundError("too old")
        if request.metric == "peopleCountOut" and request.start < oldest
        else None
    )
    response = await import_history(hass, config_entry)
    assert response["hours"] > 0
    [row] = response["left_out"]
    assert (row["node"], row["metric"]) == (str(shop_id(cloud)), "people_out")
    before = datetime.fromisoformat(row["before"])
    assert 0 <= before.timestamp() - oldest <= DAY
    # The others were read, so an automation that ignores the response goes on.
    assert await import_history(hass, config_entry, wants_response=False) is None


async def test_the_action_fails_without_a_response_if_everything_is_refused(
    hass: HomeAssistant, config_entry: MockConfigEntry, portal: Portal
) -> None:
    await set_up(hass, config_entry)
    portal.refuse = lambda _: NetrexPermissionError("no")
    response = await import_history(hass, config_entry)
    assert response["hours"] == 0
    assert len(response["left_out"]) == 2
    with pytest.raises(HomeAssistantError) as caught:
        await import_history(hass, config_entry, wants_response=False)
    assert caught.value.translation_key == "nothing_imported"


async def test_an_account_without_any_series_says_so(
    hass: HomeAssistant, cloud: Simulator, config_entry: MockConfigEntry
) -> None:
    await set_up(hass, config_entry)
    silent = str(next(c for c in cloud.world.cameras if not cloud.kpi.sources(c)))
    response = await import_history(hass, config_entry, nodes=[silent])
    [row] = response["left_out"]
    assert (row["node"], row["metric"], row["before"]) == (silent, None, None)
    assert row["reason"]


@pytest.mark.parametrize(
    ("start", "key"),
    [
        ("0001-01-01 00:00:00", "start_too_early"),
        ("1999-01-01 00:00:00", "start_too_early"),
        ("9999-12-31 23:59:59", "start_in_future"),
    ],
)
async def test_a_start_far_away_takes_no_query(
    hass: HomeAssistant,
    cloud: Simulator,
    config_entry: MockConfigEntry,
    start: str,
    key: str,
) -> None:
    await set_up(hass, config_entry)
    del cloud.queries[:]
    with pytest.raises(ServiceValidationError) as caught:
        await import_history(hass, config_entry, start=start)
    assert caught.value.translation_key == key
    assert cloud.queries == []
