"""Conditions: connectivity, KPIs, and the state of places."""

from typing import override

from homeassistant.const import CONF_OPTIONS, STATE_OFF, STATE_ON
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers.condition import (
    NUMERICAL_CONDITION_SCHEMA,
    Condition,
    ConditionConfig,
    EntityConditionBase,
    EntityNumericalConditionBase,
    EntityStateConditionBase,
)
import voluptuous as vol

from .automation_targets import (
    BINARY_SENSORS,
    CONF_KPI,
    KPI_OPTION,
    OwnEntitiesMixin,
    OwnKpisMixin,
)
from .kpi.place_entities import FULL, OPEN

# States of conditions can also be booleans.
ON_STATES: set[str | bool] = {STATE_ON}
OFF_STATES: set[str | bool] = {STATE_OFF}


class _OwnCondition(OwnEntitiesMixin, EntityConditionBase):
    """A condition of entities of this integration."""

    @override
    def _check_all_match_state(self, states: list[State]) -> bool:
        """Return whether all states match; False if none is known."""
        return bool(states) and super()._check_all_match_state(states)


class _BinarySensorCondition(_OwnCondition, EntityStateConditionBase):
    """A binary sensor of this integration has a state."""

    _domain_specs = BINARY_SENSORS
    # Connectivity is a diagnostic entity, which Home Assistant would skip in an area.
    _primary_entities_only = False


class CameraIsOfflineCondition(_BinarySensorCondition):
    """A camera is not connected to the portal."""

    _keys = frozenset({"connectivity"})
    _states = OFF_STATES


class PlaceIsFullCondition(_BinarySensorCondition):
    """As many people are at a place as its limit allows."""

    _keys = frozenset({FULL})
    _states = ON_STATES


class PlaceIsOpenCondition(_BinarySensorCondition):
    """A place is usually open at this time."""

    _keys = frozenset({OPEN})
    _states = ON_STATES


class KpiIsCondition(OwnKpisMixin, _OwnCondition, EntityNumericalConditionBase):
    """A KPI is in the range of a threshold."""

    _schema = NUMERICAL_CONDITION_SCHEMA.extend(
        {vol.Required(CONF_OPTIONS): {vol.Optional(CONF_KPI): KPI_OPTION}}
    )

    def __init__(self, hass: HomeAssistant, config: ConditionConfig) -> None:
        super().__init__(hass, config)
        self._keys = self._keys_for(config.options or {})


CONDITIONS: dict[str, type[Condition]] = {
    "camera_is_offline": CameraIsOfflineCondition,
    "kpi_is": KpiIsCondition,
    "place_is_full": PlaceIsFullCondition,
    "place_is_open": PlaceIsOpenCondition,
}


async def async_get_conditions(hass: HomeAssistant) -> dict[str, type[Condition]]:
    """Return the conditions of this integration."""
    return CONDITIONS
