"""Which modules of a package import each other at run time."""

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from .project import INTEGRATION, modules

type Graph = Mapping[str, frozenset[str]]


def module_name(path: Path) -> str:
    """Return the dotted name inside the package; "" is the package itself."""
    parts = path.with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def run_time_nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield all nodes of a module except the blocks for type checkers."""
    if isinstance(tree, ast.If) and ast.unparse(tree.test) == "TYPE_CHECKING":
        for node in tree.orelse:
            yield from run_time_nodes(node)
        return
    yield tree
    for child in ast.iter_child_nodes(tree):
        yield from run_time_nodes(child)


def _package(path: Path, level: int) -> str:
    """Return the package at which a relative import with this many dots starts."""
    parts = path.parent.parts
    return ".".join(parts[: len(parts) - level + 1])


def _imported(path: Path, node: ast.ImportFrom, names: set[str]) -> Iterator[str]:
    """Yield the modules that a relative import statement names."""
    package = _package(path, node.level)
    base = ".".join(filter(None, (package, node.module)))
    for alias in node.names:
        submodule = f"{base}.{alias.name}" if base else alias.name
        yield submodule if submodule in names else base


def _ancestors(name: str) -> Iterator[str]:
    """Yield the packages of a module, except the outermost one."""
    while "." in name:
        name = name.rpartition(".")[0]
        yield name


@cache
def import_graph(package: Path = INTEGRATION) -> Graph:
    """Return which modules each module imports at run time, also inside functions.

    Python imports the packages of a module before the module. They are included, except
    for those that contain the importing module, too: their import is in progress.
    """
    parsed = modules(package)
    names = {module_name(path) for path in parsed}
    graph = {}
    for path, tree in parsed.items():
        name = module_name(path)
        own = {name, *_ancestors(name)}
        targets = set[str]()
        for node in run_time_nodes(tree):
            if isinstance(node, ast.ImportFrom) and node.level:
                imported = set(_imported(path, node, names))
                packages = {p for one in imported for p in _ancestors(one)}
                targets |= imported | (packages - own)
        graph[name] = frozenset(targets - {name})
    return graph


def reachable(graph: Graph, start: str) -> set[str]:
    """Return the modules that a module imports directly or through others."""
    found = set[str]()
    waiting = [start]
    while waiting:
        new = graph[waiting.pop()] - found
        found |= new
        waiting += new
    return found


def import_cycles(graph: Graph) -> list[list[str]]:
    """Return the groups of modules that import each other, directly or indirectly."""
    reached = {name: reachable(graph, name) for name in graph}
    cyclic = sorted(name for name in graph if name in reached[name])
    groups = {
        tuple(
            other
            for other in cyclic
            if other in reached[name] & reached.keys() and name in reached[other]
        )
        for name in cyclic
    }
    return sorted(map(list, groups))
