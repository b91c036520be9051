"""Daily comparison of our ratios with the portal's (decision 0023)."""

from collections import defaultdict
from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from homeassistant.util import dt as dt_util

from ..client import (
    Lane,
    NetrexClient,
    NetrexError,
    NetrexNoDataError,
    ValueRequest,
)
from ..client.days import DAY, not_in_future
from ..client.values import as_float
from ..const import LOGGER
from ..item_queries import ItemQueries
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


class _PortalValue(NamedTuple):
    """The portal's value, the start of its window, and when it was read (unix time)."""

    value: float | None
    start: int
    until: int


class RatioCheck:
    """Finds ratios that the portal computes differently, and reads those from it."""

    def __init__(self, client: NetrexClient, store: NetrexStore) -> None:
        self._client = client
        self._store = store
        stored: dict[str, Any] = store.data.get("kpi", {}).get("ratios", {})
        self._checked = as_float(stored.get("checked")) or 0.0
        self._differences: dict[str, int] = dict(stored.get("differences", {}))
        self._values: dict[KpiKey, _PortalValue] = {}
        self.queries = ItemQueries[KpiKey](lambda: dt_util.utcnow().timestamp())

    @property
    def replaced(self) -> frozenset[str]:
        """The keys of the ratios that are read from the portal."""
        return frozenset(
            key for key, count in self._differences.items() if count >= CHECKS
        )

    def known_until(self, key: KpiKey) -> int:
        """Return the unix time up to which a ratio is known; 0 if never read."""
        if (found := self._values.get(key)) is None:
            return 0
        return int(not_in_future(found.until, dt_util.utcnow().timestamp()))

    def value(self, key: KpiKey, start: int) -> float | None:
        """Return the portal's value of a replaced ratio for the window from `start`."""
        found = self._values.get(key)
        return found.value if found and found.start == start else None

    async def async_refresh(
        self, keys: Collection[KpiKey], quarter_hours: QuarterHours, windows: Windows
    ) -> None:
        """Compare once a day has passed, and read the replaced ratios.

        Errors leave the values unchanged. A refused token is reported by the queries
        of the account.
        """
        ratios = [key for key in keys if BY_KEY[key.metric].kind is Kind.RATIO]
        self.queries.retain(ratios)
        try:
            now = dt_util.utcnow().timestamp()
            self._checked = not_in_future(self._checked, now)
            if self._checked + DAY <= now:
                await self._async_compare(ratios, quarter_hours, windows)
            if replaced := self.replaced:
                wanted = [key for key in ratios if key.metric in replaced]
                await self._async_fetch(wanted, windows, Lane.KPI, self._values.update)
        except NetrexError as err:
            LOGGER.debug("Could not read the portal's ratios: %s", err)
        for key in self._values.keys() - set(ratios):
            del self._values[key]

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
        portal: dict[KpiKey, _PortalValue] = {}
        await self._async_fetch(chosen, windows, Lane.BACKFILL, portal.update)
        results: defaultdict[str, list[bool]] = defaultdict(list)
        for key, (value, *_) in portal.items():
            if value is not None:
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
        self,
        keys: Collection[KpiKey],
        windows: Windows,
        lane: Lane,
        keep: Callable[[dict[KpiKey, _PortalValue]], None],
    ) -> None:
        """Read ratios, and call `keep` with the values of each query."""
        requests = {
            key: ValueRequest(key.node_id, metric, *span)
            for key in keys
            if (metric := BY_KEY[key.metric].metric)
            and (span := windows[key.window]).start < span.end
            and self.queries.refused.is_due(key)
        }
        until = windows[Window.QUARTER].end

        async def query(batch: tuple[KpiKey, ...]) -> dict[KpiKey, NetrexError]:
            results = await self._client.kpi_value_results(
                [requests[key] for key in batch], lane=lane
            )
            values: dict[KpiKey, _PortalValue] = {}
            errors: dict[KpiKey, NetrexError] = {}
            for key in batch:
                result = results[requests[key]]
                # A ratio without a denominator has no value, which is not a failure.
                if isinstance(result, NetrexError) and not isinstance(
                    result, NetrexNoDataError
                ):
                    errors[key] = result
                else:
                    value = None if isinstance(result, NetrexError) else result
                    values[key] = _PortalValue(value, requests[key].start, until)
            keep(values)
            return errors

        await self.queries.async_run(list(requests), query)
