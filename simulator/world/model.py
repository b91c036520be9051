"""The contents of the cloud: tree, cameras, sources of numbers, users, clients."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum


class Scope(StrEnum):
    """Rights of a token.

    The ten documented OAuth2 scopes and, for API tokens, the Configuration permission,
    which opens the cameras' own interface.
    """

    READ = "read"
    WRITE = "write"
    LIVEVIEW = "liveview"
    AUDIOTRANSMIT = "audiotransmit"
    LIVEVIEW_PTZ = "liveview_ptz"
    LIVEVIEW_LIGHT = "liveview_light"
    LIVEVIEW_AUDIOCLIP = "liveview_audioclip"
    RECORDINGS = "recordings"
    RECORDINGS_DELETE = "recordings_delete"
    EVENTS = "events"
    CONFIGURATION = "configuration"


OAUTH_SCOPES = frozenset(Scope) - {Scope.CONFIGURATION}
ALL_SCOPES = frozenset(Scope)


@dataclass(slots=True)
class Node:
    """One row of nodeList. `name` is None only in a broken tree."""

    node_id: int
    parent_node_id: int | None
    type: str
    name: str | None
    external_id: str | None = None


@dataclass(slots=True)
class StreamProfile:
    """A picture size that a camera streams."""

    stream_profile_id: int
    width: int
    height: int
    frame_rate: int = 10


@dataclass(slots=True)
class VideoChannel:
    """A further optic or view of a camera; a node below the camera."""

    node_id: int
    name: str


@dataclass(slots=True)
class Camera:
    """A camera beyond its row in the tree. `serial_number` is its MAC address.

    `inputs` and `outputs` count its electrical ports, `analytics` are the topics of
    what its own applications tell of the picture (see `camera_events.py`).
    """

    node_id: int
    serial_number: str
    is_connected: bool = True
    source_ip: str | None = None
    model: str = "AXIS P3268-LV"
    stream_profiles: list[StreamProfile] = field(default_factory=list)
    video_channels: list[VideoChannel] = field(default_factory=list)
    records: bool = True
    ptz: bool = False
    inputs: int = 0
    outputs: int = 0
    analytics: tuple[str, ...] = ()
    # Whether the CamStreamer App is installed.
    camstreamer: bool = True


@dataclass(frozen=True, slots=True)
class ArchivedRecording:
    """A recording that is there from the beginning, however old. Unix seconds."""

    recording_id: str
    node_id: int
    start: int
    end: int
    heights: tuple[int, ...]
    prepared: bool = False


class Column(StrEnum):
    """A number that is stored per quarter hour. Amounts are in minor units (x100)."""

    PEOPLE_IN = "people_in"
    PEOPLE_OUT = "people_out"
    PASS_BY = "pass_by"
    SALES = "sales"
    SALES_AMOUNT = "sales_amount"
    REFUNDS = "refunds"
    REFUNDS_AMOUNT = "refunds_amount"


class SourceKind(StrEnum):
    """What a node counts."""

    PEOPLE = "people"
    PASS_BY = "pass_by"
    TRANSACTIONS = "transactions"


@dataclass(frozen=True, slots=True)
class Shop:
    """How a shop lives: what its counters and cash desks have in common.

    `visitors` per ordinary day; `pass_by` per visitor; `conversion` and `refunds` as
    shares (0 to 1) of visitors and of sales; `ticket` is the average sale in units of
    the currency. Hours are local; `sunday` None means closed on Sundays.
    """

    key: int
    visitors: float = 600.0
    pass_by: float = 6.0
    conversion: float = 0.3
    refunds: float = 0.03
    ticket: float = 480.0
    opens: float = 9.0
    closes: float = 20.0
    sunday: tuple[float, float] | None = (10.0, 18.0)


@dataclass(frozen=True, slots=True)
class Source:
    """A node that stores numbers. `share` (0 to 1) is its part of its shop."""

    node_id: int
    kind: SourceKind
    shop: Shop
    share: float = 1.0


@dataclass(slots=True)
class User:
    """A portal account. A guest sees only what is at or below `sees`."""

    username: str
    password: str
    full_access: bool = True
    sees: tuple[int, ...] = ()


@dataclass(slots=True)
class OAuthClient:
    """A registered client application."""

    client_id: str
    client_secret: str
    name: str
    redirect_uris: list[str]
    description: str = ""


@dataclass(slots=True)
class Grant:
    """What stands behind a refresh token."""

    refresh_token: str
    username: str
    client_id: str
    scopes: frozenset[Scope]
    issued_at: float


@dataclass(slots=True)
class Token:
    """An access token: of OAuth2 (`client_id` is set) or an API token.

    `expires_at` in unix seconds; None never expires.
    """

    token: str
    username: str
    scopes: frozenset[Scope]
    expires_at: float | None = None
    client_id: str | None = None
    refresh_token: str | None = None

    def expired(self, now: float) -> bool:
        """Tell whether the token is too old at `now` (unix seconds)."""
        return self.expires_at is not None and now >= self.expires_at


@dataclass
class World:
    """Everything an account holds. `nodes` is a list: ids may repeat when broken.

    `corrections` replaces what a source counted: node id, start of the quarter hour
    (unix seconds), column, value.
    """

    seed: int = 1
    nodes: list[Node] = field(default_factory=list)
    cameras: dict[int, Camera] = field(default_factory=dict)
    sources: dict[int, tuple[Source, ...]] = field(default_factory=dict)
    corrections: dict[int, dict[int, dict[Column, int]]] = field(default_factory=dict)
    archive: list[ArchivedRecording] = field(default_factory=list)
    users: dict[str, User] = field(default_factory=dict)
    clients: list[OAuthClient] = field(default_factory=list)
    tokens: dict[str, Token] = field(default_factory=dict)
    grants: dict[str, Grant] = field(default_factory=dict)

    def node(self, node_id: int) -> Node | None:
        """Return the first node with this id."""
        return next((node for node in self.nodes if node.node_id == node_id), None)

    def camera_by_serial(self, serial_number: str) -> Camera | None:
        """Return the camera with this serial number; case does not matter."""
        wanted = serial_number.upper()
        return next(
            (
                cam
                for cam in self.cameras.values()
                if cam.serial_number.upper() == wanted
            ),
            None,
        )

    def client(self, client_id: str) -> OAuthClient | None:
        """Return a client application."""
        return next((c for c in self.clients if c.client_id == client_id), None)

    def below(self, node_ids: Iterable[int]) -> set[int]:
        """Return these nodes' ids and those of everything below, cycles or not."""
        children: dict[int, list[int]] = {}
        for node in self.nodes:
            if node.parent_node_id is not None:
                children.setdefault(node.parent_node_id, []).append(node.node_id)
        found: set[int] = set()
        waiting = list(node_ids)
        while waiting:
            node_id = waiting.pop()
            if node_id not in found:
                found.add(node_id)
                waiting.extend(children.get(node_id, ()))
        return found

    def visible(self, username: str) -> Iterator[Node]:
        """Yield the nodes that a user may see, in the order of the tree."""
        user = self.users[username]
        seen = None if user.full_access else self.below(user.sees)
        return (node for node in self.nodes if seen is None or node.node_id in seen)

    def sees(self, username: str, node_id: int) -> bool:
        """Tell whether a user may see a node."""
        return any(node.node_id == node_id for node in self.visible(username))

    def remove(self, node_id: int) -> None:
        """Take a node and everything below it out of the account."""
        gone = self.below([node_id])
        self.nodes = [node for node in self.nodes if node.node_id not in gone]
        for gone_id in gone:
            self.cameras.pop(gone_id, None)
            self.sources.pop(gone_id, None)
