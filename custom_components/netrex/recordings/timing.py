"""Timeouts and poll intervals of recording jobs."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """How long jobs wait, in seconds unless noted, and how often they retry.

    Attributes:
        intervals: Between polls of a preparation and between retries; the last one
            repeats.
        settling: From the end of a clip until its recording is listed: video
            reaches the cloud with a delay.
        grace: From the end of a clip until its recording is taken even if incomplete.
        stall_timeout: Until a preparation without progress has failed.
        retry_timeout: Until a request or a download without progress has failed.
        progress_bytes: How many new bytes are progress of a download.
        progress_interval: In which a download must make this progress, or it counts as
            interrupted.
        download_timeout: Until a download has failed; its URL is valid for a day.
        max_attempts: How often a job lists and prepares a recording that expires or
            fails.
    """

    intervals: tuple[float, ...] = (2.0, 3.0, 5.0, 8.0, 10.0, 15.0)
    settling: float = 10.0
    grace: float = 120.0
    stall_timeout: float = 900.0
    retry_timeout: float = 300.0
    progress_bytes: int = 256 << 10
    progress_interval: float = 60.0
    download_timeout: float = 24 * 3600.0
    max_attempts: int = 3

    def delays(self) -> Iterator[float]:
        """Yield the intervals, the last one endlessly."""
        yield from self.intervals
        while True:
            yield self.intervals[-1]
