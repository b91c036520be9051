"""Writing waits until the recorder has stored the rows."""

from collections.abc import Callable
import time

from homeassistant.components.recorder import statistics as recorder_statistics
from homeassistant.core import HomeAssistant
import pytest

from custom_components.netrex.client.days import HOUR
from custom_components.netrex.history import writer
from custom_components.netrex.history.coverage import newest_hour
from custom_components.netrex.history.statistics import NodeStatistics

from .conftest import NOON


def delayed[**P, T](
    function: Callable[P, T], *, before: float = 0, after: float = 0
) -> Callable[P, T]:
    """Return the function with pauses (seconds)."""

    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        time.sleep(before)
        result = function(*args, **kwargs)
        time.sleep(after)
        return result

    return call


async def test_rows_are_stored_after_a_slow_write(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The recorder takes the rows out of its queue before the wait starts.
    add = delayed(recorder_statistics.async_add_external_statistics, after=0.1)
    monkeypatch.setattr(writer, "async_add_external_statistics", add)
    write = delayed(recorder_statistics.import_statistics, before=0.5)
    monkeypatch.setattr(recorder_statistics, "import_statistics", write)

    start = newest_hour(NOON.timestamp()) - HOUR
    written = await NodeStatistics(hass, "portal.example").async_write(
        1, "Shop", {"visitors": {start: 5.0}}
    )
    assert written == 1
