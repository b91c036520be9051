"""A dashboard for a chain of shops, built from whatever places the account has."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from .client import HomeAssistantClient, Json
from .registry import DOMAIN, Place

TITLE = "Netrex"
ICON = "mdi:cctv"
# Panels of Home Assistant that have nothing to show here.
HIDDEN_PANELS = (
    "climate",
    "home",
    "light",
    "lovelace",
    "maintenance",
    "map",
    "security",
    "todo",
)
LIVE_CAMERAS = 2
STILL_CAMERAS = 2
MAX_CHART_LINES = 6
VISITORS = "visitors_today"


@dataclass(frozen=True, slots=True)
class Figure:
    """How a KPI sensor is shown; `key` ends the entity's unique id."""

    key: str
    name: str
    icon: str
    color: str


FIGURES = (
    Figure(VISITORS, "Visitors", "mdi:account-group", "blue"),
    Figure("people_in_today", "People in", "mdi:location-enter", "green"),
    Figure("people_out_today", "People out", "mdi:location-exit", "orange"),
)


@dataclass(frozen=True, slots=True)
class Account:
    """The places in the roles that the dashboard has for them."""

    service: Place | None
    chain: Place | None
    regions: Sequence[Place]
    shops: Sequence[Place]
    cameras: Sequence[Place]

    def below(self, place: Place, places: Iterable[Place]) -> list[Place]:
        """Return those of the places that hang directly below one."""
        return [other for other in places if other.parent_id == place.device_id]


def cast(places: Sequence[Place]) -> Account:
    """Give each place its role: the chain, its regions, their shops, the cameras."""
    counting = [
        place for place in places if VISITORS in place.entities and not _films(place)
    ]
    holders = {place.parent_id for place in counting}
    folders = [place for place in counting if place.device_id in holders]
    chain = folders[0] if folders else None
    return Account(
        service=next((place for place in places if place.node_id is None), None),
        chain=chain,
        regions=[place for place in folders if place is not chain],
        shops=[place for place in counting if place.device_id not in holders],
        cameras=[place for place in places if _films(place)],
    )


def _films(place: Place) -> bool:
    return "camera" in place.entities


def build_dashboard(
    places: Sequence[Place], values: Mapping[str, float], *, live: bool = True
) -> Json:
    """Return the Lovelace configuration.

    `values` are the sensors' present numbers by entity id, for the length of the
    bars; `live` off shows stills only.
    """
    account = cast(places)
    scale = _scale(values.get(shop.entities[VISITORS], 0) for shop in account.shops)
    groups = account.regions or ([account.chain] if account.chain else [])
    return {
        "views": [
            _overview(account, scale, live=live),
            *(
                _region_view(account, region)
                for region in groups
                if account.below(region, account.shops)
            ),
        ]
    }


