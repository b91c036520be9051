"""Numbers: how a camera's picture looks, where a camera access token opens it."""

from collections.abc import Iterable
from typing import override

from homeassistant.components.number import NumberEntity, NumberMode
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .client.camera.parameters import image_setting
from .client.values import as_int
from .entity import NetrexEntity, async_add_per_node
from .gateway import CameraGateway
from .gateway.parameters import ParameterCoordinator
from .models import NetrexConfigEntry

# A camera gets one call at a time anyway.
PARALLEL_UPDATES = 0

# The camera's name of a setting → ours.
KEYS = {
    "Brightness": "brightness",
    "ColorLevel": "color_level",
    "Contrast": "contrast",
    "Sharpness": "sharpness",
}


async def async_setup_entry(
    hass: HomeAssistant,
    entry: NetrexConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add a number per image setting, when a camera turns out to have it."""
    if (gateway := entry.runtime_data.gateway) is None:
        return
    capabilities = gateway.capabilities

    def keys() -> Iterable[tuple[int, str]]:
        for node_id, found in capabilities.data.items():
            for parameter in found.image_settings:
                yield node_id, parameter

    async_add_per_node(
        entry,
        async_add_entities,
        capabilities,
        keys,
        lambda key: [ImageSetting(entry, gateway, *key)],
        node_of=lambda key: key[0],
    )


class ImageSetting(NetrexEntity[ParameterCoordinator], NumberEntity):
    """One of the numbers from 0 to 100 that shape a camera's picture."""

    _attr_entity_category = EntityCategory.CONFIG
    _attr_entity_registry_enabled_default = False
    _attr_mode = NumberMode.SLIDER
    _attr_native_min_value = 0
    _attr_native_max_value = 100
    _attr_native_step = 1

    def __init__(
        self,
        entry: NetrexConfigEntry,
        gateway: CameraGateway,
        node_id: int,
        parameter: str,
    ) -> None:
        """Show a parameter; the first sensor's is meant unless a number follows."""
        sensor, name = image_setting(parameter)
        key = KEYS[name]
        suffix = f"_{sensor + 1}" if sensor else ""
        super().__init__(gateway.parameters(node_id), entry, node_id, f"{key}{suffix}")
        self._attr_translation_key = f"{key}_of_sensor" if sensor else key
        if sensor:
            self._attr_translation_placeholders = {"sensor": str(sensor + 1)}
        self._entry = entry
        self._node_id = node_id
        self._parameter = parameter

    @override
    async def async_added_to_hass(self) -> None:
        """Have the value read now that somebody wants it, and of a new camera."""
        await super().async_added_to_hass()
        inventory = self._entry.runtime_data.inventory
        self.async_on_remove(inventory.async_add_listener(self.coordinator.async_look))
        self.coordinator.async_look()

    @property
    @override
    def available(self) -> bool:
        """Whether the portal sees the camera, and the camera told its settings."""
        return (
            super().available
            and self._entry.runtime_data.status.is_online(self._node_id)
            and self._parameter in (self.coordinator.data or {})
        )

    @property
    @override
    def native_value(self) -> int | None:
        return as_int(self.coordinator.data[self._parameter])

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Write the setting; what the camera then says is shown."""
        await self.coordinator.async_change({self._parameter: value})
