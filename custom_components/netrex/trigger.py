"""Triggers: connectivity, KPIs, recordings, and the state of places."""

from datetime import timedelta
from typing import ClassVar, override

from homeassistant.components.event import ATTR_EVENT_TYPE
from homeassistant.const import CONF_OPTIONS, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers.trigger import (
    EntityNumericalStateCrossedThresholdTriggerBase,
    EntityTargetStateTriggerBase,
    NotTriggeredReasonReporter,
    StatelessEntityTriggerBase,
    Trigger,
    TriggerConfig,
)
from homeassistant.helpers.trigger.entity_trigger import (
    NUMERICAL_ATTRIBUTE_CROSSED_THRESHOLD_SCHEMA,
)
from homeassistant.util import dt as dt_util
import voluptuous as vol

from .automation_targets import (
    BINARY_SENSORS,
    CONF_KPI,
    EVENTS,
    KPI_OPTION,
    OFF,
    ON,
    OwnEntitiesMixin,
    OwnKpisMixin,
)
from .kpi.place_entities import COUNTING, FULL
from .recordings import JobState

# Event entities round their time.
_EVENT_PRECISION = timedelta(milliseconds=1)


class _BinarySensorTrigger(OwnEntitiesMixin, EntityTargetStateTriggerBase):
    """A binary sensor of this integration changes to a state.

    Changes to and from unavailable do not fire. The sensors themselves show a change
    that happened while they were unavailable, so that it fires once, and only once.
    """

    _domain_specs = BINARY_SENSORS
    # Connectivity is a diagnostic entity, which Home Assistant would skip in an area.
    _primary_entities_only = False


class CameraWentOfflineTrigger(_BinarySensorTrigger):
    """A camera lost its connection to the portal."""

    _keys = frozenset({"connectivity"})
    _to_states = OFF


class CameraCameBackTrigger(_BinarySensorTrigger):
    """A camera is connected to the portal again."""

    _keys = frozenset({"connectivity"})
    _to_states = ON


class PlaceBecameFullTrigger(_BinarySensorTrigger):
    """As many people are at a place as its limit allows."""

    _keys = frozenset({FULL})
    _to_states = ON


class CountingStoppedTrigger(_BinarySensorTrigger):
    """Counting has stopped at a place."""

    _keys = frozenset({COUNTING})
    _to_states = ON


class KpiCrossedThresholdTrigger(
    OwnKpisMixin, EntityNumericalStateCrossedThresholdTriggerBase
):
    """A KPI enters the range of a threshold."""

    _schema = NUMERICAL_ATTRIBUTE_CROSSED_THRESHOLD_SCHEMA.extend(
        {vol.Required(CONF_OPTIONS): {vol.Optional(CONF_KPI): KPI_OPTION}}
    )

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        super().__init__(hass, config)
        self._keys = self._keys_for(self._options)


class _RecordingTrigger(OwnEntitiesMixin, StatelessEntityTriggerBase):
    """A download of a recording ended."""

    _domain_specs = EVENTS
    # A download can end while the camera's status is unknown; see below.
    _excluded_from_states: ClassVar[frozenset[str]] = frozenset()
    # The event entities are diagnostic.
    _primary_entities_only = False
    _event_type: ClassVar[JobState]
    _keys = frozenset({"recording"})

    @override
    def is_valid_transition(self, from_state: State, to_state: State) -> bool:
        """Return whether the event is new.

        After an interruption, the entity shows its last event again. It is new if it
        happened during the interruption.
        """
        if from_state.state != STATE_UNAVAILABLE:
            return super().is_valid_transition(from_state, to_state)
        moment = dt_util.parse_datetime(to_state.state)
        return (
            moment is not None and moment - from_state.last_changed > _EVENT_PRECISION
        )

    @override
    def is_valid_state(
        self, state: State, report_not_triggered: NotTriggeredReasonReporter
    ) -> bool:
        return bool(state.attributes.get(ATTR_EVENT_TYPE) == self._event_type)


class RecordingSavedTrigger(_RecordingTrigger):
    """A recording was saved as a file."""

    _event_type = JobState.DOWNLOADED


class RecordingFailedTrigger(_RecordingTrigger):
    """A recording could not be saved."""

    _event_type = JobState.FAILED


TRIGGERS: dict[str, type[Trigger]] = {
    "camera_came_back": CameraCameBackTrigger,
    "camera_went_offline": CameraWentOfflineTrigger,
    "counting_stopped": CountingStoppedTrigger,
    "kpi_crossed_threshold": KpiCrossedThresholdTrigger,
    "place_became_full": PlaceBecameFullTrigger,
    "recording_failed": RecordingFailedTrigger,
    "recording_saved": RecordingSavedTrigger,
}


async def async_get_triggers(hass: HomeAssistant) -> dict[str, type[Trigger]]:
    """Return the triggers of this integration."""
    return TRIGGERS
