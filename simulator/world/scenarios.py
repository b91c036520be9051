"""The scenarios: worlds to start with."""

from collections.abc import Callable
from functools import partial

from ..camera.events import OBJECT_ANALYTICS, VIDEO_MOTION
from .builder import FIRST_ID, WorldBuilder
from .model import (
    ArchivedRecording,
    Camera,
    Column,
    Node,
    OAuthClient,
    Shop,
    SourceKind,
    StreamProfile,
    User,
    VideoChannel,
    World,
)
from .shop_days import QUARTER

_REGIONS: dict[str, tuple[tuple[str, float], ...]] = {
    "Praha": (
        ("Praha, Vodičkova", 1400),
        ("Praha, Anděl", 1150),
        ("Praha, Letňany", 900),
        ("Praha, Dejvická", 620),
    ),
    "Čechy": (
        ("Plzeň, Americká", 640),
        ("České Budějovice, Lannova", 480),
        ("Hradec Králové, Čelakovského", 520),
        ("Pardubice, třída Míru", 450),
        ("Liberec, Pražská", 430),
    ),
    "Morava": (
        ("Brno, Masarykova", 1050),
        ("Brno, Vaňkovka", 980),
        ("Ostrava, Nádražní", 610),
        ("Olomouc, Riegrova", 500),
        ("Zlín, náměstí Míru", 380),
    ),
    "Slovensko": (
        ("Bratislava, Obchodná", 870),
        ("Košice, Hlavná", 560),
        ("Žilina, Národná", 340),
    ),
    "Evropa": (
        ("Wien, Mariahilfer Straße", 1250),
        ("Dresden, Prager Straße", 820),
        ("Wrocław, Świdnicka", 930),
    ),
}


def _accounts(world: World, *, guest_sees: tuple[int, ...] = ()) -> None:
    """Add the users and the client application that every world has."""
    world.users["owner"] = User("owner", "owner")
    world.users["guest"] = User("guest", "guest", full_access=False, sees=guest_sees)
    world.clients.append(
        OAuthClient(
            "netrex-simulator",
            "simulated-client-secret",
            "Home Assistant",
            [
                "https://my.home-assistant.io/redirect/oauth",
                "http://127.0.0.1:8123/auth/external/callback",
                "http://localhost:8123/auth/external/callback",
                "http://homeassistant.local:8123/auth/external/callback",
            ],
            "Home Assistant integration",
        )
    )


def _chain(seed: int) -> World:
    """Build 20 shops in five regions with 100 cameras."""
    world = World(seed)
    build = WorldBuilder(world)
    root = build.node("folder", "Sportovní svět", None)
    number, shops = 0, list[int]()
    for region, places in _REGIONS.items():
        folder = build.node("folder", region, root, f"region-{region.lower()}")
        for name, visitors in places:
            number += 1
            shops.append(build.shop(name, visitors, folder, number))
    build.node("dataView", "Návštěvnost všech prodejen", root)
    build.node("report", "Týdenní zpráva", root)
    build.node("user", "guest", root)
    _accounts(world, guest_sees=tuple(shops[:2]))
    return world


def _many(shops: int, seed: int) -> World:
    """Build shops with five cameras each, twenty in a folder."""
    world = World(seed)
    build = WorldBuilder(world)
    root = build.node("folder", "Sportovní svět", None)
    places = [place for region in _REGIONS.values() for place in region]
    first = 0
    for number in range(shops):
        if number % len(places) == 0:
            folder = build.node("folder", f"Země {number // len(places) + 1}", root)
        name, visitors = places[number % len(places)]
        title = f"{name} {number // len(places) + 1}"
        shop = build.shop(title, visitors, folder, number + 1)
        first = first or shop
    _accounts(world, guest_sees=(first,))
    return world


def _shop(seed: int) -> World:
    """Build one shop with four cameras."""
    world = World(seed)
    build = WorldBuilder(world)
    root = build.node("folder", "Kolo a hory", None)
    shop = build.shop("Brno, Česká", 640, root, 1, cameras=4)
    build.node("user", "guest", root)
    _accounts(world, guest_sees=(shop,))
    return world


def _one_camera(seed: int) -> World:
    """Build one shop with one camera, at the root of the account."""
    world = World(seed)
    build = WorldBuilder(world)
    root = build.node("folder", "Květiny Jarmila", None)
    shop = build.shop("Květiny Jarmila", 180, root, 2, cameras=1)
    _accounts(world, guest_sees=(shop,))
    return world


def _cameras(seed: int) -> World:
    """Build folders with cameras, and no numbers at all."""
    world = World(seed)
    build = WorldBuilder(world)
    root = build.node("folder", "Stavební dvůr", None)
    for name in ("Sklad", "Dílna", "Vrátnice"):
        folder = build.node("folder", name, root)
        for side in ("Vjezd", "Dvůr"):
            build.camera(side, folder)
    _accounts(world, guest_sees=(root,))
    return world


def _guest(seed: int) -> World:
    """Build the chain with an owner who is a guest.

    The owner sees one region, one shop of another region, and one camera, without the
    folders above them; "admin" sees everything.
    """
    world = _chain(seed)
    regions = [n for n in world.nodes if (n.external_id or "").startswith("region-")]
    shops = [node for node in world.nodes if node.type == "location"]
    camera = list(world.cameras)[-1]
    sees = (regions[0].node_id, shops[5].node_id, camera)
    world.users["owner"] = User("owner", "owner", full_access=False, sees=sees)
    world.users["admin"] = User("admin", "admin")
    return world


