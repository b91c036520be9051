"""KPIs from quarter hours (decision D6): pure, no clock and no requests of its own."""

from ..client.days import QUARTER, Span, day_bounds
from .planning import SettlingDelay, first_needed, spread
from .quarters import Need, QuarterHours, SeriesKey
from .values import KpiKey, Reading, drift, key_value, known_until, need_of, series_of
from .windows import Window, spans, week_before

__all__ = [
    "QUARTER",
    "KpiKey",
    "Need",
    "QuarterHours",
    "Reading",
    "SeriesKey",
    "SettlingDelay",
    "Span",
    "Window",
    "day_bounds",
    "drift",
    "first_needed",
    "key_value",
    "known_until",
    "need_of",
    "series_of",
    "spans",
    "spread",
    "week_before",
]
