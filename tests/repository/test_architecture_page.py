"""The page about the architecture: it names what is there, and nothing else."""

import re

from .project import INTEGRATION, ROOT, modules

PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
TREE = re.search(r"```text\n(.+?)```", PAGE, re.DOTALL)
# A room or modules at the start of a line of the tree.
ENTRY = re.compile(r"^  ((?:[\w/]+/|\w+\.py)(?: \w+\.py)*)(?: |$)", re.MULTILINE)
PATH = re.compile(r"`((?:[\w.-]+/)*[\w.-]+(?:\.py|\.json|/))`")
# Each room may have one of its own; the page speaks of the kind.
ANY_ROOM = {"actions.py", "options.py", "utils.py"}


def test_tree_names_every_room_and_top_level_module() -> None:
    assert TREE
    named = {name for entry in ENTRY.findall(TREE[1]) for name in entry.split()}
    rooms = {f"{path.parent}/" for path in modules() if path.parent.name}
    top = {path.name for path in modules() if not path.parent.name}
    assert named == rooms | top


def test_named_files_exist() -> None:
    named = set(PATH.findall(PAGE))
    assert {"client/pacer.py", "simulator/switches.py"} <= named
    assert not {
        name
        for name in named - ANY_ROOM
        if not (INTEGRATION / name).exists() and not (ROOT / name).exists()
    }


def test_page_fits_the_line() -> None:
    assert not [
        line
        for line in PAGE.splitlines()
        if len(line) > 100 and not line.startswith("|")
    ]
