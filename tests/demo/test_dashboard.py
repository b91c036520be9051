"""The places that the demo reads from the registries, and its dashboard."""

from typing import Any

from demo.dashboard import build_dashboard
from demo.registry import build_places

PREFIX = "127.0.0.1:8480_1"


def device(
    node_id: int | None, name: str, model: str | None, parent: int | None
) -> dict[str, Any]:
    identifier = PREFIX if node_id is None else f"{PREFIX}_{node_id}"
    return {
        "id": f"device-{node_id}",
        "identifiers": [["netrex", identifier]],
        "entry_type": "service" if node_id is None else None,
        "name": name,
        "name_by_user": None,
        "model": model,
        "via_device_id": None if node_id is None else f"device-{parent}",
    }


def entity(node_id: int | None, key: str, domain: str = "sensor") -> dict[str, Any]:
    middle = "" if node_id is None else f"_{node_id}"
    return {
        "platform": "netrex",
        "disabled_by": None,
        "unique_id": f"{PREFIX}{middle}_{key}",
        "entity_id": f"{domain}.n{node_id}_{key}",
        "device_id": f"device-{node_id}",
    }


DEVICES = [
    device(31, "Door", "Camera", 21),
    device(21, "Praha", "Location", 11),
    device(22, "Brno", "Location", 11),
    device(11, "Region", "Folder", 1),
    device(1, "Chain", "Folder", None),
    device(None, "Account", None, None),
]
ENTITIES = [
    entity(None, "queries_used"),
    *(entity(node, "visitors_today") for node in (1, 11, 21, 22, 31)),
    *(entity(node, "people_in_today") for node in (1, 11, 21, 22, 31)),
    entity(31, "camera", "camera"),
    entity(31, "connectivity", "binary_sensor"),
]


def found(config: object, key: str) -> list[Any]:
    """Return all values of a key in a nested configuration."""
    if isinstance(config, list):
        return [value for item in config for value in found(item, key)]
    if not isinstance(config, dict):
        return []
    inside = [value for item in config.values() for value in found(item, key)]
    return [config[key], *inside] if key in config else inside


def test_parents_come_before_children() -> None:
    places = build_places(DEVICES, ENTITIES)
    assert [place.node_id for place in places] == [None, 1, 11, 21, 22, 31]


def test_entities_are_known_by_the_end_of_their_unique_id() -> None:
    places = {place.node_id: place for place in build_places(DEVICES, ENTITIES)}
    assert places[31].entities["camera"] == "camera.n31_camera"
    assert places[None].entities == {"queries_used": "sensor.nNone_queries_used"}


def test_other_integrations_and_disabled_entities_are_left_out() -> None:
    other = device(5, "Lamp", None, None) | {"identifiers": [["hue", "x_5"]]}
    disabled = entity(21, "people_out_today") | {"disabled_by": "integration"}
    foreign = entity(21, "lamp") | {"platform": "hue"}
    places = build_places([*DEVICES, other], [*ENTITIES, disabled, foreign])
    assert {place.node_id for place in places} == {None, 1, 11, 21, 22, 31}
    shop = next(place for place in places if place.node_id == 21)
    assert set(shop.entities) == {"visitors_today", "people_in_today"}


def test_a_region_gets_a_view_with_its_shops() -> None:
    config = build_dashboard(build_places(DEVICES, ENTITIES), {}, "portal")
    overview, _, region = config["views"]
    assert overview["path"] == "overview"
    assert region["title"] == "Region"
    headings = [section["cards"][0]["heading"] for section in region["sections"]]
    assert headings == ["Praha", "Brno"]


def test_only_the_first_cameras_play() -> None:
    config = build_dashboard(build_places(DEVICES, ENTITIES), {}, "portal")
    assert found(config, "camera_view") == ["live", "auto"]


def test_shops_are_ranked_by_their_visitors() -> None:
    config = build_dashboard(
        build_places(DEVICES, ENTITIES),
        {"sensor.n21_visitors_today": 20.0, "sensor.n22_visitors_today": 30.0},
        "portal",
    )
    bars = [card for card in found(config, "cards")[2] if "features" in card]
    assert [bar["name"] for bar in bars] == ["Brno", "Praha"]


def test_charts_show_the_history_of_the_chain_and_its_regions() -> None:
    config = build_dashboard(build_places(DEVICES, ENTITIES), {}, "portal")
    charts = [
        (card["entities"], card["stat_types"])
        for cards in found(config, "cards")
        for card in cards
        if card["type"] == "statistics-graph"
    ]

    def region(metric: str) -> list[dict[str, str]]:
        return [{"entity": f"netrex:portal_11_{metric}", "name": "Region"}]

    assert charts == [
        (region("visitors"), ["change"]),
        ([{"entity": "netrex:portal_1_visitors", "name": "Chain"}], ["change"]),
        (region("conversion"), ["mean"]),
        (region("sales"), ["change"]),
    ]


def test_places_are_compared_with_last_week() -> None:
    compared = [entity(node, "visitors_change_today") for node in (1, 11)]
    config = build_dashboard(
        build_places(DEVICES, [*ENTITIES, *compared]), {}, "portal"
    )
    (section,) = [
        cards
        for cards in found(config, "cards")
        if cards[0].get("heading") == "Visitors today against last week"
    ]
    assert [card["name"] for card in section[1:]] == ["Chain", "Region"]


def test_bars_leave_room_above_the_largest_number() -> None:
    config = build_dashboard(
        build_places(DEVICES, ENTITIES), {"sensor.n21_visitors_today": 950.0}, "portal"
    )
    assert set(found(config, "max")) == {1100}


def test_an_account_without_shops_still_has_its_status() -> None:
    (view,) = build_dashboard(build_places(DEVICES[-1:], ENTITIES[:1]), {}, "portal")[
        "views"
    ]
    assert [section["cards"][0]["heading"] for section in view["sections"]] == [
        "Cameras and cloud"
    ]
