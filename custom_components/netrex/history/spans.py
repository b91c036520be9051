"""Learns how long a block of hours may be for each series.

The portal may refuse a long range, or a range that starts before its data do; neither
is documented. All lengths are in seconds.
"""

from collections.abc import Callable, Hashable, Mapping

from ..client.days import DAY
from ..client.values import as_int, as_mapping

# The longest range of one query ("1 year maximum range", "API Limit").
YEAR = 365 * DAY
# From long to short: limits that a portal is likely to have.
LENGTHS = (YEAR, 180 * DAY, 90 * DAY, 30 * DAY, 7 * DAY, DAY)
SHORTEST = LENGTHS[-1]
# After this many blocks of a length, the next longer one is tried again.
BLOCKS_BEFORE_LONGER = 4


class Spans[KeyT: Hashable]:
    """The length of the next block of each series."""

    def __init__(self) -> None:
        # Indexes of LENGTHS; a series without one uses the longest.
        self._steps: dict[KeyT, int] = {}
        self._accepted: dict[KeyT, int] = {}

    def length(self, key: KeyT) -> int:
        """Return the length of a series' next block."""
        return LENGTHS[self._steps.get(key, 0)]

    def shorten(self, key: KeyT, length: int, shortest: int = SHORTEST) -> bool:
        """Use shorter blocks after one of this length was refused.

        Returns:
            Whether there is a shorter length of at least `shortest`.
        """
        step = next(
            (
                step
                for step, shorter in enumerate(LENGTHS)
                if shortest <= shorter < length
            ),
            None,
        )
        if step is None:
            return False
        self._steps[key] = step
        self._accepted.pop(key, None)
        return True

    def accepted(self, key: KeyT, length: int) -> None:
        """Count an accepted block; several of them permit a longer one."""
        step = self._steps.get(key, 0)
        if step == 0 or length < LENGTHS[step]:
            return
        self._accepted[key] = self._accepted.get(key, 0) + 1
        if self._accepted[key] >= BLOCKS_BEFORE_LONGER:
            self._steps[key] = step - 1
            del self._accepted[key]

    def reset(self, key: KeyT) -> None:
        """Forget what was learned about a series."""
        self._steps.pop(key, None)
        self._accepted.pop(key, None)

    def as_dict(self) -> dict[str, int]:
        """Return the shortened lengths as JSON data; a key is stored as its text."""
        return {str(key): LENGTHS[step] for key, step in self._steps.items() if step}

    def restore(self, stored: object, parse: Callable[[str], KeyT]) -> None:
        """Restore the result of `as_dict`; ignore unreadable data.

        Args:
            stored: Any data.
            parse: Returns the key for a text, or raises ValueError.
        """
        found: Mapping[str, object] = as_mapping(stored)
        for text, value in found.items():
            if (length := as_int(value)) in LENGTHS:
                try:
                    self._steps[parse(text)] = LENGTHS.index(length)
                except ValueError:
                    continue
