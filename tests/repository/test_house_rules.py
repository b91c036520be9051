"""Rules that this repository gives itself."""

import ast
from pathlib import Path
import re
import subprocess
import sys

from homeassistant.util.yaml import load_yaml_dict
import pytest

from .project import INTEGRATION, ROOT, imports, modules, repository_files

# Rooms that must be usable, and testable, without Home Assistant.
PURE = [path for path in modules() if path.parts[0] in ("client", "relay")]
# Addresses of package registries and folders of one machine. In pieces, so that this
# file does not hold what it looks for.
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
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
DOCUMENTS = [path for path in repository_files() if path.suffix == ".md"]

IMPORT_CLIENT_ALONE = """
import importlib.util, sys

class NoHomeAssistant:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("homeassistant", "custom_components"):
            raise ImportError(name)

sys.meta_path.insert(0, NoHomeAssistant())
folder = sys.argv[1]
spec = importlib.util.spec_from_file_location(
    "netrex_client", folder + "/__init__.py", submodule_search_locations=[folder]
)
client = importlib.util.module_from_spec(spec)
sys.modules["netrex_client"] = client
spec.loader.exec_module(client)
print(client.NetrexClient.__name__)
"""


@pytest.mark.parametrize("path", PURE, ids=str)
def test_pure_parts_do_not_know_home_assistant(path: Path) -> None:
    names = {name.split(".")[0] for name in imports(modules()[path])}
    assert "homeassistant" not in names
    # Leaving the room leads to parts that do know it, but for the client.
    depth = len(path.parts) - 1
    assert not [
        ast.unparse(node)
        for node in ast.walk(modules()[path])
        if isinstance(node, ast.ImportFrom)
        if node.level > depth and not (node.module or "").startswith("client")
    ]


def test_client_loads_where_there_is_no_home_assistant() -> None:
    command = [sys.executable, "-c", IMPORT_CLIENT_ALONE, str(INTEGRATION / "client")]
    done = subprocess.run(  # noqa: S603 - our own interpreter and script
        command, check=False, capture_output=True, text=True
    )
    assert (done.stdout.strip(), done.stderr) == ("NetrexClient", "")


def test_modules_import_each_other_relatively() -> None:
    assert not {
        (str(path), name)
        for path, tree in modules().items()
        for name in imports(tree)
        if name.startswith("custom_components")
    }


@pytest.mark.parametrize("path", modules(), ids=str)
def test_no_module_grows_beyond_one_idea(path: Path) -> None:
    lines = (INTEGRATION / path).read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 400


def test_every_platform_says_how_many_updates_run_at_once() -> None:
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
        source = (INTEGRATION / path).read_text(encoding="utf-8")
        assert re.search(r"(?m)^PARALLEL_UPDATES(: Final)? = \d", source), path


def test_no_addresses_of_registries_or_of_one_machine() -> None:
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


@pytest.mark.parametrize(
    "path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT))
)
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    targets = [
        target.partition("#")[0]
        for target in LINK.findall(text)
        if "://" not in target and not target.startswith(("#", "mailto:"))
    ]
    assert not [target for target in targets if not (path.parent / target).exists()]


def test_commands_can_be_run() -> None:
    commands = [ROOT / ".ci" / "run", *(ROOT / "scripts").iterdir()]
    for command in commands:
        assert command.stat().st_mode & 0o111, command
        assert command.read_text(encoding="utf-8").startswith("#!"), command


def test_workflow_tests_every_pinned_release() -> None:
    workflow = load_yaml_dict(str(ROOT / ".github/workflows/test.yml"))
    runs = workflow["jobs"]["test"]["strategy"]["matrix"]["include"]
    tested = {run["arguments"].removeprefix("--ha-version ") for run in runs}
    pinned = {
        path.stem.removeprefix("ha-") for path in (ROOT / "requirements").glob("ha-*")
    }
    assert tested == {"", *pinned}
