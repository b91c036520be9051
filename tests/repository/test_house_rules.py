"""The repository's own rules."""

import ast
from pathlib import Path
import re
import subprocess
import tomllib

from homeassistant.util.yaml import load_yaml_dict

from .project import INTEGRATION, ROOT, modules, repository_files

# Hosts of package registries and folders of one machine. Split into pieces, so that
# this file does not match.
FOREIGN = re.compile(
    "|".join(
        [
            r"py" + r"pi\.org",
            r"python" + r"hosted\.org",
            r"deb\." + r"debian\.org",
            r"registry\." + r"npmjs",
            r"crates" + r"\.io",
            r"repo\." + r"maven",
            r"/(work|root|farm|home/[a-z]+)" + r"/",
        ]
    )
)
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


def source(path: Path) -> str:
    """Return the text of a module of the integration."""
    return (INTEGRATION / path).read_text(encoding="utf-8")


def lines_of(node: ast.stmt) -> int:
    """Return the number of lines of a statement, without decorators."""
    return (node.end_lineno or node.lineno) - node.lineno + 1


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the number of lines of a function, without decorators and docstring."""
    documented = ast.get_docstring(function) is not None
    return lines_of(function) - (lines_of(function.body[0]) if documented else 0)


def test_no_module_is_longer_than_400_lines() -> None:
    folders = ("custom_components", "simulator", "demo", "benchmarks")
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in repository_files()
        if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in folders
    }
    assert lengths
    assert {name: lines for name, lines in lengths.items() if lines > 400} == {}


def test_no_function_is_longer_than_60_lines() -> None:
    lengths = {
        f"{path}:{node.name}": length(node)
        for path, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, FUNCTION)
    }
    assert {name: lines for name, lines in lengths.items() if lines > 60} == {}


def test_the_length_of_a_function_is_its_lines_without_the_docstring() -> None:
    (bare,) = ast.parse("@cache\ndef f():\n    a()\n\n    return b\n").body
    assert isinstance(bare, FUNCTION)
    assert length(bare) == 4
    (documented,) = ast.parse(
        'def f():\n    """One.\n\n    Two.\n    """\n    a()'
    ).body
    assert isinstance(documented, FUNCTION)
    assert length(documented) == 2


def test_no_function_is_too_complex_for_the_linter() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    linter = project["tool"]["ruff"]["lint"]
    assert linter["mccabe"]["max-complexity"] <= 15
    ignored = [*linter["ignore"], *linter["per-file-ignores"]["custom_components/**"]]
    assert not [rule for rule in ignored if rule.startswith("C9")]
    assert not [path for path in modules() if "noqa: C901" in source(path)]


def test_every_platform_sets_its_number_of_parallel_updates() -> None:
    platforms = [
        path
        for path, tree in modules().items()
        if any(
            isinstance(node, ast.AsyncFunctionDef)
            and node.name == "async_setup_entry"
            and len(node.args.args) == 3
            for node in tree.body
        )
    ]
    assert platforms
    for path in platforms:
        assert re.search(r"(?m)^PARALLEL_UPDATES(: Final)? = \d", source(path)), path


def test_no_file_names_a_package_registry_or_a_folder_of_one_machine() -> None:
    found = {}
    for path in repository_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        if match := FOREIGN.search(text):
            found[str(path.relative_to(ROOT))] = match.group()
    assert not found


def test_no_file_is_large() -> None:
    assert not [path for path in repository_files() if path.stat().st_size > 1_000_000]


def test_commands_can_be_run() -> None:
    commands = [ROOT / ".ci" / "run", *(ROOT / "scripts").iterdir()]
    for command in commands:
        assert command.stat().st_mode & 0o111, command
        assert command.read_text(encoding="utf-8").startswith("#!"), command


def test_the_newest_release_is_named_in_one_place() -> None:
    (pinned,) = (ROOT / "requirements").glob("ha-*.txt")
    release = pinned.stem.removeprefix("ha-")
    assert f"homeassistant=={release} " in pinned.read_text(encoding="utf-8")
    done = subprocess.run(  # noqa: S603 - a script of the repository
        [ROOT / "scripts" / "newest-release"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout == f"{release}\n"
    named = [
        path
        for folder in (".github", ".ci", "scripts")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and release in path.read_text(encoding="utf-8")
    ]
    assert named == []


def test_the_workflow_tests_the_oldest_and_the_newest_release() -> None:
    workflow = load_yaml_dict(str(ROOT / ".github/workflows/test.yml"))
    runs = workflow["jobs"]["test"]["strategy"]["matrix"]["include"]
    tested = {run["arguments"].removeprefix("--ha-version ") for run in runs}
    assert tested == {"", "newest"}
