"""Validates the camera access token, and creates an issue when it stops working."""

import time

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from ..client import (
    GatewayClient,
    NetrexCameraNotFoundError,
    NetrexCameraOfflineError,
    NetrexCameraPermissionError,
    NetrexCameraTokenError,
    NetrexError,
)
from ..client.camera.parameters import read_parameters
from ..errors import error_key
from ..issues import Issue, async_create_issue, async_delete_issue
from ..models import NetrexConfigEntry

# A single camera may be off, or unknown to the gateway, although the token is valid.
_MAX_CAMERAS = 3
_CHECK_INTERVAL_SECONDS = 300.0
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
    for serial_number in serial_numbers[:_MAX_CAMERAS]:
        try:
            await read_parameters(client, serial_number, _TEST_GROUPS)
        except (NetrexCameraOfflineError, NetrexCameraNotFoundError) as err:
            problem = error_key(err)
        except NetrexError as err:
            return error_key(err)
        else:
            return None
    return problem


class AccessMonitor:
    """Creates an issue while the gateway refuses the token.

    A camera may refuse a single call for another reason, so the token is tested with
    the same camera before an issue is created.

    Attributes:
        problem: The translation key of the issue; None while the token works.
    """

    def __init__(self, hass: HomeAssistant, entry: NetrexConfigEntry) -> None:
        self._hass = hass
        self._entry = entry
        self._checked_at: float | None = None
        self._checking = False
        self.problem: str | None = None

    @callback
    def async_report(
        self, client: GatewayClient, serial_number: str, err: NetrexError | None
    ) -> None:
        """Evaluate the result of a call; `err` is None if it succeeded."""
        if self._checking:
            return
        if err is None:
            if self.problem is not None:
                self.problem = None
                self.async_delete_issue()
        elif isinstance(err, (NetrexCameraTokenError, NetrexCameraPermissionError)):
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
        try:
            await read_parameters(client, serial_number, _TEST_GROUPS)
        except (NetrexCameraTokenError, NetrexCameraPermissionError) as err:
            self.problem = error_key(err)
            async_create_issue(
                self._hass, self._entry, Issue.CAMERA_ACCESS, self.problem
            )
        except NetrexError:
            # This says nothing about the token; check again after the next refusal.
            self._checked_at = None
        finally:
            self._checking = False

    @callback
    def async_delete_issue(self) -> None:
        """Delete the issue, if there is one."""
        async_delete_issue(self._hass, self._entry, Issue.CAMERA_ACCESS)
