"""Builds a dashboard for a chain of shops from the places of the account."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .charts import heading, statistics_view, trends
from .client import HomeAssistantClient, Json
from .registry import DOMAIN, Place
from .roles import VISITORS, Roles, assign_roles

TITLE = "Netrex"
ICON = "mdi:cctv"
# Panels of Home Assistant that are empty in the demo.
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
RANKED_SHOPS = 6


@dataclass(frozen=True, slots=True)
class Figure:
    """The display of a KPI sensor; its unique ID ends with `key`."""

    key: str
    name: str
    icon: str
    color: str


FIGURES = (
    Figure(VISITORS, "Visitors", "mdi:account-group", "blue"),
    Figure("sales_today", "Sales", "mdi:cash-register", "amber"),
    Figure("conversion_today", "Conversion", "mdi:cart-percent", "purple"),
    Figure("people_in_today", "People in", "mdi:location-enter", "green"),
    Figure("people_out_today", "People out", "mdi:location-exit", "orange"),
    Figure("transactions_today", "Transactions", "mdi:receipt-text", "teal"),
    Figure("occupancy", "Inside now", "mdi:account-multiple", "indigo"),
)
# As many numbers as fit beside the pictures.
MAX_ACCOUNT_FIGURES = 5


def build_dashboard(
    places: Sequence[Place],
    values: Mapping[str, float],
    portal: str,
) -> Json:
    """Return the Lovelace configuration.

    `values` are the numbers of the sensors by entity ID, which determine the order of
    the shops and the length of their bars; `portal` is the cloud's host in the IDs of
    statistics.
    """
    roles = assign_roles(places)
    groups = roles.regions or ([roles.chain] if roles.chain else [])
    sections = [
        _today(roles),
        _live(roles),
        _best_shops(roles, values),
        trends(roles, portal),
    ]
    overview = {
        "title": "Overview",
        "path": "overview",
        "icon": "mdi:view-dashboard",
        "type": "sections",
        "max_columns": 4,
        "sections": [section for section in sections if section],
    }
    regions = [
        _region_view(roles, region)
        for region in groups
        if roles.below(region, roles.shops)
    ]
    views = [overview, statistics_view(roles, portal), *regions]
    return {"views": [view for view in views if view]}


def _today(roles: Roles) -> Json:
    """Show the whole account: its numbers, and the shares of its regions."""
    cards: list[Json] = []
    if whole := roles.chain or next(iter(roles.shops), None):
        cards += [
            heading(f"{whole.name} today", "mdi:storefront"),
            *_figures(whole)[:MAX_ACCOUNT_FIGURES],
        ]
    if roles.regions:
        cards.append(
            {
                "type": "distribution",
                "title": "Visitors by region",
                "entities": _named(roles.regions),
                "grid_options": {"columns": 12, "rows": "auto"},
            }
        )
    return {"type": "grid", "cards": [*cards, *_status(roles)]}


def _named(places: Iterable[Place]) -> list[Json]:
    """Return the visitors of the places, under the names of the places."""
    return [
        {"entity": place.entities[VISITORS], "name": place.name} for place in places
    ]


def _figures(place: Place) -> list[Json]:
    """Show the numbers of a place: the first one wide, the others side by side."""
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


def _featured(roles: Roles) -> list[tuple[Place, Place]]:
    """Return one camera of each shop with the shop, a different one each time."""
    featured: list[tuple[Place, Place]] = []
    for number, shop in enumerate(roles.shops):
        if cameras := roles.below(shop, roles.cameras):
            featured.append((cameras[number % len(cameras)], shop))
    return featured


def _live(roles: Roles) -> Json | None:
    """Show some cameras with live video, and below them some with a still."""
    if not (featured := _featured(roles)):
        return None
    return {
        "type": "grid",
        "column_span": 2,
        "cards": [
            heading("Live from the shops", "mdi:cctv"),
            *(
                _picture(
                    camera,
                    f"{shop.name} · {camera.name}",
                    "live" if number < LIVE_CAMERAS else "auto",
                )
                for number, (camera, shop) in enumerate(
                    featured[: LIVE_CAMERAS + STILL_CAMERAS]
                )
            ),
        ],
    }


def _best_shops(roles: Roles, values: Mapping[str, float]) -> Json | None:
    if len(roles.shops) <= 1:
        return None
    ranked = sorted(
        roles.shops, key=lambda shop: -values.get(shop.entities[VISITORS], 0)
    )
    longest = values.get(ranked[0].entities[VISITORS], 0)
    # Leave room, because the numbers grow during the day.
    scale = max(100, -(-int(longest * 1.1) // 100) * 100)
    return {
        "type": "grid",
        "cards": [
            heading("Visitors by shop", "mdi:podium"),
            *(_bar(shop, scale) for shop in ranked[:RANKED_SHOPS]),
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


def _status(roles: Roles) -> list[Json]:
    """Show the connections of the cameras and the queries of the day."""
    connections = [
        camera.entities["connectivity"]
        for camera in roles.cameras
        if "connectivity" in camera.entities
    ]
    cards = [
        heading("Cameras and cloud", "mdi:cloud-check"),
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
    if roles.service is not None:
        cards += [
            {
                "type": "tile",
                "entity": roles.service.entities[key],
                "name": name,
                "icon": icon,
                "grid_options": {"columns": 6, "rows": 1},
            }
            for key, name, icon in (
                ("queries_used", "Queries in 24 h", "mdi:counter"),
                ("queries_remaining", "Queries left", "mdi:gauge"),
            )
            if key in roles.service.entities
        ]
    return cards


def _region_view(roles: Roles, region: Place) -> Json:
    """Show a region: a section per shop with its numbers and its entrance."""
    return {
        "title": region.name,
        "path": f"place-{region.node_id}",
        "type": "sections",
        "max_columns": 4,
        "sections": [
            {
                "type": "grid",
                "cards": [
                    heading(shop.name, "mdi:store"),
                    *(
                        _picture(camera, camera.name, "auto")
                        for camera in roles.below(shop, roles.cameras)[:1]
                    ),
                    *_figures(shop),
                ],
            }
            for shop in roles.below(region, roles.shops)
        ],
    }


async def show(client: HomeAssistantClient, config: Json) -> None:
    """Make the dashboard the default page, and hide empty panels in the sidebar."""
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
