"""Charts of the long-term statistics, and the comparison with last week."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .client import Json
from .history import DAYS, METRIC
from .registry import DOMAIN, Place
from .roles import Roles

PATH = "statistics"
AGAINST_LAST_WEEK = "visitors_change_today"
OCCUPANCY = "occupancy"
# The metrics of the charts; ratios have a mean and no sum.
METRICS = (METRIC, "sales", "conversion")
RATIOS = {"conversion"}
MOST_LINES = 6
MOST_SHOPS = 12
# In rows of the dashboard's grid.
CHART_ROWS = 6


@dataclass(frozen=True, slots=True)
class Graph:
    """A chart of one metric; `period` is the time that one point covers."""

    title: str
    metric: str
    period: str
    chart_type: str


def heading(text: str, icon: str) -> Json:
    """Return the title of a section."""
    return {"type": "heading", "heading": text, "icon": icon}


def trends(roles: Roles, portal: str) -> Json | None:
    """Show the last days of the regions; without regions, of the shops."""
    if not (shown := _lines(roles)):
        return None
    return _section(
        heading("Trends", "mdi:chart-line"),
        _chart(Graph("Visitors of the last days", METRIC, "day", "bar"), portal, shown),
    )


def statistics_view(roles: Roles, portal: str) -> Json | None:
    """Show what an owner reads once a day: today against last week, hours, and days."""
    if not (lines := _lines(roles)):
        return None
    whole = roles.chain or roles.shops[0]
    now = [
        *_tiles(
            heading("Visitors today against last week", "mdi:calendar-week"),
            [whole, *(place for place in lines if place is not whole)],
            AGAINST_LAST_WEEK,
            {"icon": "mdi:chart-timeline-variant", "color": "blue"},
        ),
        *_tiles(
            heading("Inside now", "mdi:account-multiple"),
            roles.shops[:MOST_SHOPS],
            OCCUPANCY,
            {"icon": "mdi:store", "color": "indigo"},
        ),
    ]
    half = {"grid_options": {"columns": 12, "rows": CHART_ROWS}}
    charts = _section(
        heading(whole.name, "mdi:chart-line"),
        _chart(Graph("Visitors by hour", METRIC, "hour", "line"), portal, [whole]),
        _chart(Graph("Conversion by day", "conversion", "day", "line"), portal, lines)
        | half,
        _chart(Graph("Sales by day", "sales", "day", "bar"), portal, lines) | half,
    )
    return {
        "title": "Statistics",
        "path": PATH,
        "icon": "mdi:chart-box",
        "type": "sections",
        "max_columns": 4,
        "sections": [*([{"type": "grid", "cards": now}] if now else []), charts],
    }


def _lines(roles: Roles) -> Sequence[Place]:
    return (roles.regions or roles.shops)[:MOST_LINES]


def _section(*cards: Json) -> Json:
    return {"type": "grid", "column_span": 2, "cards": list(cards)}


def _tiles(title: Json, places: Iterable[Place], key: str, look: Json) -> list[Json]:
    """Show one number for each of the places that have it."""
    cards = [
        {
            "type": "tile",
            "entity": place.entities[key],
            "name": place.name,
            "grid_options": {"columns": 6, "rows": 1},
            **look,
        }
        for place in places
        if key in place.entities
    ]
    return [title, *cards] if cards else []


def _chart(graph: Graph, portal: str, places: Iterable[Place]) -> Json:
    return {
        "type": "statistics-graph",
        "title": graph.title,
        "chart_type": graph.chart_type,
        "period": graph.period,
        "days_to_show": DAYS - 1,
        "stat_types": ["mean" if graph.metric in RATIOS else "change"],
        # The documentation guarantees these IDs: they may be used before they exist.
        "entities": [
            {
                "entity": f"{DOMAIN}:{portal}_{place.node_id}_{graph.metric}",
                "name": place.name,
            }
            for place in places
        ],
        "grid_options": {"columns": "full", "rows": CHART_ROWS},
    }
