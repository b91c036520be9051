"""Binary sensors: whether a camera is connected to the portal."""

from typing import override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
)
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .entity import NetrexCameraEntity, async_add_per_node
from .models import NetrexConfigEntry

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: NetrexConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add a connectivity sensor per camera, also for cameras to come."""
    inventory = entry.runtime_data.inventory
    async_add_per_node(
        entry,
        async_add_entities,
        inventory,
        lambda: inventory.data.cameras,
        lambda node_id: [ConnectivitySensor(entry, node_id)],
    )


class ConnectivitySensor(NetrexCameraEntity, BinarySensorEntity):
    """Whether the portal sees the camera."""

    _attr_device_class = BinarySensorDeviceClass.CONNECTIVITY
    _attr_entity_category = EntityCategory.DIAGNOSTIC

    def __init__(self, entry: NetrexConfigEntry, node_id: int) -> None:
        """Attach to camera `node_id`."""
        super().__init__(entry, node_id, "connectivity")

    @property
    @override
    def is_on(self) -> bool | None:
        return self.coordinator.data[self.node_id].is_connected
