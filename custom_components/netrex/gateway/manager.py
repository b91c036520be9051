"""One account's way to its cameras' own interfaces."""

from collections import Counter
from functools import partial
from typing import Any, Self

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator

from ..client import DEFAULT_CAMERA_URL, Capabilities, GatewayClient, NetrexError
from ..const import CONF_CAMERA_EVENTS, CONF_DEVICE_TOKEN, CONF_DEVICE_URL
from ..coordinator import InventoryCoordinator, StatusCoordinator
from ..models import NetrexConfigEntry
from ..store import NetrexStore
from .access import AccessWatch
from .broadcasts import BroadcastCoordinator
from .capabilities import CapabilityCoordinator
from .events import EventCoordinator
from .parameters import ParameterCoordinator
from .presets import PresetCoordinator
from .ptz import Mover
from .snapshots import Snapshots


class CameraGateway:
    """Everything that a camera access token makes possible; none without one.

    Attributes:
        client: Calls a camera by its serial number. How each call went is watched
            here, so its users only tell their own callers.
        capabilities: What each camera is able to, by node id; grows after a start.
        mover: Moves cameras.
        presets: The positions that each camera knows.
        broadcasts: What the CamStreamer App on each camera sends.
        events: By node id, of the cameras that the user chose to tell them.
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
        self._hass = hass
        self._entry = entry
        self._inventory = inventory
        self._watch = AccessWatch(hass, entry)
        self._parameters: dict[int, ParameterCoordinator] = {}
        self._results: Counter[str] = Counter()
        self.client = GatewayClient(
            async_get_clientsession(hass),
            entry.options.get(CONF_DEVICE_URL, DEFAULT_CAMERA_URL),
            token,
            report=self._async_report,
        )
        self.capabilities = CapabilityCoordinator(
            hass,
            entry,
            self.client,
            inventory=inventory,
            status=status,
            store=store,
        )
        self._snapshots = Snapshots(self.client, self._capabilities_of)

        self.mover = Mover(hass, self.client)
        self.presets = PresetCoordinator(
            hass,
            entry,
            self.client,
            inventory=inventory,
            status=status,
            capabilities=self.capabilities,
        )
        self.broadcasts = BroadcastCoordinator(
            hass, entry, self.client, inventory=inventory, status=status
        )
        self.events = {
            node_id: EventCoordinator(
                hass, entry, self.client, node_id, inventory=inventory, status=status
            )
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
        """Return the gateway of an account that has a camera access token."""
        if not (token := entry.options.get(CONF_DEVICE_TOKEN)):
            return None
        return cls(hass, entry, token, inventory=inventory, status=status, store=store)

    @callback
    def async_start(self) -> None:
        """Begin to find out what the cameras are able to, and to listen to some."""
        self.capabilities.async_start()
        self.presets.async_start()
        self.broadcasts.async_start()
        for events in self.events.values():
            events.async_start()

    async def async_stop(self) -> None:
        """End what asks cameras by itself."""
        await self.mover.async_stop()
        coordinators: list[DataUpdateCoordinator[Any]] = [
            self.capabilities,
            self.presets,
            self.broadcasts,
            *self._parameters.values(),
            *self.events.values(),
        ]
        for coordinator in coordinators:
            await coordinator.async_shutdown()
        self._watch.async_stop()

    def serial_number(self, camera_id: int) -> str:
        """Return a camera's serial number; empty if the portal knows none.

        The client refuses what is none, before anything is sent.
        """
        return self._inventory.data.serial_number(camera_id)

    def parameters(self, camera_id: int) -> ParameterCoordinator:
        """Return what reads and writes a camera's parameters."""
        if (found := self._parameters.get(camera_id)) is None:
            found = self._parameters[camera_id] = ParameterCoordinator(
                self._hass,
                self._entry,
                self.client,
                camera_id=camera_id,
                serial_number=partial(self.serial_number, camera_id),
                shown=partial(self._image_settings, camera_id),
            )
        return found

    async def async_snapshot(
        self, camera_id: int, channel_id: int | None, width: int, height: int
    ) -> bytes | None:
        """Have a camera take a picture, at least of a size; see `Snapshots`."""
        camera = self._inventory.data.cameras.get(camera_id)
        if camera is None:
            return None
        return await self._snapshots.async_take(camera, channel_id, width, height)

    def diagnostics(self) -> dict[str, Any]:
        """Return counts and kinds; no addresses, serial numbers or tokens."""
        known = self.capabilities.data.values()
        return {
            "default_address": CONF_DEVICE_URL not in self._entry.options
            or self._entry.options[CONF_DEVICE_URL] == DEFAULT_CAMERA_URL,
            "problem": self._watch.problem,
            "calls": dict(self._results),
            "cameras": {
                "known": len(known),
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

    def _capabilities_of(self, camera_id: int) -> Capabilities | None:
        return self.capabilities.data.get(camera_id)

    def _image_settings(self, camera_id: int) -> tuple[str, ...]:
        found = self._capabilities_of(camera_id)
        return found.image_settings if found else ()

    @callback
    def _async_report(self, serial_number: str, err: NetrexError | None) -> None:
        self._results[type(err).__name__ if err else "answered"] += 1
        self._watch.async_report(self.client, serial_number, err)
