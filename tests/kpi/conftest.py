"""The time at which the KPI tests start."""

from datetime import datetime

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest

from simulator import Simulator

NOON = datetime(2026, 11, 20, 12, 5, tzinfo=dt_util.get_time_zone("Europe/Prague"))


@pytest.fixture
async def noon(
    hass: HomeAssistant, cloud: Simulator, freezer: FrozenDateTimeFactory
) -> FrozenDateTimeFactory:
    """Set the time to a Friday noon in Prague, in Home Assistant and in the cloud.

    After all imports: some modules compare the classes of times.
    """
    await hass.config.async_set_time_zone("Europe/Prague")
    freezer.move_to(NOON)
    return freezer
