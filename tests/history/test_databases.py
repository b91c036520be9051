"""The recorder's other databases store the same statistics as SQLite."""

from collections.abc import Iterator
from datetime import timedelta

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import get_instance
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.client.days import DAY
from custom_components.netrex.history.coverage import newest_hour
from custom_components.netrex.history.on_demand import async_import
from simulator import Simulator
from simulator.world.model import Column

from .conftest import NOON, ReadBack, settle
from .databases import find, mariadb, postgresql
from .test_import import assert_truth

END = newest_hour(NOON.timestamp())
SERVERS = {
    "postgresql": (postgresql, ("initdb", "postgres")),
    "mysql": (mariadb, ("mariadb-install-db", "mariadbd")),
}


@pytest.fixture(params=SERVERS)
def dialect(request: pytest.FixtureRequest) -> str:
    """Return the dialect of the database."""
    name: str = request.param
    if missing := [command for command in SERVERS[name][1] if find(command) is None]:
        pytest.skip(f"{' and '.join(missing)} of Debian's servers is not installed")
    return name


@pytest.fixture
def recorder_db_url(
    hass_fixture_setup: list[bool], socket_enabled: None, dialect: str
) -> Iterator[str]:
    """Return the URL of a private database."""
    assert not hass_fixture_setup
    with SERVERS[dialect][0]() as url:
        yield url


@pytest.fixture
def history_days() -> int:
    """Return the length of the history."""
    return 3


@pytest.mark.timeout(400)
async def test_hours_are_imported_corrected_and_read_back(
    hass: HomeAssistant,
    cloud: Simulator,
    clock: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    read_back: ReadBack,
    dialect: str,
) -> None:
    await settle(hass, entry)
    assert get_instance(hass).dialect_name == dialect
    start = END - 3 * DAY
    await assert_truth(cloud, entry, read_back, start, END)
    history = entry.runtime_data.history
    result = await async_import(history, history.series(), start)
    assert result.rows == 0

    camera = next(iter(cloud.world.sources))
    cloud.correct(camera, END - DAY, {Column.PEOPLE_IN: 400, Column.PEOPLE_OUT: 2})
    clock.tick(timedelta(days=1, minutes=1))
    await settle(hass, entry)
    await assert_truth(cloud, entry, read_back, start, END + DAY)
