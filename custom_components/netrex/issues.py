"""Repair issues that need the user; at most one of each kind per account."""

from enum import StrEnum

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .const import DOMAIN
from .models import NetrexConfigEntry


class Issue(StrEnum):
    """Kinds of issues; part of the issue ids."""

    RELAY_ACCESS = "relay_access"
    LIVE_VIEW = "live_view"
    CAMERA_ACCESS = "camera_access"
    AREAS = "areas"
    REFUSED_PLACES = "refused_places"
    ALLOWANCE = "allowance"


# The issues with a fix flow (see repairs.py).
FIXABLE = frozenset({Issue.CAMERA_ACCESS, Issue.AREAS})


@callback
def async_create_issue(
    hass: HomeAssistant,
    entry: NetrexConfigEntry,
    issue: Issue,
    translation_key: str,
    **placeholders: str,
) -> None:
    """Create an issue or update its text; it does not survive a restart."""
    ir.async_create_issue(
        hass,
        DOMAIN,
        _issue_id(entry, issue),
        data={"entry_id": entry.entry_id, "issue": issue.value},
        is_fixable=issue in FIXABLE,
        severity=ir.IssueSeverity.WARNING,
        translation_key=translation_key,
        translation_placeholders={"name": entry.title} | placeholders,
    )


@callback
def async_delete_issue(
    hass: HomeAssistant, entry: NetrexConfigEntry, issue: Issue
) -> None:
    """Delete an issue if it exists."""
    ir.async_delete_issue(hass, DOMAIN, _issue_id(entry, issue))


def _issue_id(entry: NetrexConfigEntry, issue: Issue) -> str:
    return f"{issue}_{entry.entry_id}"
