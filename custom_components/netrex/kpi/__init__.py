"""KPIs from quarter hours (decision D6): pure, no clock and no requests of its own."""

from .days import QUARTER, day_bounds
from .planning import SettlingDelay, first_needed, spread
from .slots import SeriesKey, Slots
from .values import KpiKey, Reading, key_value, known_until, series_of
from .windows import Span, Window, spans

__all__ = [
    "QUARTER",
    "KpiKey",
    "Reading",
    "SeriesKey",
    "SettlingDelay",
    "Slots",
    "Span",
    "Window",
    "day_bounds",
    "first_needed",
    "key_value",
    "known_until",
    "series_of",
    "spans",
    "spread",
]
