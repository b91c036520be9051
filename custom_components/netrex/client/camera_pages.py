"""Queries cameras by id, many at a time; a failure stays with its camera.

For portals where `cameraList` lacks fields (decision 0026).
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import batched
from math import inf

from .backoff import ITEM_DELAYS
from .errors import NetrexAuthError, NetrexError, NetrexRateLimitedError
from .values import as_mapping

_CAMERAS_PER_QUERY = 50
# Consecutive queries without a usable response that end a run: each further one could
# take until its timeout.
_MAX_MISSES = 4


class CameraPages[T]:
    """Reads something of many cameras, and keeps it until it can be read again.

    If a query fails as a whole, its halves are tried after all others. A camera that
    fails alone is due later, with a growing delay.

    Args:
        send: Queries some cameras by id; returns the response's data.
        parse: Returns what is known of a camera; None if the object is unusable.
    """

    def __init__(
        self,
        send: Callable[[Sequence[int]], Awaitable[Mapping[str, object]]],
        parse: Callable[[Mapping[str, object]], T | None],
    ) -> None:
        self._send = send
        self._parse = parse
        self._last: dict[int, T] = {}
        # By camera: consecutive failures, and when it is due again.
        self._failed: dict[int, tuple[int, float]] = {}

    async def read(self, node_ids: Sequence[int]) -> dict[int, T]:
        """Return what is known of cameras, without those that the portal does not know.

        Raises:
            NetrexError: No query was answered, or the token is refused.
        """
        self._last = {key: self._last[key] for key in node_ids if key in self._last}
        first_error: NetrexError | None = None
        failed_alone, misses, is_answered = list[int](), 0, False
        groups, last = self._groups(node_ids)
        while groups or last:
            group = groups.popleft() if groups else (last.popleft(),)
            try:
                self._record(group, await self._send(group))
            except NetrexError as err:
                if isinstance(err, NetrexAuthError) and err.explained:
                    raise
                first_error = first_error or err
                misses += 1
                if misses == _MAX_MISSES or isinstance(err, NetrexRateLimitedError):
                    break
                middle = len(group) // 2
                if middle:
                    groups += group[:middle], group[middle:]
                else:
                    failed_alone += group
            else:
                misses, is_answered = 0, True
        if first_error is not None and not is_answered:
            raise first_error
        # As others were answered, the reason is the camera's own.
        for node_id in failed_alone:
            self._defer(node_id)
        return dict(self._last)

    def _groups(
        self, node_ids: Sequence[int]
    ) -> tuple[deque[tuple[int, ...]], deque[int]]:
        """Return the cameras of each query, and those that are due after a failure."""
        now = asyncio.get_running_loop().time()
        good = [key for key in node_ids if key not in self._failed]
        due = [key for key in node_ids if self._failed.get(key, (0, inf))[1] <= now]
        return deque(batched(good, _CAMERAS_PER_QUERY, strict=False)), deque(due)

    def _record(self, page: Sequence[int], data: Mapping[str, object]) -> None:
        found = {
            key: item
            for key, value in zip(page, data.values(), strict=False)
            if (item := self._parse(as_mapping(value))) is not None
        }
        for key in page:
            self._failed.pop(key, None)
            self._last.pop(key, None)
        self._last |= found

    def _defer(self, node_id: int) -> None:
        count = self._failed.get(node_id, (0, 0.0))[0]
        delay = ITEM_DELAYS[min(count, len(ITEM_DELAYS) - 1)]
        due_at = asyncio.get_running_loop().time() + delay
        self._failed[node_id] = count + 1, due_at
