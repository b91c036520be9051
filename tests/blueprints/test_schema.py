"""The blueprints are valid for Home Assistant and its importer."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from homeassistant.components.automation.config import AUTOMATION_BLUEPRINT_SCHEMA
from homeassistant.components.blueprint.models import Blueprint
from homeassistant.util.yaml import load_yaml_dict
import pytest

from tests.repository.project import ROOT, read_json

from .conftest import FOLDER

BLUEPRINTS = sorted(FOLDER.iterdir())
HOME = read_json(ROOT / "custom_components/netrex/manifest.json")["documentation"]
HACS = read_json(ROOT / "hacs.json")
IMPORT = "https://my.home-assistant.io/redirect/blueprint_import/?"


def source_url(path: Path) -> str:
    """Return the URL from which a blueprint is imported and updated."""
    return f"{HOME}/blob/main/{path.relative_to(ROOT)}"


@pytest.mark.parametrize("path", BLUEPRINTS, ids=lambda path: path.stem)
def test_home_assistant_accepts_a_blueprint(path: Path) -> None:
    blueprint = Blueprint(
        load_yaml_dict(str(path)),
        path=path.name,
        expected_domain="automation",
        schema=AUTOMATION_BLUEPRINT_SCHEMA,
    )
    assert blueprint.validate() is None
    assert blueprint.name.startswith("Netrex - ")
    metadata = blueprint.metadata
    assert metadata["description"]
    # The URL for updates of an import.
    assert metadata["source_url"] == source_url(path)
    assert metadata["homeassistant"]["min_version"] == HACS["homeassistant"]
    for name, field in blueprint.inputs.items():
        assert field["name"], name
        assert field["selector"], name


@pytest.mark.parametrize("document", ["README.md", "docs/examples.md"])
def test_documents_lead_to_every_blueprint(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    links = [
        parse_qs(urlsplit(IMPORT + part.partition(")")[0]).query)["blueprint_url"][0]
        for part in text.split(IMPORT)[1:]
    ]
    assert sorted(links) == [source_url(path) for path in BLUEPRINTS]
