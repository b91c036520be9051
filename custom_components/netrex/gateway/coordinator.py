"""The base of the coordinators that call cameras."""

from dataclasses import dataclass
from datetime import timedelta

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator

from ..client import GatewayClient
from ..const import LOGGER
from ..coordinator import InventoryCoordinator, StatusCoordinator
from ..models import NetrexConfigEntry

# If more cameras than this report a rate limit, it is the gateway's, not the cameras'.
MAX_LIMITED_CAMERAS = 2


@dataclass(frozen=True, slots=True)
class GatewayContext:
    """What the coordinators of an account's camera access share."""

    hass: HomeAssistant
    entry: NetrexConfigEntry
    client: GatewayClient
    inventory: InventoryCoordinator
    status: StatusCoordinator


class GatewayCoordinator[DataT](DataUpdateCoordinator[DataT]):
    """A coordinator that calls cameras and never makes a setup wait for one."""

    config_entry: NetrexConfigEntry

    def __init__(
        self,
        context: GatewayContext,
        name: str,
        interval: timedelta | None = None,
        *,
        always_update: bool = True,
    ) -> None:
        super().__init__(
            context.hass,
            LOGGER,
            config_entry=context.entry,
            name=name,
            update_interval=interval,
            always_update=always_update,
        )
        self.client = context.client
        self.inventory = context.inventory
        self.status = context.status

    @callback
    def async_refresh_in_background(self) -> None:
        """Refresh in a task that ends with the config entry."""
        self.config_entry.async_create_background_task(
            self.hass, self.async_refresh(), f"netrex {self.name}"
        )
