"""Binary sensors: a camera's connection, and with a camera access token its states."""

from collections.abc import Iterator
from functools import partial
import re
from typing import override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .client.camera.topics import EventKind
from .entity import NetrexCameraEntity, async_add_per_node
from .gateway.entity import BroadcastEntity, CameraStateEntity
from .gateway.events import EventCoordinator, EventKey
from .models import NetrexConfigEntry

PARALLEL_UPDATES = 0

# What cameras tell of: a row each. Outputs are switches.
DESCRIPTIONS = {
    EventKind(row.key): row
    for row in (
        BinarySensorEntityDescription(key=EventKind.INPUT),
        BinarySensorEntityDescription(
            key=EventKind.MOTION, device_class=BinarySensorDeviceClass.MOTION
        ),
        BinarySensorEntityDescription(
            key=EventKind.OBJECT, device_class=BinarySensorDeviceClass.MOTION
        ),
        BinarySensorEntityDescription(
            key=EventKind.FENCE, device_class=BinarySensorDeviceClass.MOTION
        ),
        BinarySensorEntityDescription(
            key=EventKind.LOITERING, device_class=BinarySensorDeviceClass.MOTION
        ),
        BinarySensorEntityDescription(
            key=EventKind.SOUND, device_class=BinarySensorDeviceClass.SOUND
        ),
        BinarySensorEntityDescription(
            key=EventKind.SCENE_CHANGE, device_class=BinarySensorDeviceClass.TAMPER
        ),
        BinarySensorEntityDescription(
            key=EventKind.CASING, device_class=BinarySensorDeviceClass.TAMPER
        ),
        BinarySensorEntityDescription(
            key=EventKind.STORAGE,
            device_class=BinarySensorDeviceClass.PROBLEM,
            entity_category=EntityCategory.DIAGNOSTIC,
        ),
        BinarySensorEntityDescription(
            key=EventKind.DAYLIGHT,
            device_class=BinarySensorDeviceClass.LIGHT,
            entity_category=EntityCategory.DIAGNOSTIC,
            entity_registry_enabled_default=False,
        ),
        BinarySensorEntityDescription(
            key=EventKind.MOVING,
            device_class=BinarySensorDeviceClass.MOVING,
            entity_registry_enabled_default=False,
        ),
    )
}
# Applications number what they tell apart: camera and profile, or device and scenario.
_PROFILE = re.compile(r"(?:(.+)/)?[A-Za-z]+(\d+)(?:Profile|Scenario)(\d+)")


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
    if (gateway := entry.runtime_data.gateway) is None:
        return
    broadcasts = gateway.broadcasts
    async_add_per_node(
        entry,
        async_add_entities,
        broadcasts,
        broadcasts.streams,
        lambda key: [BroadcastingSensor(broadcasts, entry, "broadcasting", *key)],
        node_of=lambda key: key[0],
    )
    for events in gateway.events.values():
        async_add_per_node(
            entry,
            async_add_entities,
            events,
            partial(_states, events),
            lambda key: [StateSensor(key[0], entry, *key[1])],
            node_of=lambda key: key[0].node_id,
        )


def _states(events: EventCoordinator) -> Iterator[tuple[EventCoordinator, EventKey]]:
    for kind, place in events.data.states:
        if kind in DESCRIPTIONS:
            yield events, (kind, place)


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


class StateSensor(CameraStateEntity, BinarySensorEntity):
    """Something that a camera sees, hears or has connected, as it says itself."""

    def __init__(
        self,
        coordinator: EventCoordinator,
        entry: NetrexConfigEntry,
        kind: EventKind,
        place: str,
    ) -> None:
        super().__init__(coordinator, entry, kind, place)
        self.entity_description = DESCRIPTIONS[kind]
        # Of a storage the camera's own name: SD_DISK, NetworkShare.
        shown = place if kind is EventKind.STORAGE else _label(place)
        self._attr_translation_placeholders = {"place": shown}
        if kind is EventKind.INPUT:
            self._attr_translation_placeholders = {"place": str(int(place) + 1)}
            port = coordinator.data.ports.get(int(place))
            if port and (name := coordinator.port_name(port)):
                self._attr_name = name

    @property
    @override
    def is_on(self) -> bool | None:
        return self.state_told


class BroadcastingSensor(BroadcastEntity, BinarySensorEntity):
    """Whether a stream of the CamStreamer App really is sent."""

    _attr_device_class = BinarySensorDeviceClass.RUNNING

    @property
    @override
    def is_on(self) -> bool | None:
        return stream.is_streaming if (stream := self.stream) else None


def _label(place: str) -> str:
    """Return a place as a person would call it: `VMD/Camera1Profile2` is `2`.

    Of two applications or detectors of one kind each has a name of its own.
    """
    if match := _PROFILE.fullmatch(place):
        application, camera, profile = match.groups()
        label = profile if camera == "1" else f"{camera}.{profile}"
        # With the kind it is the application's name: Motion Guard.
        return f"Guard {label}" if application == "MotionGuard" else label
    detector, _, rest = place.partition("_")
    number = rest.rpartition("_")[2]
    # Counted from 0; the first is meant unless a number follows.
    if number.isdecimal() and int(number):
        return f"{detector} {int(number) + 1}"
    return detector
