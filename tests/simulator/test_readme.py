"""The simulator's README covers all of its parts, paths, scenarios, and faults."""

from pathlib import Path
import re

from simulator import Simulator
from simulator.control import Control
from simulator.faults import Endpoint, FaultKind
from simulator.world.scenarios import SCENARIOS

FOLDER = Path(__file__).parents[2] / "simulator"
README = (FOLDER / "README.md").read_text(encoding="utf-8")
# Modules that need no description.
NOT_DESCRIBED = {"__init__.py", "__main__.py"}


def section(title: str) -> str:
    """Return the text below a heading."""
    return README.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_every_folder_and_module_is_on_the_map() -> None:
    listed = set(re.findall(r"`([a-z_]+(?:/|\.py))`", section("The parts")))
    folders = {f"{path.parent.name}/" for path in FOLDER.glob("*/*.py")}
    modules = {path.name for path in FOLDER.glob("*.py")} - NOT_DESCRIBED
    assert listed == folders | modules


def test_every_scenario_is_described() -> None:
    assert set(re.findall(r"(?m)^\| `(\w+)` \|", section("Run it"))) == set(SCENARIOS)


def test_every_control_path_is_described() -> None:
    listed = {
        path.partition("?")[0]
        for row in re.findall(r"(?m)^\| (`[^|]+`) \|", section("Control"))
        for path in re.findall(r"`([^`]+)`", row)
    }
    routes = {route.path for route in Control(Simulator("empty")).routes()}
    assert {f"/control/{path}" for path in listed} == routes


def test_every_fault_is_named() -> None:
    names = set(re.findall(r"`(\w+)`", section("Control")))
    assert {*Endpoint, *FaultKind} <= names
