"""Selects: the stream profile in which a camera is shown."""

from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.select import SelectEntity
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.restore_state import ExtraStoredData, RestoreEntity

from .client import Camera
from .entity import NetrexCameraEntity, async_add_per_node
from .live.profiles import profile_names
from .models import NetrexConfigEntry

# The selection is stored locally; nothing is sent to the portal.
PARALLEL_UPDATES = 0

_SELECTED = "stream_profile_id"


async def async_setup_entry(
    hass: HomeAssistant,
    entry: NetrexConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add a select per camera with several profiles, also for future cameras."""
    inventory = entry.runtime_data.inventory
    async_add_per_node(
        entry,
        async_add_entities,
        inventory,
        lambda: {
            node_id
            for node_id, camera in inventory.data.cameras.items()
            if len(camera.stream_profiles) > 1
        },
        lambda node_id: [ProfileSelect(entry, node_id)],
    )


@dataclass(frozen=True, slots=True)
class SelectedProfile(ExtraStoredData):
    """The selection that survives a restart; None for the default profile.

    The restored state cannot be used: it is lost while a camera is unavailable, and
    does not distinguish the default from a selection.
    """

    stream_profile_id: int | None

    @override
    def as_dict(self) -> dict[str, Any]:
        return {_SELECTED: self.stream_profile_id}


class ProfileSelect(NetrexCameraEntity, RestoreEntity, SelectEntity):
    """The stream profile of a camera, used by streams that start from now on."""

    _attr_entity_category = EntityCategory.CONFIG
    _attr_translation_key = "stream_profile"

    def __init__(self, entry: NetrexConfigEntry, node_id: int) -> None:
        super().__init__(entry, node_id, "stream_profile")
        self._inventory = entry.runtime_data.inventory
        self._live = entry.runtime_data.live
        self._selected: int | None = None

    @override
    async def async_added_to_hass(self) -> None:
        """Restore the selection, and subscribe to changes of the options."""
        await super().async_added_to_hass()
        self.async_on_remove(
            self._inventory.async_add_listener(self._handle_coordinator_update)
        )
        if (stored := await self.async_get_last_extra_data()) is not None:
            self._selected = stored.as_dict().get(_SELECTED)
            self._live.async_select_profile(self.node_id, self._selected)

    @property
    @override
    def extra_restore_state_data(self) -> SelectedProfile:
        return SelectedProfile(self._selected)

    @property
    @override
    def options(self) -> list[str]:
        return list(self._names.values())

    @property
    @override
    def current_option(self) -> str | None:
        camera = self._camera
        profile = camera and self._live.profile(camera)
        return self._names[profile.stream_profile_id] if profile else None

    @override
    async def async_select_option(self, option: str) -> None:
        """Use this profile for streams that start from now on."""
        self._selected = next(
            profile_id for profile_id, name in self._names.items() if name == option
        )
        self._live.async_select_profile(self.node_id, self._selected)
        self.async_write_ha_state()

    @property
    def _camera(self) -> Camera | None:
        return self._inventory.data.cameras.get(self.node_id)

    @property
    def _names(self) -> dict[int, str]:
        return profile_names(camera.stream_profiles if (camera := self._camera) else ())
