"""KPI sensors of locations, folders and cameras."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import override

from homeassistant.components.sensor import (
    DOMAIN as SENSOR_DOMAIN,
    SensorDeviceClass,
    SensorEntity,
    SensorStateClass,
)
from homeassistant.const import PERCENTAGE
from homeassistant.core import callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType
from homeassistant.util import dt as dt_util

from ..client.days import Span
from ..devices import async_remove_deselected
from ..entity import NetrexEntity, async_add_per_node, split_unique_id
from ..models import NetrexConfigEntry
from .coordinator import KpiCoordinator
from .metrics import BY_KEY, METRICS, OCCUPANCY, Kind, MetricDescription, needs
from .selection import SENSORS, SensorSelection, sensor_key
from .values import KpiKey, Reading
from .windows import Window

# Yesterday's people in minus people out: the people that the counters missed.
ATTR_DRIFT = "drift_yesterday"
# Windows that grow until a midnight and then start over.
GROWING = frozenset({Window.TODAY, Window.WEEK, Window.MONTH})
# `total` with `last_reset` instead of `total_increasing`: late corrections may lower a
# value, and a decrease of less than 10 percent would hide the reset at midnight.
STATE_CLASSES: Mapping[Kind, SensorStateClass] = {
    Kind.COUNT: SensorStateClass.TOTAL,
    Kind.MONEY: SensorStateClass.TOTAL,
    Kind.RATIO: SensorStateClass.MEASUREMENT,
    Kind.CHANGE: SensorStateClass.MEASUREMENT,
}


@callback
def async_add_kpi_sensors(
    entry: NetrexConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the sensors of each node once its data has been found."""
    kpi, inventory = entry.runtime_data.kpi, entry.runtime_data.inventory
    selection = SensorSelection(entry.options)
    _async_remove_deselected(kpi, entry, selection)

    def having(description: MetricDescription) -> list[int]:
        base = needs(description)
        return [node for node in kpi.nodes if kpi.metrics(node).issuperset(base)]

    def sensors(description: MetricDescription, node_id: int) -> list[KpiSensor]:
        return [
            KpiSensor(kpi, entry, node_id, description, window)
            for window in selection.windows(
                node_id, description, is_camera=node_id in inventory.data.cameras
            )
        ]

    for description in METRICS:
        async_add_per_node(
            entry,
            async_add_entities,
            kpi,
            partial(having, description),
            partial(sensors, description),
        )


@callback
def _async_remove_deselected(
    kpi: KpiCoordinator, entry: NetrexConfigEntry, selection: SensorSelection
) -> None:
    """Remove the entities that the options exclude."""
    async_remove_deselected(kpi.hass, entry, kpi.wants)
    cameras = entry.runtime_data.inventory.data.cameras
    registry = er.async_get(kpi.hass)
    for found in er.async_entries_for_config_entry(registry, entry.entry_id):
        node_id, key = split_unique_id(entry, found.unique_id)
        if found.domain != SENSOR_DOMAIN or node_id is None or key not in SENSORS:
            continue
        description, window = SENSORS[key]
        if not (
            kpi.wants(node_id)
            and kpi.wanted_metrics.issuperset(needs(description))
            and selection.has(
                node_id, description, window, is_camera=node_id in cameras
            )
        ):
            registry.async_remove(found.entity_id)


class KpiSensor(NetrexEntity[KpiCoordinator], SensorEntity):
    """A KPI of a node in a window."""

    def __init__(
        self,
        coordinator: KpiCoordinator,
        entry: NetrexConfigEntry,
        node_id: int,
        description: MetricDescription,
        window: Window,
    ) -> None:
        key = sensor_key(description, window)
        self._key = KpiKey(node_id, description.key, window)
        super().__init__(coordinator, entry, node_id, key, self._key)
        self._attr_translation_key = key
        self._attr_suggested_display_precision = description.precision
        self._attr_state_class = (
            SensorStateClass.MEASUREMENT
            if description is OCCUPANCY
            else STATE_CLASSES[description.kind]
        )
        self._is_money = description.factor != 100 and Kind.MONEY in (  # noqa: PLR2004 - percent
            description.kind,
            description.numerator and BY_KEY[description.numerator].kind,
        )
        if description.factor == 100:  # noqa: PLR2004 - percent
            self._attr_native_unit_of_measurement = PERCENTAGE
        if description.kind is Kind.MONEY:
            self._attr_device_class = SensorDeviceClass.MONETARY
        self._shown: tuple[object, ...] = ()
        self._reading = coordinator.reading(self._key)

    @override
    async def async_added_to_hass(self) -> None:
        """Request the first value without waiting for the next quarter hour."""
        await super().async_added_to_hass()
        self._reading = self.coordinator.reading(self._key)
        self._shown = self._show()
        if self.native_value is None or self.coordinator.lacks_data(self._key):
            # In the background: if the account were reloaded during the reading, an
            # entity that waited for it would not be added in time.
            self.coordinator.config_entry.async_create_background_task(
                self.hass,
                self.coordinator.async_request_refresh(),
                f"{self.entity_id} first value",
            )

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Write the state only if it has changed: there may be thousands of sensors."""
        if (shown := self._show()) != self._shown:
            before, self._shown = self._reading, shown
            self._reading = self.coordinator.reading(self._key)
            self._write_final_value(before)
            self.async_write_ha_state()

    def _write_final_value(self, before: Reading) -> None:
        """Write a finished day, week or month once more before the reset to 0.

        Its last quarter hours are known only after midnight.
        """
        now = self._reading
        if (
            self._key.window in GROWING
            and self._attr_state_class is SensorStateClass.TOTAL
            and before.value is not None
            and before.end < now.start
        ):
            span = Span(before.start, now.start)
            value = self.coordinator.final_value(self._key, span)
            if value is not None and value != before.value:
                self._reading = Reading(value, *span)
                self.async_write_ha_state()
                self._reading = now

    def _show(self) -> tuple[object, ...]:
        drift = (self.extra_state_attributes or {}).get(ATTR_DRIFT)
        reading = self.coordinator.reading(self._key)
        return (
            self.available,
            reading.value,
            reading.start,
            drift,
            self.native_unit_of_measurement,
        )

    @property
    @override
    def available(self) -> bool:
        """Return whether the value is known, or may be read soon."""
        return super().available or self._reading.value is not None

    @property
    @override
    def native_unit_of_measurement(self) -> str | None:
        if self._is_money:
            # The portal does not report its currency.
            return self.coordinator.hass.config.currency
        return super().native_unit_of_measurement

    @property
    @override
    def native_value(self) -> StateType:
        return self._reading.value

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, StateType] | None:
        if self._key.metric != OCCUPANCY.key:
            return None
        return {ATTR_DRIFT: self.coordinator.drift(self._key.node_id)}

    @property
    @override
    def last_reset(self) -> datetime | None:
        if self._attr_state_class is not SensorStateClass.TOTAL:
            return None
        return dt_util.as_local(dt_util.utc_from_timestamp(self._reading.start))
