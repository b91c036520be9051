"""KPI sensors of locations, folders and cameras."""

from datetime import datetime
from typing import override

from homeassistant.components.sensor import SensorEntity, SensorStateClass
from homeassistant.helpers.typing import StateType

from .coordinators import KpiCoordinator, KpiKey
from .entity import NetrexEntity
from .metrics import BASE, MetricDescription
from .models import NetrexConfigEntry


def kpi_sensors(entry: NetrexConfigEntry, node_id: int) -> list[KpiSensor]:
    """Return the sensors of one node."""
    kpi = entry.runtime_data.kpi
    return [KpiSensor(kpi, entry, node_id, metric) for metric in BASE[:3]]


class KpiSensor(NetrexEntity[KpiCoordinator], SensorEntity):
    """A count since the local midnight."""

    # `total` with `last_reset`, not `total_increasing`: late corrections may lower
    # the value, and a fall of under 10 % would hide the reset at midnight.
    _attr_state_class = SensorStateClass.TOTAL

    def __init__(
        self,
        coordinator: KpiCoordinator,
        entry: NetrexConfigEntry,
        node_id: int,
        description: MetricDescription,
    ) -> None:
        """Show `description` of node `node_id`."""
        key = f"{description.key}_today"
        assert description.metric  # noqa: S101 - a base metric has one
        self._key = KpiKey(node_id, description.metric)
        super().__init__(coordinator, entry, node_id, key, self._key)
        self._attr_translation_key = key
        self._attr_suggested_display_precision = description.precision

    @override
    async def async_added_to_hass(self) -> None:
        """Ask for the first value without waiting for the next quarter hour."""
        await super().async_added_to_hass()
        if self.native_value is None:
            await self.coordinator.async_request_refresh()

    @property
    @override
    def native_value(self) -> StateType:
        return self.coordinator.data.values.get(self._key)

    @property
    @override
    def last_reset(self) -> datetime:
        return self.coordinator.data.start
