"""The icons, and the actions' texts in the user interface."""

import json
from typing import Any

import hass_frontend
from homeassistant.helpers import condition, config_validation as cv, service
from homeassistant.helpers.trigger import descriptions
from homeassistant.util.yaml import load_yaml_dict
import pytest
import voluptuous as vol

from custom_components.netrex.automation_targets import SENSOR_KEYS
from custom_components.netrex.condition import CONDITIONS
from custom_components.netrex.trigger import TRIGGERS

from .project import INTEGRATION, read_json

ICONS = read_json(INTEGRATION / "icons.json")
ENGLISH = read_json(INTEGRATION / "translations" / "en.json")

ON_OFF = {domain: {"on", "off"} for domain in ("binary_sensor", "switch")}


def known_icons() -> set[str]:
    """Return the Material Design icons of Home Assistant's frontend."""
    names = (hass_frontend.where() / "static/mdi/iconList.json").read_text("utf-8")
    return {f"mdi:{entry['name']}" for entry in json.loads(names)}


ICON = vol.In(known_icons())
SCHEMA = vol.Schema(
    {
        vol.Optional("entity"): {
            cv.slug: {
                cv.slug: {
                    vol.Optional("default"): ICON,
                    vol.Optional("state"): {str: ICON},
                    vol.Optional("range"): {str: ICON},
                }
            }
        },
        vol.Optional("services"): {
            cv.slug: {
                vol.Required("service"): ICON,
                vol.Optional("sections"): {cv.slug: ICON},
            }
        },
        vol.Optional("triggers"): {cv.slug: {vol.Required("trigger"): ICON}},
        vol.Optional("conditions"): {cv.slug: {vol.Required("condition"): ICON}},
    }
)


def actions() -> dict[str, Any]:
    """Return the actions in services.yaml."""
    path = INTEGRATION / "services.yaml"
    return dict(load_yaml_dict(str(path))) if path.exists() else {}


def test_every_icon_exists() -> None:
    SCHEMA(ICONS)


def test_every_icon_belongs_to_an_entity_with_a_name() -> None:
    for domain, icons in ICONS.get("entity", {}).items():
        names = ENGLISH["entity"][domain]
        assert not icons.keys() - names.keys()
        for name, icon in icons.items():
            states = icon.get("state", {}).keys()
            # Home Assistant has the names of the states on and off.
            known = ON_OFF.get(domain, set()) | names[name].get("state", {}).keys()
            assert not states - known
            assert icon.get("default") not in icon.get("state", {}).values()


def test_actions_are_described_where_they_are_registered() -> None:
    registered = any(
        "async_register" in path.read_text("utf-8")
        for path in INTEGRATION.rglob("*.py")
    )
    assert registered == bool(actions())


def test_actions_are_valid_and_have_texts_and_icons() -> None:
    described = actions()
    service._SERVICES_SCHEMA(described)
    texts = ENGLISH.get("services", {})
    assert described.keys() == texts.keys() == ICONS.get("services", {}).keys()
    for name, action in described.items():
        fields: dict[str, Any] = {}
        for field, value in (action or {}).get("fields", {}).items():
            if "fields" in value:
                assert field in texts[name]["sections"]
                fields |= value["fields"]
            else:
                fields[field] = value
        assert fields.keys() == texts[name].get("fields", {}).keys(), name
        for field in fields.values():
            select = field.get("selector", {}).get("select") or {}
            if key := select.get("translation_key"):
                assert set(select["options"]) == set(
                    ENGLISH["selector"][key]["options"]
                )


@pytest.mark.parametrize(
    ("name", "registered", "schema"),
    [
        ("triggers", TRIGGERS, descriptions._TRIGGERS_DESCRIPTION_SCHEMA),
        ("conditions", CONDITIONS, condition._CONDITIONS_DESCRIPTION_SCHEMA),
    ],
)
def test_triggers_and_conditions_are_described(
    name: str, registered: dict[str, Any], schema: vol.Schema
) -> None:
    described = load_yaml_dict(str(INTEGRATION / f"{name}.yaml"))
    # Keys with a dot in front only hold what several descriptions have in common.
    described = {key: row for key, row in described.items() if not key.startswith(".")}
    schema(described)
    texts = ENGLISH[name]
    assert described.keys() == texts.keys() == ICONS[name].keys() == registered.keys()
    for key, row in described.items():
        fields = (row or {}).get("fields", {})
        assert fields.keys() == texts[key].get("fields", {}).keys(), key
        for field in fields.values():
            if select := field["selector"].get("select"):
                options = ENGLISH["selector"][select["translation_key"]]["options"]
                assert select["options"] == list(SENSOR_KEYS)
                assert options.keys() == set(SENSOR_KEYS)


def test_the_schema_refuses_an_unknown_icon() -> None:
    with pytest.raises(vol.Invalid):
        SCHEMA({"entity": {"sensor": {"visitors": {"default": "mdi:no-such-icon"}}}})
