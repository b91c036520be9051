"""Builds worlds from nodes, cameras, and shops."""

from dataclasses import dataclass, field
import random

from ..camera.events import (
    OBJECT_ANALYTICS,
    OBJECT_ANALYTICS_ANY,
    VIDEO_MOTION,
    VIDEO_MOTION_ANY,
)
from .model import (
    Camera,
    Node,
    Shop,
    Source,
    SourceKind,
    StreamProfile,
    VideoChannel,
    World,
)

# The cameras of a shop: name, model, kind of source, share of the shop's numbers.
_CAMERAS: tuple[tuple[str, str, SourceKind | None, float], ...] = (
    ("Vchod", "AXIS P8815-2", SourceKind.PEOPLE, 1.0),
    ("Výloha", "AXIS P3268-LVE", SourceKind.PASS_BY, 1.0),
    ("Pokladny", "AXIS M3085-V", None, 0.0),
    ("Prodejna", "AXIS M3077-PLVE", None, 0.0),
    ("Sklad", "AXIS M2036-LE", None, 0.0),
)
_PROFILES = ((640, 360), (1280, 720), (1920, 1080))
FIRST_ID = 200_000
_SERIAL_BASE = 0xB8A44F000000


@dataclass
class WorldBuilder:
    """Adds nodes with new IDs to a world."""

    world: World
    next_id: int = FIRST_ID
    serial: int = _SERIAL_BASE
    rng: random.Random = field(init=False)

    def __post_init__(self) -> None:
        """Choose the first serial number."""
        self.rng = random.Random(self.world.seed)  # noqa: S311 - believable, not secret
        self.serial += self.rng.randrange(0x100000) * 8

    def fresh_id(self) -> int:
        """Return the next ID; IDs have gaps, as in a portal with many accounts."""
        self.next_id += self.rng.randint(1, 9)
        return self.next_id

    def node(
        self,
        kind: str,
        name: str | None,
        parent: int | None,
        external_id: str | None = None,
    ) -> int:
        """Add a node; return its ID."""
        node_id = self.fresh_id()
        self.world.nodes.append(Node(node_id, parent, kind, name, external_id))
        return node_id

    def camera(self, name: str, parent: int, model: str = "AXIS P3268-LV") -> Camera:
        """Add a camera with three stream profiles."""
        node_id = self.node("camera", name, parent)
        self.serial += self.rng.randint(1, 40)
        camera = Camera(
            node_id,
            f"{self.serial:012X}",
            source_ip=f"203.0.113.{self.rng.randint(1, 254)}",
            model=model,
            stream_profiles=[
                StreamProfile(self.fresh_id(), width, height)
                for width, height in _PROFILES
            ],
        )
        self.world.cameras[node_id] = camera
        return camera

    def channel(self, camera: Camera, name: str) -> None:
        """Add another video channel below a camera."""
        node_id = self.node("videoChannel", name, camera.node_id)
        camera.video_channels.append(VideoChannel(node_id, name))

    def count(
        self, node_id: int, kind: SourceKind, shop: Shop, share: float = 1.0
    ) -> None:
        """Make a node a source of numbers."""
        sources = self.world.sources.get(node_id, ())
        self.world.sources[node_id] = (*sources, Source(node_id, kind, shop, share))

    def shop(
        self,
        name: str,
        visitors: float,
        parent: int,
        number: int,
        *,
        cameras: int = len(_CAMERAS),
    ) -> int:
        """Add a location with cameras, cash desks, inputs, and a dashboard."""
        shop = Shop(
            key=number,
            visitors=visitors,
            pass_by=self.rng.uniform(4, 9),
            conversion=self.rng.uniform(0.22, 0.38),
            refunds=self.rng.uniform(0.02, 0.05),
            ticket=self.rng.uniform(320, 690),
            closes=self.rng.choice((19.0, 20.0, 21.0)),
        )
        location = self.node("location", name, parent, f"shop-{number:03d}")
        two_doors = number % 3 == 1
        for title, model, kind, share in _CAMERAS[:cameras]:
            camera = self.camera(title, location, model)
            # The camera of the shop window streams to the public.
            camera.camstreamer = kind is SourceKind.PASS_BY
            if kind is SourceKind.PEOPLE:
                self.count(camera.node_id, kind, shop, 0.7 if two_doors else share)
                self.node("deviceInput", "Dveře", camera.node_id)
                camera.inputs = camera.outputs = 1
            elif kind is not None:
                self.count(camera.node_id, kind, shop, share)
                camera.analytics = (OBJECT_ANALYTICS, OBJECT_ANALYTICS_ANY)
            elif title == "Pokladny" and two_doors:
                # The camera above the cash desks counts people at the other door.
                self.count(camera.node_id, SourceKind.PEOPLE, shop, 0.3)
            elif title == "Prodejna":
                camera.ptz = True
                self.channel(camera, "Prodejna, pohled 2")
            elif title == "Sklad":
                camera.analytics = (VIDEO_MOTION, VIDEO_MOTION_ANY)
        desks = 2 if visitors > 600 else 1  # noqa: PLR2004 - a big shop needs two
        for desk in range(1, desks + 1):
            desk_id = self.node("cashdesk", f"Pokladna {desk}", location)
            self.count(desk_id, SourceKind.TRANSACTIONS, shop, 1 / desks)
        self.node("dashboard", f"{name}: přehled", location)
        return location
