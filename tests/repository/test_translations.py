"""The translations: hassfest's rules, equal languages, no unused or missing text."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
import re
from string import Formatter
from typing import Any

from homeassistant.helpers import config_validation as cv
import pytest
import voluptuous as vol

from .project import INTEGRATION, keyword_strings, modules, read_json, strings

LANGUAGES = ("en", "cs")
TRANSLATIONS = {
    language: read_json(INTEGRATION / "translations" / f"{language}.json")
    for language in LANGUAGES
}

KEY = re.compile(r"(?!.+[_-]{2})(?![_-])[a-z0-9_-]+(?<![_-])")
ADDRESS = re.compile(r"(\w+://|www\.)\w", re.IGNORECASE)
QUOTED_PLACEHOLDER = re.compile(r"'\{\w+\}'")
SELECTOR = re.compile(r"translation_key: (\w+)")
REFERENCE = re.compile(r"\[%|%\]")

# Abort reasons with texts of Home Assistant (`_SHARED_ABORT_REASONS` of its OAuth2
# flow).
SHARED_ABORTS = {"missing_credentials"}
# Abort reasons of methods in Home Assistant's base classes.
FLOW_ABORTS = {"already_configured", "missing_configuration"}


def placeholders(text: str) -> set[str]:
    """Return the names in braces."""
    return {field for _, field, _, _ in Formatter().parse(text) if field is not None}


def key(value: str) -> str:
    """Validate a key."""
    if not KEY.fullmatch(value):
        raise vol.Invalid(f"{value} is not a translation key")
    return value


def text(value: object) -> str:
    """Validate a text with placeholders."""
    text = cv.string_with_no_html(value)
    if text != text.strip() or not text:
        raise vol.Invalid("is empty or has spaces around it")
    if ADDRESS.search(text):
        raise vol.Invalid("contains a URL, which belongs in a placeholder")
    if QUOTED_PLACEHOLDER.search(text):
        raise vol.Invalid("has a placeholder in single quotes")
    if REFERENCE.search(text):
        raise vol.Invalid(
            "has a reference, which is not resolved for custom integrations"
        )
    if not all(name.isidentifier() for name in placeholders(text)):
        raise vol.Invalid("has a placeholder that is not an identifier")
    return text


def plain_text(value: object) -> str:
    """Validate a text without placeholders."""
    if placeholders(text(value)):
        raise vol.Invalid("cannot have placeholders")
    return text(value)


TEXTS = {key: text}
FIELDS = {
    key: {
        vol.Required("name"): text,
        vol.Required("description"): text,
        vol.Optional("example"): text,
    }
}
FLOW = {
    vol.Required("step"): {
        key: {
            vol.Optional("title"): text,
            vol.Optional("description"): text,
            vol.Optional("data"): TEXTS,
            vol.Optional("data_description"): TEXTS,
            vol.Optional("menu_options"): TEXTS,
            vol.Optional("menu_option_descriptions"): TEXTS,
            vol.Optional("submit"): text,
            vol.Optional("sections"): {
                key: {
                    vol.Required("name"): text,
                    vol.Optional("description"): text,
                    vol.Optional("data"): TEXTS,
                    vol.Optional("data_description"): TEXTS,
                }
            },
        }
    },
    vol.Optional("error"): TEXTS,
    vol.Optional("abort"): TEXTS,
    vol.Optional("progress"): TEXTS,
    vol.Optional("create_entry"): TEXTS,
}
STATES = {
    vol.Optional("name"): text,
    vol.Optional("state"): {key: plain_text},
}
SCHEMA = vol.Schema(
    {
        vol.Required("config"): FLOW,
        vol.Optional("options"): FLOW,
        vol.Optional("common"): {key: plain_text},
        vol.Optional("application_credentials"): {vol.Optional("description"): text},
        vol.Optional("device"): {key: {vol.Optional("name"): text}},
        vol.Required("entity"): {
            cv.slug: {
                key: {
                    **STATES,
                    vol.Optional("unit_of_measurement"): plain_text,
                    vol.Optional("state_attributes"): {key: STATES},
                }
            }
        },
        vol.Optional("exceptions"): {cv.slug: {vol.Required("message"): text}},
        vol.Optional("issues"): {
            key: vol.All(
                cv.has_at_least_one_key("description", "fix_flow"),
                {
                    vol.Required("title"): text,
                    vol.Exclusive("description", "fixable"): text,
                    vol.Exclusive("fix_flow", "fixable"): FLOW,
                },
            )
        },
        vol.Optional("selector"): {
            cv.slug: {
                vol.Optional("options"): TEXTS,
                vol.Optional("fields"): FIELDS,
            }
        },
        **{
            vol.Optional(kind): {
                key: {
                    vol.Required("name"): plain_text,
                    vol.Required("description"): plain_text,
                    vol.Optional("fields"): FIELDS,
                }
            }
            for kind in ("triggers", "conditions")
        },
        vol.Optional("services"): {
            key: {
                vol.Required("name"): text,
                vol.Required("description"): text,
                vol.Optional("fields"): FIELDS,
                vol.Optional("sections"): {
                    key: {
                        vol.Required("name"): text,
                        vol.Optional("description"): text,
                    }
                },
            }
        },
        vol.Optional("system_health"): {vol.Optional("info"): TEXTS},
    }
)


def leaves(node: Mapping[str, Any], *path: str) -> Iterator[tuple[str, str]]:
    """Yield the path and the text of every translation."""
    for name, value in node.items():
        if isinstance(value, Mapping):
            yield from leaves(value, *path, name)
        else:
            yield "::".join([*path, name]), value


def steps(node: Mapping[str, Any], *path: str) -> Iterator[tuple[str, Any]]:
    """Yield the path and the texts of every form, including sections."""
    for name, value in node.items():
        if isinstance(value, Mapping):
            if "data" in value or "data_description" in value:
                yield "::".join([*path, name]), value
            yield from steps(value, *path, name)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_follows_hassfests_schema(language: str) -> None:
    SCHEMA(TRANSLATIONS[language])


def test_there_is_no_other_file_with_texts() -> None:
    """References in `strings.json` are resolved only in Home Assistant's repository."""
    assert not (INTEGRATION / "strings.json").exists()
    assert {path.stem for path in (INTEGRATION / "translations").iterdir()} == set(
        LANGUAGES
    )


