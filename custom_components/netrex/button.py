"""Buttons: a camera's PTZ presets, where a camera access token opens it."""

from collections.abc import Iterator
from typing import override

from homeassistant.components.button import ButtonEntity
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .client.camera.ptz import Preset
from .entity import async_add_per_node
from .errors import command_errors
from .gateway import CameraGateway
from .gateway.entity import RoundsEntity
from .gateway.presets import PresetCoordinator
from .gateway.ptz import Picture
from .models import NetrexConfigEntry

# A camera gets one call at a time anyway.
PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: NetrexConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add a button per preset, when a camera turns out to have it."""
    if (gateway := entry.runtime_data.gateway) is None:
        return
    presets = gateway.presets

    def keys() -> Iterator[tuple[int, int]]:
        for node_id, known in presets.data.items():
            for preset in known:
                yield node_id, preset.number

    async_add_per_node(
        entry,
        async_add_entities,
        presets,
        keys,
        lambda key: [PresetButton(entry, gateway, *key)],
        node_of=lambda key: key[0],
    )


class PresetButton(RoundsEntity[PresetCoordinator], ButtonEntity):
    """Moves a camera to one of its presets."""

    _attr_translation_key = "preset"

    def __init__(
        self,
        entry: NetrexConfigEntry,
        gateway: CameraGateway,
        node_id: int,
        number: int,
    ) -> None:
        """Stand for preset `number` of camera `node_id`."""
        super().__init__(gateway.presets, entry, node_id, f"preset_{number}")
        self._gateway = gateway
        self._number = number
        preset = self._preset
        name = (preset and preset.name) or str(number)
        self._attr_translation_placeholders = {"preset": name}

    @property
    @override
    def available(self) -> bool:
        """Whether the camera can be reached and still has the preset."""
        return super().available and self._preset is not None

    @override
    async def async_press(self) -> None:
        """Move the camera there."""
        picture = Picture(self._gateway.serial_number(self.node_id))
        with command_errors(self.hass, self.entry):
            await self._gateway.mover.async_go_to(picture, self._number)

    @property
    def _preset(self) -> Preset | None:
        known = self.coordinator.data.get(self.node_id, ())
        return next((one for one in known if one.number == self._number), None)
