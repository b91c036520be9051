"""The camera access of one account."""

from collections import Counter
from typing import Any, Self

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator

from ..client import DEFAULT_CAMERA_URL, GatewayClient, NetrexError
from ..const import CONF_CAMERA_EVENTS, CONF_DEVICE_TOKEN, CONF_DEVICE_URL
from ..coordinator import InventoryCoordinator, StatusCoordinator
from ..models import NetrexConfigEntry
from ..store import NetrexStore
from .access import AccessMonitor
from .broadcasts import BroadcastCoordinator
from .capabilities import CapabilityCoordinator
from .coordinator import GatewayContext
from .events import EventCoordinator
from .parameters import ParameterCoordinator
from .presets import PresetCoordinator
from .ptz import PtzController
from .snapshots import Snapshots


class CameraGateway:
    """Everything that requires a camera access token.

    Attributes:
        client: Calls cameras by their serial numbers.
        capabilities: The capabilities of the cameras.
        ptz: Moves cameras.
        presets: The PTZ presets of the cameras.
        broadcasts: The streams of the CamStreamer App on the cameras.
        events: The event streams by node id, of the cameras that the user chose.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: NetrexConfigEntry,
        token: str,
        *,
        inventory: InventoryCoordinator,
        status: StatusCoordinator,
        store: NetrexStore,
    ) -> None:
        """Prepare; nothing is sent before `async_start`."""
        url = entry.options.get(CONF_DEVICE_URL, DEFAULT_CAMERA_URL)
        self._has_default_url = url == DEFAULT_CAMERA_URL
        self._inventory = inventory
        self._monitor = AccessMonitor(hass, entry, inventory, status)
        self._parameters: dict[int, ParameterCoordinator] = {}
        self._results: Counter[str] = Counter()
        self.client = GatewayClient(
            async_get_clientsession(hass), url, token, report=self._async_report
        )
        self._context = context = GatewayContext(
            hass, entry, self.client, inventory, status
        )
        self.capabilities = CapabilityCoordinator(context, store)
        self._snapshots = Snapshots(self.client, self.capabilities.of)
        self.ptz = PtzController(hass, self.client)
        self.presets = PresetCoordinator(context, self.capabilities)
        self.broadcasts = BroadcastCoordinator(context)
        self.events = {
            node_id: EventCoordinator(context, node_id)
            for node_id in inventory.data.cameras
            if str(node_id) in entry.options.get(CONF_CAMERA_EVENTS, ())
        }

    @classmethod
    def of(
        cls,
        hass: HomeAssistant,
        entry: NetrexConfigEntry,
        *,
        inventory: InventoryCoordinator,
        status: StatusCoordinator,
        store: NetrexStore,
    ) -> Self | None:
        """Return the camera access of an account; None without a token."""
        if not (token := entry.options.get(CONF_DEVICE_TOKEN)):
            return None
        return cls(hass, entry, token, inventory=inventory, status=status, store=store)

    @callback
    def async_start(self) -> None:
        """Start reading the cameras and following their events."""
        self.capabilities.async_refresh_in_background()
        self.presets.async_start()
        self.broadcasts.async_start()
        for events in self.events.values():
            events.async_start()

    async def async_stop(self) -> None:
        """Stop all movements and all periodic calls."""
        await self.ptz.async_stop()
        coordinators: list[DataUpdateCoordinator[Any]] = [
            self.capabilities,
            self.presets,
            self.broadcasts,
            *self._parameters.values(),
            *self.events.values(),
        ]
        for coordinator in coordinators:
            await coordinator.async_shutdown()
        # The next setup finds out for itself.
        self._monitor.async_delete_issue()

    def serial_number(self, node_id: int) -> str:
        """Return a camera's serial number; empty if the portal reports none.

        The client refuses an empty one before anything is sent.
        """
        return self._inventory.data.serial_number(node_id)

    def parameters(self, node_id: int) -> ParameterCoordinator:
        """Return what reads and writes a camera's parameters."""
        if (found := self._parameters.get(node_id)) is None:
            found = ParameterCoordinator(self._context, self.capabilities, node_id)
            self._parameters[node_id] = found
        return found

    async def async_snapshot(
        self, node_id: int, channel_id: int | None, width: int, height: int
    ) -> bytes | None:
        """Take a snapshot of at least the given size in pixels; see `Snapshots`."""
        camera = self._inventory.data.cameras.get(node_id)
        if camera is None:
            return None
        return await self._snapshots.async_take(camera, channel_id, width, height)

    def diagnostics(self) -> dict[str, Any]:
        """Return counts and models without addresses, serial numbers and tokens."""
        known = self.capabilities.data.values()
        return {
            "default_address": self._has_default_url,
            "problem": self._monitor.problem,
            "calls": dict(self._results),
            "cameras": {
                "known": len(known),
                "errors": self.capabilities.errors.by_reason(),
                "models": dict(Counter(str(one.model) for one in known)),
                "ptz": sum(one.ptz for one in known),
                "with_image_settings": sum(bool(one.image_settings) for one in known),
            },
            "snapshots": {
                "taken": self._snapshots.taken,
                "failed": self._snapshots.failed,
            },
            "broadcasts": self.broadcasts.diagnostics(),
            "events": [one.diagnostics() for one in self.events.values()],
        }

    @callback
    def _async_report(self, serial_number: str, err: NetrexError | None) -> None:
        self._results[type(err).__name__ if err else "answered"] += 1
        self._monitor.async_report(self.client, serial_number, err)
