"""Coordinator that publishes the request ledger; makes no requests."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import override

from homeassistant.core import HomeAssistant
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator

from .client import Ledger
from .const import LOGGER
from .kpi.coordinator import KpiCoordinator
from .kpi.refused_places import async_delete_issues, async_update_issues
from .models import NetrexConfigEntry

INTERVAL = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Budget:
    """The account's queries of the last 24 hours, and the KPI readings."""

    used: int
    remaining: int
    next_kpi_refresh: datetime | None
    kpi_until: datetime | None
    kpi_interval: timedelta


class BudgetCoordinator(DataUpdateCoordinator[Budget]):
    """Reads the ledger every minute, and keeps the repair issues up to date."""

    config_entry: NetrexConfigEntry

    def __init__(
        self,
        hass: HomeAssistant,
        entry: NetrexConfigEntry,
        ledger: Ledger,
        kpi: KpiCoordinator,
    ) -> None:
        super().__init__(
            hass,
            LOGGER,
            config_entry=entry,
            name="budget",
            update_interval=INTERVAL,
            always_update=False,
        )
        self._ledger = ledger
        self._kpi = kpi
        entry.async_on_unload(partial(async_delete_issues, hass, entry))

    @override
    async def _async_update_data(self) -> Budget:
        async_update_issues(self.hass, self.config_entry, self._kpi, self._ledger)
        return Budget(
            used=self._ledger.used,
            remaining=self._ledger.remaining,
            next_kpi_refresh=self._kpi.next_refresh,
            kpi_until=self._kpi.known_until,
            kpi_interval=self._kpi.effective_interval,
        )