def test_languages_have_the_same_texts_and_placeholders() -> None:
    english, czech = (
        {path: placeholders(text) for path, text in leaves(TRANSLATIONS[language])}
        for language in LANGUAGES
    )
    assert english == czech


def test_every_field_is_described() -> None:
    forms = dict(steps(TRANSLATIONS["en"]))
    assert forms
    for path, form in forms.items():
        assert form["data"].keys() == form.get("data_description", {}).keys(), path


@pytest.mark.parametrize(
    ("keyword", "sections"),
    [
        ("translation_key", ("exceptions", "issues", "selector", "entity")),
        ("reason", ("abort",)),
        ("step_id", ("step",)),
    ],
)
def test_every_key_in_code_has_a_text(keyword: str, sections: tuple[str, ...]) -> None:
    known = {
        name
        for path, _ in leaves(TRANSLATIONS["en"])
        if set(sections) & set(path.split("::"))
        for name in path.split("::")
    }
    used = {
        (str(path), name)
        for path, tree in modules().items()
        for name in keyword_strings(tree, keyword)
    }
    known |= SHARED_ABORTS
    assert not {(path, name) for path, name in used if name not in known}


def test_every_text_is_used_by_code() -> None:
    """Entities' texts are checked with a running Home Assistant."""
    used = {name for tree in modules().values() for name in strings(tree)}
    # Selectors of fields are named only there.
    for name in ("services", "triggers", "conditions"):
        used |= set(SELECTOR.findall((INTEGRATION / f"{name}.yaml").read_text("utf-8")))
    methods = {
        node.name
        for tree in modules().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.AsyncFunctionDef)
    }

    def is_used(path: str) -> bool:
        match path.split("::"):
            case ["application_credentials" | "entity", *_]:
                return True
            case ["config" | "options", "step", step, *_]:
                return step in used or f"async_step_{step}" in methods
            # Shown after the flow, unless it names another text.
            case ["config", "create_entry", "default"]:
                return True
            case ["config" | "options", "error" | "abort", name]:
                return name in used | FLOW_ABORTS
            case [
                "common"
                | "conditions"
                | "exceptions"
                | "issues"
                | "selector"
                | "services"
                | "triggers",
                name,
                *_,
            ] | ["system_health", "info", name]:
                return name in used
        return False

    assert not [path for path, _ in leaves(TRANSLATIONS["en"]) if not is_used(path)]


def test_the_scan_finds_keys() -> None:
    """A scan that finds nothing would let the other tests pass."""
    flow = modules()[Path("config_flow.py")]
    assert "api_token" in set(strings(flow))
    assert any(
        set(keyword_strings(tree, "translation_key")) for tree in modules().values()
    )