def _empty(seed: int) -> World:
    """Build an account that has only its root folder."""
    world = World(seed)
    WorldBuilder(world).node("folder", "Nový účet", None)
    _accounts(world)
    return world


def _broken_tree(seed: int) -> World:
    """Build a shop in a tree with every known defect."""
    world = _shop(seed)
    root = world.nodes[0].node_id
    location = next(node for node in world.nodes if node.type == "location")
    build = WorldBuilder(world, next_id=300_000)
    own_parent = build.node("folder", "San Diego", root)
    world.nodes[-1].parent_node_id = own_parent
    build.camera("Kamera pod sebou samým", own_parent)
    build.node("folder", "Sirotek", 999_999)
    build.camera("Kamera sirotka", world.nodes[-1].node_id)
    left = build.node("folder", "Kruh A", None)
    right = build.node("folder", "Kruh B", left)
    world.nodes[-2].parent_node_id = right
    build.camera("Kamera v kruhu", right)
    world.nodes.append(Node(location.node_id, root, "location", "Dvojník"))
    build.node("weatherStation", "Neznámý druh", root)
    build.node("folder", None, root)
    build.camera("", root)
    world.nodes[-1].name = None
    # A node of a camera that does not exist.
    build.node("camera", "Kamera bez přístroje", root)
    return world


def _documentation(seed: int) -> World:
    """Build the world in which the vendor's examples run word for word."""
    world = World(seed)
    world.nodes = [
        Node(138170, None, "folder", "rootfolder"),
        Node(63575, 138170, "folder", "San Diego", "001"),
        Node(140094, 138170, "camera", "ACCC8EE8A9CA", "camera1"),
        Node(1000, 140094, "videoChannel", "View area 2"),
        Node(62303, 63575, "camera", "ACCC8ED8CBF0", "camera2"),
        Node(62310, 63575, "cashdesk", "Cash desk 1"),
    ]
    profiles = [StreamProfile(120846, 800, 450), StreamProfile(120850, 1920, 1080)]
    world.cameras = {
        140094: Camera(
            140094,
            "ACCC8EE8A9CA",
            source_ip="211.21.111.111",
            stream_profiles=profiles,
            video_channels=[VideoChannel(1000, "View area 2")],
            ptz=True,
            inputs=2,
            outputs=1,
            analytics=(OBJECT_ANALYTICS, VIDEO_MOTION),
        ),
        62303: Camera(
            62303,
            "ACCC8ED8CBF0",
            source_ip="211.21.111.112",
            stream_profiles=[
                StreamProfile(120860, 854, 480),
                StreamProfile(120861, 1280, 800),
            ],
        ),
    }
    build = WorldBuilder(world)
    door, store = Shop(1, visitors=900), Shop(2, visitors=500)
    build.count(140094, SourceKind.PEOPLE, door)
    build.count(140094, SourceKind.TRANSACTIONS, door)
    build.count(62303, SourceKind.PEOPLE, store)
    build.count(62303, SourceKind.PASS_BY, store)
    build.count(62310, SourceKind.TRANSACTIONS, store)
    # The numbers in the documentation's answers: 57 in total, and 20 and 12.
    first, second = 1589185800, 1589185800 + QUARTER
    for node_id, counts in {140094: (30, 27), 62303: (20, 12)}.items():
        world.corrections[node_id] = {
            start: {Column.PEOPLE_IN: count, Column.PEOPLE_OUT: count}
            for start, count in zip((first, second), counts, strict=True)
        }
    # Both IDs of the documentation's example; the second recording is prepared.
    start, heights = 1589190089, (480, 720, 800)
    world.archive = [
        ArchivedRecording("xRMElmAkh3", 62303, start, start + 598, heights),
        ArchivedRecording(
            "6RjiHGzqCE", 62303, start - 600, start - 590, heights, prepared=True
        ),
    ]
    _accounts(world, guest_sees=(63575,))
    return world


SCENARIOS: dict[str, Callable[[int], World]] = {
    "chain": _chain,
    "fifty": partial(_many, 50),
    "large": partial(_many, 200),
    "shop": _shop,
    "one_camera": _one_camera,
    "cameras": _cameras,
    "guest": _guest,
    "empty": _empty,
    "broken_tree": _broken_tree,
    "documentation": _documentation,
}


def build_world(scenario: str, seed: int = 1) -> World:
    """Return a new world. Raises ValueError for an unknown scenario."""
    if scenario not in SCENARIOS:
        raise ValueError(f"unknown scenario {scenario}; known: {', '.join(SCENARIOS)}")
    return SCENARIOS[scenario](seed)


def add_camera(world: World, name: str, parent_node_id: int) -> Camera:
    """Add a camera to a running world."""
    highest = max((node.node_id for node in world.nodes), default=FIRST_ID)
    profile_ids = (
        profile.stream_profile_id
        for camera in world.cameras.values()
        for profile in camera.stream_profiles
    )
    build = WorldBuilder(world, next_id=max([highest, *profile_ids]))
    taken = {camera.serial_number for camera in world.cameras.values()}
    camera = build.camera(name, parent_node_id)
    while camera.serial_number in taken:
        build.serial += 1
        camera.serial_number = f"{build.serial:012X}"
    return camera
