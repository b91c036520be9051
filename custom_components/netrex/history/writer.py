"""Writes rows to the recorder and waits until they are stored, within a time limit."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress

from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.models import StatisticData, StatisticMetaData
from homeassistant.components.recorder.statistics import async_add_external_statistics
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN

# The recorder may be busy with something else, such as a backup. A row takes a
# millisecond, or several on a small machine.
WAIT_SECONDS = 45.0
SECONDS_PER_ROW = 0.02
# The recorder drops a task silently if the database was locked for too long.
REPEAT_SECONDS = 5.0


class NotWrittenError(HomeAssistantError):
    """The recorder has not stored rows in time, or not at all."""

    def __init__(self) -> None:
        super().__init__(
            translation_domain=DOMAIN, translation_key="recorder_not_writing"
        )


class RecorderWriter:
    """The writer of all accounts at one portal, whose statistic ids are the same.

    Attributes:
        lock: Held from reading stored rows until the new ones are stored. Otherwise,
            two imports would compute the sums of each other's hours.
        corrections: Number of answers to imports on demand by node id. Values that
            were requested before such an answer are older than its values.
    """

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass
        self.lock = asyncio.Lock()
        self.corrections: Counter[int] = Counter()
        self._is_behind = False

    async def async_ready(self, statistic_id: str) -> None:
        """Wait until the recorder has processed the rows of an earlier import.

        They may still be in its queue after a timeout or a reload.

        Raises:
            NotWrittenError: The recorder does not process its queue.
        """
        if self._is_behind:
            await self._async_wait(statistic_id, 0)

    async def async_add(
        self, metadata: StatisticMetaData, rows: Sequence[StatisticData]
    ) -> None:
        """Add rows to a statistic, and wait until the recorder has processed them.

        Raises:
            NotWrittenError: The recorder did not process them in time.
        """
        self._is_behind = True
        async_add_external_statistics(self._hass, metadata, rows)
        await self._async_wait(metadata["statistic_id"], len(rows))

    async def async_rename(self, renamed: Sequence[StatisticMetaData]) -> None:
        """Change the names of existing statistics.

        Raises:
            NotWrittenError: The recorder did not process them in time.
        """
        async with self.lock:
            self._is_behind = True
            for metadata in renamed:
                async_add_external_statistics(self._hass, metadata, [])
            await self._async_wait(renamed[-1]["statistic_id"], len(renamed))

    async def _async_wait(self, statistic_id: str, rows: int) -> None:
        """Wait until the recorder has processed everything in its queue.

        `Recorder.async_block_till_done` does not wait while the recorder works on the
        last task in the queue, which would be ours. Therefore, this method queues a
        metadata update that changes nothing and waits until it is done.
        """
        done = asyncio.Event()

        def set_done() -> None:
            self._hass.loop.call_soon_threadsafe(done.set)

        try:
            async with asyncio.timeout(WAIT_SECONDS + rows * SECONDS_PER_ROW):
                while not done.is_set():
                    get_instance(self._hass).async_update_statistics_metadata(
                        statistic_id, on_done=set_done
                    )
                    with suppress(TimeoutError):
                        async with asyncio.timeout(REPEAT_SECONDS):
                            await done.wait()
        except TimeoutError:
            raise NotWrittenError from None
        self._is_behind = False


DATA_WRITERS: HassKey[dict[str, RecorderWriter]] = HassKey(f"{DOMAIN}_writers")


def async_get_writer(hass: HomeAssistant, portal: str) -> RecorderWriter:
    """Return the writer of a portal, for as long as Home Assistant runs."""
    writers = hass.data.setdefault(DATA_WRITERS, {})
    if portal not in writers:
        writers[portal] = RecorderWriter(hass)
    return writers[portal]
