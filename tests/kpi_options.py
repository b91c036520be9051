"""Options that select every KPI sensor."""

from typing import Any

from custom_components.netrex.const import (
    CONF_KPI_CAMERA_SENSORS,
    CONF_KPI_PLACE_SENSORS,
    CONF_KPI_WINDOWS,
)
from custom_components.netrex.kpi.metrics import METRICS
from custom_components.netrex.kpi.windows import Window

ALL_SENSORS: dict[str, Any] = {
    CONF_KPI_WINDOWS: [window.value for window in Window],
    CONF_KPI_PLACE_SENSORS: [description.key for description in METRICS],
    CONF_KPI_CAMERA_SENSORS: [description.key for description in METRICS],
}
