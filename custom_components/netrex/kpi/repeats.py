"""Folders that would only repeat the KPIs of the account's single place."""

from collections.abc import Callable, Collection

from ..client import NodeType, Tree
from ..coordinator import InventoryData

# Nodes of these types count nothing themselves.
_SILENT = frozenset({NodeType.FOLDER, NodeType.LOCATION, NodeType.USER})


def repeating_folders(data: InventoryData, counting: Collection[int]) -> frozenset[int]:
    """Return the folders above a single place below which nothing else counts.

    Their KPIs would be those of the place, with a second set of sensors and queries.

    Args:
        data: The inventory.
        counting: The nodes with KPI data.
    """
    place = _single_place(data.tree, counting) if data.inventory.complete else None
    if place is None:
        return frozenset()
    repeating = [node.node_id for node in data.tree.path(place)[:-1]]
    for node in data.tree:
        if node.type in _SILENT or (
            node.node_id in data.cameras and node.node_id not in counting
        ):
            continue
        # A video channel has the counts of its camera.
        path = [above.node_id for above in data.tree.path(node.node_id)]
        if place not in path and not set(data.cameras).intersection(path[:-1]):
            repeating = [folder for folder in repeating if folder not in path]
    return frozenset(repeating)


def cached_repeating_folders() -> Callable[
    [InventoryData, Collection[int]], frozenset[int]
]:
    """Return `repeating_folders` with a memory of its last result.

    The nodes that count must only ever become more.
    """
    known: tuple[InventoryData, int, frozenset[int]] | None = None

    def folders(data: InventoryData, counting: Collection[int]) -> frozenset[int]:
        nonlocal known
        if known is None or known[0] is not data or known[1] != len(counting):
            known = data, len(counting), repeating_folders(data, counting)
        return known[2]

    return folders


def _single_place(tree: Tree, counting: Collection[int]) -> int | None:
    """Return the only location, or without locations the only lowest folder."""
    nodes = [node for node in tree if node.node_id in counting]
    locations = [n.node_id for n in nodes if n.type == NodeType.LOCATION]
    folders = {n.node_id for n in nodes if n.type == NodeType.FOLDER}
    above = {up.node_id for folder in folders for up in tree.path(folder)[:-1]}
    places = locations or sorted(folders - above)
    return places[0] if len(places) == 1 else None
