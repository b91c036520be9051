"""The actions that call cameras: parameters and PTZ."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
import unicodedata

from homeassistant.components.camera import DOMAIN as CAMERA_DOMAIN
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.helpers import config_validation as cv, service
import voluptuous as vol

from ..client.camera.ptz import Move, Preset
from ..const import DOMAIN
from ..entity import NetrexCameraEntity
from ..errors import command_errors, invalid
from ..models import NetrexConfigEntry
from ..targets import TargetCamera, async_target_cameras
from .manager import CameraGateway
from .parameters import ParameterCoordinator

ACTION_GET_PARAMETERS = "get_camera_parameters"
ACTION_SET_PARAMETERS = "set_camera_parameters"
ATTR_GROUP = "group"
ATTR_PARAMETERS = "parameters"
ATTR_DRY_RUN = "dry_run"
# The URL of the read that precedes a write contains all names.
_MAX_PARAMETERS = 30

ACTION_PTZ = "ptz"
ATTR_PRESET = "preset"
ATTR_MODE = "mode"
ATTR_SPEED = "speed"
ATTR_DURATION = "duration"
AXES = ("pan", "tilt", "zoom")
DEFAULT_DURATION_SECONDS = 1.0


class PtzMode(StrEnum):
    """The meaning of pan, tilt and zoom."""

    ABSOLUTE = "absolute"
    RELATIVE = "relative"
    CONTINUOUS = "continuous"


@dataclass(frozen=True, slots=True)
class _Rules:
    """The valid range of each axis in a mode, and the optional field that it takes."""

    ranges: tuple[tuple[float, float], ...]
    option: str


_RULES = {
    PtzMode.ABSOLUTE: _Rules(((-180, 180), (-180, 180), (1, 9999)), ATTR_SPEED),
    PtzMode.RELATIVE: _Rules(((-360, 360), (-360, 360), (-9999, 9999)), ATTR_SPEED),
    PtzMode.CONTINUOUS: _Rules(((-100, 100),) * 3, ATTR_DURATION),
}
_NUMBER = vol.All(vol.Coerce(float), vol.Range(-9999, 9999))
PTZ_SCHEMA = cv.make_entity_service_schema(
    {
        vol.Optional(ATTR_PRESET): vol.All(
            vol.Any(cv.string, int), vol.Coerce(str), str.strip, vol.Length(min=1)
        ),
        vol.Optional(ATTR_MODE): vol.Coerce(PtzMode),
        **{vol.Optional(axis): _NUMBER for axis in AXES},
        vol.Optional(ATTR_SPEED): vol.All(vol.Coerce(int), vol.Range(1, 100)),
        vol.Optional(ATTR_DURATION): vol.All(vol.Coerce(float), vol.Range(0.1, 60)),
    }
)


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions."""
    service.async_register_platform_entity_service(
        hass,
        DOMAIN,
        ACTION_GET_PARAMETERS,
        entity_domain=CAMERA_DOMAIN,
        func=_async_get_parameters,
        schema={vol.Required(ATTR_GROUP): cv.string},
        supports_response=SupportsResponse.ONLY,
    )
    service.async_register_platform_entity_service(
        hass,
        DOMAIN,
        ACTION_SET_PARAMETERS,
        # This amounts to the rights of the camera's own administrator.
        admin_only=True,
        entity_domain=CAMERA_DOMAIN,
        func=_async_set_parameters,
        schema={
            vol.Required(ATTR_PARAMETERS): vol.All(
                {cv.string: vol.Any(bool, int, float, str)},
                vol.Length(min=1, max=_MAX_PARAMETERS),
            ),
            vol.Optional(ATTR_DRY_RUN, default=False): cv.boolean,
        },
        supports_response=SupportsResponse.OPTIONAL,
    )
    hass.services.async_register(DOMAIN, ACTION_PTZ, _async_ptz, PTZ_SCHEMA)


async def _async_get_parameters(
    entity: NetrexCameraEntity, call: ServiceCall
) -> ServiceResponse:
    return {**await _parameters(entity).async_read_group(call.data[ATTR_GROUP])}


async def _async_set_parameters(
    entity: NetrexCameraEntity, call: ServiceCall
) -> ServiceResponse:
    change = await _parameters(entity).async_change(
        call.data[ATTR_PARAMETERS], dry_run=call.data[ATTR_DRY_RUN]
    )
    return change.as_dict()


def _parameters(entity: NetrexCameraEntity) -> ParameterCoordinator:
    return _gateway(entity.entry).parameters(entity.node_id)


def _gateway(entry: NetrexConfigEntry) -> CameraGateway:
    if (gateway := entry.runtime_data.gateway) is None:
        raise invalid("no_camera_token")
    return gateway


async def _async_ptz(call: ServiceCall) -> None:
    """Move all target cameras, and raise the first error afterward."""
    cameras = {
        (camera.entry.entry_id, camera.node_id): camera
        for camera in await async_target_cameras(call)
    }
    _check(call.data)
    results = await asyncio.gather(
        *(_async_move(call.hass, camera, call.data) for camera in cameras.values()),
        return_exceptions=True,
    )
    for error in results:
        if error is not None:
            raise error


async def _async_move(
    hass: HomeAssistant, camera: TargetCamera, data: Mapping[str, Any]
) -> None:
    gateway = _gateway(camera.entry)
    serial_number = gateway.serial_number(camera.node_id)
    ptz, speed = gateway.ptz, data.get(ATTR_SPEED)
    move = Move(*(data.get(axis) for axis in AXES))
    with command_errors(camera.entry):
        if ATTR_PRESET in data:
            presets = await ptz.async_presets(serial_number)
            preset = _find(data[ATTR_PRESET], presets)
            await ptz.async_go_to(serial_number, preset.number, speed)
        elif data.get(ATTR_MODE) is PtzMode.CONTINUOUS:
            seconds = data.get(ATTR_DURATION, DEFAULT_DURATION_SECONDS)
            await ptz.async_move_for(serial_number, move, seconds)
        else:
            relative = data.get(ATTR_MODE) is PtzMode.RELATIVE
            await ptz.async_move(serial_number, move, speed, relative=relative)


def _check(data: Mapping[str, Any]) -> None:
    """Raise ServiceValidationError for fields that cannot be combined."""
    axes = [axis for axis in AXES if axis in data]
    if (ATTR_PRESET in data) == bool(axes):
        raise invalid("ptz_target")
    if ATTR_PRESET in data:
        unused = [field for field in (ATTR_MODE, ATTR_DURATION) if field in data]
    else:
        rules = _RULES[data.get(ATTR_MODE, PtzMode.ABSOLUTE)]
        options = {ATTR_SPEED, ATTR_DURATION} - {rules.option}
        unused = [field for field in options if field in data]
        for axis, (low, high) in zip(AXES, rules.ranges, strict=True):
            if axis in data and not low <= data[axis] <= high:
                raise invalid("ptz_range", field=axis, low=str(low), high=str(high))
    if unused:
        raise invalid("ptz_unused", field=unused[0])


def _normalize(name: str) -> str:
    return unicodedata.normalize("NFC", name).strip().casefold()


def _find(wanted: str, presets: tuple[Preset, ...]) -> Preset:
    """Return a preset by its name in any case, or else by its number."""
    by_name = {_normalize(preset.name): preset for preset in reversed(presets)}
    by_number = {str(preset.number): preset for preset in presets}
    found = by_name.get(_normalize(wanted)) or by_number.get(wanted.strip())
    if found is None:
        names = ", ".join(preset.name for preset in presets)
        raise invalid("unknown_preset", preset=wanted, presets=names or "-")
    return found
