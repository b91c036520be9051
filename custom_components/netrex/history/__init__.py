"""A year of hours as Home Assistant's long-term statistics (decision D7)."""

from .importer import HistoryImporter
from .plan import Progress

__all__ = ["HistoryImporter", "Progress"]
