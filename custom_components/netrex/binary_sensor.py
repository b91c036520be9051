"""Binary sensors: connectivity, places, and what cameras with a token report."""

from collections.abc import Iterator
import re
from typing import override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.const import EVENT_HOMEASSISTANT_STARTED, EntityCategory
from homeassistant.core import CoreState, Event, HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.restore_state import RestoredExtraData, RestoreEntity

from .client.camera.topics import EventKind
from .entity import NetrexCameraEntity, async_add_per_node
from .gateway.entity import BroadcastEntity, EventStateEntity
from .gateway.events import EventCoordinator, EventKey
from .kpi.place_entities import async_add_place_binary_sensors
from .models import NetrexConfigEntry

PARALLEL_UPDATES = 0


def _describe(
    kind: EventKind,
    device_class: BinarySensorDeviceClass | None = None,
    category: EntityCategory | None = None,
    *,
    enabled: bool = True,
) -> BinarySensorEntityDescription:
    return BinarySensorEntityDescription(
        key=kind,
        device_class=device_class,
        entity_category=category,
        entity_registry_enabled_default=enabled,
    )


# The states that cameras report; outputs are switches.
DESCRIPTIONS = {
    EventKind(row.key): row
    for row in (
        _describe(EventKind.INPUT),
        _describe(EventKind.MOTION, BinarySensorDeviceClass.MOTION),
        _describe(EventKind.OBJECT, BinarySensorDeviceClass.MOTION),
        _describe(EventKind.FENCE, BinarySensorDeviceClass.MOTION),
        _describe(EventKind.LOITERING, BinarySensorDeviceClass.MOTION),
        _describe(EventKind.SOUND, BinarySensorDeviceClass.SOUND),
        _describe(EventKind.SCENE_CHANGE, BinarySensorDeviceClass.TAMPER),
        _describe(EventKind.CASING, BinarySensorDeviceClass.TAMPER),
        _describe(
            EventKind.STORAGE,
            BinarySensorDeviceClass.PROBLEM,
            EntityCategory.DIAGNOSTIC,
        ),
        _describe(
            EventKind.DAYLIGHT,
            BinarySensorDeviceClass.LIGHT,
            EntityCategory.DIAGNOSTIC,
            enabled=False,
        ),
        _describe(EventKind.MOVING, BinarySensorDeviceClass.MOVING, enabled=False),
    )
}
_LAST_KNOWN = "last_known"
# Automations attach their triggers when Home Assistant has started.
_ATTACHING_SECONDS = 5
# Numbering of applications: camera and profile, or device and scenario.
_PROFILE = re.compile(r"(?:(.+)/)?[A-Za-z]+(\d+)(?:Profile|Scenario)(\d+)")


