"""Validates the camera access token, and creates an issue when it stops working."""

import time

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from ..client import (
    Camera,
    GatewayClient,
    NetrexCameraNotFoundError,
    NetrexCameraOfflineError,
    NetrexCameraPermissionError,
    NetrexCameraTokenError,
    NetrexError,
)
from ..client.camera.parameters import read_parameters
from ..coordinator import InventoryCoordinator, StatusCoordinator
from ..errors import error_key
from ..issues import Issue, async_create_issue, async_delete_issue
from ..models import NetrexConfigEntry

# A single camera may be off, unknown to the gateway, or refuse although the token is
# valid.
_MAX_CAMERAS = 5
# How many cameras must refuse a token, unless the account has fewer.
_MIN_REFUSALS = 2
_CHECK_INTERVAL_SECONDS = 300.0
_REFUSALS = (NetrexCameraTokenError, NetrexCameraPermissionError)
# Every camera has this group, and the Configuration permission is enough to read it.
_TEST_GROUPS = ("Brand",)


async def async_validate_token(
    hass: HomeAssistant, entry: NetrexConfigEntry, url: str, token: str
) -> str | None:
    """Return the translation key of what is wrong with a token; None if it works.

    The token is tested with online cameras of the account, so the account has to be
    loaded.
    """
    client = GatewayClient(async_get_clientsession(hass), url, token)
    problem = "no_camera_to_test"
    if entry.state is not ConfigEntryState.LOADED:
        return problem
    data = entry.runtime_data
    serial_numbers = [
        camera.serial_number
        for node_id, camera in data.inventory.data.cameras.items()
        if camera.serial_number and data.status.is_online(node_id)
    ]
    refused = False
    for serial_number in serial_numbers[:_MAX_CAMERAS]:
        try:
            await read_parameters(client, serial_number, _TEST_GROUPS)
        except (NetrexCameraOfflineError, NetrexCameraNotFoundError) as err:
            if not refused:
                problem = error_key(err)
        except _REFUSALS as err:
            problem, refused = error_key(err), True
        except NetrexError as err:
            return error_key(err)
        else:
            return None
    return problem


class AccessMonitor:
    """Creates an issue while the cameras refuse the token.

    One camera may refuse for a reason of its own. After a refusal the token is tested
    with the same camera and with others. An issue that names them is created only if
    all that answer refuse it, and deleted when one of them accepts the token.

    Attributes:
        problem: The translation key of the issue; None while the token works.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: NetrexConfigEntry,
        inventory: InventoryCoordinator,
        status: StatusCoordinator,
    ) -> None:
        self._hass = hass
        self._entry = entry
        self._inventory = inventory
        self._status = status
        self._checked_at: float | None = None
        self._checking = False
        # The serial numbers of the cameras that the issue names.
        self._refused: frozenset[str] = frozenset()
        self.problem: str | None = None

    @callback
    def async_report(
        self, client: GatewayClient, serial_number: str, err: NetrexError | None
    ) -> None:
        """Evaluate the result of a call; `err` is None if it succeeded."""
        if self._checking:
            return
        if err is None:
            if serial_number in self._refused:
                self._refused = frozenset()
                self.problem = None
                self.async_delete_issue()
        elif isinstance(err, _REFUSALS):
            now = time.monotonic()
            if (
                self._checked_at is None
                or now - self._checked_at >= _CHECK_INTERVAL_SECONDS
            ):
                self._checked_at = now
                self._entry.async_create_background_task(
                    self._hass,
                    self._async_check(client, serial_number),
                    "netrex camera access",
                )

    async def _async_check(self, client: GatewayClient, serial_number: str) -> None:
        self._checking = True
        refused: list[Camera] = []
        problem: str | None = None
        try:
            for camera in self._cameras(serial_number):
                try:
                    await read_parameters(
                        client, camera.serial_number or "", _TEST_GROUPS
                    )
                except _REFUSALS as err:
                    refused.append(camera)
                    problem = problem or error_key(err)
                except NetrexCameraOfflineError, NetrexCameraNotFoundError:
                    continue
                else:
                    # The token works: refusals are the cameras' own.
                    return
        except NetrexError:
            # This says nothing about the token; check again after the next refusal.
            self._checked_at = None
            return
        finally:
            self._checking = False
        if problem is None or len(refused) < min(_MIN_REFUSALS, self._count()):
            self._checked_at = None
            return
        self.problem = problem
        self._refused = frozenset(camera.serial_number or "" for camera in refused)
        async_create_issue(
            self._hass,
            self._entry,
            Issue.CAMERA_ACCESS,
            problem,
            cameras=", ".join(camera.name for camera in refused),
        )

    def _cameras(self, first: str) -> list[Camera]:
        """Return the online cameras to test the token with, one of them first."""
        online = [
            camera
            for node_id, camera in self._inventory.data.cameras.items()
            if camera.serial_number
            and (camera.serial_number == first or self._status.is_online(node_id))
        ]
        online.sort(key=lambda camera: camera.serial_number != first)
        return online[:_MAX_CAMERAS]

    def _count(self) -> int:
        cameras = self._inventory.data.cameras.values()
        return sum(bool(camera.serial_number) for camera in cameras)

    @callback
    def async_delete_issue(self) -> None:
        """Delete the issue, if there is one."""
        async_delete_issue(self._hass, self._entry, Issue.CAMERA_ACCESS)
