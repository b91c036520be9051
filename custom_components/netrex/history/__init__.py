"""Imports hourly values into Home Assistant's long-term statistics (decision 0010)."""

from .importer import HistoryImporter
from .plan import Progress

__all__ = ["HistoryImporter", "Progress"]
