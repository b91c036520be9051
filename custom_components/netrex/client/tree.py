"""The portal's nodes as a tree, even if the portal's data are malformed."""

from collections.abc import Iterable, Iterator

from .models import Node

# Real trees have less than ten levels. For deeper trees, building the paths would take
# quadratic time.
MAX_DEPTH = 50


class Tree:
    """Nodes by parent, without cycles.

    A node is a root if it has no parent, if its parent is missing (a guest has access
    to a part of the tree), if it is its own parent (as in the vendor's example), if it
    has the smallest id of a cycle, or if its path would exceed `MAX_DEPTH` nodes. Of
    several nodes with the same id, the first counts, unless it is its own parent.

    Attributes:
        roots: All roots, in the portal's order.
    """

    def __init__(self, nodes: Iterable[Node] = ()) -> None:
        self._nodes: dict[int, Node] = {}
        for node in nodes:
            known = self._nodes.get(node.node_id)
            if known is None or known.parent_node_id == known.node_id:
                self._nodes[node.node_id] = node
        self._parents = {
            node.node_id: node.parent_node_id
            for node in self._nodes.values()
            if node.parent_node_id in self._nodes
            and node.parent_node_id != node.node_id
        }
        self._cut_cycles()
        self._cut_depth()
        self._children: dict[int, list[Node]] = {}
        for node_id, parent_id in self._parents.items():
            if parent_id is not None:
                self._children.setdefault(parent_id, []).append(self._nodes[node_id])
        self.roots = tuple(
            node for node in self._nodes.values() if node.node_id not in self._parents
        )

    def __iter__(self) -> Iterator[Node]:
        """Yield the distinct nodes in the portal's order."""
        return iter(self._nodes.values())

    @property
    def root_id(self) -> int | None:
        """The node that represents the account.

        It is the node without a parent ("exactly one node"). A guest has no access to
        it and gets the root with the smallest id. None if there are no nodes.
        """
        true_roots = [n.node_id for n in self.roots if n.parent_node_id is None]
        return min(true_roots or [n.node_id for n in self.roots], default=None)

    def node(self, node_id: int) -> Node | None:
        """Return the node with an id."""
        return self._nodes.get(node_id)

    def parent(self, node_id: int) -> Node | None:
        """Return the parent of a node; None for roots and unknown nodes."""
        parent_id = self._parents.get(node_id)
        return None if parent_id is None else self._nodes[parent_id]

    def children(self, node_id: int) -> tuple[Node, ...]:
        """Return the children of a node in the portal's order."""
        return tuple(self._children.get(node_id, ()))

    def path(self, node_id: int) -> tuple[Node, ...]:
        """Return the nodes from the root down to a node; empty if it is unknown."""
        path: list[Node] = []
        node = self.node(node_id)
        while node is not None:
            path.append(node)
            node = self.parent(node.node_id)
        return tuple(reversed(path))

    def _cut_cycles(self) -> None:
        """Make the node with the smallest id of each cycle a root."""
        safe: set[int] = set()
        for start in sorted(self._nodes):
            walked: dict[int, None] = {}
            node_id: int | None = start
            while node_id is not None and node_id not in safe:
                if node_id in walked:
                    cycle = list(walked)[list(walked).index(node_id) :]
                    del self._parents[min(cycle)]
                    break
                walked[node_id] = None
                node_id = self._parents.get(node_id)
            safe.update(walked)

    def _cut_depth(self) -> None:
        """Make a root of each node whose path would exceed the limit."""
        depths: dict[int, int] = {}
        for start in self._nodes:
            way: list[int] = []
            node_id: int | None = start
            while node_id is not None and node_id not in depths:
                way.append(node_id)
                node_id = self._parents.get(node_id)
            depth = 0 if node_id is None else depths[node_id]
            for below in reversed(way):
                if depth == MAX_DEPTH:
                    del self._parents[below]
                    depth = 0
                depth += 1
                depths[below] = depth
