"""Which spans have recordings: at most one query per page of the media browser."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
import time

from ..client import Lane, NetrexClient, NetrexQueryError, NetrexResponseError
from ..client.days import HOUR, Span

# How long answers are kept (seconds). Those older than `_SETTLED` change rarely:
# recordings expire, or a memory card is read late.
_SETTLED = HOUR
_SETTLED_LIFETIME = HOUR
_RECENT_LIFETIME = 30.0
# One camera's hours of a year.
_MAX_SPANS = 10_000


class Availability:
    """Caches how much of each span the portal has recorded."""

    def __init__(self, client: NetrexClient) -> None:
        self._client = client
        # Recorded seconds and expiry (unix seconds) by camera and span.
        self._cache: OrderedDict[tuple[int, Span], tuple[float | None, float]]
        self._cache = OrderedDict()

    async def async_recorded(self, node_id: int, spans: Sequence[Span]) -> list[Span]:
        """Return the spans in which the camera recorded something.

        Spans for which the portal gives no answer are included: opening them asks
        again.

        Raises:
            NetrexError: The portal cannot be reached or refuses the account.
        """
        now = time.time()
        unknown = [span for span in spans if self._get(node_id, span)[1] <= now]
        if unknown:
            answers = await self._query(node_id, unknown)
            for span in unknown:
                self._store(node_id, span, answers.get(span), now)
        return [span for span in spans if self._is_recorded(node_id, span)]

    async def _query(self, node_id: int, spans: Sequence[Span]) -> Mapping[Span, float]:
        try:
            return await self._client.archive.recorded_seconds(
                node_id, spans, lane=Lane.INTERACTIVE
            )
        except NetrexQueryError, NetrexResponseError:
            # The portal's limits on long spans and on many spans are unknown. A query
            # that exceeds them must not hide recordings.
            return {}

    def _is_recorded(self, node_id: int, span: Span) -> bool:
        # None also if a concurrent call evicted the span in the meantime.
        seconds, _ = self._get(node_id, span)
        return seconds is None or seconds > 0

    def _get(self, node_id: int, span: Span) -> tuple[float | None, float]:
        return self._cache.get((node_id, span), (None, 0.0))

    def _store(
        self, node_id: int, span: Span, seconds: float | None, now: float
    ) -> None:
        is_settled = now - span.end > _SETTLED and seconds is not None
        lifetime = _SETTLED_LIFETIME if is_settled else _RECENT_LIFETIME
        self._cache[node_id, span] = seconds, now + lifetime
        self._cache.move_to_end((node_id, span))
        if len(self._cache) > _MAX_SPANS:
            self._cache.popitem(last=False)
