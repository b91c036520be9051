"""How long jobs wait for what."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """Times in seconds, and how often things are tried.

    Attributes:
        steps: Waits between looks at a preparation and between tries; the last one
            repeats.
        settling: From the end of a clip until it is looked for: pictures take a while
            to arrive in the cloud.
        grace: How long after its end a clip may still be missing or grow.
        unchanged: How long a preparation may stand still.
        patience: How long nobody may answer.
        tries: How often a recording that expired or failed is prepared anew.
    """

    steps: tuple[float, ...] = (2.0, 3.0, 5.0, 8.0, 10.0, 15.0)
    settling: float = 10.0
    grace: float = 120.0
    unchanged: float = 900.0
    patience: float = 300.0
    tries: int = 3

    def waits(self) -> Iterator[float]:
        """Yield the steps, the last one for ever."""
        yield from self.steps
        while True:
            yield self.steps[-1]
