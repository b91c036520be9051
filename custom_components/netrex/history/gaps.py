"""Finds where hours start again behind a period that the portal refuses.

All distances are in seconds, back from the oldest covered hour.
"""

from dataclasses import dataclass

from ..client.days import DAY


@dataclass(slots=True)
class Gap:
    """A refused period before the covered hours, whose start is not known yet.

    Single days are requested: further back each time until one is accepted, then
    between it and the last refused one.

    Attributes:
        refused: Distance of the furthest refused day.
        accepted: Distance of the nearest accepted day, if any.
    """

    refused: int = 0
    accepted: int | None = None

    def next_distance(self, longest: int) -> int:
        """Return the distance of the next day to request, at most `longest`."""
        if self.accepted is None:
            return min(max(DAY, 2 * self.refused), longest)
        days = (self.accepted - self.refused) // DAY
        return self.refused + max(1, days // 2) * DAY

    def add(self, distance: int, *, accepted: bool) -> int | None:
        """Record an answer for a day; return the gap's length once it is known."""
        if not accepted:
            self.refused = max(self.refused, distance)
        else:
            if distance <= self.refused:
                # The portal accepts days now that it refused before.
                self.refused = 0
            known = distance if self.accepted is None else self.accepted
            self.accepted = min(known, distance)
        if self.accepted is None or self.accepted - self.refused > DAY:
            return None
        return self.accepted
