"""Data of an account that survive restarts.

One file per config entry in Home Assistant's storage folder. It is readable only by
Home Assistant's user, because it contains the secret of the relay's addresses; it has
no secret of the portal.
"""

from typing import Any, TypedDict, override

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import Store

from .client import Ledger
from .const import DOMAIN

STORAGE_VERSION = 1
# A power cut loses at most this much; a shorter delay wears out flash memory.
SAVE_DELAY_SECONDS = 300


class RelayData(TypedDict):
    """The persistent parts of the relay's address for other devices."""

    secret: str
    port: int


class StoredData(TypedDict, total=False):
    """Sections of the file; each belongs to the module that writes it."""

    # The queries of the last 24 hours.
    ledger: dict[str, Any]
    # The learned GraphQL schema.
    schema: dict[str, Any]
    # The nodes that have KPIs.
    kpi: dict[str, Any]
    # By series: first and last hour in the recorder, and the time of the import.
    history: dict[str, list[Any]]
    # Live links per hour.
    links: dict[str, Any]
    relay: RelayData
    # By serial number: a camera's capabilities, and when they were read.
    capabilities: dict[str, dict[str, Any]]


class NetrexStore(Store[StoredData]):
    """The stored data of one config entry."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        super().__init__(hass, STORAGE_VERSION, f"{DOMAIN}.{entry_id}", private=True)
        self.data: StoredData = {}
        self.ledger: Ledger | None = None
        self._pending = False

    @override
    async def async_load(self) -> StoredData:
        """Read the file; a missing file counts as empty."""
        self.data = await super().async_load() or {}
        return self.data

    @callback
    def async_changed(self) -> None:
        """Save within `SAVE_DELAY_SECONDS`.

        Further changes do not postpone a pending save, unlike in the base class.
        """
        if not self._pending:
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
