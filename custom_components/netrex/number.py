"""Numbers: limits of places, and image settings of cameras with an access token."""

from collections.abc import Iterator
from typing import NamedTuple, override

from homeassistant.components.number import NumberEntity, NumberMode
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .client.camera.parameters import image_setting
from .client.values import as_int
from .entity import async_add_per_node
from .gateway import CameraGateway
from .gateway.entity import GatewayEntity
from .gateway.parameters import ParameterCoordinator
from .kpi.place_entities import async_add_place_numbers
from .models import NetrexConfigEntry

# The gateway client already limits each camera to one call at a time.
PARALLEL_UPDATES = 0

# The camera's name of a setting → translation key.
KEYS = {
    "Brightness": "brightness",
    "ColorLevel": "color_level",
    "Contrast": "contrast",
    "Sharpness": "sharpness",
}


class SettingKey(NamedTuple):
    """Identifies an image setting."""

    node_id: int
    parameter: str


async def async_setup_entry(
    hass: HomeAssistant,
    entry: NetrexConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the numbers of places, and one for each image setting, as they are found."""
    async_add_place_numbers(entry, async_add_entities)
    if (gateway := entry.runtime_data.gateway) is None:
        return
    capabilities = gateway.capabilities

    def keys() -> Iterator[SettingKey]:
        for node_id, found in capabilities.data.items():
            for parameter in found.image_settings:
                yield SettingKey(node_id, parameter)

    async_add_per_node(
        entry,
        async_add_entities,
        capabilities,
        keys,
        lambda key: [ImageSetting(entry, gateway, key)],
    )


class ImageSetting(GatewayEntity[ParameterCoordinator], NumberEntity):
    """An image setting of a camera."""

    _attr_entity_category = EntityCategory.CONFIG
    _attr_entity_registry_enabled_default = False
    _attr_mode = NumberMode.SLIDER
    _attr_native_min_value = 0
    _attr_native_max_value = 100
    _attr_native_step = 1

    def __init__(
        self, entry: NetrexConfigEntry, gateway: CameraGateway, key: SettingKey
    ) -> None:
        """Show a parameter; only keys of further image sensors contain a number."""
        sensor, name = image_setting(key.parameter)
        translation_key = KEYS[name]
        super().__init__(
            gateway.parameters(key.node_id),
            entry,
            key.node_id,
            f"{translation_key}_{sensor + 1}" if sensor else translation_key,
        )
        self._attr_translation_key = translation_key
        if sensor:
            self._attr_translation_key = f"{translation_key}_of_sensor"
            self._attr_translation_placeholders = {"sensor": str(sensor + 1)}
        self._parameter = key.parameter

    @override
    async def async_added_to_hass(self) -> None:
        """Read the camera's settings; also those of a camera that replaces it."""
        await super().async_added_to_hass()
        read = self.coordinator.async_read_new_camera
        self.async_on_remove(self.coordinator.inventory.async_add_listener(read))
        read()

    @property
    @override
    def available(self) -> bool:
        return super().available and self._parameter in (self.coordinator.data or {})

    @property
    @override
    def native_value(self) -> int | None:
        return as_int(self.coordinator.data[self._parameter])

    @override
    async def async_set_native_value(self, value: float) -> None:
        await self.coordinator.async_change({self._parameter: value})
