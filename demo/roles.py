"""Which of the account's places is the chain, a region, a shop, a camera."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .registry import Place

# A place that counts visitors is somewhere that people go.
VISITORS = "visitors_today"


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
