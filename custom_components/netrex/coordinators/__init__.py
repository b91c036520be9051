"""When to ask the portal: a coordinator per rhythm."""

from ..budget import Budget, BudgetCoordinator
from ..kpi.coordinator import KpiCoordinator
from ..kpi.probe import KpiProbe
from .inventory import InventoryCoordinator, InventoryData
from .status import StatusCoordinator

__all__ = [
    "Budget",
    "BudgetCoordinator",
    "InventoryCoordinator",
    "InventoryData",
    "KpiCoordinator",
    "KpiProbe",
    "StatusCoordinator",
]
