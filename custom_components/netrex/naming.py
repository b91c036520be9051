"""Names of areas and devices from the portal's tree, each of them only once.

A location, and everything below it, belongs to the area of the location. Where no
location is above a node, the nearest folder that holds cameras takes its place
(decision 0025). The portal allows any number of nodes of one name; a name that would be
used twice gets the parent's name, the external id, or an id of the portal in
parentheses.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property, lru_cache
import unicodedata

from homeassistant.util import slugify

from .client import Camera, Node, NodeType, Tree

# Names of as many cameras and places as large accounts have.
_CACHED_KEYS = 10_000


@lru_cache(maxsize=_CACHED_KEYS)
def name_key(name: str) -> str:
    """Return what remains of a name in an entity id, without any separators.

    Names with the same key would get the same area or the same entity ids. For most
    names much faster than Home Assistant's `slugify`, which matters for thousands of
    devices.
    """
    text = unicodedata.normalize("NFKD", name).casefold()
    key = "".join(filter(str.isalnum, text))
    # Unicode does not decompose some letters, and knows no other scripts' sounds.
    return key if key.isascii() else slugify(name, separator="")


class TreeNames:
    """The areas of all nodes, and the names of devices."""

    def __init__(self, tree: Tree, cameras: Mapping[int, Camera]) -> None:
        self._tree = tree
        self._cameras = cameras

    def area_node(self, node_id: int) -> int | None:
        """Return the node that gives a node its area; None if there is none."""
        path = [node.node_id for node in reversed(self._tree.path(node_id))]
        locations = (above for above in path if above in self._locations)
        folders = (above for above in path if above in self._holders)
        return next(locations, next(folders, None))

    def area(self, node_id: int) -> str | None:
        """Return the name of a node's area; None if it has no area."""
        area_node = self.area_node(node_id)
        return None if area_node is None else self._areas[area_node]

    def area_candidates(self, area_node: int) -> list[str]:
        """Return the possible names of an area, the best one first."""
        node = self._tree.node(area_node)
        if node is None:
            return []
        parent = self._tree.parent(area_node)
        return _candidates(node.name, parent, node.external_id, area_node)

    def devices(self, node_ids: Collection[int]) -> dict[int, str]:
        """Return the names of the nodes' devices, unique together with their areas."""
        candidates: dict[int, list[str]] = {}
        areas: dict[int, str] = {}
        for node_id in node_ids:
            camera, node = self._cameras.get(node_id), self._tree.node(node_id)
            named = camera or node
            if named is None:
                continue
            area_node = self.area_node(node_id)
            areas[node_id] = "" if area_node is None else self._areas[area_node]
            if area_node == node_id:
                # The device of a place has the name of its area.
                candidates[node_id] = [areas[node_id]]
                continue
            parent = self._tree.parent(node_id)
            if parent is not None and parent.node_id == area_node:
                parent = None
            external_id = node.external_id if node else None
            serial_number = camera.serial_number if camera else None
            candidates[node_id] = _candidates(
                named.name, parent, external_id, serial_number, node_id
            )
        return _distinct(candidates, areas)

    @cached_property
    def _locations(self) -> set[int]:
        return {n.node_id for n in self._tree if n.type is NodeType.LOCATION}

    @cached_property
    def _holders(self) -> set[int]:
        """The parents of cameras."""
        parents = (self._tree.parent(node_id) for node_id in self._cameras)
        return {node.node_id for node in parents if node is not None}

    @cached_property
    def _areas(self) -> dict[int, str]:
        """The names of all areas by the nodes that give them."""
        area_nodes = self._locations | self._holders
        return _distinct({n: self.area_candidates(n) for n in area_nodes}, {})


def channel_names(camera: Camera) -> dict[int, str]:
    """Return the names of a camera's channels without the camera's own name."""
    candidates: dict[int, list[str]] = {}
    for channel in camera.video_channels:
        short = channel.name.removeprefix(camera.name).lstrip(" ,;:/-()")
        name = short or channel.name
        candidates[channel.node_id] = _candidates(name, None, channel.node_id)
    return _distinct(candidates, {})


def _candidates(name: str, parent: Node | None, *ids: str | int | None) -> list[str]:
    """Return a name, and the name with what may distinguish it from others."""
    distinctions = (parent.name if parent else None, *ids)
    return [name, *(f"{name} ({one})" for one in distinctions if one is not None)]


def _distinct(
    candidates: Mapping[int, Sequence[str]], areas: Mapping[int, str]
) -> dict[int, str]:
    """Return for each node the first of its candidates that no other node has.

    Nodes with a single candidate keep it. The result does not depend on the order.
    """
    chosen = dict.fromkeys(candidates, 0)
    clashing: set[int] = set(candidates)
    while clashing:
        owners: dict[str, list[int]] = defaultdict(list)
        for node_id, index in chosen.items():
            area, name = name_key(areas.get(node_id, "")), candidates[node_id][index]
            key = name_key(name)
            owners[key if key == area else area + key].append(node_id)
        clashing = {
            node_id
            for sharing in owners.values()
            if len(sharing) > 1
            for node_id in sharing
            if chosen[node_id] < len(candidates[node_id]) - 1
        }
        for node_id in clashing:
            chosen[node_id] += 1
    return {node_id: candidates[node_id][index] for node_id, index in chosen.items()}
