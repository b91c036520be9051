"""The guide: it uses the user interface's names, and what it names exists."""

from pathlib import Path
import re

import pytest

from .project import INTEGRATION, ROOT, read_json, repository_files

PAGES = [path for path in repository_files() if path.suffix == ".md"]
ENGLISH = read_json(INTEGRATION / "translations" / "en.json")
INSTALLATION = (ROOT / "docs" / "installation.md").read_text(encoding="utf-8")

COMMAND = re.compile(r"(?<![\w/.])((?:scripts|tests)/[\w/-]*\w(?:\.py)?)")
# A file by its path from the root or from the integration's folder.
FILE = re.compile(r"`((?:[\w-]+/)+[\w.-]+\.(?:py|graphql|json|yaml))`")
BENCHMARK = re.compile(r"python -m (\w+(?:\.\w+)*)")
ROW = re.compile(r"^\| \*\*(.+?)\*\*", re.MULTILINE)
# Home Assistant's style guide asks for American English.
BRITISH = re.compile(
    r"\b(colour\w*|behaviour\w*|licen[c]e|centre|grey|per cent|cancelled|tunnelled"
    r"|labelled|travelled|afterwards|towards|whilst)\b",
    re.IGNORECASE,
)


def section(text: str, heading: str) -> str:
    """Return what stands between a heading and the next one of its level."""
    _, found, rest = text.partition(f"\n## {heading}\n")
    assert found, heading
    return rest.partition("\n## ")[0]


def test_options_have_the_names_of_the_forms() -> None:
    labels = {
        label
        for step in ENGLISH["options"]["step"].values()
        for label in step.get("data", {}).values()
    }
    described = ROW.findall(section(INSTALLATION, "Options"))
    assert len(described) == len(set(described))
    assert set(described) == labels


def test_readme_names_options_as_the_forms_do() -> None:
    steps = ENGLISH["options"]["step"].values()
    names = {step["title"] for step in steps} | {
        label for step in steps for label in step.get("data", {}).values()
    }
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    bold = re.findall(r"\*\*(.+?)\*\*", section(readme, "Options"), re.DOTALL)
    assert len(bold) > 5
    # Home Assistant's own button leads to the options.
    assert {" ".join(name.split()) for name in bold} <= names | {"Configure"}


def test_sign_in_choices_have_the_names_of_the_menu() -> None:
    menu = ENGLISH["config"]["step"]["auth_method"]["menu_options"]
    described = ROW.findall(section(INSTALLATION, "Set-up"))
    assert set(menu.values()) <= set(described)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_named_commands_and_tests_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert not [path for path in COMMAND.findall(text) if not (ROOT / path).exists()]
    for module in BENCHMARK.findall(text):
        path = ROOT / module.replace(".", "/")
        assert path.with_suffix(".py").exists() or path.is_dir(), module


def test_named_files_exist() -> None:
    named = {
        (name, str(page.relative_to(ROOT)))
        for page in PAGES
        for name in FILE.findall(page.read_text(encoding="utf-8"))
    }
    assert "client/camera/gateway.py" in {name for name, _ in named}
    assert not {
        (name, page)
        for name, page in named
        if not any(
            (folder / name).exists()
            for folder in (ROOT, INTEGRATION, (ROOT / page).parent)
        )
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_spelling_is_american(page: Path) -> None:
    assert not BRITISH.findall(page.read_text(encoding="utf-8"))


def test_a_british_spelling_is_found() -> None:
    assert BRITISH.findall("Brightness and colour level") == ["colour"]
