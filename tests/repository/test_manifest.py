"""The integration's manifest, its HACS metadata, and its brand images."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
import tomllib
from urllib.parse import urlsplit

from awesomeversion import AwesomeVersion, AwesomeVersionStrategy
from homeassistant.const import REQUIRED_PYTHON_VER, Platform, __version__
from homeassistant.loader import Manifest
from PIL import Image
import pytest

from .project import INTEGRATION, ROOT, imports, modules, read_json

MANIFEST = read_json(INTEGRATION / "manifest.json")
HACS = read_json(ROOT / "hacs.json")

# Used since 2026.11; the oldest supported release ignores them.
NEW_MANIFEST_KEYS = {"categories", "connectivity"}
# Keys that Home Assistant adds itself.
RUNTIME_MANIFEST_KEYS = {"is_built_in", "overwrites_built_in"}
HACS_KEYS = {
    "content_in_root",
    "country",
    "filename",
    "hacs",
    "hide_default_branch",
    "homeassistant",
    "name",
    "persistent_directory",
    "render_readme",
    "zip_release",
}
# Integrations of hassfest's list that may be imported without a dependency, because the
# imported parts need no setup.
IMPORTABLE = {
    *Platform,
    "homeassistant",
    "media_source",
    "stream",
    "system_health",
    "websocket_api",
}
# Dependencies without an import.
DEPENDENCY_REASONS = {"stream": "plays the URL that a camera returns"}

BRAND_SIZES = {"icon.png": 256, "icon@2x.png": 512}
# Limits of the shortest side (home-assistant/brands, README).
LOGO_SIZES = {"logo.png": (128, 256), "logo@2x.png": (256, 512)}


def test_the_manifest_has_the_required_keys() -> None:
    assert {
        "codeowners",
        "config_flow",
        "documentation",
        "domain",
        "integration_type",
        "iot_class",
        "issue_tracker",
        "name",
        "version",
    } <= MANIFEST.keys()
    assert MANIFEST["domain"] == INTEGRATION.name
    assert MANIFEST["integration_type"] == "hub"
    assert MANIFEST["iot_class"] == "cloud_polling"
    assert MANIFEST["codeowners"]
    assert all(owner.startswith("@") for owner in MANIFEST["codeowners"])


def test_the_manifest_has_no_unknown_key() -> None:
    known = Manifest.__annotations__.keys() - RUNTIME_MANIFEST_KEYS | NEW_MANIFEST_KEYS
    assert not MANIFEST.keys() - known


def test_the_keys_are_in_hassfests_order() -> None:
    domain, name, *others = MANIFEST
    assert (domain, name) == ("domain", "name")
    assert others == sorted(others)


@pytest.mark.parametrize("key", ["documentation", "issue_tracker"])
def test_the_urls_are_the_projects(key: str) -> None:
    address = urlsplit(MANIFEST[key])
    assert address.scheme == "https"
    assert not (address.hostname or "").endswith("home-assistant.io")
    assert MANIFEST[key].startswith(MANIFEST["documentation"])


def test_home_assistant_accepts_the_version() -> None:
    version = AwesomeVersion(
        MANIFEST["version"], ensure_strategy=AwesomeVersionStrategy.SEMVER
    )
    assert version.valid
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["version"] == MANIFEST["version"]


def test_the_config_flow_exists() -> None:
    assert MANIFEST["config_flow"] is True
    assert Path("config_flow.py") in modules()


def test_setup_by_yaml_is_refused() -> None:
    """By hassfest's config_schema, `async_setup` requires CONFIG_SCHEMA."""
    source = (INTEGRATION / "__init__.py").read_text(encoding="utf-8")
    assert ("async def async_setup(" in source) == ("CONFIG_SCHEMA" in source)


def referenced_components() -> Iterator[tuple[Path, str]]:
    """Yield module and name of the built-in integrations that are imported."""
    for path, tree in modules().items():
        for name in imports(tree):
            match name.split("."):
                case ["homeassistant", "components", component, *_]:
                    yield path, component


def test_imported_integrations_are_declared() -> None:
    declared = {
        *MANIFEST.get("dependencies", []),
        *MANIFEST.get("after_dependencies", []),
    }
    undeclared = {
        (str(path), component)
        for path, component in referenced_components()
        # diagnostics.py may import the diagnostics integration, and so on.
        if component not in {*declared, *IMPORTABLE, path.with_suffix("").parts[0]}
    }
    assert not undeclared


def test_declared_integrations_exist_and_are_needed() -> None:
    dependencies = MANIFEST.get("dependencies", [])
    after = MANIFEST.get("after_dependencies", [])
    assert dependencies == sorted(dependencies)
    assert not set(dependencies) & set(after)
    used = {component for _, component in referenced_components()}
    used |= {path.stem for path in modules()} | DEPENDENCY_REASONS.keys()
    assert set(dependencies) | set(after) <= used
    for dependency in dependencies + after:
        assert find_spec(f"homeassistant.components.{dependency}"), dependency


def test_there_are_no_requirements() -> None:
    assert MANIFEST["requirements"] == []


def test_hacs_metadata_is_valid() -> None:
    assert not HACS.keys() - HACS_KEYS
    assert HACS["name"] == MANIFEST["name"]
    assert HACS["zip_release"] is True
    # A branch has no archive, so HACS could not install it.
    assert HACS["hide_default_branch"] is True
    workflow = (ROOT / ".github/workflows/release.yml").read_text(encoding="utf-8")
    assert HACS["filename"] in workflow


def test_the_oldest_supported_release_is_the_tested_one_or_older() -> None:
    oldest = AwesomeVersion(HACS["homeassistant"])
    assert oldest <= AwesomeVersion(__version__)
    pinned = (ROOT / "requirements/dev.txt").read_text(encoding="utf-8")
    tested = next(
        AwesomeVersion(line.split("==")[1].rstrip(" \\"))
        for line in pinned.splitlines()
        if line.startswith("homeassistant==")
    )
    assert oldest.section(0) == tested.section(0)
    assert oldest.section(1) == tested.section(1)


def test_the_oldest_python_is_home_assistants() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    floor = ".".join(map(str, REQUIRED_PYTHON_VER))
    assert project["project"]["requires-python"] == f">={floor}"
    setup = (ROOT / "scripts/setup").read_text(encoding="utf-8")
    assert f"MIN_PYTHON={floor}\n" in setup


def test_license_and_texts_that_hacs_shows_are_there() -> None:
    assert (ROOT / "LICENSE").read_text(encoding="utf-8").startswith("MIT License")
    assert (ROOT / "README.md").stat().st_size > 1000
    assert (ROOT / "info.md").stat().st_size > 100


@pytest.mark.parametrize("prefix", ["", "dark_"])
def test_brand_images_have_the_required_format_and_size(prefix: str) -> None:
    for name, side in BRAND_SIZES.items():
        with Image.open(INTEGRATION / "brand" / f"{prefix}{name}") as image:
            assert (image.format, image.size) == ("PNG", (side, side))
            assert image.has_transparency_data
    for name, (low, high) in LOGO_SIZES.items():
        with Image.open(INTEGRATION / "brand" / f"{prefix}{name}") as image:
            assert image.format == "PNG"
            assert low <= min(image.size) <= high
