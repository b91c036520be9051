"""Sensors: KPIs, the query budget, the live view and the cameras' connections."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import PERCENTAGE, EntityCategory, UnitOfTime
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType

from .budget import Budget, BudgetCoordinator
from .client import CameraStatus, LiveTransport
from .entity import NetrexCameraEntity, NetrexEntity, async_add_per_node
from .kpi.sensor import async_add_kpi_sensors
from .live import LiveView
from .models import NetrexConfigEntry

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class BudgetSensorDescription(SensorEntityDescription):
    """A sensor of the account's query budget."""

    value_fn: Callable[[Budget], StateType | datetime]


BUDGET_SENSORS: tuple[BudgetSensorDescription, ...] = (
    BudgetSensorDescription(
        key="queries_used",
        translation_key="queries_used",
        # A count over the last 24 hours: it rises and falls.
        state_class=SensorStateClass.MEASUREMENT,
        value_fn=lambda budget: budget.used,
    ),
    BudgetSensorDescription(
        key="queries_remaining",
        translation_key="queries_remaining",
        state_class=SensorStateClass.MEASUREMENT,
        value_fn=lambda budget: budget.remaining,
    ),
    BudgetSensorDescription(
        key="next_kpi_refresh",
        translation_key="next_kpi_refresh",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_registry_enabled_default=False,
        value_fn=lambda budget: budget.next_kpi_refresh,
    ),
    BudgetSensorDescription(
        key="kpi_until",
        translation_key="kpi_until",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_registry_enabled_default=False,
        value_fn=lambda budget: budget.kpi_until,
    ),
    BudgetSensorDescription(
        key="kpi_interval",
        translation_key="kpi_interval",
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.MINUTES,
        suggested_display_precision=0,
        value_fn=lambda budget: budget.kpi_interval.total_seconds() / 60,
    ),
)


@dataclass(frozen=True, kw_only=True)
class LiveSensorDescription(SensorEntityDescription):
    """A sensor of the account's live view."""

    value_fn: Callable[[LiveView], StateType]


LIVE_SENSORS: tuple[LiveSensorDescription, ...] = (
    LiveSensorDescription(
        key="live_sessions",
        translation_key="live_sessions",
        state_class=SensorStateClass.MEASUREMENT,
        entity_registry_enabled_default=False,
        value_fn=lambda live: live.sessions,
    ),
    LiveSensorDescription(
        key="live_links",
        translation_key="live_links",
        state_class=SensorStateClass.MEASUREMENT,
        entity_registry_enabled_default=False,
        value_fn=lambda live: live.links_taken,
    ),
)


@dataclass(frozen=True, kw_only=True)
class CameraSensorDescription(SensorEntityDescription):
    """A sensor of a camera's connection."""

    value_fn: Callable[[CameraStatus], StateType]


CAMERA_SENSORS: tuple[CameraSensorDescription, ...] = (
    CameraSensorDescription(
        key="source_ip",
        translation_key="source_ip",
        # Personal data, so users have to enable it.
        entity_registry_enabled_default=False,
        value_fn=lambda status: status.source_ip,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: NetrexConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the account's sensors, and those of nodes as they appear."""
    data = entry.runtime_data
    async_add_entities(
        BudgetSensor(data.budget, entry, description) for description in BUDGET_SENSORS
    )
    async_add_entities(LiveSensor(entry, description) for description in LIVE_SENSORS)
    async_add_entities([HistorySensor(entry)])
    async_add_per_node(
        entry,
        async_add_entities,
        data.inventory,
        lambda: data.inventory.data.cameras,
        lambda node_id: [
            *(
                CameraSensor(entry, node_id, description)
                for description in CAMERA_SENSORS
            ),
            TransportSensor(entry, node_id),
        ],
    )
    async_add_kpi_sensors(entry, async_add_entities)


class BudgetSensor(NetrexEntity[BudgetCoordinator], SensorEntity):
    """A value of the daily query budget."""

    entity_description: BudgetSensorDescription
    _attr_entity_category = EntityCategory.DIAGNOSTIC

    def __init__(
        self,
        coordinator: BudgetCoordinator,
        entry: NetrexConfigEntry,
        description: BudgetSensorDescription,
    ) -> None:
        super().__init__(coordinator, entry, None, description.key)
        self.entity_description = description

    @property
    @override
    def native_value(self) -> StateType | datetime:
        return self.entity_description.value_fn(self.coordinator.data)


class HistorySensor(NetrexEntity[BudgetCoordinator], SensorEntity):
    """The imported share of the history set in the options; polled with the budget."""

    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _attr_native_unit_of_measurement = PERCENTAGE
    _attr_suggested_display_precision = 0
    _attr_translation_key = "history_progress"

    def __init__(self, entry: NetrexConfigEntry) -> None:
        super().__init__(entry.runtime_data.budget, entry, None, "history_progress")
        self._history = entry.runtime_data.history

    @property
    @override
    def available(self) -> bool:
        """Return whether the import of history is enabled."""
        return super().available and self._history.enabled

    @property
    @override
    def native_value(self) -> StateType:
        progress = self._history.progress
        return progress.percent if progress else None


class LiveSensor(NetrexEntity[BudgetCoordinator], SensorEntity):
    """A value of the live view; polled with the budget, as 24-hour counts age."""

    entity_description: LiveSensorDescription
    _attr_entity_category = EntityCategory.DIAGNOSTIC

    def __init__(
        self, entry: NetrexConfigEntry, description: LiveSensorDescription
    ) -> None:
        super().__init__(entry.runtime_data.budget, entry, None, description.key)
        self.entity_description = description
        self._live = entry.runtime_data.live

    @override
    async def async_added_to_hass(self) -> None:
        """Subscribe to changes of the live view."""
        await super().async_added_to_hass()
        self.async_on_remove(
            self._live.async_add_listener(None, self.async_write_ha_state)
        )

    @property
    @override
    def native_value(self) -> StateType:
        return self.entity_description.value_fn(self._live)


class CameraSensor(NetrexCameraEntity, SensorEntity):
    """A value of the portal's status list for a camera."""

    entity_description: CameraSensorDescription
    _attr_entity_category = EntityCategory.DIAGNOSTIC

    def __init__(
        self,
        entry: NetrexConfigEntry,
        node_id: int,
        description: CameraSensorDescription,
    ) -> None:
        super().__init__(entry, node_id, description.key)
        self.entity_description = description

    @property
    @override
    def native_value(self) -> StateType:
        return self.entity_description.value_fn(self.coordinator.data[self.node_id])


class TransportSensor(NetrexCameraEntity, SensorEntity):
    """The transport of a camera's last live session; unknown before the first."""

    _attr_device_class = SensorDeviceClass.ENUM
    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _attr_entity_registry_enabled_default = False
    _attr_translation_key = "live_transport"

    def __init__(self, entry: NetrexConfigEntry, node_id: int) -> None:
        super().__init__(entry, node_id, "live_transport")
        self._live = entry.runtime_data.live
        self._attr_options = [transport.value for transport in LiveTransport]
        self._attr_native_value = self._live.last_transport(node_id)

    @override
    async def async_added_to_hass(self) -> None:
        """Subscribe to changes of the live view."""
        await super().async_added_to_hass()
        self.async_on_remove(
            self._live.async_add_listener(None, self._async_live_changed)
        )

    @callback
    def _async_live_changed(self) -> None:
        transport = self._live.last_transport(self.node_id)
        if transport is not self._attr_native_value:
            self._attr_native_value = transport
            self.async_write_ha_state()
