"""Finds forms, menus, and aborts of the flows that lack an English text.

Home Assistant's tests have such a check (`check_translations`), which the test package
for custom integrations does not include.
"""

from collections.abc import Iterator, Mapping
import json
from pathlib import Path
from string import Formatter
from typing import Any

from homeassistant.components.repairs import RepairsFlow, RepairsFlowManager
from homeassistant.config_entries import ConfigEntriesFlowManager, OptionsFlowManager
from homeassistant.data_entry_flow import (
    FlowHandler,
    FlowManager,
    FlowResultType,
    section,
)
from homeassistant.helpers import issue_registry as ir
import pytest
import voluptuous as vol

from custom_components import netrex
from custom_components.netrex.const import DOMAIN

ENGLISH = json.loads(
    (Path(netrex.__file__).parent / "translations" / "en.json").read_text("utf-8")
)


def collect_missing_texts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Watch all flows; return the list in which missing texts are collected."""
    missing: list[str] = []
    handle_step = FlowManager._async_handle_step

    async def watched(
        manager: FlowManager[Any, Any, Any],
        flow: FlowHandler[Any, Any, Any],
        step_id: str,
        user_input: dict[str, object] | None,
    ) -> Mapping[str, Any]:
        result: Mapping[str, Any] = await handle_step(
            manager, flow, step_id, user_input
        )
        match manager:
            case ConfigEntriesFlowManager():
                kind, domain = "config", flow.handler
            case OptionsFlowManager():
                entry = manager.hass.config_entries.async_get_known_entry(flow.handler)
                kind, domain = "options", entry.domain
            case RepairsFlowManager():
                kind, domain = "issues", flow.handler
            case _:
                return result
        if domain == DOMAIN:
            texts = ENGLISH[kind]
            if isinstance(flow, RepairsFlow):
                issue = ir.async_get(manager.hass).async_get_issue(
                    DOMAIN, flow.issue_id
                )
                key = issue and issue.translation_key
                texts = texts[key]["fix_flow"] if key else None
            if texts is not None:
                missing.extend(
                    f"{kind}: {text}" for text in missing_texts(texts, result)
                )
        return result

    monkeypatch.setattr(FlowManager, "_async_handle_step", watched)
    return missing


def missing_texts(texts: Mapping[str, Any], result: Mapping[str, Any]) -> Iterator[str]:
    given = set(result.get("description_placeholders") or {})
    shown: list[object] = []
    match result["type"]:
        case FlowResultType.ABORT if "translation_domain" not in result:
            shown = [_take(texts, "abort", result["reason"])]
        case FlowResultType.FORM:
            step = texts["step"].get(result["step_id"], {})
            shown = [
                _take(step, "title"),
                step.get("description"),
                *(
                    _take(texts, "error", error)
                    for error in (result["errors"] or {}).values()
                ),
                *_fields(step, result["data_schema"]),
            ]
        case FlowResultType.MENU:
            step = texts["step"].get(result["step_id"], {})
            shown = [
                _take(step, "title"),
                step.get("description"),
                *(_take(step, "menu_options", name) for name in result["menu_options"]),
            ]
    for text in shown:
        if isinstance(text, LookupError):
            yield f"{result.get('step_id')}: no {text}"
        elif isinstance(text, str) and (unfilled := _placeholders(text) - given):
            yield f"{result.get('step_id')}: missing placeholders {unfilled}"


def _fields(step: Mapping[str, Any], schema: vol.Schema | None) -> Iterator[object]:
    for field, value in schema.schema.items() if schema else ():
        if isinstance(value, section):
            yield _take(step, "sections", str(field), "name")
            yield from _fields(step.get("sections", {}).get(field, {}), value.schema)
        else:
            yield _take(step, "data", str(field))
            yield _take(step, "data_description", str(field))


def _take(texts: Mapping[str, Any], *path: str) -> object:
    """Return the text at a path; raise LookupError with the path if there is none."""
    node: Any = texts
    for key in path:
        if key not in node:
            return LookupError("::".join(path))
        node = node[key]
    return node


def _placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}
