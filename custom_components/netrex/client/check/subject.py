"""What an account check works with: the portal, and examples from the account."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
import time

import aiohttp

from ..camera.url import DEFAULT_CAMERA_URL
from ..downloads import DownloadServer
from ..enums import NodeType
from ..models import Camera, Inventory
from ..schema import Schema
from .calls import PortalCalls
from .report import Row


@dataclass(slots=True)
class Subject:
    """The account that is checked. Later steps use what earlier ones found.

    Attributes:
        session: HTTP session for requests that are not queries.
        url: The portal's address.
        get_token: Returns a valid token.
        portal: Sends queries.
        camera_token: The camera access token; empty without one.
        camera_url: The URL template of cameras.
        clock: Unix time in seconds.
        schema: The portal's schema; the documented one if it cannot be introspected.
        inventory: Empty if it could not be read.
    """

    session: aiohttp.ClientSession
    url: str
    get_token: Callable[[], Awaitable[str]]
    portal: PortalCalls
    camera_token: str = field(default="", repr=False)
    camera_url: str = DEFAULT_CAMERA_URL
    clock: Callable[[], float] = time.time
    schema: Schema = field(default_factory=Schema.documented)
    inventory: Inventory = field(default_factory=Inventory)

    @property
    def downloads(self) -> DownloadServer:
        """Opens files."""
        return DownloadServer(self.session, self.url, self.get_token)

    def camera(self, *, online: bool) -> Camera | None:
        """Return the first camera in this state."""
        cameras = self.inventory.cameras
        return next((one for one in cameras if one.is_connected is online), None)

    def serial_numbers(self, *, online: bool) -> list[str]:
        """Return the serial numbers of the cameras in this state."""
        return [
            camera.serial_number
            for camera in self.inventory.cameras
            if camera.is_connected is online and camera.serial_number
        ]

    def nodes(self, *types: NodeType) -> list[int]:
        """Return the ids of the nodes of some types, in the order of the types."""
        return [
            node.node_id
            for wanted in types
            for node in self.inventory.nodes
            if node.type is wanted
        ]


type Step = Callable[[Subject], AsyncIterator[Row]]
