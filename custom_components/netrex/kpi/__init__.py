"""The pure part of the KPIs, independent of Home Assistant (decision 0023)."""

from .metrics import BASE, BY_KEY, RATIOS, Kind, SeriesKey, needs, ratio

__all__ = [
    "BASE",
    "BY_KEY",
    "RATIOS",
    "Kind",
    "SeriesKey",
    "needs",
    "ratio",
]
