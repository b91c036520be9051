"""Runs a real Home Assistant in this process, with the cloud in another one."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
import gc
from pathlib import Path
import shutil
import sys
import tempfile
import time
from types import MappingProxyType
from typing import Any

from homeassistant.bootstrap import async_setup_hass
from homeassistant.components.http.config import async_get_and_load_store
from homeassistant.config_entries import SOURCE_USER, ConfigEntry
from homeassistant.const import CONF_API_TOKEN, CONF_HOST, CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.runner import RuntimeConfig, create_event_loop
from yarl import URL

from custom_components.netrex.const import DOMAIN
from demo.home_assistant import INTEGRATION, add_stand_ins
from demo.processes import LOOPBACK, DemoError, free_port

ZONE = "Europe/Prague"
CONFIGURATION = """\
homeassistant:
  name: Netrex benchmark
  time_zone: {zone}
  country: CZ
  currency: CZK
http:
  server_host: {host}
  server_port: {port}
logger:
  default: warning
recorder:
"""


@dataclass(slots=True)
class Turns:
    """The time that turns of the event loop took, in seconds.

    A turn is the time between two polls of sockets and timers. `longest` excludes the
    time in which the thread waited for a core, and Python's garbage collections, whose
    duration depends on the number of all objects in the process. `collection` is the
    longest collection, `wall` the longest turn with everything included.
    """

    longest: float = 0.0
    collection: float = 0.0
    wall: float = 0.0
    count: int = 0
    busy: float = 0.0

    def __str__(self) -> str:
        """Return a line of text."""
        return (
            f"event loop blocked for {self.longest * 1000:.0f} ms at most, by Python's"
            f" garbage collector for {self.collection * 1000:.0f} ms (with both and the"
            f" waiting for a core {self.wall * 1000:.0f} ms); busy {self.busy:.1f} s in"
            f" {self.count} turns"
        )


def _own_time() -> float:
    """Return a clock (seconds) that stops while this thread waits for a core."""
    # Documentation/scheduler/sched-stats.rst of Linux: run time, waiting time, slices.
    waited = Path("/proc/thread-self/schedstat").read_text(encoding="ascii").split()[1]
    return time.perf_counter() - int(waited) / 1e9


@contextmanager
def watched() -> Generator[Turns]:
    """Measure the running event loop's turns; needs Linux."""
    selector: Any = asyncio.get_running_loop()._selector  # type: ignore[attr-defined]  # noqa: SLF001 - the only place to stand
    select: Callable[..., Any] = selector.select
    turns = Turns()
    began, began_wall = _own_time(), time.perf_counter()
    collecting = collected = 0.0

    def timed(timeout: float | None = None) -> Any:  # noqa: ANN401 - as the selector's
        nonlocal began, began_wall, collected
        own = _own_time() - began - collected
        turns.longest = max(turns.longest, own)
        turns.wall = max(turns.wall, time.perf_counter() - began_wall)
        turns.busy += own
        turns.count += 1
        events = select(timeout)
        began, began_wall, collected = _own_time(), time.perf_counter(), 0.0
        return events

    def collection(phase: str, _: dict[str, int]) -> None:
        nonlocal collecting, collected
        if phase == "start":
            collecting = _own_time()
        else:
            took = _own_time() - collecting
            collected += took
            turns.collection = max(turns.collection, took)

    selector.select = timed
    gc.callbacks.append(collection)
    try:
        yield turns
    finally:
        gc.callbacks.remove(collection)
        selector.select = select


def run[T](main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on an event loop with Home Assistant's settings."""
    with asyncio.Runner(loop_factory=create_event_loop) as runner:
        return runner.run(main)


@asynccontextmanager
async def open_core() -> AsyncGenerator[HomeAssistant]:
    """Run Home Assistant with a recorder in a temporary folder."""
    folder = Path(tempfile.mkdtemp(prefix="netrex-benchmark-"))
    (folder / "configuration.yaml").write_text(
        CONFIGURATION.format(zone=ZONE, host=LOOPBACK, port=free_port(0)),
        encoding="utf-8",
    )
    (folder / "custom_components").mkdir()
    (folder / "custom_components" / INTEGRATION.name).symlink_to(INTEGRATION)
    add_stand_ins(folder)
    sys.path.insert(0, str(folder))
    try:
        hass = await async_setup_hass(RuntimeConfig(str(folder), skip_pip=True))
        if hass is None or hass.config.recovery_mode:
            raise DemoError("Home Assistant did not start")
        await hass.async_start()
        # An address from YAML is on trial, which ends with a restart unless confirmed.
        await (await async_get_and_load_store(hass)).async_promote_pending()
        yield hass
        await hass.async_stop()
    finally:
        sys.path.remove(str(folder))
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


def make_entry(
    url: str, token: str, root_node_id: int, options: dict[str, Any]
) -> ConfigEntry:
    """Return an account's config entry, as the config flow creates it."""
    host = URL(url).authority
    return ConfigEntry(
        data={CONF_HOST: host, CONF_URL: url, CONF_API_TOKEN: token},
        discovery_keys=MappingProxyType({}),
        domain=DOMAIN,
        minor_version=1,
        options=options,
        source=SOURCE_USER,
        subentries_data=None,
        title="Benchmark",
        unique_id=f"{host}_{root_node_id}",
        version=1,
    )
