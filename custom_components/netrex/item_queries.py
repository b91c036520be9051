"""Queries for many items at once; a failure stays with its item (decision 0026)."""

from collections import deque
from collections.abc import (
    Awaitable,
    Callable,
    Container,
    Hashable,
    Iterable,
    Iterator,
    Mapping,
)
from dataclasses import dataclass
from itertools import batched, groupby
import time

from .client import (
    MAX_SERIES_PER_QUERY,
    NetrexBudgetError,
    NetrexError,
    NetrexNoDataError,
    NetrexNotFoundError,
    NetrexPermissionError,
    NetrexQueryError,
    NetrexRateLimitedError,
)
from .item_errors import ItemErrors, concerns_item

# Consecutive queries without a usable response that end a run: the account has a
# problem, and each further query could take until its timeout.
_MAX_MISSES = 2
# Failed queries after which the items of a query are asked for alone.
_FAILURES_UNTIL_ALONE = 2
# Errors by which the portal answers for an item; others may have any cause.
_ANSWERS = (NetrexPermissionError, NetrexNotFoundError, NetrexQueryError)


@dataclass(slots=True)
class _Suspect:
    """An item of failed queries.

    Attributes:
        since: The number of answered queries before the run in which it first failed.
        failures: Failed queries since its last response.
    """

    since: int
    failures: int = 0


class ItemQueries[KeyT: Hashable]:
    """Queries for many items, and finds the items that fail them.

    If a query fails as a whole, any of its items may be the cause. The next run asks
    for them after all others: together once more, because a single response may get
    lost, and then each of them alone. An item that fails alone although others were
    answered is refused: it gets its own delay, and the others are queried as if it did
    not exist.

    Args:
        clock: Unix time in seconds.

    Attributes:
        refused: The items that cannot be read, and when each is due again.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.refused = ItemErrors[KeyT](clock)
        # The number of queries that were answered.
        self._responses = 0
        # The items of failed queries that were not answered since.
        self._suspects: dict[KeyT, _Suspect] = {}

    def retain(self, keys: Container[KeyT]) -> None:
        """Forget all other items."""
        self.refused.retain(keys)
        for key in [key for key in self._suspects if key not in keys]:
            del self._suspects[key]

    async def async_run(
        self,
        keys: list[KeyT],
        query: Callable[[tuple[KeyT, ...]], Awaitable[Mapping[KeyT, NetrexError]]],
    ) -> None:
        """Send queries for the items, in their order as far as possible.

        Args:
            keys: The items, which should be due.
            query: Sends one query, keeps what it returns, and returns the errors of
                single items.

        Raises:
            NetrexError: No query was answered.
        """
        account_error: NetrexError | None = None
        misses, before = 0, self._responses
        for batch in self._batches(keys):
            try:
                errors = await query(batch)
                error = _common_error(batch, errors)
            except NetrexError as err:
                errors, error = {}, err
            if error is None:
                misses = 0
                self._record(batch, errors)
                continue
            if isinstance(error, NetrexBudgetError):
                account_error = account_error or error
                break
            if not self._is_own(batch, error, before):
                account_error = account_error or error
            misses += not isinstance(error, _ANSWERS)
            if misses == _MAX_MISSES or isinstance(error, NetrexRateLimitedError):
                break
        if account_error is not None and self._responses == before:
            raise account_error

    def _is_own(self, batch: tuple[KeyT, ...], error: NetrexError, before: int) -> bool:
        """Record a failed query; return whether the error is that of its only item.

        It is if the item was refused before, or if others were answered since the run
        in which it first failed; `before` is the number of responses before this run.
        """
        for key in batch:
            suspect = self._suspects.setdefault(key, _Suspect(before))
            suspect.failures += 1
        if len(batch) > 1:
            return False
        # It may have been refused before a restart, and the others are not due.
        is_known = batch[0] in self.refused
        is_alone = suspect.failures >= _FAILURES_UNTIL_ALONE
        if is_known or (is_alone and self._responses != suspect.since):
            self.refused.failed(batch[0], error)
            return True
        return False

    def _batches(self, keys: list[KeyT]) -> Iterator[tuple[KeyT, ...]]:
        """Yield the items of each query: good ones, refused ones, then suspects.

        The good ones come first, and no other item can fail their queries.
        """
        groups: tuple[list[KeyT], ...] = ([], [], [])
        alone: list[KeyT] = []
        for key in keys:
            suspect = self._suspects.get(key)
            if suspect is None:
                groups[0 if key not in self.refused else 1].append(key)
            elif suspect.failures < _FAILURES_UNTIL_ALONE:
                groups[2].append(key)
            else:
                alone.append(key)
        for group in groups:
            yield from batched(group, MAX_SERIES_PER_QUERY, strict=False)

        # Those that failed most often come last.
        def failures(key: KeyT) -> int:
            return self._suspects[key].failures

        for _, equal in groupby(sorted(alone, key=failures), failures):
            for key in _from_both_ends(equal):
                yield (key,)

    def _record(
        self, batch: tuple[KeyT, ...], errors: Mapping[KeyT, NetrexError]
    ) -> None:
        self._responses += 1
        for key in batch:
            self._suspects.pop(key, None)
            if (error := errors.get(key)) is None:
                self.refused.succeeded(key)
            elif concerns_item(error):
                self.refused.failed(key, error)


def _from_both_ends[T](items: Iterable[T]) -> Iterator[T]:
    """Yield the first item, the last, the second, the last but one, and so on.

    Neighbors often belong to one node, and fail for the same reason.
    """
    remaining = deque(items)
    while remaining:
        yield remaining.popleft()
        if remaining:
            yield remaining.pop()


def _common_error[KeyT: Hashable](
    batch: tuple[KeyT, ...], errors: Mapping[KeyT, NetrexError]
) -> NetrexError | None:
    """Return the error of a whole query; None if the portal answered for any item.

    All items of a query that failed as a whole have the same error object. A response
    without any data and without a reason is not about single items.
    """
    if not batch or len(errors) < len(batch):
        return None
    found = list(errors.values())
    is_empty = all(isinstance(error, NetrexNoDataError) for error in found)
    if len(found) == 1 and isinstance(found[0], _ANSWERS) and not is_empty:
        return None
    is_same = all(error is found[0] for error in found)
    return found[0] if is_empty or is_same else None
