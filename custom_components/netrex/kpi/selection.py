"""Which KPI sensors the nodes get: few by default, more as chosen in the options.

An unused sensor is still a row in every list of entities. In a chain of 20 shops, all
KPIs in all windows would be 2,700 of them.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from ..const import (
    CONF_KPI_CAMERA_SENSORS,
    CONF_KPI_KEPT_SENSORS,
    CONF_KPI_PLACE_SENSORS,
    CONF_KPI_WINDOWS,
)
from .metrics import METRICS, OCCUPANCY, Kind, MetricDescription
from .windows import Window

# A camera counts one door; people inside or sales are figures of the place.
CAMERA_DEFAULT: Sequence[str] = ("visitors",)
PLACE_DEFAULT: Sequence[str] = tuple(
    description.key for description in METRICS if description.enabled_default
)
WINDOWS_DEFAULT: Sequence[str] = (Window.TODAY.value,)


def windows(description: MetricDescription) -> tuple[Window, ...]:
    """Return the windows that a KPI can have."""
    if description is OCCUPANCY:
        return (Window.TODAY,)
    if description.kind is Kind.CHANGE:
        return Window.TODAY, Window.WEEK
    return tuple(Window)


def sensor_key(description: MetricDescription, window: Window) -> str:
    """Return the last part of the unique id, which is also the translation key."""
    if description is OCCUPANCY:
        return description.key
    return f"{description.key}_{window}"


def sensor_keys(description: MetricDescription) -> set[str]:
    """Return the keys of the sensors that a KPI can have."""
    return {sensor_key(description, window) for window in windows(description)}


def is_readable(
    description: MetricDescription, readable: Collection[str], made: Collection[str]
) -> bool:
    """Return whether a user may read a node's KPI.

    Args:
        description: The KPI.
        readable: The keys of the node's entities that the user may read.
        made: The keys of all entities of the node. A KPI without a sensor is shown to
            users who may read another KPI of the node or, if it has no KPI sensor at
            all, another entity.
    """
    keys = sensor_keys(description)
    if keys.isdisjoint(made):
        keys = set(SENSORS.keys() & set(made)) or set(made)
    return not keys.isdisjoint(readable)


SENSORS: Mapping[str, tuple[MetricDescription, Window]] = {
    sensor_key(description, window): (description, window)
    for description in METRICS
    for window in windows(description)
}


class SensorSelection:
    """The sensors that an account's options select."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._windows = frozenset(options.get(CONF_KPI_WINDOWS, WINDOWS_DEFAULT))
        self._places = frozenset(options.get(CONF_KPI_PLACE_SENSORS, PLACE_DEFAULT))
        self._cameras = frozenset(options.get(CONF_KPI_CAMERA_SENSORS, CAMERA_DEFAULT))
        self._kept = frozenset(options.get(CONF_KPI_KEPT_SENSORS, ()))

    def has(
        self,
        node_id: int,
        description: MetricDescription,
        window: Window,
        *,
        is_camera: bool,
    ) -> bool:
        """Return whether a node gets a sensor, provided that it has data for it."""
        chosen = self._cameras if is_camera else self._places
        # There is only one window of people inside: now.
        in_window = description is OCCUPANCY or window in self._windows
        return (description.key in chosen and in_window) or kept_key(
            node_id, sensor_key(description, window)
        ) in self._kept

    def windows(
        self, node_id: int, description: MetricDescription, *, is_camera: bool
    ) -> Iterator[Window]:
        """Yield the windows of a node's KPI."""
        for window in windows(description):
            if self.has(node_id, description, window, is_camera=is_camera):
                yield window


def kept_key(node_id: int, key: str) -> str:
    """Return how the options name a sensor that was kept from before."""
    return f"{node_id}_{key}"
