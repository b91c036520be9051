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

from .budget import BudgetCoordinator
from .client import LiveTransport
from .entity import NetrexCameraEntity, NetrexEntity, async_add_per_node
from .kpi.place_entities import async_add_place_sensors
from .kpi.sensor import async_add_kpi_sensors
from .models import NetrexConfigEntry, NetrexRuntimeData

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class AccountSensorDescription(SensorEntityDescription):
    """A sensor of the account, updated with the query budget."""

    entity_category: EntityCategory | None = EntityCategory.DIAGNOSTIC
    value_fn: Callable[[NetrexRuntimeData], StateType | datetime]
    available_fn: Callable[[NetrexRuntimeData], bool] = lambda _: True
    # Whether it is also updated when the live view changes.
    follows_live: bool = False


ACCOUNT_SENSORS: tuple[AccountSensorDescription, ...] = (
    AccountSensorDescription(
        key="queries_used",
        translation_key="queries_used",
        # A count over the last 24 hours: it rises and falls.
        state_class=SensorStateClass.MEASUREMENT,
        value_fn=lambda data: data.budget.data.used,
    ),
    AccountSensorDescription(
        key="queries_remaining",
        translation_key="queries_remaining",
        state_class=SensorStateClass.MEASUREMENT,
        value_fn=lambda data: data.budget.data.remaining,
    ),
    AccountSensorDescription(
        key="next_kpi_refresh",
        translation_key="next_kpi_refresh",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_registry_enabled_default=False,
        value_fn=lambda data: data.budget.data.next_kpi_refresh,
    ),
    AccountSensorDescription(
        key="kpi_until",
        translation_key="kpi_until",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_registry_enabled_default=False,
        value_fn=lambda data: data.budget.data.kpi_until,
    ),
    AccountSensorDescription(
        key="kpi_interval",
        translation_key="kpi_interval",
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.MINUTES,
        suggested_display_precision=0,
        value_fn=lambda data: data.budget.data.kpi_interval.total_seconds() / 60,
    ),
    AccountSensorDescription(
        key="live_sessions",
        translation_key="live_sessions",
        state_class=SensorStateClass.MEASUREMENT,
        entity_registry_enabled_default=False,
        value_fn=lambda data: data.live.sessions,
        follows_live=True,
    ),
    AccountSensorDescription(
        key="live_links",
        translation_key="live_links",
        # A count over the last 24 hours: it also falls without a change.
        state_class=SensorStateClass.MEASUREMENT,
        entity_registry_enabled_default=False,
        value_fn=lambda data: data.live.links_taken,
        follows_live=True,
    ),
    AccountSensorDescription(
        key="history_progress",
        translation_key="history_progress",
        native_unit_of_measurement=PERCENTAGE,
        suggested_display_precision=0,
        value_fn=lambda data: (
            data.history.progress.percent if data.history.progress else None
        ),
        available_fn=lambda data: data.history.enabled,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: NetrexConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the account's sensors, and those of nodes as they appear."""
    inventory = entry.runtime_data.inventory
    async_add_entities(
        AccountSensor(entry, description) for description in ACCOUNT_SENSORS
    )
    async_add_per_node(
        entry,
        async_add_entities,
        inventory,
        lambda: inventory.data.cameras,
        lambda node_id: [
            SourceIpSensor(entry, node_id),
            TransportSensor(entry, node_id),
        ],
    )
    async_add_kpi_sensors(entry, async_add_entities)
    async_add_place_sensors(entry, async_add_entities)


class AccountSensor(NetrexEntity[BudgetCoordinator], SensorEntity):
    """A value of the account."""

    entity_description: AccountSensorDescription

    def __init__(
        self, entry: NetrexConfigEntry, description: AccountSensorDescription
    ) -> None:
        super().__init__(entry.runtime_data.budget, entry, None, description.key)
        self.entity_description = description
        self._data = entry.runtime_data

    @override
    async def async_added_to_hass(self) -> None:
        """Subscribe to the budget, and to the live view if needed."""
        await super().async_added_to_hass()
        if self.entity_description.follows_live:
            self.async_on_remove(
                self._data.live.async_add_listener(self.async_write_ha_state)
            )

    @property
    @override
    def available(self) -> bool:
        return super().available and self.entity_description.available_fn(self._data)

    @property
    @override
    def native_value(self) -> StateType | datetime:
        return self.entity_description.value_fn(self._data)


class SourceIpSensor(NetrexCameraEntity, SensorEntity):
    """The IP address from which a camera is connected to the portal."""

    _attr_entity_category = EntityCategory.DIAGNOSTIC
    # Personal data, so users have to enable it.
    _attr_entity_registry_enabled_default = False
    _attr_translation_key = "source_ip"

    def __init__(self, entry: NetrexConfigEntry, node_id: int) -> None:
        super().__init__(entry, node_id, "source_ip")

    @property
    @override
    def native_value(self) -> str | None:
        return self.coordinator.data[self.node_id].source_ip


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
        self.async_on_remove(self._live.async_add_listener(self._async_live_changed))

    @callback
    def _async_live_changed(self) -> None:
        transport = self._live.last_transport(self.node_id)
        if transport is not self._attr_native_value:
            self._attr_native_value = transport
            self.async_write_ha_state()