def _scale(numbers: Iterable[float]) -> int:
    """Return a round length for bars: the largest number and some room."""
    return max(100, -(-int(max(numbers, default=0) * 1.2) // 100) * 100)


def _overview(account: Account, scale: int, *, live: bool) -> Json:
    sections = [
        _today(account),
        _live(account, live=live),
        _best_shops(account, scale),
        _status(account),
    ]
    return {
        "title": "Overview",
        "path": "overview",
        "icon": "mdi:view-dashboard",
        "type": "sections",
        "max_columns": 4,
        "dense_section_placement": True,
        "sections": [section for section in sections if section],
    }


def _heading(text: str, icon: str) -> Json:
    return {"type": "heading", "heading": text, "icon": icon}


def _today(account: Account) -> Json | None:
    """Show the whole account's numbers, and how the regions share in them."""
    if (whole := account.chain or next(iter(account.shops), None)) is None:
        return None
    cards = [_heading(f"{whole.name} today", "mdi:storefront"), *_figures(whole)]
    regions = [
        {"entity": region.entities[VISITORS], "name": region.name}
        for region in account.regions
    ]
    if regions:
        cards += [
            {
                "type": "distribution",
                "title": "Visitors by region",
                "entities": regions,
                "grid_options": {"columns": 12, "rows": "auto"},
            },
            {
                "type": "history-graph",
                "title": "Visitors since the morning",
                "hours_to_show": 12,
                "entities": regions[:MAX_CHART_LINES],
                "grid_options": {"columns": 12, "rows": "auto"},
            },
        ]
    return {"type": "grid", "cards": cards}


def _figures(place: Place) -> list[Json]:
    """Show a place's numbers: the first one wide, the others side by side."""
    shown = [figure for figure in FIGURES if figure.key in place.entities]
    return [
        {
            "type": "tile",
            "entity": place.entities[figure.key],
            "name": figure.name,
            "icon": figure.icon,
            "color": figure.color,
            "grid_options": {"columns": 6 if number else 12, "rows": 1},
        }
        for number, figure in enumerate(shown)
    ]


def _picture(camera: Place, name: str, view: str) -> Json:
    return {
        "type": "picture-entity",
        "entity": camera.entities["camera"],
        "name": name,
        "camera_view": view,
        "show_state": False,
        "fit_mode": "cover",
        "grid_options": {"columns": 12, "rows": "auto"},
    }


def _featured(account: Account) -> list[tuple[Place, Place]]:
    """Return cameras with their shops, the first of each shop before the second."""
    by_shop = [
        [(camera, shop) for camera in account.below(shop, account.cameras)]
        for shop in account.shops
    ]
    depth = max(map(len, by_shop), default=0)
    return [shop[turn] for turn in range(depth) for shop in by_shop if turn < len(shop)]


def _live(account: Account, *, live: bool) -> Json | None:
    """Show cameras that play, and below them some that show a still."""
    if not (featured := _featured(account)):
        return None
    cards = [_heading("Live from the shops", "mdi:cctv")]
    for number, (camera, shop) in enumerate(
        islice(featured, LIVE_CAMERAS + STILL_CAMERAS)
    ):
        plays = live and number < LIVE_CAMERAS
        cards.append(
            _picture(
                camera, f"{shop.name} · {camera.name}", "live" if plays else "auto"
            )
        )
    return {"type": "grid", "column_span": 2, "cards": cards}


def _best_shops(account: Account, scale: int) -> Json | None:
    if len(account.shops) <= 1:
        return None
    return {
        "type": "grid",
        "cards": [
            _heading("Visitors by shop", "mdi:podium"),
            *(_bar(shop, scale) for shop in account.shops[:10]),
        ],
    }


def _bar(shop: Place, scale: int) -> Json:
    return {
        "type": "tile",
        "entity": shop.entities[VISITORS],
        "name": shop.name,
        "icon": "mdi:store",
        "color": "blue",
        "features": [{"type": "bar-gauge", "min": 0, "max": scale}],
        "features_position": "inline",
        "grid_options": {"columns": 12, "rows": 1},
    }


def _status(account: Account) -> Json:
    """Show the cameras' connections and the day's queries."""
    connections = [
        camera.entities["connectivity"]
        for camera in account.cameras
        if "connectivity" in camera.entities
    ]
    cards = [
        _heading("Cameras and cloud", "mdi:cloud-check"),
        {
            "type": "markdown",
            "content": (
                f"{{% set all = {connections!r} %}}"
                "{% set off = all | reject('is_state', 'on') | list %}"
                "**{{ all | count - off | count }} of {{ all | count }} cameras**"
                " connected"
                "{% for camera in off %}\n- {{ device_name(camera) }}{% endfor %}"
            ),
        },
    ]
    if account.service is not None:
        cards += [
            {
                "type": "tile",
                "entity": account.service.entities[key],
                "name": name,
                "icon": icon,
                "grid_options": {"columns": 6, "rows": 1},
            }
            for key, name, icon in (
                ("queries_used", "Queries in 24 h", "mdi:counter"),
                ("queries_remaining", "Queries left", "mdi:gauge"),
            )
            if key in account.service.entities
        ]
    return {"type": "grid", "cards": cards}


def _region_view(account: Account, region: Place) -> Json:
    """Show a region: a section per shop with its numbers and its door."""
    return {
        "title": region.name,
        "path": f"place-{region.node_id}",
        "type": "sections",
        "max_columns": 4,
        "sections": [
            {
                "type": "grid",
                "cards": [
                    _heading(shop.name, "mdi:store"),
                    *(
                        _picture(camera, camera.name, "auto")
                        for camera in account.below(shop, account.cameras)[:1]
                    ),
                    *_figures(shop),
                ],
            }
            for shop in account.below(region, account.shops)
        ],
    }


async def show(client: HomeAssistantClient, config: Json) -> None:
    """Make the dashboard the first thing a person sees, and tidy the side bar."""
    dashboards = await client.command("lovelace/dashboards/list")
    if all(dashboard["url_path"] != DOMAIN for dashboard in dashboards):
        await client.command(
            "lovelace/dashboards/create",
            url_path=DOMAIN,
            allow_single_word=True,
            title=TITLE,
            icon=ICON,
        )
    await client.command("lovelace/config/save", url_path=DOMAIN, config=config)
    await client.command(
        "frontend/set_system_data", key="core", value={"default_panel": DOMAIN}
    )
    panels = await client.command("get_panels")
    for panel in HIDDEN_PANELS:
        if panel in panels:
            await client.command(
                "frontend/update_panel", url_path=panel, show_in_sidebar=False
            )