async def async_setup_entry(
    hass: HomeAssistant,
    entry: NetrexConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the sensors of each camera, as cameras, states and streams are found."""
    inventory = entry.runtime_data.inventory
    async_add_per_node(
        entry,
        async_add_entities,
        inventory,
        lambda: inventory.data.cameras,
        lambda node_id: [ConnectivitySensor(entry, node_id)],
    )
    async_add_place_binary_sensors(entry, async_add_entities)
    if (gateway := entry.runtime_data.gateway) is None:
        return
    broadcasts = gateway.broadcasts
    async_add_per_node(
        entry,
        async_add_entities,
        broadcasts,
        broadcasts.streams,
        lambda key: [BroadcastingSensor(broadcasts, entry, "broadcasting", key)],
    )
    for events in gateway.events.values():
        _async_add_states(entry, async_add_entities, events)


def _async_add_states(
    entry: NetrexConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    events: EventCoordinator,
) -> None:
    def keys() -> Iterator[EventKey]:
        return (key for key in events.data.states if key.kind in DESCRIPTIONS)

    async_add_per_node(
        entry,
        async_add_entities,
        events,
        keys,
        lambda key: [StateSensor(events, entry, key)],
    )


class ConnectivitySensor(NetrexCameraEntity, RestoreEntity, BinarySensorEntity):
    """Whether the camera is connected to the portal.

    A change that happened while Home Assistant or the portal was away is shown as a
    change: the last known state first, and then the new one. Otherwise no automation
    would run, as triggers ignore changes from unavailable.
    """

    _attr_device_class = BinarySensorDeviceClass.CONNECTIVITY
    _attr_entity_category = EntityCategory.DIAGNOSTIC

    def __init__(self, entry: NetrexConfigEntry, node_id: int) -> None:
        """Attach to camera `node_id`."""
        super().__init__(entry, node_id, "connectivity")
        self._last_known: bool | None = None
        # Whether the last known state waits for the triggers to be attached.
        self._is_held = False

    @override
    async def async_added_to_hass(self) -> None:
        """Restore the last known state; if it is outdated, show it for a moment."""
        await super().async_added_to_hass()
        stored = await self.async_get_last_extra_data()
        last = stored.as_dict().get(_LAST_KNOWN) if stored else None
        current = self._current
        self._attr_is_on = self._last_known = current
        if isinstance(last, bool):
            self._last_known = last
            if current is not None and current != last:
                self._attr_is_on = last
                self._hold()

    @property
    @override
    def extra_restore_state_data(self) -> RestoredExtraData:
        return RestoredExtraData({_LAST_KNOWN: self._last_known})

    @property
    def _current(self) -> bool | None:
        return (
            self.coordinator.data[self.node_id].is_connected if self.available else None
        )

    @callback
    def _hold(self) -> None:
        """Show the last known state until automations can see it change."""
        self._is_held = True
        if self.hass.state is CoreState.running:
            # After Home Assistant has written the first state of the new entity.
            self.hass.loop.call_soon(self._release)
            return

        @callback
        def started(_: Event) -> None:
            self.async_on_remove(
                async_call_later(self.hass, _ATTACHING_SECONDS, self._release)
            )

        self.async_on_remove(
            self.hass.bus.async_listen(EVENT_HOMEASSISTANT_STARTED, started)
        )

    @callback
    def _release(self, _: object = None) -> None:
        self._is_held = False
        if self.registry_entry is None or self.hass.states.get(self.entity_id):
            self._handle_coordinator_update()

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Write the state; after an interruption, first the last known one."""
        if self._is_held:
            return
        current, shown = self._current, self._attr_is_on
        if current is not None:
            if shown is None and self._last_known not in (None, current):
                self._attr_is_on = self._last_known
                self.async_write_ha_state()
            self._last_known = current
        self._attr_is_on = current
        self.async_write_ha_state()


class StateSensor(EventStateEntity, BinarySensorEntity):
    """A state that a camera reports."""

    def __init__(
        self, coordinator: EventCoordinator, entry: NetrexConfigEntry, key: EventKey
    ) -> None:
        super().__init__(coordinator, entry, key)
        self.entity_description = DESCRIPTIONS[key.kind]
        # For storage, the camera's own name: SD_DISK, NetworkShare.
        label = key.place if key.kind is EventKind.STORAGE else _label(key.place)
        if key.kind is EventKind.INPUT:
            label = str(int(key.place) + 1)
        self._attr_translation_placeholders = {"place": label}


class BroadcastingSensor(BroadcastEntity, BinarySensorEntity):
    """Whether a stream of the CamStreamer App is being sent."""

    _attr_device_class = BinarySensorDeviceClass.RUNNING

    @property
    @override
    def is_on(self) -> bool | None:
        return stream.is_streaming if (stream := self.stream) else None


def _label(place: str) -> str:
    """Return the label of a place for entity names: `2` for `VMD/Camera1Profile2`.

    Places of several applications or detectors of one kind have different labels.
    """
    if match := _PROFILE.fullmatch(place):
        application, camera, profile = match.groups()
        label = profile if camera == "1" else f"{camera}.{profile}"
        # With the kind before it, it forms the application's name: Motion Guard.
        return f"Guard {label}" if application == "MotionGuard" else label
    detector, _, rest = place.partition("_")
    number = rest.rpartition("_")[2]
    # Counted from 0; the first has no number in its label.
    if number.isdecimal() and int(number):
        return f"{detector} {int(number) + 1}"
    return detector
