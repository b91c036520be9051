"""The check of each module's coverage, on data written by coverage itself."""

from collections.abc import Iterable
import json
from pathlib import Path
from typing import Any

from coverage import Coverage
import pytest

from tests.module_coverage import expected_modules, shortfalls

# Line 2 is a branch, each other line a statement.
BRANCHED = "def f(x):\n    if x:\n        return 1\n    return 2\n"
BRANCHED_ARCS = [(-1, 2), (2, 3), (3, -1), (2, 4), (4, -1)]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return an empty project with a folder for its modules."""
    (tmp_path / "custom_components").mkdir()
    return tmp_path


def report(root: Path, ran: dict[str, Iterable[tuple[int, int]]]) -> dict[str, Any]:
    """Return the JSON report for these transitions between lines of modules."""
    measured = Coverage(
        data_file=str(root / ".coverage"),
        branch=True,
        source=[str(root / "custom_components")],
        config_file=False,
    )
    data = measured.get_data()
    data.add_arcs({str(root / name): list(arcs) for name, arcs in ran.items()})
    # At its end, a measurement adds the modules that were not imported.
    data.touch_files([str(root / name) for name in expected_modules(root)])
    data.write()
    measured.load()
    target = root / "report.json"
    measured.json_report(outfile=str(target))
    measured.get_data().close(force=True)
    content = json.loads(target.read_text(encoding="utf-8"))
    content["files"] = {
        Path(name).resolve().relative_to(root.resolve()).as_posix(): value
        for name, value in content["files"].items()
    }
    assert isinstance(content, dict)
    return content


def write_module(root: Path, name: str, text: str) -> str:
    """Write a module; return its path in the project."""
    path = f"custom_components/{name}"
    (root / path).write_text(text, encoding="utf-8")
    return path


def statements(count: int) -> str:
    """Return the text of a module with this many statements, one per line."""
    return "".join(f"x{number} = {number}\n" for number in range(count))


def lines(*numbers: int) -> list[tuple[int, int]]:
    """Return the transitions of a module without branches in which these lines ran."""
    return [(-1, number) for number in numbers]


def test_a_fully_covered_module_passes(root: Path) -> None:
    name = write_module(root, "sensor.py", BRANCHED)
    done = report(root, {name: [(-1, 1), (1, -1), *BRANCHED_ARCS]})
    assert list(shortfalls(done, expected_modules(root))) == []


def test_a_missed_line_and_a_missed_branch_are_named(root: Path) -> None:
    name = write_module(root, "sensor.py", BRANCHED)
    done = report(root, {name: [(-1, 1), (1, -1), (-1, 2), (2, 4), (4, -1)]})
    (line,) = shortfalls(done, expected_modules(root))
    # 3 of 4 lines, 1 of 2 branches.
    assert line == f"{name}: 66.7 % of more than 95 %; missing: 3, 2->3"


@pytest.mark.parametrize(("missed", "passes"), [(4, True), (5, False)])
def test_exactly_95_percent_is_too_little(
    root: Path, *, missed: int, passes: bool
) -> None:
    name = write_module(root, "sensor.py", statements(100))
    done = report(root, {name: lines(*range(1, 101 - missed))})
    assert (list(shortfalls(done, expected_modules(root))) == []) is passes


@pytest.mark.parametrize(
    "name", ["config_flow.py", "options_flow.py", "flow_schemas.py"]
)
def test_the_config_flow_needs_every_line(root: Path, name: str) -> None:
    path = write_module(root, name, statements(100))
    done = report(root, {path: lines(*range(1, 100))})
    (line,) = shortfalls(done, expected_modules(root))
    assert line == f"{path}: 99.0 % of 100 %; missing: 100"


def test_a_high_average_hides_no_weak_module(root: Path) -> None:
    strong = write_module(root, "strong.py", statements(1000))
    weak = write_module(root, "weak.py", statements(10))
    done = report(root, {strong: lines(*range(1, 1001)), weak: lines(*range(1, 6))})
    assert done["totals"]["percent_covered"] > 99
    (line,) = shortfalls(done, expected_modules(root))
    assert line.startswith(f"{weak}: 50.0 %")


def test_a_module_that_no_test_imports_fails(root: Path) -> None:
    used = write_module(root, "used.py", statements(1))
    unused = write_module(root, "unused.py", statements(2))
    done = report(root, {used: lines(1)})
    (line,) = shortfalls(done, expected_modules(root))
    assert line == f"{unused}: 0.0 % of more than 95 %; missing: 1, 2"


def test_a_module_that_the_report_lacks_fails(root: Path) -> None:
    name = write_module(root, "sensor.py", statements(1))
    done = report(root, {name: lines(1)})
    del done["files"][name]
    assert list(shortfalls(done, expected_modules(root))) == [f"{name}: not measured"]
