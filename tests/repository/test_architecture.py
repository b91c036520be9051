"""Rules for the dependencies between modules."""

import ast
from collections import defaultdict
from pathlib import Path
import subprocess
import sys

import pytest

from .import_graph import import_cycles, import_graph, module_name, reachable
from .project import INTEGRATION, ROOT, SIMULATOR, imports, modules

# The rooms that work without Home Assistant, and the rooms that each of them may
# import. A module belongs to the room of its folder.
PURE_ROOMS = {"client": {"client"}, "relay": {"relay", "client"}}

# The integration's package is replaced by an empty one: its module is the entry point
# for Home Assistant.
LOAD_ROOM = """
import importlib, pkgutil, sys, types

class NoHomeAssistant:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("homeassistant", "custom_components"):
            raise ImportError(name)

sys.meta_path.insert(0, NoHomeAssistant())
folder, room = sys.argv[1:]
package = types.ModuleType("netrex")
package.__path__ = [folder]
sys.modules["netrex"] = package
top = importlib.import_module(f"netrex.{room}")
for module in pkgutil.walk_packages(top.__path__, f"{top.__name__}."):
    importlib.import_module(module.name)
print(*sorted(name for name in sys.modules if name.startswith("netrex.")), sep="\\n")
"""


def modules_of(room: str) -> list[Path]:
    """Return the modules in a top-level folder of the integration."""
    return [path for path in modules() if path.parts[0] == room]


def room_of(module: str) -> str:
    """Return the top-level folder or module that a dotted name starts with."""
    return module.partition(".")[0]


@pytest.mark.parametrize(
    ("package", "deep"),
    [(INTEGRATION, "relay.server"), (SIMULATOR, "rtsp.server")],
    ids=lambda value: getattr(value, "name", ""),
)
def test_no_modules_import_each_other_in_a_cycle(package: Path, deep: str) -> None:
    graph = import_graph(package)
    assert deep in reachable(graph, "")
    assert import_cycles(graph) == []


def test_a_cycle_of_imports_is_found() -> None:
    line = {"a": frozenset("b"), "b": frozenset("c"), "c": frozenset[str]()}
    assert import_cycles(line) == []
    assert import_cycles(line | {"c": frozenset("a")}) == [["a", "b", "c"]]
    two = {
        name: frozenset({"a": "b", "b": "a", "c": "d", "d": "c"}[name])
        for name in "abcd"
    }
    assert import_cycles(two) == [["a", "b"], ["c", "d"]]


@pytest.mark.parametrize("room", PURE_ROOMS)
def test_pure_rooms_import_no_other_room(room: str) -> None:
    graph = import_graph()
    paths = modules_of(room)
    assert paths
    for path in paths:
        rooms = {room_of(name) for name in reachable(graph, module_name(path))}
        assert rooms <= PURE_ROOMS[room], path


@pytest.mark.parametrize("room", PURE_ROOMS)
def test_pure_rooms_do_not_name_home_assistant(room: str) -> None:
    for path in modules_of(room):
        names = {name.partition(".")[0] for name in imports(modules()[path])}
        assert not names & {"homeassistant", "custom_components"}, path


@pytest.mark.parametrize("room", PURE_ROOMS)
def test_pure_rooms_load_where_there_is_no_home_assistant(room: str) -> None:
    command = [sys.executable, "-c", LOAD_ROOM, str(INTEGRATION), room]
    done = subprocess.run(  # noqa: S603 - our own interpreter and script
        command, check=False, capture_output=True, text=True
    )
    assert done.stderr == ""
    loaded = {name.removeprefix("netrex.") for name in done.stdout.split()}
    assert {name for name in loaded if room_of(name) == room} == {
        module_name(path) for path in modules_of(room)
    }
    assert {room_of(name) for name in loaded} <= PURE_ROOMS[room]


def test_every_class_name_is_unique() -> None:
    places = defaultdict[str, list[str]](list)
    for path, tree in modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(str(path))
    assert not {name: where for name, where in places.items() if len(where) > 1}


@pytest.mark.parametrize(
    ("package", "tests"),
    [(INTEGRATION, "tests"), (SIMULATOR, "tests/simulator")],
    ids=lambda value: getattr(value, "name", ""),
)
def test_every_folder_has_a_folder_of_tests(package: Path, tests: str) -> None:
    folders = {path.parts[0] for path in modules(package) if len(path.parts) > 1}
    assert folders
    tested = {path.parent.name for path in (ROOT / tests).glob("*/test_*.py")}
    assert folders <= tested


@pytest.mark.parametrize(
    ("package", "other"),
    [(INTEGRATION, "simulator"), (SIMULATOR, "custom_components")],
    ids=lambda value: getattr(value, "name", ""),
)
def test_the_integration_and_the_simulator_do_not_import_each_other(
    package: Path, other: str
) -> None:
    for path, tree in modules(package).items():
        assert other not in {name.partition(".")[0] for name in imports(tree)}, path


def test_modules_import_each_other_relatively() -> None:
    assert not {
        (str(path), name)
        for path, tree in modules().items()
        for name in imports(tree)
        if name.startswith("custom_components")
    }
