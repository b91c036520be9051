"""Names of the nodes in the names of statistics."""

from collections import Counter
from collections.abc import Collection, Mapping

from ..client import Tree

# Home Assistant's databases cut or refuse names of more than 255 characters; the
# metric's name follows.
MAX_LENGTH = 200


def unique_names(
    nodes: Collection[int], tree: Tree, own: Mapping[int, str]
) -> dict[int, str]:
    """Return a name for each node; equal names get those of the places above.

    Args:
        nodes: The ids of the nodes.
        tree: All nodes of the account.
        own: Names that replace those of the tree.
    """
    # From the node up to its root.
    paths = {
        node_id: [
            own.get(node.node_id, node.name) for node in reversed(tree.path(node_id))
        ]
        or [own.get(node_id, str(node_id))]
        for node_id in nodes
    }
    lengths = dict.fromkeys(paths, 1)
    while True:
        names = {
            node_id: " ".join(reversed(path[: lengths[node_id]]))
            for node_id, path in paths.items()
        }
        counts = Counter(names.values())
        longer = {
            node_id
            for node_id, name in names.items()
            if counts[name] > 1 and lengths[node_id] < len(paths[node_id])
        }
        if not longer:
            break
        for node_id in longer:
            lengths[node_id] += 1
    # The end of a name says more than its start.
    return {node_id: name[-MAX_LENGTH:].strip() for node_id, name in names.items()}
