"""What a resolver may use, and how it refuses."""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from ..state import State
from ..world.kpi import Kpi
from ..world.model import Camera, Node, Scope, StreamProfile, Token


class RequestRefusedError(Exception):
    """The portal says no; the text and the category are part of the answer."""

    def __init__(self, message: str, category: str = "client") -> None:
        super().__init__(message)
        self.category = category


class LinkMinter(Protocol):
    """The media server, as the API sees it."""

    def mint(
        self,
        node_id: int,
        profile: StreamProfile,
        channel_node_id: int | None = None,
        transport: str = "rtsp",
    ) -> str:
        """Return the address of a new live view link; "local" is a transport too."""


class RecordingBook(Protocol):
    """The recordings, as the API sees them: rows have the API's field names."""

    def list(
        self, camera: Camera, start: int, end: int
    ) -> Sequence[Any] | Awaitable[Sequence[Any]]:
        """Return what a camera recorded between two unix times."""

    def prepare(self, recording_id: str, height: int) -> bool | Awaitable[bool]:
        """Start the preparation of a recording."""

    def progress(self, recording_id: str) -> Any | Awaitable[Any]:  # noqa: ANN401 - a row of the store
        """Return the state of a recording."""


@dataclass
class Context:
    """One request: who asks, and the parts of the cloud that answer."""

    state: State
    kpi: Kpi
    token: Token
    links: LinkMinter | None
    recordings: RecordingBook | None

    @cached_property
    def visible(self) -> list[Node]:
        """Return the nodes that the token's user sees."""
        return list(self.state.world.visible(self.token.username))

    @cached_property
    def by_id(self) -> dict[int, Node]:
        """Return the visible nodes by id; of doubles, the first."""
        by_id: dict[int, Node] = {}
        for node in self.visible:
            by_id.setdefault(node.node_id, node)
        return by_id

    def require(self, scope: Scope) -> None:
        """Refuse a token that has not this right."""
        if scope not in self.token.scopes:
            raise RequestRefusedError(
                "You do not have sufficient permissions for this operation."
            )

    def node(self, node_id: int) -> Node:
        """Return a visible node, or refuse."""
        if (node := self.by_id.get(node_id)) is None:
            raise RequestRefusedError(
                "Item was not found or you do not have the right to see it."
            )
        return node

    def camera(self, node_id: int) -> Camera:
        """Return a visible camera, or refuse."""
        self.node(node_id)
        if (camera := self.state.world.cameras.get(node_id)) is None:
            raise RequestRefusedError("Item is not a camera.")
        return camera
