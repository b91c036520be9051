"""What the portal refuses costs only what it is about, and its limits are learned."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
import time

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.client import (
    Granularity,
    Lane,
    NetrexClient,
    NetrexError,
    NetrexNotFoundError,
    NetrexPermissionError,
    NetrexQueryError,
    NetrexResponseError,
    SeriesRequest,
)
from custom_components.netrex.client.days import DAY, HOUR
from custom_components.netrex.const import (
    CONF_HISTORY_DAYS,
    CONF_KPI_METRICS,
    CONF_KPI_NODES,
)
from simulator import Simulator

from .conftest import PRAGUE, ReadBack, settle, statistic_id, truth
from .test_import import series_queries, shop_id

METRICS = {"people_in": "peopleCountIn", "people_out": "peopleCountOut"}


@pytest.fixture
def history_days() -> int:
    """Return the length of the history."""
    return 20


@pytest.fixture
def config_entry(
    cloud: Simulator, config_entry: MockConfigEntry, history_days: int
) -> MockConfigEntry:
    """Return an entry with two metrics of the shop, to be quick."""
    return MockConfigEntry(
        domain=config_entry.domain,
        title=config_entry.title,
        unique_id=config_entry.unique_id,
        data=config_entry.data,
        options={
            CONF_HISTORY_DAYS: history_days,
            CONF_KPI_METRICS: list(METRICS),
            CONF_KPI_NODES: [str(shop_id(cloud))],
        },
    )


async def assert_days(
    cloud: Simulator,
    entry: MockConfigEntry,
    read_back: ReadBack,
    days: float,
    *,
    until: float = 0,
) -> None:
    """Compare the shop's statistics of the last days (until some days ago)."""
    end = int((time.time() - HOUR) // HOUR) * HOUR
    first, last = end - int(days * DAY), end - int(until * DAY)
    rows = await read_back(
        datetime.fromtimestamp(first - 60 * DAY, PRAGUE),
        datetime.fromtimestamp(end + DAY, PRAGUE),
    )
    node_id = shop_id(cloud)
    for key, metric in METRICS.items():
        found = rows[statistic_id(entry, node_id, key)]
        total = 0.0
        for row in found:
            # The rows' sums are those of all rows before.
            total += row["state"]
            assert row["sum"] == pytest.approx(total)
        expected = truth(cloud, node_id, metric, first, last)
        assert expected
        states = {
            row["start"]: row["state"]
            for row in found
            if first * 1000 <= row["start"] < last * 1000
        }
        assert states == pytest.approx(expected)


async def set_up(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Set up the account and wait until nothing is due."""
    entry.add_to_hass(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass, entry)


def percent(entry: MockConfigEntry) -> float:
    """Return the progress of the import."""
    progress = entry.runtime_data.history.progress
    assert progress
    return float(progress.percent)


@pytest.mark.parametrize("answer", ["error", "null"])
@pytest.mark.parametrize(("days", "most"), [(10, 8), (7, 8)])
async def test_a_limit_of_the_range_is_learned(
    hass: HomeAssistant,
    cloud: Simulator,
    config_entry: MockConfigEntry,
    read_back: ReadBack,
    answer: str,
    days: int,
    most: int,
) -> None:
    cloud.switches.set("kpi_max_days", days)
    cloud.switches.set("kpi_range_answer", answer)
    await set_up(hass, config_entry)

    assert percent(config_entry) == 100
    assert config_entry.runtime_data.history.last_error is None
    assert series_queries(cloud) <= most
    await assert_days(cloud, config_entry, read_back, 20)


@pytest.mark.parametrize("answer", ["error", "null"])
async def test_the_end_of_the_portals_hours_is_learned(
    hass: HomeAssistant,
    cloud: Simulator,
    clock: FrozenDateTimeFactory,
    config_entry: MockConfigEntry,
    read_back: ReadBack,
    answer: str,
) -> None:
    cloud.switches.set("kpi_oldest_days", 10)
    cloud.switches.set("kpi_range_answer", answer)
    await set_up(hass, config_entry)

    assert percent(config_entry) == 100
    assert config_entry.runtime_data.history.last_error is None
    queries = series_queries(cloud)
    assert queries <= 20
    await assert_days(cloud, config_entry, read_back, 9)

    # The end is stored: it is not searched again after a restart.
    await hass.config_entries.async_reload(config_entry.entry_id)
    await settle(hass, config_entry)
    assert series_queries(cloud) == queries
    # A week later, the portal has more.
    cloud.switches.set("kpi_oldest_days", 0)
    for _ in range(9):
        clock.tick(timedelta(days=1, minutes=1))
        await settle(hass, config_entry)
    assert percent(config_entry) == 100
    await assert_days(cloud, config_entry, read_back, 20)


type Refuse = Callable[[SeriesRequest], NetrexError | None]


class Portal:
    """Refuses requests for hours, and counts the refused ones by metric."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.refuse: Refuse | None = None
        self.refused: Counter[str] = Counter()
        results = NetrexClient.kpi_results
        portal = self

        async def answer(
            client: NetrexClient,
            requests: Sequence[SeriesRequest],
            *,
            lane: Lane = Lane.KPI,
        ) -> dict[SeriesRequest, object]:
            refused: dict[SeriesRequest, object] = {
                request: error
                for request in requests
                if request.granularity is Granularity.H
                and portal.refuse
                and (error := portal.refuse(request))
            }
            portal.refused.update(request.metric for request in refused)
            rest = [request for request in requests if request not in refused]
            return refused | (await results(client, rest, lane=lane) if rest else {})

        monkeypatch.setattr(NetrexClient, "kpi_results", answer)


@pytest.fixture
def portal(monkeypatch: pytest.MonkeyPatch) -> Portal:
    """Return the portal, which refuses nothing yet."""
    return Portal(monkeypatch)


@pytest.mark.parametrize(
    "error",
    [NetrexPermissionError, NetrexNotFoundError, NetrexQueryError, NetrexResponseError],
)
async def test_one_refused_series_blocks_no_other(
    hass: HomeAssistant,
    cloud: Simulator,
    clock: FrozenDateTimeFactory,
    config_entry: MockConfigEntry,
    read_back: ReadBack,
    portal: Portal,
    error: type[NetrexError],
    caplog: pytest.LogCaptureFixture,
) -> None:
    portal.refuse = lambda request: (
        error("refused") if request.metric == "peopleCountOut" else None
    )
    await set_up(hass, config_entry)
    history = config_entry.runtime_data.history
    assert percent(config_entry) == 50
    assert isinstance(history.last_error, error)
    assert sum(history.state.refused.by_reason().values()) == 1
    assert caplog.text.count("The portal refuses the history of 1 series") == 1
    refused = portal.refused["peopleCountOut"]
    assert refused <= 6

    # The delay survives restarts and grows.
    for _ in range(3):
        await hass.config_entries.async_reload(config_entry.entry_id)
        await settle(hass, config_entry)
    assert portal.refused["peopleCountOut"] == refused
    for _ in range(24):
        clock.tick(timedelta(hours=1))
        await settle(hass, config_entry)
    assert refused + 3 <= portal.refused["peopleCountOut"] <= refused + 6

    portal.refuse = None
    clock.tick(timedelta(hours=12, minutes=1))
    await settle(hass, config_entry)
    clock.tick(timedelta(days=1))
    await settle(hass, config_entry)
    assert percent(config_entry) == 100
    assert config_entry.runtime_data.history.last_error is None
    await assert_days(cloud, config_entry, read_back, 20)
