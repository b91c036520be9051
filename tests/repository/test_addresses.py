"""The project's address: manifest.json has it, and everything else agrees."""

from pathlib import Path
import re
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from .project import INTEGRATION, ROOT, read_json, repository_files

MANIFEST = read_json(INTEGRATION / "manifest.json")
DOCUMENTATION: str = MANIFEST["documentation"]
OWNER, REPOSITORY = urlsplit(DOCUMENTATION).path.removeprefix("/").split("/")

# Repositories of others that this one names.
OTHERS = {"home-assistant/core"}
TEXTS = (".md", ".yaml", ".yml", ".json", ".toml")
FILES = [
    path
    for path in repository_files()
    if path.suffix in TEXTS or path.name == "CODEOWNERS"
]
GITHUB = re.compile(r"github\.com/([\w.-]+/[\w.-]+)")
SHIELD = re.compile(r"img\.shields\.io/github/v/release/([\w.-]+/[\w.-]+)")
GH = re.compile(r"--repo ([\w.-]+/[\w.-]+)")
MY = re.compile(r"https://my\.home-assistant\.io/redirect/[\w?=&%./-]+")
MENTION = re.compile(r"(?:\"|^\* )@([\w-]+)", re.MULTILINE)


def named_repositories() -> dict[str, set[str]]:
    """Return the named repositories and the files that name them."""
    found: dict[str, set[str]] = {}
    for path in FILES:
        text = unquote(path.read_text(encoding="utf-8"))
        for pattern in (GITHUB, SHIELD, GH):
            for name in pattern.findall(text):
                file = str(path.relative_to(ROOT))
                found.setdefault(name.removesuffix(".git"), set()).add(file)
    return found


def my_links() -> list[tuple[Path, str]]:
    """Return the links of the My Home Assistant service."""
    return [
        (path, link)
        for path in FILES
        for link in MY.findall(path.read_text(encoding="utf-8"))
    ]


def test_only_the_projects_own_repository_is_named() -> None:
    named = named_repositories()
    own = f"{OWNER}/{REPOSITORY}"
    assert {"README.md", "docs/installation.md"} <= named[own]
    assert not {
        name: files for name, files in named.items() if name not in OTHERS | {own}
    }


def test_owners_are_the_projects_own() -> None:
    mentions = {
        owner
        for path in (INTEGRATION / "manifest.json", ROOT / ".github" / "CODEOWNERS")
        for owner in MENTION.findall(path.read_text(encoding="utf-8"))
    }
    assert mentions == {OWNER}


@pytest.mark.parametrize(
    ("path", "link"), my_links(), ids=lambda value: str(value).rpartition("/")[2]
)
def test_my_links_lead_to_the_project(path: Path, link: str) -> None:
    address = urlsplit(link)
    query = {name: value for name, [value] in parse_qs(address.query).items()}
    match address.path.removeprefix("/redirect/").strip("/"):
        case "hacs_repository":
            assert query == {
                "owner": OWNER,
                "repository": REPOSITORY,
                "category": "integration",
            }
        case "blueprint_import":
            folder = f"{DOCUMENTATION}/blob/main/"
            assert query["blueprint_url"].startswith(folder)
            assert (ROOT / query["blueprint_url"].removeprefix(folder)).is_file()
        case "config_flow_start":
            assert query == {"domain": MANIFEST["domain"]}
        case "oauth":
            assert not query
        case other:
            pytest.fail(f"{path.name}: unknown redirect {other}")


def test_blueprints_name_their_own_address() -> None:
    blueprints = sorted((ROOT / "blueprints").rglob("*.yaml"))
    assert blueprints
    for blueprint in blueprints:
        address = f"{DOCUMENTATION}/blob/main/{blueprint.relative_to(ROOT)}"
        assert f"source_url: {address}\n" in blueprint.read_text(encoding="utf-8")


def test_badges_say_what_the_manifest_says() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"quality%20scale-{MANIFEST['quality_scale']}-" in readme
    for badge in re.findall(r"/actions/workflows/(\w+\.yml)/badge\.svg", readme):
        assert (ROOT / ".github" / "workflows" / badge).is_file()
