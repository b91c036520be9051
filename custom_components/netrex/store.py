"""The persistent data of an account.

There is one file per config entry in Home Assistant's storage folder. Only Home
Assistant's user can read it, because it contains the secret of the relay's addresses.
It contains no secrets of the portal.
"""

from collections.abc import Mapping
from typing import Any, TypedDict, cast, override

from homeassistant.core import CoreState, HomeAssistant, callback
from homeassistant.helpers.storage import Store

from .client import Ledger
from .const import DOMAIN, LOGGER
from .stored_shapes import (
    Shape,
    anything,
    integer_key,
    list_of,
    mapping,
    number,
    record,
    text,
)

STORAGE_VERSION = 1
# A power cut loses at most this much; a shorter delay would wear out flash memory.
SAVE_DELAY_SECONDS = 300
# First save after a start: the queries of each start must count, even in a crash loop.
FIRST_SAVE_DELAY_SECONDS = 15


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
    # By series: the first and last hour in the recorder and the time of the import.
    history: dict[str, list[Any]]
    # Live links per hour.
    links: dict[str, Any]
    relay: RelayData
    # By serial number: a camera's capabilities and when they were read.
    capabilities: dict[str, dict[str, Any]]
    # By node id.
    areas: dict[str, AreaData]


_SECTIONS: Mapping[str, Shape] = {
    "ledger": mapping(anything),
    "schema": mapping(anything),
    "links": mapping(anything),
    "history": mapping(list_of(anything)),
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
    "relay": record(
        {"secret": text, "port": number}, required=frozenset({"secret", "port"})
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
        super().__init__(hass, STORAGE_VERSION, f"{DOMAIN}.{entry_id}", private=True)
        self.data: StoredData = {}
        self.ledger: Ledger | None = None
        self._pending = False

    @override
    async def async_load(self) -> StoredData:
        """Read the file; a missing file counts as empty, as does an unusable section.

        The account works without any section, so an unusable section must not prevent
        its setup.
        """
        loaded: object = await super().async_load()
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

    @callback
    def async_start(self) -> None:
        """Save soon, so that a crash does not lose the queries sent at the start."""
        self._pending = True
        self.async_delay_save(self._data_to_save, FIRST_SAVE_DELAY_SECONDS)

    @callback
    def async_changed(self) -> None:
        """Save within `SAVE_DELAY_SECONDS`.

        Further changes do not postpone a pending save, unlike in the base class. After
        Home Assistant's final write, a save would only outlive it.
        """
        if not self._pending and self.hass.state not in _ENDED:
            self._pending = True
            self.async_delay_save(self._data_to_save, SAVE_DELAY_SECONDS)

    async def async_flush(self) -> None:
        """Save now."""
        await self.async_save(self._data_to_save())

    def _data_to_save(self) -> StoredData:
        self._pending = False
        if self.ledger is not None:
            self.data["ledger"] = self.ledger.as_dict()
        return self.data
