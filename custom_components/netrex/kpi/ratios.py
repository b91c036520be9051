"""Our ratios against the portal's own, once a day (decision D6)."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

from homeassistant.util import dt as dt_util

from ..client import Lane, NetrexAuthError, NetrexClient, NetrexError, ValueRequest
from ..const import LOGGER
from ..store import NetrexStore
from . import KpiKey, QuarterHours, Span, Window, key_value, known_until
from .metrics import BY_KEY, Kind

DAY = 24 * 60 * 60
# Data that arrive between our reading and the portal's answer look like a
# difference, but not several times in a row.
CHECKS = 3
# How far two numbers may be apart: a portal may round, to whole numbers even.
TOLERANCE = 0.02
ROUNDED = 0.5
DIGITS = 0.01


def differs(own: float, portal: float) -> bool:
    """Tell whether a ratio is not the portal's, beyond rounding."""
    rounding = ROUNDED if portal.is_integer() else DIGITS
    return abs(own - portal) > max(TOLERANCE * abs(portal), rounding)


class RatioCheck:
    """Finds out which ratios the portal computes in another way, and asks for those."""

    def __init__(self, client: NetrexClient, store: NetrexStore) -> None:
        self._client = client
        self._store = store
        stored: dict[str, Any] = store.data.get("kpi", {}).get("ratios", {})
        self._checked: float = stored.get("checked", 0)
        self._differences: dict[str, int] = dict(stored.get("differences", {}))
        self._values: dict[KpiKey, float] = {}
        # What the values are of: they stay when the portal cannot be asked.
        self._windows: Mapping[Window, Span] = {}

    @property
    def replaced(self) -> frozenset[str]:
        """The keys of the ratios that are the portal's own."""
        return frozenset(
            key for key, count in self._differences.items() if count >= CHECKS
        )

    @property
    def known_until(self) -> int:
        """Until when the numbers of the replaced ratios are known."""
        span = self._windows.get(Window.QUARTER)
        return span.end if span else 0

    def value(self, key: KpiKey, start: int) -> float | None:
        """Return the portal's own number of a replaced ratio since `start`."""
        span = self._windows.get(key.window)
        return self._values.get(key) if span and span.start == start else None

    async def async_refresh(
        self,
        keys: Collection[KpiKey],
        slots: QuarterHours,
        windows: Mapping[Window, Span],
    ) -> None:
        """Compare if a day has passed, and read the ratios that are replaced.

        Raises:
            NetrexAuthError: The token is refused. Other errors mean that the numbers
                stay as they are.
        """
        ratios = [key for key in keys if BY_KEY[key.metric].kind is Kind.RATIO]
        try:
            if self._checked + DAY <= dt_util.utcnow().timestamp():
                await self._async_compare(ratios, slots, windows)
            if replaced := self.replaced:
                wanted = [key for key in ratios if key.metric in replaced]
                self._values = await self._async_ask(wanted, windows, Lane.KPI)
                self._windows = windows
        except NetrexAuthError:
            raise
        except NetrexError as err:
            LOGGER.debug("The portal's own ratios could not be read: %s", err)

    async def _async_compare(
        self,
        ratios: Collection[KpiKey],
        slots: QuarterHours,
        windows: Mapping[Window, Span],
    ) -> None:
        """Ask for one ratio of each node, every day for another one."""
        known: defaultdict[int, dict[KpiKey, float]] = defaultdict(dict)
        for key in sorted(ratios, key=lambda key: (key.metric, key.window)):
            # Half a sum against the portal's whole one would be a difference.
            complete = known_until(key, slots) >= windows[key.window].end
            if complete and (own := key_value(key, slots, windows)):
                known[key.node_id][key] = own
        if not known:
            return
        now = dt_util.utcnow().timestamp()
        chosen = {
            key: own
            for values in known.values()
            for key, own in [list(values.items())[int(now // DAY) % len(values)]]
        }
        portal = await self._async_ask(list(chosen), windows, Lane.BACKFILL)
        verdicts: defaultdict[str, list[bool]] = defaultdict(list)
        for key, value in portal.items():
            verdicts[key.metric].append(differs(chosen[key], value))
        for metric, found in verdicts.items():
            count = self._differences.get(metric, 0)
            self._differences[metric] = (
                min(count + 1, CHECKS) if sum(found) * 2 > len(found) else 0
            )
        if not any(0 < count < CHECKS for count in self._differences.values()):
            self._checked = now
        self._store.data.setdefault("kpi", {})["ratios"] = {
            "checked": self._checked,
            "differences": self._differences,
        }

    async def _async_ask(
        self, keys: Collection[KpiKey], windows: Mapping[Window, Span], lane: Lane
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
