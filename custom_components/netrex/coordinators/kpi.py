"""Today's KPIs, read just after each quarter hour has settled."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import override

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.debounce import Debouncer
from homeassistant.util import dt as dt_util

from ..client import (
    Granularity,
    Metric,
    NetrexClient,
    NetrexError,
    SeriesRequest,
    Slot,
)
from ..const import LOGGER
from ..models import NetrexConfigEntry
from .base import NetrexCoordinator
from .inventory import InventoryCoordinator
from .probe import KpiProbe

# The portal stores every metric in quarter hours (API documentation, "Accessing KPI
# metrics").
QUARTER = timedelta(minutes=15)
# From the end of a quarter hour until cameras have delivered it.
SETTLING = timedelta(minutes=2)
# New sensors come by the dozen and ask one by one: seconds to gather them.
GATHERING = 2


@dataclass(frozen=True, slots=True)
class KpiKey:
    """A value somebody wants: the coordinator's context of an enabled sensor."""

    node_id: int
    metric: Metric


@dataclass(frozen=True, slots=True)
class KpiData:
    """Values from `start`, the local midnight, up to `end`, a full quarter hour."""

    start: datetime
    end: datetime
    values: Mapping[KpiKey, float] = field(default_factory=dict)


def settled_day(now: datetime) -> tuple[datetime, datetime]:
    """Return the local midnight and the end of the last settled quarter hour."""
    start = dt_util.start_of_local_day(now)
    settled = (now - SETTLING).timestamp()
    end = dt_util.utc_from_timestamp(settled - settled % QUARTER.total_seconds())
    return start, max(start, end)


def total(slots: tuple[Slot, ...]) -> float | None:
    """Return the sum of a series; None where no slot has a value."""
    values = [slot.value for slot in slots if slot.value is not None]
    return sum(values) if values else None


class KpiCoordinator(NetrexCoordinator[KpiData]):
    """Reads today's series of the sensors that are enabled, and of no others."""

    name = "kpi"
    interval = QUARTER

    def __init__(
        self,
        hass: HomeAssistant,
        entry: NetrexConfigEntry,
        client: NetrexClient,
        inventory: InventoryCoordinator,
        probe: KpiProbe,
    ) -> None:
        """Start without values: they come in the background after set-up."""
        super().__init__(
            hass,
            entry,
            client,
            Debouncer(hass, LOGGER, cooldown=GATHERING, immediate=False),
        )
        self._inventory = inventory
        self._probe = probe
        self._probing = False
        self.data = KpiData(*settled_day(dt_util.now()))
        self.next_refresh: datetime | None = None

    @property
    def nodes(self) -> Collection[int]:
        """The nodes with KPIs, as far as they are found and still there."""
        tree = self._inventory.data.tree
        return [node_id for node_id in self._probe.nodes if tree.node(node_id)]

    @callback
    def async_start_probe(self) -> None:
        """Look for further nodes with KPIs in the background, once at a time."""
        if not self._probing:
            self._probing = True
            self.config_entry.async_create_background_task(
                self.hass, self._async_probe(), f"{self.name} probe"
            )

    async def _async_probe(self) -> None:
        """Show new nodes as they are found; their sensors then ask to be read."""
        try:
            async for found in self._probe.async_probe(
                self._inventory.data.inventory.nodes
            ):
                if found:
                    self.async_update_listeners()
        except NetrexError as err:
            # The next refresh is the next occasion.
            LOGGER.debug("The search for KPIs stopped: %s", err)
        finally:
            self._probing = False

    @override
    async def _async_fetch(self) -> KpiData:
        self.async_start_probe()
        start, end = settled_day(dt_util.now())
        wanted = {key for key in self.async_contexts() if isinstance(key, KpiKey)}
        same_day = self.data.start == start
        # Between two quarter hours only what a new sensor wants is unknown.
        known = dict(self.data.values) if same_day and self.data.end == end else {}
        requests = {
            SeriesRequest(
                key.node_id,
                key.metric,
                int(start.timestamp()),
                int(end.timestamp()),
                Granularity.HQ,
            ): key
            for key in wanted - known.keys()
        }
        answers = (
            await self.client.kpi_series(list(requests))
            if requests and start < end
            else {}
        )
        values = dict(self.data.values) if same_day else {}
        values |= {
            requests[request]: value
            for request, slots in answers.items()
            if (value := total(slots)) is not None
        }
        return KpiData(start, end, values)

    @override
    def _next_interval(self) -> timedelta:
        """Return the time until the next quarter hour has settled."""
        now = dt_util.utcnow()
        step = QUARTER.total_seconds() * max(1, round(self.client.pacer.ledger.stretch))
        settled = (now - SETTLING).timestamp()
        due = settled - settled % step + step + SETTLING.total_seconds()
        self.next_refresh = dt_util.utc_from_timestamp(due)
        return self.next_refresh - now
