"""Recordings: what there is, its preparation, its file.

"View and download of the recording" of the API documentation.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager

import aiohttp

from . import documents
from .batcher import Batcher
from .downloads import Download, open_download
from .errors import NetrexError, NetrexNotFoundError
from .models import PreparationRequest, Recording, RecordingProgress, RecordingsRequest
from .paced_transport import PacedTransport
from .pacer import Lane
from .parsing import parse_progress, parse_recorded, parse_recording
from .transport import GraphQLTransport
from .values import as_bool, as_mapping, parse_each


class Archive:
    """The recordings of an account.

    What several callers want at the same time travels in one operation, so that a clip
    of each of 20 cameras costs hardly more queries than one.

    Args:
        session: For the files; not closed here.
        url: The portal's address.
        transport: Has the token.
        door: For the questions.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        transport: GraphQLTransport,
        door: PacedTransport,
    ) -> None:
        self._session = session
        self._url = url
        self._transport = transport
        self._door = door
        self._lists = {
            lane: Batcher(self._asking(lane, documents.recordings, _read_recordings))
            for lane in Lane
        }
        self._preparations = {
            lane: Batcher(self._asking(lane, documents.preparations, _read_accepted))
            for lane in Lane
        }
        self._states = {
            lane: Batcher(self._asking(lane, documents.recording_states, _read_state))
            for lane in Lane
        }

    async def list(
        self, node_id: int, start: int, end: int, *, lane: Lane = Lane.COMMAND
    ) -> tuple[Recording, ...]:
        """Return what can be prepared between two unix times, in seconds.

        Several entries are the same time on several storages.

        Raises:
            NetrexNotFoundError: There is no such camera.
        """
        return await self._lists[lane].get(RecordingsRequest(node_id, start, end))

    async def recorded_seconds(
        self,
        node_id: int,
        spans: Sequence[tuple[int, int]],
        *,
        lane: Lane = Lane.COMMAND,
    ) -> dict[tuple[int, int], float]:
        """Return how much of each span (unix seconds) some storage has, by one query.

        Spans of which the portal does not tell are missing.

        Raises:
            NetrexNotFoundError: There is no such camera.
        """
        query = documents.recorded_seconds(node_id, spans)
        answer = await self._door.ask(lane, query, shared=True)
        camera = answer.data.get("camera")
        told = parse_recorded(spans, as_mapping(camera))
        if not told and answer.refusals:
            raise answer.refusals[0].error
        if camera is None:
            raise NetrexNotFoundError("The portal does not know the camera")
        return told

    async def prepare(
        self, recording_id: str, height: int, *, lane: Lane = Lane.COMMAND
    ) -> bool:
        """Start the preparation; True if the portal accepted it."""
        wish = PreparationRequest(recording_id, height)
        return await self._preparations[lane].get(wish)

    async def state(
        self, recording_id: str, *, lane: Lane = Lane.COMMAND
    ) -> RecordingProgress:
        """Return how far the preparation is.

        Raises:
            NetrexNotFoundError: The portal has forgotten the recording.
        """
        return await self._states[lane].get(recording_id)

    def download(
        self, url: str, *, offset: int = 0, validator: str | None = None
    ) -> AbstractAsyncContextManager[Download]:
        """Open a prepared recording's file; see `downloads.open_download`."""
        return open_download(
            self._session,
            self._url,
            self._transport.token,
            url,
            offset=offset,
            validator=validator,
        )

    def _asking[R, V](
        self,
        lane: Lane,
        document: Callable[[Sequence[R]], str],
        parse: Callable[[R, object], V | None],
    ) -> Callable[[Sequence[R]], Awaitable[Mapping[R, V | NetrexError]]]:
        """Return what asks for several wishes by one operation."""
        # Nobody shares it: equal wishes have met before, and one kind is a mutation.
        return lambda wishes: self._door.each(
            lane, document, parse, [wishes], shared=False
        )


def _read_recordings(
    _: RecordingsRequest, value: object
) -> tuple[Recording, ...] | None:
    if value is None:
        return None
    return parse_each(as_mapping(value).get("recordings"), parse_recording)


def _read_accepted(_: PreparationRequest, value: object) -> bool:
    return as_bool(value) is True


def _read_state(_: str, value: object) -> RecordingProgress | None:
    return None if value is None else parse_progress(as_mapping(value))
