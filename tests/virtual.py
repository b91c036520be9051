"""Home Assistant, the cloud, and the account's pacer on one virtual clock.

The sockets between them, the limiter, and the second between two queries are real;
only waiting takes no time. Left out are the bytes of downloads, and the recorder.
"""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from contextlib import ExitStack, contextmanager
import inspect
import logging
from pathlib import Path
import time
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant import loader
from homeassistant.core import HomeAssistant
from homeassistant.helpers import frame
from pytest_homeassistant_custom_component.common import async_test_home_assistant

from custom_components.netrex.client import GatewayClient, Ledger, Pacer
from custom_components.netrex.client.hourly_counts import HourlyCounts
from custom_components.netrex.gateway.snapshots import Snapshots
from custom_components.netrex.item_errors import ItemErrors
from custom_components.netrex.item_queries import ItemQueries
from custom_components.netrex.live.links import LinkBroker
from custom_components.netrex.recordings.download import Downloader
from custom_components.netrex.recordings.partial import PartialFile
from simulator import Simulator, Switches
from simulator.clock import Clock
from simulator.media.recordings import RecordingStore

from .week.loop import WireTimeLoop

# The default clocks, which were looked up before time was frozen.
_UNIX_CLOCKS: tuple[Any, ...] = (Ledger, ItemErrors, ItemQueries, HourlyCounts)
_LOOP_CLOCKS: tuple[Any, ...] = (Snapshots, GatewayClient, LinkBroker)


def run_virtually[T](
    frozen: FrozenDateTimeFactory,
    folder: Path,
    act: Callable[[HomeAssistant, Simulator], Awaitable[T]],
    *,
    scenario: str = "shop",
    switches: Switches | None = None,
) -> T:
    """Run `act` with a new Home Assistant and a new cloud; return its result.

    Args:
        frozen: The frozen time of the process.
        folder: Empty; for the configuration.
        act: The test. Whatever it waits for takes no time.
        scenario: Of the cloud.
        switches: Of the cloud.
    """
    loop = WireTimeLoop()
    # Debug messages about tens of thousands of queries take longer than the queries.
    logging.getLogger().setLevel(logging.WARNING)
    pacers: list[Pacer] = []

    def pacer(ledger: Ledger) -> Pacer:
        pacers.append(Pacer(ledger, clock=loop.time))
        return pacers[-1]

    async def main() -> T:
        clock = Clock(lambda: time.time())  # noqa: PLW0108 - looked up at each call
        async with (
            Simulator(scenario, switches=switches or Switches(), clock=clock) as cloud,
            async_test_home_assistant(config_dir=str(folder)) as hass,
        ):
            hass.data.pop(loader.DATA_CUSTOM_COMPONENTS, None)
            # As Home Assistant does at start; required from 2026.11 on.
            frame.async_setup(hass)
            await hass.config.async_set_time_zone("Europe/Prague")
            try:
                return await act(hass, cloud)
            finally:
                await hass.async_stop(force=True)

    def passed(seconds: float) -> None:
        frozen.tick(seconds)

    loop.follow(passed, lambda: any(_busy(pacers)))
    with (
        _clocks(loop),
        patch("custom_components.netrex.pacing.Pacer", pacer),
        patch.object(Downloader, "fetch", _fetch),
        patch.object(RecordingStore, "_write", _write(loop, folder)),
        patch("homeassistant.config_entries.RELOAD_AFTER_UPDATE_DELAY", 1e9),
        asyncio.Runner(loop_factory=lambda: loop) as runner,
    ):
        return runner.run(main())


def _busy(pacers: list[Pacer]) -> Generator[bool]:
    """Yield whether queries are on their way; time would run into their timeouts."""
    for pacer in pacers:
        yield bool(pacer._running)


@contextmanager
def _clocks(loop: WireTimeLoop) -> Generator[None]:
    """Let all clocks follow the virtual time."""

    def unix_time() -> float:
        return time.time()

    with ExitStack() as stack:
        for cls in (*_UNIX_CLOCKS, *_LOOP_CLOCKS):
            clock = unix_time if cls in _UNIX_CLOCKS else loop.time
            init = cls.__init__
            if init.__kwdefaults__ and "clock" in init.__kwdefaults__:
                stack.enter_context(patch.dict(init.__kwdefaults__, clock=clock))
            else:
                stack.enter_context(
                    patch.object(init, "__defaults__", _with_clock(init, clock))
                )
        yield


def _with_clock(
    init: Callable[..., None], clock: Callable[[], float]
) -> tuple[object, ...]:
    """Return the positional defaults of a class with another clock."""
    defaults = {
        name: parameter.default
        for name, parameter in inspect.signature(init).parameters.items()
        if parameter.kind is not parameter.KEYWORD_ONLY
        and parameter.default is not parameter.empty
    }
    assert "clock" in defaults
    return tuple((defaults | {"clock": clock}).values())


async def _fetch(
    _: Downloader,
    url: str,
    partial: PartialFile,
    seconds: int,
    on_percent: Callable[[int], None],
) -> None:
    partial.write([b"-"])


def _write(loop: WireTimeLoop, folder: Path) -> Callable[..., asyncio.Future[Path]]:
    made = folder / "made.mp4"
    made.write_bytes(b"-")

    def write(_: RecordingStore, *__: object) -> asyncio.Future[Path]:
        future: asyncio.Future[Path] = loop.create_future()
        future.set_result(made)
        return future

    return write
