"""The context of a request, which resolvers use to read data and to refuse."""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from ..state import State
from ..world.kpi import Kpi
from ..world.model import Camera, Node, Scope, StreamProfile, Token


class RequestRefusedError(Exception):
    """The portal refuses a request; its text and category are in the answer."""

    def __init__(self, message: str, category: str = "client") -> None:
        super().__init__(message)
        self.category = category


class LinkMinter(Protocol):
    """The part of the live view server that the API uses."""

    def mint(
        self,
        node_id: int,
        profile: StreamProfile,
        channel_node_id: int | None = None,
        transport: str = "rtsp",
    ) -> str:
        """Return the URL of a new live view link; "local" is a transport too."""


class RecordingBook(Protocol):
    """The part of the recordings that the API uses; rows have its field names."""

    def list(
        self, camera: Camera, start: int, end: int
    ) -> Sequence[Any] | Awaitable[Sequence[Any]]:
        """Return a camera's recordings between two unix times."""

    def prepare(self, recording_id: str, height: int) -> bool | Awaitable[bool]:
        """Start the preparation of a recording."""

    def progress(self, recording_id: str) -> Any | Awaitable[Any]:  # noqa: ANN401 - a row of the store
        """Return the state of a recording."""


@dataclass
class Context:
    """A request's token, and the parts of the cloud that answer it."""

    state: State
    kpi: Kpi
    token: Token
    links: LinkMinter | None
    recordings: RecordingBook | None

    @cached_property
    def visible(self) -> list[Node]:
        """The nodes that the token's user may see."""
        return list(self.state.world.visible(self.token.username))

    @cached_property
    def by_id(self) -> dict[int, Node]:
        """The visible nodes by ID; the first one if an ID repeats."""
        by_id: dict[int, Node] = {}
        for node in self.visible:
            by_id.setdefault(node.node_id, node)
        return by_id

    def require(self, scope: Scope) -> None:
        """Refuse a token without this right."""
        if scope not in self.token.scopes:
            raise RequestRefusedError(
                "You do not have sufficient permissions for this operation."
            )

    def node(self, node_id: int) -> Node:
        """Return a visible node; refuse if there is none."""
        if (node := self.by_id.get(node_id)) is None:
            raise RequestRefusedError(
                "Item was not found or you do not have the right to see it."
            )
        return node

    def camera(self, node_id: int) -> Camera:
        """Return a visible camera; refuse if there is none."""
        self.node(node_id)
        if (camera := self.state.world.cameras.get(node_id)) is None:
            raise RequestRefusedError("Item is not a camera.")
        return camera
