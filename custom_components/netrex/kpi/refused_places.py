"""Repair issues about KPIs that cannot be read: refused places, no allowance."""

from homeassistant.core import HomeAssistant, callback

from ..client import Lane, Ledger
from ..issues import Issue, async_create_issue, async_delete_issue
from ..models import NetrexConfigEntry
from .coordinator import KpiCoordinator

# Errors in a row until a place is named: the third comes after more than an hour.
MIN_ERRORS = 3
# What a person can change in the portal, or in the options.
_REASONS = frozenset({"no_permission", "not_found"})
_MAX_PLACES = 20


@callback
def async_update_issues(
    hass: HomeAssistant, entry: NetrexConfigEntry, kpi: KpiCoordinator, ledger: Ledger
) -> None:
    """Create the issues that apply, and delete the others."""
    if places := _refused(kpi):
        names = [f"- {name}" for name in places[:_MAX_PLACES]]
        async_create_issue(
            hass,
            entry,
            Issue.REFUSED_PLACES,
            "refused_places",
            count=str(len(places)),
            places="\n".join(names),
        )
    else:
        async_delete_issue(hass, entry, Issue.REFUSED_PLACES)
    if ledger.permits(Lane.KPI):
        async_delete_issue(hass, entry, Issue.ALLOWANCE)
    else:
        async_create_issue(
            hass,
            entry,
            Issue.ALLOWANCE,
            "allowance_used",
            allowance=str(ledger.allowance),
        )


@callback
def async_delete_issues(hass: HomeAssistant, entry: NetrexConfigEntry) -> None:
    """Delete the issues: the account is unloaded."""
    for issue in (Issue.REFUSED_PLACES, Issue.ALLOWANCE):
        async_delete_issue(hass, entry, issue)


def _refused(kpi: KpiCoordinator) -> list[str]:
    """Return the names of the nodes whose series are refused, in order."""
    refused, tree = kpi.queries.refused, kpi.tree
    nodes = {
        series.node_id
        for series in refused.lasting(MIN_ERRORS)
        if (error := refused.error(series)) and error.reason in _REASONS
    }
    return sorted(node.name for found in nodes if (node := tree.node(found)))
