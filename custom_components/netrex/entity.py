"""Base classes of the entities."""

import asyncio
from collections.abc import Callable, Hashable, Iterable
from functools import partial
from typing import Any, override

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.device_registry import (
    EVENT_DEVICE_REGISTRY_UPDATED,
    DeviceInfo,
    EventDeviceRegistryUpdatedData,
)
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import (
    AddConfigEntryEntitiesCallback,
    EntityPlatform,
)
from homeassistant.helpers.update_coordinator import (
    CoordinatorEntity,
    DataUpdateCoordinator,
)
from homeassistant.util import slugify

from .areas import area_device_name
from .coordinator import StatusCoordinator
from .devices import async_known_nodes, channel_identifier, node_identifier
from .models import NetrexConfigEntry


def split_unique_id(entry: NetrexConfigEntry, unique_id: str) -> tuple[int | None, str]:
    """Return the node id (None for the account) and the key of an entity."""
    rest = unique_id.removeprefix(f"{node_identifier(entry)[1]}_")
    node, _, key = rest.partition("_")
    return (int(node), key) if node.isdecimal() else (None, rest)


# Voice assistants, as in the options of Home Assistant's entity registry.
_ASSISTANTS = ("cloud.alexa", "cloud.google_assistant", "conversation")


class NotExposedEntity(Entity):
    """An entity that voice assistants may not use unless a user exposes it.

    Home Assistant exposes all switches; some of these open a door or start a broadcast.
    """

    @override
    async def async_added_to_hass(self) -> None:
        """Set what Home Assistant would otherwise decide, once."""
        await super().async_added_to_hass()
        registry = er.async_get(self.hass)
        if (found := registry.async_get(self.entity_id)) is None:
            return
        for assistant in _ASSISTANTS:
            options = dict(found.options.get(assistant, {}))
            if "should_expose" not in options:
                registry.async_update_entity_options(
                    self.entity_id, assistant, {**options, "should_expose": False}
                )


class NetrexEntity[CoordinatorT: DataUpdateCoordinator[Any]](
    CoordinatorEntity[CoordinatorT]
):
    """An entity of a node, or of the account if `node_id` is None.

    `device_updates.py` creates the devices; an entity only refers to its device.
    """

    _attr_has_entity_name = True

    def __init__(
        self,
        coordinator: CoordinatorT,
        entry: NetrexConfigEntry,
        node_id: int | None,
        key: str,
        context: object = None,
        *,
        channel_id: int | None = None,
    ) -> None:
        """Initialize; `key` is part of the unique id and must not change.

        With `channel_id`, the entity belongs to the device of that video channel.
        """
        super().__init__(coordinator, context)
        device = identifier = node_identifier(entry, node_id)
        if node_id is not None and channel_id is not None:
            device = channel_identifier(entry, node_id, channel_id)
        self._place = partial(area_device_name, entry=entry, identifier=device)
        self._attr_unique_id = f"{identifier[1]}_{key}"
        self._attr_device_info = DeviceInfo(identifiers={device})

    @callback
    @override
    def add_to_platform_start(
        self,
        hass: HomeAssistant,
        platform: EntityPlatform,
        parallel_updates: asyncio.Semaphore | None,
    ) -> None:
        """Suggest an entity id with the place once, not as area and as device."""
        super().add_to_platform_start(hass, platform, parallel_updates)
        if (name := self._place(hass)) is not None:
            object_id = slugify(f"{name} {self.suggested_object_id or ''}")
            self.entity_id = f"{platform.domain}.{object_id}"


class NetrexCameraEntity(NetrexEntity[StatusCoordinator]):
    """An entity of a camera that is updated from the portal's status list."""

    def __init__(
        self,
        entry: NetrexConfigEntry,
        node_id: int,
        key: str,
        *,
        channel_id: int | None = None,
    ) -> None:
        super().__init__(
            entry.runtime_data.status, entry, node_id, key, channel_id=channel_id
        )
        self.entry = entry
        self.node_id = node_id

    @property
    @override
    def available(self) -> bool:
        """Return whether the portal's last status list has this camera."""
        return super().available and self.node_id in self.coordinator.data


def _node_id(key: Any) -> int:  # noqa: ANN401 - keys of several kinds
    node_id: int = getattr(key, "node_id", key)
    return node_id


@callback
def async_add_per_node[KeyT: Hashable](
    entry: NetrexConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    coordinator: DataUpdateCoordinator[Any],
    keys: Callable[[], Iterable[KeyT]],
    entities: Callable[[KeyT], Iterable[Entity]],
    *,
    node_of: Callable[[Any], int] = _node_id,
) -> None:
    """Add the entities of all `keys`, now and when the coordinator has new ones.

    A key is a node id, has one as attribute, or `node_of` returns it. A node whose
    device was removed gets its entities again when it reappears.
    """
    hass = coordinator.hass
    known: set[KeyT] = set()

    @callback
    def async_add_new() -> None:
        if entry.state is ConfigEntryState.UNLOAD_IN_PROGRESS:
            # The platform has removed its entities, and would not remove these.
            return
        new = [key for key in keys() if key not in known]
        known.update(new)
        if new:
            async_add_entities(entity for key in new for entity in entities(key))

    @callback
    def async_device_changed(event: Event[EventDeviceRegistryUpdatedData]) -> None:
        if event.data["action"] == "remove":
            nodes = async_known_nodes(hass, entry)
            known.difference_update([key for key in known if node_of(key) not in nodes])

    entry.async_on_unload(
        hass.bus.async_listen(EVENT_DEVICE_REGISTRY_UPDATED, async_device_changed)
    )
    entry.async_on_unload(coordinator.async_add_listener(async_add_new))
    async_add_new()
