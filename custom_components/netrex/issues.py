"""Repair issues: what only a person can mend. Each account has one of a kind."""

from enum import StrEnum

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .const import DOMAIN
from .models import NetrexConfigEntry


class Issue(StrEnum):
    """Kinds of issues; part of their ids."""

    RELAY_ACCESS = "relay_access"
    LIVE_VIEW = "live_view"
    CAMERA_ACCESS = "camera_access"


# Those that a form mends (see repairs.py).
FIXABLE = frozenset({Issue.CAMERA_ACCESS})


@callback
def async_create_issue(
    hass: HomeAssistant,
    entry: NetrexConfigEntry,
    issue: Issue,
    translation_key: str,
    **placeholders: str,
) -> None:
    """Show an issue, or other words for it; it ends with Home Assistant's run."""
    ir.async_create_issue(
        hass,
        DOMAIN,
        _issue_id(entry, issue),
        data={"entry_id": entry.entry_id},
        is_fixable=issue in FIXABLE,
        severity=ir.IssueSeverity.WARNING,
        translation_key=translation_key,
        translation_placeholders={"name": entry.title, **placeholders},
    )


@callback
def async_delete_issue(
    hass: HomeAssistant, entry: NetrexConfigEntry, issue: Issue
) -> None:
    """Take an issue back, if it is there."""
    ir.async_delete_issue(hass, DOMAIN, _issue_id(entry, issue))


def _issue_id(entry: NetrexConfigEntry, issue: Issue) -> str:
    return f"{issue}_{entry.entry_id}"
