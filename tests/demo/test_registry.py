"""The places that the demo reads from the registries."""

from typing import Any

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
