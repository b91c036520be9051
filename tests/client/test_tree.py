"""The tree of the portal's nodes."""

from hypothesis import given, strategies as st

from custom_components.netrex.client import Node, NodeType, Tree
from custom_components.netrex.client.tree import MAX_DEPTH


def _node(node_id: int, parent: int | None, name: str = "") -> Node:
    return Node(node_id, parent, NodeType.FOLDER, name or str(node_id))


def test_tree_of_the_documentation() -> None:
    nodes = [_node(1, None), _node(3, 1), _node(2, 1), _node(4, 3)]
    tree = Tree(nodes)
    assert len(list(tree)) == 4
    assert list(tree) == nodes
    assert tree.roots == (nodes[0],)
    assert tree.root_id == 1
    assert tree.children(1) == (nodes[1], nodes[2])
    assert tree.children(4) == tree.children(99) == ()
    assert tree.parent(4) == nodes[1]
    assert tree.parent(1) is None
    assert tree.path(4) == (nodes[0], nodes[1], nodes[3])
    assert tree.node(99) is None
    assert tree.path(99) == ()


def test_vendors_example_where_a_node_is_its_own_parent() -> None:
    root, twin = _node(138170, None, "rootfolder"), _node(138170, 138170, "San Diego")
    camera = _node(140094, 138170)
    for nodes in ([root, twin, camera], [camera, twin, root]):
        tree = Tree(nodes)
        assert tree.node(138170) == root
        assert tree.root_id == 138170
        assert tree.path(140094) == (root, camera)


def test_own_parent_is_a_root() -> None:
    tree = Tree([_node(5, 5), _node(6, 5)])
    assert tree.root_id == 5
    assert [node.node_id for node in tree.path(6)] == [5, 6]


def test_guest_without_access_to_the_root() -> None:
    tree = Tree([_node(9, 100), _node(7, 101), _node(8, 7)])
    assert {node.node_id for node in tree.roots} == {9, 7}
    assert tree.root_id == 7
    assert tree.parent(9) is None


def test_tree_without_nodes() -> None:
    assert Tree().root_id is None
    assert Tree().roots == ()


def test_cycle_is_cut_at_its_smallest_id() -> None:
    tree = Tree([_node(4, 3), _node(3, 2), _node(2, 4), _node(1, 4)])
    assert [node.node_id for node in tree.roots] == [2]
    assert [node.node_id for node in tree.path(1)] == [2, 3, 4, 1]


def test_deep_tree_does_not_recurse() -> None:
    tree = Tree([_node(i, i - 1 if i else None) for i in range(20_000)])
    # Deeper levels start again at a root, so that all paths together stay short.
    assert all(len(tree.path(i)) == i % MAX_DEPTH + 1 for i in range(20_000))
    assert [root.node_id for root in tree.roots] == list(range(0, 20_000, MAX_DEPTH))


@given(
    st.lists(
        st.builds(_node, st.integers(0, 12), st.none() | st.integers(0, 15)),
        max_size=40,
    )
)
def test_every_node_is_reached_once_with_any_parents(nodes: list[Node]) -> None:
    tree = Tree(nodes)
    seen: list[int] = []
    todo = list(tree.roots)
    while todo:
        node = todo.pop()
        seen.append(node.node_id)
        todo += tree.children(node.node_id)
        assert tree.path(node.node_id)[-1] == node
        assert tree.path(node.node_id)[0] in tree.roots
    assert sorted(seen) == sorted({node.node_id for node in nodes})
    assert (tree.root_id is None) == (not nodes)
