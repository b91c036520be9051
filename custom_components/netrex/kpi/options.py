"""The page of the options about KPIs: which, of which nodes, and how far back."""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import (
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)
import voluptuous as vol

from ..const import (
    CONF_HISTORY_DAYS,
    CONF_KPI_METRICS,
    CONF_KPI_NODES,
    DEFAULT_HISTORY_DAYS,
    MAX_HISTORY_DAYS,
)
from ..devices import find_nodes, nodes_with_paths
from ..models import NetrexConfigEntry
from .metrics import BASE
from .probe import RANK

KPI_SCHEMA = vol.Schema(
    {
        # How far back statistics go; 0: none. Five years are 5 queries per series.
        vol.Required(CONF_HISTORY_DAYS, default=DEFAULT_HISTORY_DAYS): vol.All(
            NumberSelector(
                NumberSelectorConfig(
                    min=0,
                    max=MAX_HISTORY_DAYS,
                    step=1,
                    mode=NumberSelectorMode.BOX,
                    unit_of_measurement="d",
                )
            ),
            vol.Coerce(int),
        ),
        # None chosen: all that have data.
        vol.Optional(CONF_KPI_METRICS): SelectSelector(
            SelectSelectorConfig(
                options=[description.key for description in BASE],
                multiple=True,
                mode=SelectSelectorMode.DROPDOWN,
                translation_key="kpi_metric",
            )
        ),
    }
)


def kpi_schema(entry: NetrexConfigEntry) -> vol.Schema:
    """Return the page; nodes can be chosen where the account is set up."""
    if not hasattr(entry, "runtime_data"):
        return KPI_SCHEMA
    tree = entry.runtime_data.inventory.data.tree
    return KPI_SCHEMA.extend(
        {
            vol.Optional(CONF_KPI_NODES): SelectSelector(
                SelectSelectorConfig(
                    options=[
                        SelectOptionDict(value=str(node.node_id), label=path)
                        for node, path in nodes_with_paths(tree)
                        if node.type in RANK
                    ],
                    multiple=True,
                    # An external id, which not everybody has to search for.
                    custom_value=True,
                    mode=SelectSelectorMode.DROPDOWN,
                )
            )
        }
    )


def take_nodes(
    hass: HomeAssistant, entry: NetrexConfigEntry, user_input: dict[str, Any]
) -> None:
    """Make node ids of what a person chose or typed.

    A node that was chosen before may have gone; it may come back.

    Raises:
        ServiceValidationError: The account has no such node.
    """
    if CONF_KPI_NODES not in user_input:
        return
    before = entry.options.get(CONF_KPI_NODES, ())
    names: list[str] = user_input[CONF_KPI_NODES]
    found = find_nodes(hass, entry, (name for name in names if name not in before))
    user_input[CONF_KPI_NODES] = list(
        dict.fromkeys(str(found.get(name, name)) for name in names)
    )
