"""Reads the repository's files; each one only once."""

import ast
from collections.abc import Iterator, Mapping
from functools import cache
import json
from pathlib import Path
import shutil
import subprocess
from typing import Any

ROOT = Path(__file__).parents[2]
INTEGRATION = ROOT / "custom_components" / "netrex"
SIMULATOR = ROOT / "simulator"


@cache
def read_json(path: Path) -> dict[str, Any]:
    """Return the object in a JSON file; duplicate keys are an error."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        assert len(keys) == len(set(keys)), f"{path}: duplicate keys in {keys}"
        return dict(pairs)

    content = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=unique)
    assert isinstance(content, dict)
    return content


@cache
def modules(package: Path = INTEGRATION) -> Mapping[Path, ast.Module]:
    """Return the modules of a package by their path inside it."""
    return {
        path.relative_to(package): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(package.rglob("*.py"))
    }


def imports(tree: ast.AST) -> Iterator[str]:
    """Yield the dotted names of all absolute imports except those for type checkers."""
    if isinstance(tree, ast.If) and ast.unparse(tree.test) == "TYPE_CHECKING":
        return
    if isinstance(tree, ast.Import):
        yield from (alias.name for alias in tree.names)
    elif isinstance(tree, ast.ImportFrom) and not tree.level and tree.module:
        yield from (f"{tree.module}.{alias.name}" for alias in tree.names)
    for child in ast.iter_child_nodes(tree):
        yield from imports(child)


def strings(tree: ast.AST) -> Iterator[str]:
    """Yield all string constants of a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def keyword_strings(tree: ast.AST, keyword: str) -> Iterator[str]:
    """Yield the string constants that calls pass as `keyword`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == keyword:
            yield from strings(node.value)


@cache
def repository_files() -> tuple[Path, ...]:
    """Return the files in git, and new ones that git does not ignore."""
    git = shutil.which("git")
    assert git
    listed = subprocess.run(  # noqa: S603 - a fixed command
        [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    paths = {ROOT / name for name in listed.split("\0") if name}
    return tuple(sorted(path for path in paths if path.is_file()))
