"""What the coordinators share: pace by the budget, keep the data through a refusal."""

from abc import abstractmethod
import asyncio
from collections.abc import Coroutine
from datetime import timedelta
import time
from typing import Any, override

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.debounce import Debouncer
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator

from ..client import NetrexClient, NetrexConnectionError, NetrexRateLimitedError
from ..const import LOGGER
from ..errors import update_errors
from ..models import NetrexConfigEntry

# How long the event loop may be kept from others, seconds.
SLICE = 0.01


class NetrexCoordinator[DataT](DataUpdateCoordinator[DataT]):
    """A coordinator that asks the portal.

    When the portal or the ledger refuses a request, the last data stay: they are
    old, not wrong, and the pacer alone decides when to ask again.
    """

    config_entry: NetrexConfigEntry
    # Set by each class.
    name: str
    interval: timedelta

    def __init__(
        self,
        hass: HomeAssistant,
        entry: NetrexConfigEntry,
        client: NetrexClient,
        debouncer: Debouncer[Coroutine[Any, Any, None]] | None = None,
    ) -> None:
        """Tie the coordinator to the account's one door to the cloud."""
        super().__init__(
            hass,
            LOGGER,
            config_entry=entry,
            name=type(self).name,
            update_interval=self.interval,
            request_refresh_debouncer=debouncer,
            always_update=False,
        )
        self.client = client

    @override
    async def _async_update_data(self) -> DataT:
        """Fetch, with errors in Home Assistant's terms."""
        with update_errors():
            try:
                return await self._async_fetch()
            except NetrexRateLimitedError:
                if self.data is None:
                    raise
                return self.data
            except NetrexConnectionError:
                # The account was unloaded under a request: no trouble to tell of.
                if not self._shutdown_requested:
                    raise
                return self.data
            finally:
                self.update_interval = self._next_interval()

    @abstractmethod
    async def _async_fetch(self) -> DataT:
        """Ask the portal; errors are those of the client."""

    def _next_interval(self) -> timedelta:
        """Return the time to the next refresh, longer as the allowance shrinks."""
        return self.interval * self.client.pacer.ledger.stretch


class SlicedCoordinator[DataT](NetrexCoordinator[DataT]):
    """A coordinator whose thousands of entities must not hold up the event loop."""

    _updating: asyncio.Task[None] | None = None

    @callback
    @override
    def async_update_listeners(self) -> None:
        """Tell the entities in slices; what is still under way begins anew."""
        if self._updating is not None:
            self._updating.cancel()
        self._updating = self.config_entry.async_create_task(
            self.hass, self._async_update_listeners(), f"{self.name} listeners"
        )

    async def _async_update_listeners(self) -> None:
        began = time.perf_counter()
        for remove, (update, _) in list(self._listeners.items()):
            if remove in self._listeners:
                update()
            if time.perf_counter() - began > SLICE:
                await asyncio.sleep(0)
                began = time.perf_counter()
