"""The portal's API, one method per use."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

import aiohttp

from .enums import Metric, RawMetric
from .errors import NetrexError
from .models import (
    CameraStatus,
    Inventory,
    LinkRequest,
    LiveLink,
    Recording,
    RecordingProgress,
    SeriesRequest,
    Slot,
)
from .pacer import Lane, Pacer
from .schema import Schema


class NetrexClient:
    """The portal's API for one account.

    Args:
        session: Not closed by the client.
        url: The portal's address, such as `https://system2.netrex.cz`.
        get_token: Gives a token that is valid now; may raise NetrexAuthError.
        pacer: All requests pass it.
        schema: What is known of the portal's schema; only the documented part
            by default.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        get_token: Callable[[], Awaitable[str]],
        *,
        pacer: Pacer,
        schema: Schema | None = None,
    ) -> None:
        """Remember the parts; nothing is asked yet."""
        raise NotImplementedError

    async def execute(
        self,
        query: str,
        variables: Mapping[str, object] | None = None,
        *,
        lane: Lane = Lane.COMMAND,
    ) -> dict[str, object]:
        """Run any document and return its data."""
        raise NotImplementedError

    async def inventory(self, *, lane: Lane = Lane.STATUS) -> Inventory:
        """Return all nodes and cameras by one operation."""
        raise NotImplementedError

    async def camera_statuses(
        self, *, lane: Lane = Lane.STATUS
    ) -> dict[int, CameraStatus]:
        """Return the status of all cameras by one operation."""
        raise NotImplementedError

    async def fetch_schema(self, *, lane: Lane = Lane.STATUS) -> Schema:
        """Learn the schema by one operation; refused: the documented one."""
        raise NotImplementedError

    async def kpi_series(
        self, requests: Sequence[SeriesRequest], *, lane: Lane = Lane.KPI
    ) -> dict[SeriesRequest, tuple[Slot, ...]]:
        """Return series, five by one operation; failed ones are missing."""
        raise NotImplementedError

    async def kpi_value(
        self,
        node_id: int,
        metric: Metric,
        start: int,
        end: int,
        *,
        lane: Lane = Lane.KPI,
    ) -> float | None:
        """Return the portal's own figure (statisticDataMetric)."""
        raise NotImplementedError

    async def raw_kpi_value(
        self,
        node_id: int,
        metric: RawMetric,
        start: int,
        end: int,
        *,
        lane: Lane = Lane.KPI,
    ) -> float | None:
        """Return a stored value of one object (statisticData)."""
        raise NotImplementedError

    async def live_links(
        self, requests: Sequence[LinkRequest], *, lane: Lane = Lane.INTERACTIVE
    ) -> dict[LinkRequest, LiveLink | NetrexError]:
        """Return links by one operation, or the reason why there is none."""
        raise NotImplementedError

    async def recordings(
        self, node_id: int, start: int, end: int, *, lane: Lane = Lane.COMMAND
    ) -> tuple[Recording, ...]:
        """Return what can be prepared between two unix times."""
        raise NotImplementedError

    async def prepare_recording(
        self, recording_id: str, height: int, *, lane: Lane = Lane.COMMAND
    ) -> bool:
        """Start the preparation; True if the portal accepted it."""
        raise NotImplementedError

    async def recording(
        self, recording_id: str, *, lane: Lane = Lane.COMMAND
    ) -> RecordingProgress:
        """Return how far the preparation is."""
        raise NotImplementedError
