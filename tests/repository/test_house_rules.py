"""Rules that this repository gives itself."""

import ast
from pathlib import Path
import re

from homeassistant.util.yaml import load_yaml_dict
import pytest

from .project import INTEGRATION, ROOT, modules, repository_files

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
