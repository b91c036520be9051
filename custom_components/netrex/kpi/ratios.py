"""Daily comparison of our ratios with the portal's (decision 0023)."""

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from homeassistant.util import dt as dt_util

from ..client import Lane, NetrexAuthError, NetrexClient, NetrexError, ValueRequest
from ..client.days import DAY, not_in_future
from ..client.values import as_float
from ..const import LOGGER
from ..store import NetrexStore
from .metrics import BY_KEY, Kind
from .quarters import QuarterHours
from .values import KpiKey, key_value, known_until
from .windows import Window, Windows

# Consecutive comparisons that must differ. A value that arrives between our reading and
# the portal's response looks like a difference, but not several times in a row.
CHECKS = 3
# Allowed difference: a share of the portal's value, and absolute if the portal rounded
# it to a whole number or to decimals.
TOLERANCE = 0.02
ROUNDED = 0.5
DIGITS = 0.01


def differs(own: float, portal: float) -> bool:
    """Return whether a ratio differs from the portal's by more than rounding."""
    rounding = ROUNDED if portal.is_integer() else DIGITS
    return abs(own - portal) > max(TOLERANCE * abs(portal), rounding)


class RatioCheck:
    """Finds ratios that the portal computes differently, and reads those from it."""

    def __init__(self, client: NetrexClient, store: NetrexStore) -> None:
        self._client = client
        self._store = store
        stored: dict[str, Any] = store.data.get("kpi", {}).get("ratios", {})
        self._checked = as_float(stored.get("checked")) or 0.0
        self._differences: dict[str, int] = dict(stored.get("differences", {}))
        self._values: dict[KpiKey, float] = {}
        # The windows of the values. Both stay unchanged if the portal does not respond.
        self._windows: Windows = {}

    @property
    def replaced(self) -> frozenset[str]:
        """The keys of the ratios that are read from the portal."""
        return frozenset(
            key for key, count in self._differences.items() if count >= CHECKS
        )

    @property
    def known_until(self) -> int:
        """The unix time up to which the replaced ratios are known; 0 if never read."""
        span = self._windows.get(Window.QUARTER)
        now = dt_util.utcnow().timestamp()
        return int(not_in_future(span.end, now)) if span else 0

    def value(self, key: KpiKey, start: int) -> float | None:
        """Return the portal's value of a replaced ratio for the window from `start`."""
        span = self._windows.get(key.window)
        return self._values.get(key) if span and span.start == start else None

    async def async_refresh(
        self, keys: Collection[KpiKey], quarter_hours: QuarterHours, windows: Windows
    ) -> None:
        """Compare once a day has passed, and read the replaced ratios.

        Errors other than those below leave the values unchanged.

        Raises:
            NetrexAuthError: The token is refused.
        """
        ratios = [key for key in keys if BY_KEY[key.metric].kind is Kind.RATIO]
        try:
            now = dt_util.utcnow().timestamp()
            self._checked = not_in_future(self._checked, now)
            if self._checked + DAY <= now:
                await self._async_compare(ratios, quarter_hours, windows)
            if replaced := self.replaced:
                wanted = [key for key in ratios if key.metric in replaced]
                self._values = await self._async_fetch(wanted, windows, Lane.KPI)
                self._windows = windows
        except NetrexAuthError:
            raise
        except NetrexError as err:
            LOGGER.debug("Could not read the portal's ratios: %s", err)

    async def _async_compare(
        self, ratios: Collection[KpiKey], quarter_hours: QuarterHours, windows: Windows
    ) -> None:
        """Compare one ratio of each node, a different one every day."""
        known: defaultdict[int, dict[KpiKey, float]] = defaultdict(dict)
        for key in sorted(ratios, key=lambda key: (key.metric, key.window)):
            # An incomplete sum would differ from the portal's complete sum.
            complete = known_until(key, quarter_hours) >= windows[key.window].end
            if complete and (own := key_value(key, quarter_hours, windows)):
                known[key.node_id][key] = own
        if not known:
            return
        now = dt_util.utcnow().timestamp()
        day = int(now // DAY)
        chosen = [list(values)[day % len(values)] for values in known.values()]
        portal = await self._async_fetch(chosen, windows, Lane.BACKFILL)
        results: defaultdict[str, list[bool]] = defaultdict(list)
        for key, value in portal.items():
            results[key.metric].append(differs(known[key.node_id][key], value))
        for metric, different in results.items():
            count = self._differences.get(metric, 0)
            self._differences[metric] = (
                min(count + 1, CHECKS) if sum(different) * 2 > len(different) else 0
            )
        if not any(0 < count < CHECKS for count in self._differences.values()):
            self._checked = now
        self._store.data.setdefault("kpi", {})["ratios"] = {
            "checked": self._checked,
            "differences": self._differences,
        }

    async def _async_fetch(
        self, keys: Collection[KpiKey], windows: Windows, lane: Lane
    ) -> dict[KpiKey, float]:
        requests = {
            key: ValueRequest(key.node_id, metric, *span)
            for key in keys
            if (metric := BY_KEY[key.metric].metric)
            and (span := windows[key.window]).start < span.end
        }
        if not requests:
            return {}
        answers = await self._client.kpi_values(list(requests.values()), lane=lane)
        return {
            key: answers[request]
            for key, request in requests.items()
            if request in answers
        }
