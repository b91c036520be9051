"""Which parts of a time the portal has recorded: one query at most for a look."""

from collections import OrderedDict
from collections.abc import Sequence
import time

from ..client import Lane, NetrexClient, NetrexQueryError, NetrexResponseError
from .calendar import Span

# How long an answer counts, in seconds. What is over changes rarely: an old recording
# goes, or a memory card is read late.
_OLD = 3600.0
_LASTING = 3600.0
_YOUNG_LASTING = 30.0
# A year of hours of one camera.
_MOST = 10_000


class Availability:
    """Remembers what the portal told.

    Args:
        client: Is asked for what is not known.
    """

    def __init__(self, client: NetrexClient) -> None:
        self._client = client
        # By camera and span: recorded seconds, and until when that counts.
        self._known: OrderedDict[tuple[int, Span], tuple[float | None, float]]
        self._known = OrderedDict()

    async def async_recorded(self, node_id: int, spans: Sequence[Span]) -> list[Span]:
        """Return those of the spans in which the camera recorded something.

        One of which the portal does not tell is among them: opening it will tell.
        Raises NetrexError.
        """
        now = time.time()
        unknown = [span for span in spans if self._expires(node_id, span) <= now]
        if unknown:
            answers = await self._ask(node_id, unknown)
            for span in unknown:
                self._remember(node_id, span, answers.get(span), now)
        return [span for span in spans if self._has(node_id, span)]

    async def _ask(self, node_id: int, spans: Sequence[Span]) -> dict[Span, float]:
        try:
            return await self._client.archive.recorded_seconds(
                node_id, spans, lane=Lane.INTERACTIVE
            )
        except NetrexQueryError, NetrexResponseError:
            # Nobody knows what a portal thinks of long times, or of many at once. What
            # it cannot tell must not keep anybody from opening it.
            return {}

    def _expires(self, node_id: int, span: Span) -> float:
        return self._known.get((node_id, span), (None, 0.0))[1]

    def _has(self, node_id: int, span: Span) -> bool:
        # Others may have pushed it out while the portal was asked.
        seconds, _ = self._known.get((node_id, span), (None, 0.0))
        return seconds is None or seconds > 0

    def _remember(
        self, node_id: int, span: Span, seconds: float | None, now: float
    ) -> None:
        is_old = now - span[1] > _OLD and seconds is not None
        lasting = _LASTING if is_old else _YOUNG_LASTING
        self._known[node_id, span] = seconds, now + lasting
        self._known.move_to_end((node_id, span))
        if len(self._known) > _MOST:
            self._known.popitem(last=False)
