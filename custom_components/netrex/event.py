"""Event entities for downloads of recordings, and for alerts of cameras."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, override

from homeassistant.components.event import EventEntity
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from .areas import place_name
from .client.camera.topics import STATELESS, EventKind
from .entity import NetrexCameraEntity, NetrexEntity, async_add_per_node
from .gateway.events import EventCoordinator
from .models import NetrexConfigEntry
from .recordings import Clip, JobEvent, JobState

PARALLEL_UPDATES = 0

# Downloads report each block; the state is written in steps of this size.
_PROGRESS_STEP_PERCENT = 10


class RecordingEvent(NetrexCameraEntity, EventEntity):
    """The downloads of a camera's recordings.

    Each change of a download's state is an event; progress only updates the attribute
    `progress`.
    """

    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _attr_translation_key = "recording"
    # Not useful in the history: links expire, and progress is temporary.
    _unrecorded_attributes = frozenset({"progress", "url"})

    def __init__(self, entry: NetrexConfigEntry, node_id: int) -> None:
        super().__init__(entry, node_id, "recording")
        self._attr_event_types = [state.value for state in JobState]
        self._recordings = entry.runtime_data.recordings
        # The states of the running downloads, and the clip of the last event.
        self._states: dict[Clip, JobState] = {}
        self._last: Clip | None = None
        self._progress: int | None = None

    @override
    async def async_added_to_hass(self) -> None:
        """Subscribe to the camera's downloads."""
        await super().async_added_to_hass()
        self.async_on_remove(
            self._recordings.async_add_listener(self.node_id, self._async_job_changed)
        )

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        return {"progress": self._progress}

    @callback
    def _async_job_changed(self, event: JobEvent) -> None:
        clip, state = event.clip, event.state
        if self._states.get(clip) == state and state is not JobState.REQUESTED:
            if clip == self._last and self._is_step(event.progress):
                self._progress = event.progress
                self.async_write_ha_state()
            return
        self._states[clip] = state
        if state in (JobState.DOWNLOADED, JobState.FAILED):
            del self._states[clip]
        self._last = clip
        self._progress = event.progress
        place = place_name(self.hass, self.entry, self.node_id)
        self._trigger_event(state.value, {"place": place, **_attributes(event)})
        self.async_write_ha_state()

    def _is_step(self, progress: int | None) -> bool:
        """Return whether to write the progress; it decreases if a job starts over."""
        last = self._progress or 0
        end = last + _PROGRESS_STEP_PERCENT
        return progress is not None and not last <= progress < end


def _attributes(event: JobEvent) -> dict[str, Any]:
    """Return the event data for automations."""
    attributes: dict[str, Any] = {
        "start": dt_util.utc_from_timestamp(event.clip.start).isoformat(),
        "end": dt_util.utc_from_timestamp(event.clip.end).isoformat(),
    }
    if event.file is not None:
        attributes |= event.file.as_dict()
    if event.reason is not None:
        attributes["reason"] = event.reason
    return attributes


class AlertEvent(NetrexEntity[EventCoordinator], EventEntity):
    """Events of a camera that have no state, such as tampering."""

    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _attr_translation_key = "alert"

    def __init__(self, coordinator: EventCoordinator, entry: NetrexConfigEntry) -> None:
        super().__init__(coordinator, entry, coordinator.node_id, "alert")
        self._entry = entry
        self._attr_event_types = sorted(kind.value for kind in STATELESS)

    @override
    async def async_added_to_hass(self) -> None:
        """Subscribe to the camera's alerts."""
        await super().async_added_to_hass()
        self.async_on_remove(
            self.coordinator.async_add_alert_listener(self._async_alert)
        )

    @callback
    def _async_alert(self, kind: EventKind) -> None:
        place = place_name(self.hass, self._entry, self.coordinator.node_id)
        self._trigger_event(kind.value, {"place": place})
        self.async_write_ha_state()


def _alerts(entry: NetrexConfigEntry, node_id: int) -> Iterator[AlertEvent]:
    gateway = entry.runtime_data.gateway
    if gateway is not None and (events := gateway.events.get(node_id)) is not None:
        yield AlertEvent(events, entry)


# The event entities of each camera.
CAMERA_EVENTS: tuple[Callable[[NetrexConfigEntry, int], Iterable[EventEntity]], ...] = (
    lambda entry, node_id: [RecordingEvent(entry, node_id)],
    _alerts,
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: NetrexConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the event entities of each camera, including cameras that appear later."""
    inventory = entry.runtime_data.inventory
    async_add_per_node(
        entry,
        async_add_entities,
        inventory,
        lambda: inventory.data.cameras,
        lambda node_id: [
            entity for make in CAMERA_EVENTS for entity in make(entry, node_id)
        ],
    )
