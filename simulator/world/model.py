"""The account's data: tree, cameras, sources of numbers, users, and clients."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum


class Scope(StrEnum):
    """Rights of a token.

    The ten documented OAuth2 scopes and, for API tokens, the Configuration permission,
    which gives access to the cameras.
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
    """Another lens or view of a camera; a node below the camera."""

    node_id: int
    name: str


@dataclass(slots=True)
class Camera:
    """The data of a camera besides its node. `serial_number` is its MAC address.

    `inputs` and `outputs` are the numbers of its electrical ports, `analytics` the
    topics of the events that its applications send (see `camera/events.py`).
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
    """A recording that exists from the start. Times are in unix seconds."""

    recording_id: str
    node_id: int
    start: int
    end: int
    heights: tuple[int, ...]
    prepared: bool = False


class Column(StrEnum):
    """A number that is stored per quarter hour; amounts in minor units (x100)."""

    PEOPLE_IN = "people_in"
    PEOPLE_OUT = "people_out"
    PASS_BY = "pass_by"
    SALES = "sales"
    SALES_AMOUNT = "sales_amount"
    REFUNDS = "refunds"
    REFUNDS_AMOUNT = "refunds_amount"


class SourceKind(StrEnum):
    """The kinds of numbers that a node stores."""

    PEOPLE = "people"
    PASS_BY = "pass_by"
    TRANSACTIONS = "transactions"


@dataclass(frozen=True, slots=True)
class Shop:
    """The parameters that a shop's people counters and cash desks share.

    `visitors` is per ordinary day, `pass_by` per visitor; `conversion` and `refunds`
    are shares (0 to 1) of visitors and of sales; `ticket` is the average sale in units
    of the currency. Hours are local; `sunday` is None if closed on Sundays.
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
    """A node that stores numbers; `share` (0 to 1) is its part of its shop's."""

    node_id: int
    kind: SourceKind
    shop: Shop
    share: float = 1.0


@dataclass(slots=True)
class User:
    """A portal user. A guest sees only the nodes in `sees` and those below."""

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
    """The authorization behind a refresh token."""

    refresh_token: str
    username: str
    client_id: str
    scopes: frozenset[Scope]
    issued_at: float


@dataclass(slots=True)
class Token:
    """An access token of OAuth2 (with a `client_id`) or an API token.

    `expires_at` is in unix seconds, None for no expiry.
    """

    token: str
    username: str
    scopes: frozenset[Scope]
    expires_at: float | None = None
    client_id: str | None = None
    refresh_token: str | None = None

    def expired(self, now: float) -> bool:
        """Return whether the token has expired at `now` (unix seconds)."""
        return self.expires_at is not None and now >= self.expires_at


@dataclass
class World:
    """All data of an account. `nodes` is a list: IDs repeat in a broken tree.

    `corrections` replaces numbers of a source: node ID, start of the quarter hour
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
        """Return the first node with this ID."""
        return next((node for node in self.nodes if node.node_id == node_id), None)

    def camera_by_serial(self, serial_number: str) -> Camera | None:
        """Return the camera with this serial number, ignoring case."""
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
        """Return the client application with this ID."""
        return next((c for c in self.clients if c.client_id == client_id), None)

    def below(self, node_ids: Iterable[int]) -> set[int]:
        """Return the IDs of these nodes and of all below; cycles are allowed."""
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
        """Return whether a user may see a node."""
        return any(node.node_id == node_id for node in self.visible(username))

    def remove(self, node_id: int) -> None:
        """Remove a node and all nodes below it."""
        gone = self.below([node_id])
        self.nodes = [node for node in self.nodes if node.node_id not in gone]
        for gone_id in gone:
            self.cameras.pop(gone_id, None)
            self.sources.pop(gone_id, None)
