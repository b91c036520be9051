"""The portal's recordings: list, preparation and file.

See "View and download of the recording" in the API documentation.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager

import aiohttp

from . import documents
from .batcher import Batcher
from .days import Span
from .downloads import Download, DownloadServer
from .errors import NetrexNotFoundError
from .lanes import Lane
from .models import PreparationRequest, Recording, RecordingProgress, RecordingsRequest
from .paced_transport import PacedTransport
from .parsing import parse_progress, parse_recorded, parse_recordings
from .transport import GraphQLTransport
from .values import as_bool, as_mapping


class Archive:
    """The recordings of an account.

    Concurrent requests share operations, so clips from 20 cameras take hardly more
    queries than one clip.

    Args:
        session: HTTP session for the files, not closed here.
        url: The portal's address.
        transport: Provides the token for files.
        paced: Executes the queries.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        transport: GraphQLTransport,
        paced: PacedTransport,
    ) -> None:
        self._downloads = DownloadServer(session, url, transport.token)
        self._paced = paced
        self._lists = self._batchers(documents.recordings, _read_recordings)
        self._preparations = self._batchers(documents.preparations, _read_accepted)
        self._states = self._batchers(documents.recording_states, _read_state)

    async def list(
        self, node_id: int, start: int, end: int, *, lane: Lane = Lane.COMMAND
    ) -> tuple[Recording, ...]:
        """Return the recordings between two unix times, in seconds.

        Entries on different storages may cover the same time.

        Raises:
            NetrexNotFoundError: The camera does not exist.
        """
        return await self._lists[lane].get(RecordingsRequest(node_id, start, end))

    async def recorded_seconds(
        self, node_id: int, spans: Sequence[Span], *, lane: Lane = Lane.COMMAND
    ) -> dict[Span, float]:
        """Return how many seconds of each span are recorded.

        Costs one query. Spans with unknown durations are left out.

        Raises:
            NetrexNotFoundError: The camera does not exist.
        """
        query = documents.recorded_seconds(node_id, spans)
        response = await self._paced.execute(lane, query, shared=True)
        camera = response.data.get("camera")
        recorded = parse_recorded(spans, as_mapping(camera))
        if not recorded and response.errors:
            raise response.errors[0].error
        if camera is None:
            raise NetrexNotFoundError("The portal does not know the camera")
        return recorded

    async def prepare(
        self, recording_id: str, height: int, *, lane: Lane = Lane.COMMAND
    ) -> bool:
        """Start the preparation of a file; return whether the portal accepted it."""
        request = PreparationRequest(recording_id, height)
        return await self._preparations[lane].get(request)

    async def state(
        self, recording_id: str, *, lane: Lane = Lane.COMMAND
    ) -> RecordingProgress:
        """Return the progress of a preparation.

        Raises:
            NetrexNotFoundError: The recording id has expired.
        """
        return await self._states[lane].get(recording_id)

    def download(
        self, url: str, *, offset: int = 0, validator: str | None = None
    ) -> AbstractAsyncContextManager[Download]:
        """Open a prepared recording's file; see `DownloadServer.open`."""
        return self._downloads.open(url, offset=offset, validator=validator)

    def _batchers[R, V](
        self,
        document: Callable[[Sequence[R]], str],
        parse: Callable[[R, object], V | None],
    ) -> dict[Lane, Batcher[R, V]]:
        """Return a batcher for each lane."""

        def batcher(lane: Lane) -> Batcher[R, V]:
            # Not shared: the batcher merges equal requests, and one kind is a mutation.
            return Batcher(
                lambda requests: self._paced.execute_each(
                    lane, document, parse, [requests], shared=False
                ),
                # A camera, a recording id, or the whole request.
                subject_of=lambda request: getattr(request, "node_id", request),
            )

        return {lane: batcher(lane) for lane in Lane}


def _read_recordings(
    _: RecordingsRequest, value: object
) -> tuple[Recording, ...] | None:
    if value is None:
        return None
    return parse_recordings(as_mapping(value).get("recordings"))


def _read_accepted(_: PreparationRequest, value: object) -> bool:
    return as_bool(value) is True


def _read_state(_: str, value: object) -> RecordingProgress | None:
    return None if value is None else parse_progress(as_mapping(value))
