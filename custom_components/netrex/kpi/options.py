"""The options page for KPIs: metrics, nodes and the length of the history."""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)
import voluptuous as vol

from ..const import (
    CONF_HISTORY_DAYS,
    CONF_KPI_CAMERA_SENSORS,
    CONF_KPI_METRICS,
    CONF_KPI_NODES,
    CONF_KPI_PLACE_SENSORS,
    CONF_KPI_WINDOWS,
    DEFAULT_HISTORY_DAYS,
    MAX_HISTORY_DAYS,
)
from ..devices import nodes_with_paths
from ..flow_schemas import integer_field
from ..models import NetrexConfigEntry
from .metrics import BASE, METRICS
from .places import find_nodes
from .probe import RANK
from .selection import CAMERA_DEFAULT, PLACE_DEFAULT, WINDOWS_DEFAULT
from .windows import Window


def _choice(options: list[str], translation_key: str) -> SelectSelector:
    """Return a list from which several options can be chosen."""
    return SelectSelector(
        SelectSelectorConfig(
            options=options,
            multiple=True,
            mode=SelectSelectorMode.DROPDOWN,
            translation_key=translation_key,
        )
    )


KPI_SCHEMA = vol.Schema(
    {
        # 0 disables the statistics. Each year costs one query per five series.
        vol.Required(CONF_HISTORY_DAYS, default=DEFAULT_HISTORY_DAYS): integer_field(
            0, MAX_HISTORY_DAYS, unit="d"
        ),
        vol.Required(CONF_KPI_WINDOWS, default=list(WINDOWS_DEFAULT)): _choice(
            [window.value for window in Window], "kpi_window"
        ),
        vol.Required(CONF_KPI_PLACE_SENSORS, default=list(PLACE_DEFAULT)): _choice(
            [description.key for description in METRICS], "kpi_sensor_metric"
        ),
        vol.Required(CONF_KPI_CAMERA_SENSORS, default=list(CAMERA_DEFAULT)): _choice(
            [description.key for description in METRICS], "kpi_sensor_metric"
        ),
        # An empty choice means all metrics that have data.
        vol.Optional(CONF_KPI_METRICS): _choice(
            [description.key for description in BASE], "kpi_metric"
        ),
    }
)


def kpi_schema(entry: NetrexConfigEntry) -> vol.Schema:
    """Return the schema of the page; it lists nodes only if the account is loaded."""
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
                    # Users may type external ids.
                    custom_value=True,
                    mode=SelectSelectorMode.DROPDOWN,
                )
            )
        }
    )


def take_nodes(
    hass: HomeAssistant, entry: NetrexConfigEntry, user_input: dict[str, Any]
) -> None:
    """Replace the chosen or typed nodes with their node ids.

    External ids are kept, so that they refer to whichever node has them. Nodes chosen
    earlier are kept even if the account no longer has them.

    Raises:
        ServiceValidationError: The account has no such node.
    """
    if CONF_KPI_NODES not in user_input:
        return
    before = entry.options.get(CONF_KPI_NODES, ())
    names: list[str] = user_input[CONF_KPI_NODES]
    tree = entry.runtime_data.inventory.data.tree
    external_ids = {node.external_id for node in tree}
    nodes: dict[str, None] = {}
    for name in names:
        if name in before:
            nodes[name] = None
            continue
        found = [str(node_id) for node_id in find_nodes(hass, entry, [name]).values()]
        by_external_id = found != [name] and name in external_ids
        nodes |= dict.fromkeys([name] if by_external_id else found)
    user_input[CONF_KPI_NODES] = list(nodes)
