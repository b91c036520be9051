"""Buttons: the PTZ presets of cameras; require a camera access token."""

from collections.abc import Iterator
from typing import NamedTuple, override

from homeassistant.components.button import ButtonEntity
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .client.camera.ptz import Preset
from .entity import async_add_per_node
from .errors import command_errors
from .gateway import CameraGateway
from .gateway.entity import PollingEntity
from .gateway.presets import PresetCoordinator
from .models import NetrexConfigEntry

# The gateway client already limits each camera to one call at a time.
PARALLEL_UPDATES = 0


class PresetKey(NamedTuple):
    """Identifies a preset."""

    node_id: int
    number: int


async def async_setup_entry(
    hass: HomeAssistant,
    entry: NetrexConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add a button for each preset, as presets are found."""
    if (gateway := entry.runtime_data.gateway) is None:
        return
    presets = gateway.presets

    def keys() -> Iterator[PresetKey]:
        for node_id, known in presets.data.items():
            for preset in known:
                yield PresetKey(node_id, preset.number)

    async_add_per_node(
        entry,
        async_add_entities,
        presets,
        keys,
        lambda key: [PresetButton(entry, gateway, key)],
    )


class PresetButton(PollingEntity[PresetCoordinator], ButtonEntity):
    """Moves a camera to a preset."""

    _attr_translation_key = "preset"

    def __init__(
        self, entry: NetrexConfigEntry, gateway: CameraGateway, key: PresetKey
    ) -> None:
        super().__init__(gateway.presets, entry, key.node_id, f"preset_{key.number}")
        self._gateway = gateway
        self._number = key.number
        self._update_name("preset", str(key.number))

    @property
    @override
    def title(self) -> str | None:
        return preset.name if (preset := self._preset) else None

    @property
    @override
    def available(self) -> bool:
        return super().available and self._preset is not None

    @override
    async def async_press(self) -> None:
        with command_errors(self.entry):
            await self._gateway.ptz.async_go_to(
                self._gateway.serial_number(self.node_id), self._number
            )

    @property
    def _preset(self) -> Preset | None:
        known = self.coordinator.data.get(self.node_id, ())
        return next((one for one in known if one.number == self._number), None)
