"""Places of KPIs: which there are, and which one a text refers to."""

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import area_registry as ar
from homeassistant.util import slugify

from ..client import NodeType, Tree
from ..client.values import as_int
from ..devices import async_node_devices, nodes_with_paths
from ..errors import invalid
from ..models import NetrexConfigEntry

# Base metrics that count people; the first that a place has is the one to look at.
PEOPLE = ("visitors", "people_in")
# So many of the places that have the same name are named in an error.
_MAX_NAMED = 5


def people_metric(metrics: Iterable[str]) -> str | None:
    """Return the metric that shows how many people were at a place."""
    known = set(metrics)
    return next((metric for metric in PEOPLE if metric in known), None)


@callback
def counting_places(entry: NetrexConfigEntry) -> list[int]:
    """Return the node ids of the places with KPIs, in the portal's order.

    A place is a location. Without locations, it is the lowest folder with KPIs, and
    without folders, the camera that counts.
    """
    data = entry.runtime_data
    tree = data.inventory.data.tree
    nodes = {
        node_id: node for node_id in data.kpi.nodes if (node := tree.node(node_id))
    }
    order = [node.node_id for node in tree]
    by_type = {
        kind: [
            node_id
            for node_id in order
            if node_id in nodes and nodes[node_id].type == kind
        ]
        for kind in (NodeType.LOCATION, NodeType.FOLDER, NodeType.CAMERA)
    }
    folders = by_type[NodeType.FOLDER]
    above = {up.node_id for node_id in folders for up in tree.path(node_id)[:-1]}
    return (
        by_type[NodeType.LOCATION]
        or [node_id for node_id in folders if node_id not in above]
        or by_type[NodeType.CAMERA]
    )


@callback
def counting_cameras(entry: NetrexConfigEntry, place: int) -> list[int]:
    """Return the cameras with KPIs at a place, except the place itself."""
    data = entry.runtime_data
    inventory = data.inventory.data
    return [
        node_id
        for node_id in data.kpi.nodes
        if node_id != place
        and node_id in inventory.cameras
        and any(up.node_id == place for up in inventory.tree.path(node_id))
    ]


@callback
def without_parts(entry: NetrexConfigEntry, node_ids: Iterable[int]) -> list[int]:
    """Return the nodes that are not below another one of them.

    Their sum counts nothing twice.
    """
    nodes = list(dict.fromkeys(node_ids))
    tree = entry.runtime_data.inventory.data.tree
    return [
        node_id
        for node_id in nodes
        if not any(up.node_id in nodes for up in tree.path(node_id)[:-1])
    ]


@callback
def place_name(entry: NetrexConfigEntry, node_id: int) -> str:
    """Return the name of a node; its id if the node no longer exists."""
    data = entry.runtime_data.inventory.data
    known = data.tree.node(node_id) or data.cameras.get(node_id)
    return known.name if known else str(node_id)


@callback
def find_nodes(
    hass: HomeAssistant, entry: NetrexConfigEntry, texts: Iterable[str]
) -> dict[str, int]:
    """Return the node ids of user input, by that input.

    An area with several places appears with the ids of its nodes instead.

    Args:
        hass: Home Assistant.
        entry: The loaded account.
        texts: Node ids, external ids, device ids, area ids, or names of nodes, devices,
            or areas, in this order of precedence.

    Raises:
        ServiceValidationError: The account has no such node, or several of this name.
    """
    finder = _Finder(hass, entry)
    found: dict[str, int] = {}
    for text in texts:
        nodes = finder.find(text)
        if len(nodes) == 1:
            found[text] = nodes[0]
        else:
            found |= {str(node_id): node_id for node_id in nodes}
    return found


def is_chosen(tree: Tree, node_id: int, chosen: Container[str]) -> bool:
    """Return whether a choice includes a node, by its node id or external id.

    An external id refers to the node that has it now: a place that was made anew in the
    portal keeps it.
    """
    if str(node_id) in chosen:
        return True
    node = tree.node(node_id)
    external = node.external_id if node else None
    # A node id takes precedence.
    return (
        external is not None
        and external in chosen
        and tree.node(as_int(external) or 0) is None
    )


class _Finder:
    def __init__(self, hass: HomeAssistant, entry: NetrexConfigEntry) -> None:
        self._hass = hass
        self._entry = entry
        data = entry.runtime_data.inventory.data
        nodes = data.inventory.nodes
        self._ids = {str(node.node_id): node.node_id for node in nodes}
        self._ids |= {str(node_id): node_id for node_id in data.cameras}
        self._external: dict[str, list[int]] = defaultdict(list)
        for node in nodes:
            if node.external_id and node.external_id not in self._ids:
                self._external[node.external_id].append(node.node_id)
        self._devices = {
            device.id: (device, node_id)
            for node_id, device in async_node_devices(hass, entry).items()
        }

    def find(self, text: str) -> list[int]:
        """Return the nodes of a text. Raises ServiceValidationError."""
        if (node_id := self._ids.get(text)) is not None:
            return [node_id]
        if external := self._external.get(text):
            return self._single(text, external)
        if text in self._devices:
            return [self._devices[text][1]]
        areas = ar.async_get(self._hass)
        named: list[int] = []
        area = areas.async_get_area(text)
        if area is None:
            named = self._named(text)
            area = areas.async_get_area_by_name(text)
        if not named and area and (in_area := self._in_area(area.id)):
            return in_area
        if not named:
            raise invalid("unknown_node", node=text)
        return self._single(text, named)

    def _single(self, text: str, nodes: list[int]) -> list[int]:
        """Return the only node. Raises ServiceValidationError for several."""
        if len(nodes) > 1:
            tree = self._entry.runtime_data.inventory.data.tree
            paths = {node.node_id: path for node, path in nodes_with_paths(tree)}
            shown = [f"{paths.get(node, '?')} ({node})" for node in nodes[:_MAX_NAMED]]
            raise invalid("ambiguous_node", node=text, nodes="; ".join(shown))
        return nodes

    def _named(self, text: str) -> list[int]:
        """Return the nodes with a name or path; of several, those that count first."""
        by_slug = self._by_slug
        found = by_slug.get(_slug(text), [])
        counting = [n for n in found if n in set(self._entry.runtime_data.kpi.nodes)]
        return without_parts(self._entry, counting or found)

    @property
    def _by_slug(self) -> Mapping[str, list[int]]:
        data = self._entry.runtime_data.inventory.data
        slugs: dict[str, list[int]] = defaultdict(list)

        def add(name: str | None, node_id: int) -> None:
            if name and node_id not in slugs[_slug(name)]:
                slugs[_slug(name)].append(node_id)

        for node, path in nodes_with_paths(data.tree):
            add(node.name, node.node_id)
            add(path, node.node_id)
        for camera in data.cameras.values():
            add(camera.name, camera.node_id)
        for device, node_id in self._devices.values():
            add(device.name_by_user, node_id)
        return slugs

    def _in_area(self, area_id: str) -> list[int]:
        """Return the places in an area, or all its nodes if none of them counts."""
        nodes = [
            node_id
            for device, node_id in self._devices.values()
            if device.area_id == area_id
        ]
        counting = set(self._entry.runtime_data.kpi.nodes)
        return without_parts(
            self._entry, [node for node in nodes if node in counting] or nodes
        )


def _slug(name: str) -> str:
    """Return a name without case, diacritics, and punctuation."""
    return slugify(name) if slugify(name) != "unknown" else name.casefold()
