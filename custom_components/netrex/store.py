"""The persistent data of an account.

There is one file per config entry in Home Assistant's storage folder. Only Home
Assistant's user can read it, because it contains the secret of the relay's addresses.
It contains no secrets of the portal.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypedDict, cast, override

from homeassistant.core import CoreState, Event, HomeAssistant, callback
from homeassistant.helpers.storage import Store
from homeassistant.util.hass_dict import HassKey

from .client import Lane, Ledger
from .const import DOMAIN, LOGGER
from .stored_shapes import (
    Shape,
    anything,
    integer_key,
    iso_day,
    list_of,
    mapping,
    number,
    port,
    record,
    series_key,
    text,
)

STORAGE_VERSION = 1
# A power cut loses at most this much; a shorter delay would wear out flash memory.
SAVE_DELAY_SECONDS = 300
# Delay of the first save after a start, and the interval of looking for bursts.
FIRST_SAVE_DELAY_SECONDS = 15
# As many requests that are not saved are a burst. A ledger that was not closed may lack
# as many, so they are added at the next start.
BURST = 15
# Files of later versions can be read, too: each section is checked by itself.
_ANY_VERSION = 2**31

# The files that were opened since Home Assistant started.
DATA_RUNS: HassKey[set[str]] = HassKey(f"{DOMAIN}_runs")


class RelayData(TypedDict):
    """The persistent parts of the relay's address for other devices."""

    secret: str
    port: int


class AreaData(TypedDict):
    """The area that a device got.

    Attributes:
        area: The area's id; empty if the device got none.
        name: The area's name at that time; empty if the user chose it.
    """

    area: str
    name: str


class StoredData(TypedDict, total=False):
    """Sections of the file; each belongs to the module that writes it."""

    # The queries of the last 24 hours.
    ledger: dict[str, Any]
    # The learned GraphQL schema.
    schema: dict[str, Any]
    # The nodes that have KPIs.
    kpi: dict[str, Any]
    # By series: the hours in the recorder and the time of the import.
    history: dict[str, list[Any]]
    # What the portal refused of the history, and how long its blocks may be.
    history_limits: dict[str, Any]
    # Live links per hour.
    links: dict[str, Any]
    relay: RelayData
    # By serial number: a camera's capabilities and when they were read.
    capabilities: dict[str, dict[str, Any]]
    # The counters that have stopped, and the days on which they had, by node id.
    counting: dict[str, Any]
    # By node id.
    areas: dict[str, AreaData]


_SECTIONS: Mapping[str, Shape] = {
    "ledger": mapping(anything),
    "schema": mapping(anything),
    "links": mapping(anything),
    "history": mapping(list_of(anything), series_key),
    "history_limits": mapping(mapping(anything, series_key)),
    "kpi": record(
        {
            "delay": number,
            "days": mapping(mapping(anything, integer_key)),
            "snapshot": mapping(list_of(anything)),
            "ratios": record({"checked": number, "differences": mapping(number)}),
            "probe": record(
                {
                    "asked": mapping(mapping(number, integer_key)),
                    "metrics": mapping(list_of(text), integer_key),
                }
            ),
        }
    ),
    "counting": record(
        {
            "stopped": mapping(anything, integer_key),
            "days": mapping(list_of(iso_day), integer_key),
        }
    ),
    "relay": record(
        {"secret": text, "port": port}, required=frozenset({"secret", "port"})
    ),
    "areas": mapping(
        record({"area": text, "name": text}, required=frozenset({"area", "name"})),
        integer_key,
    ),
    "capabilities": mapping(record({"asked": number}, required=frozenset({"asked"}))),
}


# In these states Home Assistant saves for the last time, or has done so.
_ENDED = (CoreState.final_write, CoreState.stopped)


class NetrexStore(Store[StoredData]):
    """The stored data of one config entry."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        super().__init__(
            hass,
            STORAGE_VERSION,
            f"{DOMAIN}.{entry_id}",
            private=True,
            max_readable_version=_ANY_VERSION,
        )
        self.data: StoredData = {}
        self.ledger: Ledger | None = None
        self._due: float | None = None
        self._saved = 0

    @override
    async def async_load(self) -> StoredData:
        """Read the file; a missing file counts as empty, as does an unusable section.

        The account works without any section, so an unusable section must not prevent
        its setup.
        """
        loaded: object = None
        try:
            loaded = await super().async_load()
        except (AttributeError, KeyError, TypeError) as err:
            # JSON, but not in the form that Home Assistant writes.
            LOGGER.warning("The stored file cannot be read: %s", type(err).__name__)
        stored = loaded if isinstance(loaded, dict) else {}
        data: dict[str, Any] = {}
        for name, value in stored.items():
            try:
                data[name] = _SECTIONS.get(name, anything)(value)
            except ValueError:
                LOGGER.warning(
                    "The stored section %s cannot be read and is left out", name
                )
        self.data = cast("StoredData", data)
        return self.data

    @override
    async def _async_migrate_func(
        self, old_major_version: int, old_minor_version: int, old_data: Any
    ) -> Any:
        """Keep the data of another version, whose sections are checked on load."""
        return old_data

    async def async_start(self, ledger: Ledger) -> None:
        """Continue the stored ledger.

        A run that ended without `async_close` may have sent more requests than it
        saved. They are added, and saved at once: a crash loop must not forget them.
        """
        stored = self.data.get("ledger", {})
        self.ledger = ledger
        ledger.restore(stored)
        runs = self.hass.data.setdefault(DATA_RUNS, set())
        if stored.get("open") is True and self.key not in runs:
            for _ in range(BURST):
                ledger.record(Lane.COMMAND)
        runs.add(self.key)
        await self.async_save(self._data_to_save())
        self._schedule(FIRST_SAVE_DELAY_SECONDS)

    @callback
    def async_changed(self) -> None:
        """Save within `SAVE_DELAY_SECONDS`.

        Further changes do not postpone a pending save, unlike in the base class.
        """
        self._schedule(SAVE_DELAY_SECONDS)

    async def async_flush(self) -> None:
        """Save now."""
        await self.async_save(self._data_to_save())

    async def async_close(self) -> None:
        """Save for the last time of this run."""
        await self.async_save(self._data_to_save(is_open=False))

    async def async_final_write(self, _event: Event) -> None:
        """Save for the last time before Home Assistant ends."""
        await self.async_close()

    @callback
    def async_check(self, _now: datetime) -> None:
        """Save soon after a burst of requests."""
        if self.ledger is None:
            return
        # Old requests leave the count.
        self._saved = min(self._saved, self.ledger.used)
        if self.ledger.used >= self._saved + BURST:
            self._schedule(0)

    @callback
    def _schedule(self, delay: float) -> None:
        """Save after some seconds, unless an earlier save is pending.

        After Home Assistant's final write, a save would only outlive it.
        """
        due = self.hass.loop.time() + delay
        if self.hass.state in _ENDED or (self._due is not None and self._due <= due):
            return
        self._due = due
        self.async_delay_save(self._data_to_save, delay)

    @callback
    def _data_to_save(self, *, is_open: bool = True) -> StoredData:
        self._due = None
        if self.ledger is not None:
            self._saved = self.ledger.used
            self.data["ledger"] = {**self.ledger.as_dict(), "open": is_open}
        return self.data
