"""The actions that list recordings and save them as files."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
import math
from pathlib import Path
import time
from typing import Any

from homeassistant.auth.permissions.const import POLICY_READ
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util
import voluptuous as vol

from ..areas import place_name
from ..client import Lane
from ..client.days import local_instant, local_range
from ..const import DOMAIN
from ..errors import failed, invalid
from ..targets import TargetCamera, async_target_cameras
from .clip import Clip, ClipFile, local_time
from .paths import DEFAULT_PATTERN, format_name, resolve_target

ACTION_LIST_RECORDINGS = "list_recordings"
ACTION_DOWNLOAD_RECORDING = "download_recording"
ATTR_START = "start"
ATTR_END = "end"
ATTR_DURATION = "duration"
ATTR_HEIGHT = "height"
ATTR_FILENAME = "filename"
ATTR_OVERWRITE = "overwrite"


def _duration(value: object) -> timedelta:
    """Validate a duration; Home Assistant's validator overflows on huge ones."""
    try:
        duration: timedelta = cv.positive_time_period(value)
    except OverflowError as err:
        raise vol.Invalid("The duration is too long") from err
    return duration


LIST_SCHEMA = cv.make_entity_service_schema(
    {vol.Required(ATTR_START): cv.datetime, vol.Optional(ATTR_END): cv.datetime}
)
DOWNLOAD_SCHEMA = vol.All(
    cv.make_entity_service_schema(
        {
            vol.Required(ATTR_START): cv.datetime,
            vol.Exclusive(ATTR_END, "end"): cv.datetime,
            vol.Exclusive(ATTR_DURATION, "end"): _duration,
            vol.Optional(ATTR_HEIGHT): vol.Coerce(int),
            vol.Optional(ATTR_FILENAME, default=DEFAULT_PATTERN): cv.string,
            vol.Optional(ATTR_OVERWRITE, default=False): cv.boolean,
        }
    ),
    cv.has_at_least_one_key(ATTR_END, ATTR_DURATION),
)


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions."""
    hass.services.async_register(
        DOMAIN,
        ACTION_LIST_RECORDINGS,
        _async_list,
        LIST_SCHEMA,
        supports_response=SupportsResponse.ONLY,
    )
    hass.services.async_register(
        DOMAIN,
        ACTION_DOWNLOAD_RECORDING,
        _async_download,
        DOWNLOAD_SCHEMA,
        supports_response=SupportsResponse.OPTIONAL,
    )


async def _async_list(call: ServiceCall) -> ServiceResponse:
    """Return the recordings by camera, one item per storage.

    The portal reports how much of a time is recorded, but not which part.
    """
    cameras = await async_target_cameras(call, POLICY_READ)
    start, end = _times(call.data)
    found = await asyncio.gather(
        *(
            camera.entry.runtime_data.recordings.async_list(
                camera.node_id, start, end, Lane.COMMAND
            )
            for camera in cameras
        )
    )
    return {
        camera.entity_id: {
            "recordings": [
                {
                    "start": local_time(start).isoformat(),
                    "end": local_time(end).isoformat(),
                    "duration": recording.duration,
                    "heights": list(recording.heights),
                }
                for recording in recordings
            ]
        }
        for camera, recordings in zip(cameras, found, strict=True)
    }


async def _async_download(call: ServiceCall) -> ServiceResponse:
    """Save a clip of each camera; return the files by camera.

    Errors are raised after all cameras have finished, and saved files stay.
    """
    cameras = await async_target_cameras(call)
    start, end = _times(call.data)
    targets: dict[Path, tuple[TargetCamera, Clip]] = {}
    for camera in cameras:
        clip = Clip(camera.node_id, start, end, call.data.get(ATTR_HEIGHT))
        clip.validate(time.time())
        place = place_name(call.hass, camera.entry, camera.node_id)
        name = format_name(call.data[ATTR_FILENAME], place, camera.name, clip)
        path = resolve_target(call.hass.config, name)
        if path in targets:
            raise invalid("same_file", path=str(path))
        targets[path] = (camera, clip)
    results = await asyncio.gather(
        *(
            camera.entry.runtime_data.recordings.async_download(
                clip, path, overwrite=call.data[ATTR_OVERWRITE]
            )
            for path, (camera, clip) in targets.items()
        ),
        return_exceptions=True,
    )
    _raise_failures(cameras, results)
    if not call.return_response:
        return None
    return {
        camera.entity_id: result.as_dict()
        for camera, result in zip(cameras, results, strict=True)
        if isinstance(result, ClipFile)
    }


def _raise_failures(
    cameras: Sequence[TargetCamera], results: Sequence[ClipFile | BaseException]
) -> None:
    """Raise the error of a single camera unchanged, those of several as one error."""
    failures = {
        camera.entity_id: result
        for camera, result in zip(cameras, results, strict=True)
        if isinstance(result, BaseException)
    }
    for failure in failures.values():
        if len(cameras) == 1 or not isinstance(failure, HomeAssistantError):
            raise failure
    if failures:
        raise failed(
            "cameras_failed",
            failed=str(len(failures)),
            total=str(len(cameras)),
            details="; ".join(f"{name}: {error}" for name, error in failures.items()),
        )


def _times(data: Mapping[str, Any]) -> tuple[int, int]:
    """Return start and end in unix seconds, rounded outward.

    Raises:
        ServiceValidationError: The times are out of range, or the end is not after the
            start.
    """
    zone = dt_util.get_default_time_zone()
    try:
        if (duration := data.get(ATTR_DURATION)) is not None:
            start = local_instant(data[ATTR_START], zone)
            end = start + duration
        else:
            local_end = data.get(ATTR_END) or dt_util.utcnow()
            start, end = local_range(data[ATTR_START], local_end, zone)
        if end <= start:
            raise _end_error(data)
        return int(start.timestamp()), math.ceil(end.timestamp())
    except OverflowError, ValueError:
        raise invalid("no_recording") from None


def _end_error(data: Mapping[str, Any]) -> ServiceValidationError:
    """Return the error for an end that is not after the start."""
    start, end = data[ATTR_START], data.get(ATTR_END)
    if end is not None and start.tzinfo is end.tzinfo is None and start < end:
        return invalid("time_skipped", start=f"{start:%H:%M}", end=f"{end:%H:%M}")
    return invalid("end_before_start")
