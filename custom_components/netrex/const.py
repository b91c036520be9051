"""Constants shared by the whole integration."""

import logging
from typing import Final

from homeassistant.const import Platform

DOMAIN: Final = "netrex"
LOGGER: Final = logging.getLogger(__package__)

PLATFORMS: Final = [
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.CAMERA,
    Platform.EVENT,
    Platform.NUMBER,
    Platform.SELECT,
    Platform.SENSOR,
    Platform.SWITCH,
]

# Config entry data. Home Assistant's CONF_HOST and CONF_URL are used for the portal's
# address: host or host:port, and the base URL without a trailing slash.
CONF_AUTH_IMPLEMENTATION: Final = "auth_implementation"
CONF_SCOPES: Final = "scopes"

# Options.
CONF_DAILY_ALLOWANCE: Final = "daily_allowance"
CONF_KPI_NODES: Final = "kpi_nodes"
CONF_KPI_METRICS: Final = "kpi_metrics"
CONF_KPI_WINDOWS: Final = "kpi_windows"
CONF_KPI_PLACE_SENSORS: Final = "kpi_place_sensors"
CONF_KPI_CAMERA_SENSORS: Final = "kpi_camera_sensors"
# Set by a migration, not by a form.
CONF_KPI_KEPT_SENSORS: Final = "kpi_kept_sensors"
CONF_HISTORY_DAYS: Final = "history_days"
DEFAULT_HISTORY_DAYS: Final = 365
MAX_HISTORY_DAYS: Final = 5 * 365
CONF_LIVE_TRANSPORT: Final = "live_transport"
TRANSPORT_AUTO: Final = "auto"
CONF_DEVICE_TOKEN: Final = "device_access_token"  # noqa: S105 - an option's name
CONF_DEVICE_URL: Final = "device_url"
CONF_CAMERA_EVENTS: Final = "camera_events"
CONF_RELAY_ACCESS: Final = "relay_access"
CONF_RELAY_HOST: Final = "relay_host"
CONF_RELAY_PORT: Final = "relay_port"
CONF_RECORDINGS_LIMIT: Final = "recordings_limit_gb"
DEFAULT_RECORDINGS_LIMIT_GB: Final = 10

DEFAULT_HOST: Final = "system2.netrex.cz"
