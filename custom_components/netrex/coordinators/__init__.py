"""When to ask the portal: a coordinator per rhythm."""

from .budget import Budget, BudgetCoordinator
from .inventory import InventoryCoordinator, InventoryData
from .kpi import KpiCoordinator
from .probe import KpiProbe
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
