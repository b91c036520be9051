"""Selects: in which of its resolutions a camera is shown."""

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

# A choice is remembered here; the portal is not told.
PARALLEL_UPDATES = 0

_CHOICE = "stream_profile_id"


async def async_setup_entry(
    hass: HomeAssistant,
    entry: NetrexConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add a select per camera that has a choice, also for cameras to come."""
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
class ProfileChoice(ExtraStoredData):
    """What outlives a restart; None leaves the choice to the default.

    The state would not do: it is lost while a camera is unavailable, and shows the
    default like a choice.
    """

    stream_profile_id: int | None

    @override
    def as_dict(self) -> dict[str, Any]:
        return {_CHOICE: self.stream_profile_id}


class ProfileSelect(NetrexCameraEntity, RestoreEntity, SelectEntity):
    """The stream profile of a camera, for whoever starts to watch from now on."""

    _attr_entity_category = EntityCategory.CONFIG
    _attr_translation_key = "stream_profile"

    def __init__(self, entry: NetrexConfigEntry, node_id: int) -> None:
        """Attach to camera `node_id`."""
        super().__init__(entry, node_id, "stream_profile")
        self._inventory = entry.runtime_data.inventory
        self._live = entry.runtime_data.live
        self._choice: int | None = None

    @override
    async def async_added_to_hass(self) -> None:
        """Take up the choice of the last run, and follow what there is to choose."""
        await super().async_added_to_hass()
        self.async_on_remove(
            self._inventory.async_add_listener(self._handle_coordinator_update)
        )
        if (stored := await self.async_get_last_extra_data()) is not None:
            self._choice = stored.as_dict().get(_CHOICE)
            self._live.async_select_profile(self.node_id, self._choice)

    @property
    @override
    def extra_restore_state_data(self) -> ProfileChoice:
        return ProfileChoice(self._choice)

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
        """Show the camera in this profile from the next viewer on."""
        self._choice = next(
            profile_id for profile_id, name in self._names.items() if name == option
        )
        self._live.async_select_profile(self.node_id, self._choice)
        self.async_write_ha_state()

    @property
    def _camera(self) -> Camera | None:
        return self._inventory.data.cameras.get(self.node_id)

    @property
    def _names(self) -> dict[int, str]:
        return profile_names(camera.stream_profiles if (camera := self._camera) else ())
