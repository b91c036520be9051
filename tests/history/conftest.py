"""Fixtures of the history tests: a recorder, a clock, and reading back."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
import logging
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import Recorder
from homeassistant.const import CONF_HOST
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util, slugify
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.netrex.client import (
    Granularity,
    Lane,
    NetrexClient,
    NetrexError,
    SeriesRequest,
)
from custom_components.netrex.const import CONF_HISTORY_DAYS
from simulator import Simulator

type Rows = dict[str, list[dict[str, Any]]]
type ReadBack = Callable[[datetime, datetime], Awaitable[Rows]]

PRAGUE = dt_util.get_time_zone("Europe/Prague")
NOON = datetime(2026, 11, 20, 12, 5, tzinfo=PRAGUE)


@pytest.fixture(autouse=True)
def _integration(
    recorder_mock: Recorder, enable_custom_integrations: None, socket_enabled: None
) -> None:
    """Set up the recorder, which has to come before Home Assistant."""
    # The test helpers would log each of a hundred thousand statements.
    logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)


@pytest.fixture(autouse=True)
async def _prague(recorder_mock: Recorder, hass: HomeAssistant) -> None:
    await hass.config.async_set_time_zone("Europe/Prague")


@pytest.fixture
def now() -> datetime:
    """Return the time at which the test starts."""
    return NOON


@pytest.fixture
def history_days() -> int:
    """Return the length of the history; a year would make every test slow."""
    return 5


@pytest.fixture
def history_options() -> dict[str, Any]:
    """Return further options of the entry; test modules override them."""
    return {}


@pytest.fixture
def clock(freezer: FrozenDateTimeFactory, now: datetime) -> FrozenDateTimeFactory:
    """Freeze the time, also in the cloud."""
    freezer.move_to(now)
    return freezer


@pytest.fixture
def config_entry(
    clock: FrozenDateTimeFactory,
    config_entry: MockConfigEntry,
    history_days: int,
    history_options: dict[str, Any],
) -> MockConfigEntry:
    """Return the entry with a limited history."""
    return MockConfigEntry(
        domain=config_entry.domain,
        title=config_entry.title,
        unique_id=config_entry.unique_id,
        data=config_entry.data,
        options={CONF_HISTORY_DAYS: history_days, **history_options},
    )


@pytest.fixture
async def read_back(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator, hass_admin_user: MockUser
) -> ReadBack:
    """Return a function that reads hourly statistics as the frontend does."""

    async def async_read_back(start: datetime, end: datetime) -> Rows:
        # Jumps of the frozen clock invalidate connections and tokens.
        refresh_token = next(iter(hass_admin_user.refresh_tokens.values()))
        access_token = hass.auth.async_create_access_token(refresh_token)
        client = await hass_ws_client(hass, access_token)
        await async_wait_recording_done(hass)
        await client.send_json_auto_id({"type": "recorder/list_statistic_ids"})
        listed = (await client.receive_json())["result"]
        await client.send_json_auto_id(
            {
                "type": "recorder/statistics_during_period",
                "start_time": start.isoformat(),
                "end_time": end.isoformat(),
                "statistic_ids": [
                    row["statistic_id"] for row in listed if row["source"] == "netrex"
                ],
                "period": "hour",
                "types": ["change", "state", "sum", "mean", "min", "max"],
            }
        )
        answer = await client.receive_json()
        assert answer["success"]
        rows: Rows = answer["result"]
        await client.close()
        return rows

    return async_read_back


def statistic_id(entry: MockConfigEntry, node_id: int, key: str) -> str:
    """Return the public id of a statistic."""
    return f"netrex:{slugify(entry.data[CONF_HOST])}_{node_id}_{key}"


def truth(
    cloud: Simulator, node_id: int, metric: str, start: float, end: float
) -> dict[int, float]:
    """Return the true values of the hours [start, end), by their start in ms.

    The cloud has settled hours that are as old as these.
    """
    return {
        point.start * 1000: point.value
        for point in cloud.kpi.series(
            cloud.kpi.sources(node_id), metric, start, end, "H"
        )
        if point.value is not None
    }


async def settle(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Wait until the probe has finished and nothing is due."""
    await hass.async_block_till_done(wait_background_tasks=True)
    entry.runtime_data.history.async_check()
    await hass.async_block_till_done(wait_background_tasks=True)
    await async_wait_recording_done(hass)


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
