"""What an account remembers across restarts.

One file per config entry in Home Assistant's storage folder: the ledger (so that a
restart does not forget the queries of the day), the learned schema, the nodes known
to have KPIs, which hours of theirs the recorder has, the hours' live links, what the
cameras are able to, and where and under which secret the relay serves other machines.
That secret is none of the portal's; still only Home Assistant's own user may read the
file.
"""

from typing import Any, TypedDict, override

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import Store

from .client import Ledger
from .const import DOMAIN

STORAGE_VERSION = 1
# A power cut loses at most this much, in seconds; a shorter time wears flash memory.
SAVE_DELAY = 300


class RelayData(TypedDict):
    """What makes the relay's address for other machines last."""

    secret: str
    port: int


class StoredData(TypedDict, total=False):
    """Sections of the file; each belongs to the module that writes it."""

    ledger: dict[str, Any]
    schema: dict[str, Any]
    kpi: dict[str, Any]
    # By series: first and last hour that the recorder has, and when it was read.
    history: dict[str, list[Any]]
    links: dict[str, Any]
    relay: RelayData
    # By serial number: what a camera is able to, and when it was asked.
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
        """Read the file; a missing one is an empty one."""
        self.data = await super().async_load() or {}
        return self.data

    @callback
    def async_changed(self) -> None:
        """Write within `SAVE_DELAY`.

        A pending write is not put off by further changes, as the base class would.
        """
        if not self._pending:
            self._pending = True
            self.async_delay_save(self._data_to_save, SAVE_DELAY)

    async def async_flush(self) -> None:
        """Write now."""
        await self.async_save(self._data_to_save())

    def _data_to_save(self) -> StoredData:
        self._pending = False
        if self.ledger is not None:
            self.data["ledger"] = self.ledger.as_dict()
        return self.data
