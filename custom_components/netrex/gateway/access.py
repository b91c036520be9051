"""Whether a camera access token opens the cameras, and telling a person if not."""

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
from ..models import NetrexConfigEntry, NetrexRuntimeData

# One camera may be off or unknown to the gateway without the token being to blame.
_MOST_CAMERAS = 3
# Seconds between two looks at a token that was refused somewhere.
_CHECK_SPACING = 300.0
# What everybody may read who has the Configuration permission at all.
_TEST_GROUPS = ("Brand",)


async def async_find_fault(
    hass: HomeAssistant, entry: NetrexConfigEntry, url: str, token: str
) -> str | None:
    """Try a token at a camera; return the key of what is wrong, None if nothing is.

    The cameras to ask are those of the account, if it is set up.
    """
    client = GatewayClient(async_get_clientsession(hass), url, token)
    fault = "no_camera_to_test"
    if entry.state is not ConfigEntryState.LOADED:
        return fault
    for serial_number in _connected(entry.runtime_data)[:_MOST_CAMERAS]:
        try:
            await read_parameters(client, serial_number, _TEST_GROUPS)
        except (NetrexCameraOfflineError, NetrexCameraNotFoundError) as err:
            fault = error_key(err)
        except NetrexError as err:
            return error_key(err)
        else:
            return None
    return fault


def _connected(data: NetrexRuntimeData) -> list[str]:
    """Return the serial numbers of cameras that the portal does not miss."""
    return [
        camera.serial_number
        for node_id, camera in data.inventory.data.cameras.items()
        if camera.serial_number and data.status.is_online(node_id)
    ]


class AccessWatch:
    """Creates an issue when the token stops opening the cameras, and takes it back.

    A single call may be refused for a reason of its own, so the token is tried at the
    same camera before anybody is told.
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
        """Take note of how a call went."""
        if self._checking:
            return
        if err is None:
            if self.problem is not None:
                self.problem = None
                async_delete_issue(self._hass, self._entry, Issue.CAMERA_ACCESS)
        elif isinstance(err, (NetrexCameraTokenError, NetrexCameraPermissionError)):
            now = time.monotonic()
            if self._checked_at is None or now - self._checked_at >= _CHECK_SPACING:
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
            # It says nothing about the token; the next refusal is looked at again.
            self._checked_at = None
        finally:
            self._checking = False

    @callback
    def async_stop(self) -> None:
        """Take the issue back: another run finds out by itself."""
        async_delete_issue(self._hass, self._entry, Issue.CAMERA_ACCESS)
