"""A dashboard for a chain of shops, built from whatever places the account has."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .charts import heading, statistics_view, trends
from .client import HomeAssistantClient, Json
from .registry import DOMAIN, Place
from .roles import VISITORS, Account, cast

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
RANKED_SHOPS = 6


@dataclass(frozen=True, slots=True)
class Figure:
    """How a KPI sensor is shown; `key` ends the entity's unique id."""

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
# As many as there is room for beside the pictures.
FIGURES_OF_THE_WHOLE = 5


def build_dashboard(
    places: Sequence[Place],
    values: Mapping[str, float],
    portal: str,
) -> Json:
    """Return the Lovelace configuration.

    `values` are the sensors' present numbers by entity id, for the order of the shops
    and the length of their bars; `portal` is the cloud's host as statistics name it.
    """
    account = cast(places)
    groups = account.regions or ([account.chain] if account.chain else [])
    sections = [
        _today(account),
        _live(account),
        _best_shops(account, values),
        trends(account, portal),
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
        _region_view(account, region)
        for region in groups
        if account.below(region, account.shops)
    ]
    views = [overview, statistics_view(account, portal), *regions]
    return {"views": [view for view in views if view]}


def _today(account: Account) -> Json:
    """Show the whole account: its numbers, its regions' shares, its status."""
    cards: list[Json] = []
    if whole := account.chain or next(iter(account.shops), None):
        cards += [
            heading(f"{whole.name} today", "mdi:storefront"),
            *_figures(whole)[:FIGURES_OF_THE_WHOLE],
        ]
    if account.regions:
        cards.append(
            {
                "type": "distribution",
                "title": "Visitors by region",
                "entities": _named(account.regions),
                "grid_options": {"columns": 12, "rows": "auto"},
            }
        )
    return {"type": "grid", "cards": [*cards, *_status(account)]}


def _named(places: Iterable[Place]) -> list[Json]:
    """Return the places' visitors under the places' own names."""
    return [
        {"entity": place.entities[VISITORS], "name": place.name} for place in places
    ]


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
    """Return a camera of each shop with the shop, another one each time."""
    featured: list[tuple[Place, Place]] = []
    for number, shop in enumerate(account.shops):
        if cameras := account.below(shop, account.cameras):
            featured.append((cameras[number % len(cameras)], shop))
    return featured


def _live(account: Account) -> Json | None:
    """Show cameras that play, and below them some that show a still."""
    if not (featured := _featured(account)):
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


def _best_shops(account: Account, values: Mapping[str, float]) -> Json | None:
    if len(account.shops) <= 1:
        return None
    ranked = sorted(
        account.shops, key=lambda shop: -values.get(shop.entities[VISITORS], 0)
    )
    longest = values.get(ranked[0].entities[VISITORS], 0)
    # Some room, since the numbers grow during the day.
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


def _status(account: Account) -> list[Json]:
    """Show the cameras' connections and the day's queries."""
    connections = [
        camera.entities["connectivity"]
        for camera in account.cameras
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
    return cards


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
                    heading(shop.name, "mdi:store"),
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
