"""Reads the account's devices and entities from Home Assistant's registries."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from .client import HomeAssistantClient, Json

DOMAIN = "netrex"


@dataclass(frozen=True, slots=True)
class Place:
    """A device of the account: the account itself, a folder, a location, or a camera.

    `entities` are entity IDs by the key at the end of the unique ID. `node_id` is the
    portal's, None for the account.
    """

    device_id: str
    name: str
    model: str | None
    parent_id: str | None
    node_id: int | None
    entities: Mapping[str, str] = field(default_factory=dict)


async def read_places(client: HomeAssistantClient) -> list[Place]:
    """Return the places of the account: parents first, then by node ID."""
    return build_places(
        await client.command("config/device_registry/list"),
        await client.command("config/entity_registry/list"),
    )


def build_places(devices: Iterable[Json], entities: Iterable[Json]) -> list[Place]:
    """Join the entries of the two registries."""
    enabled = [
        entity
        for entity in entities
        if entity["platform"] == DOMAIN and entity["disabled_by"] is None
    ]
    places: dict[str, Place] = {}
    for device in devices:
        identifier = next(
            (text for domain, text in device["identifiers"] if domain == DOMAIN), None
        )
        if identifier is None:
            continue
        is_account = device["entry_type"] == "service"
        places[device["id"]] = Place(
            device_id=device["id"],
            name=device["name_by_user"] or device["name"],
            model=device["model"],
            parent_id=device["via_device_id"],
            node_id=None if is_account else int(identifier.rsplit("_", 1)[1]),
            entities={
                entity["unique_id"].removeprefix(f"{identifier}_"): entity["entity_id"]
                for entity in enabled
                if entity["device_id"] == device["id"]
            },
        )
    return sorted(
        places.values(),
        key=lambda place: (len(_path(places, place)), place.node_id or 0),
    )


def _path(places: Mapping[str, Place], place: Place) -> list[str]:
    """Return the devices above a place, nearest first."""
    path: list[str] = []
    parent_id = place.parent_id
    while parent_id is not None and parent_id in places and parent_id not in path:
        path.append(parent_id)
        parent_id = places[parent_id].parent_id
    return path
