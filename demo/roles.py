"""Finds the chain, its regions, shops, and cameras among the places."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .registry import Place

# Only places with visitors have a role.
VISITORS = "visitors_today"


@dataclass(frozen=True, slots=True)
class Roles:
    """The places by their role on the dashboard."""

    service: Place | None
    chain: Place | None
    regions: Sequence[Place]
    shops: Sequence[Place]
    cameras: Sequence[Place]

    def below(self, place: Place, places: Iterable[Place]) -> list[Place]:
        """Return those of the places that are directly below a place."""
        return [other for other in places if other.parent_id == place.device_id]


def assign_roles(places: Sequence[Place]) -> Roles:
    """Assign each place its role: the chain, its regions, their shops, the cameras."""
    counting = [
        place
        for place in places
        if VISITORS in place.entities and not _is_camera(place)
    ]
    holders = {place.parent_id for place in counting}
    folders = [place for place in counting if place.device_id in holders]
    chain = folders[0] if folders else None
    return Roles(
        service=next((place for place in places if place.node_id is None), None),
        chain=chain,
        regions=[place for place in folders if place is not chain],
        shops=[place for place in counting if place.device_id not in holders],
        cameras=[place for place in places if _is_camera(place)],
    )


def _is_camera(place: Place) -> bool:
    return "camera" in place.entities
