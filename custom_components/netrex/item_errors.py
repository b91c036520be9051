"""Errors of single items, each with its own retry delay (decision 0026)."""

from collections import Counter
from collections.abc import Callable, Container, Hashable, Sequence
from dataclasses import dataclass
import time

from .client import (
    NetrexAuthError,
    NetrexConnectionError,
    NetrexError,
    NetrexRateLimitedError,
)
from .client.backoff import ITEM_DELAYS
from .client.days import not_in_future
from .client.values import as_float, as_int, as_mapping, as_text
from .errors import error_key


def concerns_item(err: NetrexError) -> bool:
    """Return whether an error of a request for one item concerns only that item.

    A missing response, a reached limit, and a refused token concern the account.
    """
    return not isinstance(
        err, NetrexAuthError | NetrexConnectionError | NetrexRateLimitedError
    )


@dataclass(frozen=True, slots=True)
class ItemError:
    """The last error of an item.

    Attributes:
        reason: A translation key of `errors.py`.
        count: Consecutive errors.
        at: The unix time of the last error.
    """

    reason: str
    count: int
    at: float


class ItemErrors[KeyT: Hashable]:
    """The refused items, with the reason and the due time of each.

    Args:
        clock: Unix time in seconds.
        delays: Seconds until an item is requested again, as in `ITEM_DELAYS`.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.time,
        delays: Sequence[int] = ITEM_DELAYS,
    ) -> None:
        self._clock = clock
        self._delays = delays
        self._errors: dict[KeyT, ItemError] = {}

    def __contains__(self, key: object) -> bool:
        """Return whether the last request for an item failed."""
        return key in self._errors

    def failed(self, key: KeyT, err: NetrexError) -> None:
        """Record an error of an item; each consecutive error increases the delay."""
        before = self._errors.get(key)
        count = before.count + 1 if before else 1
        self._errors[key] = ItemError(error_key(err), count, self._clock())

    def succeeded(self, key: KeyT) -> None:
        """Forget the errors of an item."""
        self._errors.pop(key, None)

    def is_due(self, key: KeyT) -> bool:
        """Return whether an item may be requested."""
        return self.due_at(key) <= self._clock()

    def due_at(self, key: KeyT) -> float:
        """Return the unix time from which an item may be requested; 0 for any time."""
        if (error := self._errors.get(key)) is None:
            return 0
        at = not_in_future(error.at, self._clock())
        if at != error.at:
            self._errors[key] = ItemError(error.reason, error.count, at)
        return at + self._delays[min(error.count, len(self._delays)) - 1]

    def error(self, key: KeyT) -> ItemError | None:
        """Return the last error of an item."""
        return self._errors.get(key)

    def lasting(self, count: int) -> list[KeyT]:
        """Return the items with at least `count` consecutive errors."""
        return [key for key, error in self._errors.items() if error.count >= count]

    def by_reason(self) -> Counter[str]:
        """Return the number of refused items by reason."""
        return Counter(error.reason for error in self._errors.values())

    def retain(self, keys: Container[KeyT]) -> None:
        """Forget the errors of all other items."""
        for key in [key for key in self._errors if key not in keys]:
            del self._errors[key]

    def as_dict(self) -> dict[str, list[object]]:
        """Return the errors as JSON data; a key is stored as its text."""
        return {
            str(key): [error.reason, error.count, error.at]
            for key, error in self._errors.items()
        }

    def restore(self, stored: object, parse: Callable[[str], KeyT]) -> None:
        """Restore the result of `as_dict`; ignore unreadable data.

        Args:
            stored: Any data.
            parse: Returns the key for a text, or raises ValueError.
        """
        for text, value in as_mapping(stored).items():
            match value:
                case [reason, count, at]:
                    reason, count, at = as_text(reason), as_int(count), as_float(at)
                case _:
                    continue
            try:
                key = parse(text)
            except ValueError:
                continue
            if reason and count and count > 0 and at is not None:
                self._errors[key] = ItemError(reason, count, at)
