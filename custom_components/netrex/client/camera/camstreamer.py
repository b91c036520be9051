"""The CamStreamer App on a camera, which broadcasts the camera's video.

Two generations of its interface are in use: that of versions 5 and 6, tried first, and
that of versions 2 to 4, which the portal's documentation shows. The app's lists contain
stream keys, which are never parsed.

Every write restarts the stream, so a stream is written only if its state changes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum

from ..errors import (
    NetrexCameraMethodError,
    NetrexCameraNotFoundError,
    NetrexCameraRefusedError,
    NetrexCameraResponseError,
)
from ..texts import MAX_NAME_LENGTH
from ..values import as_bool, as_key, as_list, as_mapping, as_name, is_list, is_mapping
from .gateway import GatewayClient

_ROOT = "local/camstreamer/"
# Each stream requires a call and becomes an entity.
_MAX_STREAMS = 50
# The camera's answer if its app is of the other generation or is not installed.
_UNKNOWN_CALL = (
    NetrexCameraNotFoundError,
    NetrexCameraMethodError,
    NetrexCameraRefusedError,
)


class Generation(Enum):
    """A generation of the app's interface: its paths to list and to switch streams."""

    NEW = ("stream_list.cgi", "set_stream_enabled.cgi")
    OLD = ("stream/list.cgi", "stream/set.cgi")

    @property
    def list_path(self) -> str:
        """The path that lists the streams."""
        return _ROOT + self.value[0]

    @property
    def switch_path(self) -> str:
        """The path that enables or disables a stream."""
        return _ROOT + self.value[1]


@dataclass(frozen=True, slots=True)
class AppStream:
    """A stream that is set up in the app.

    Attributes:
        stream_id: Any text.
        title: Set by its owner.
        enabled: Whether it is sent as soon as it is triggered.
        is_streaming: Whether it is being sent; None if the app does not report it.
    """

    stream_id: str
    title: str
    enabled: bool | None = None
    is_streaming: bool | None = None


class CamStreamerClient:
    """The app on one camera.

    All methods raise the errors of `GatewayClient.request`.

    Attributes:
        generation: The generation of the app's interface; None until it is known.
    """

    def __init__(self, gateway: GatewayClient, serial_number: str) -> None:
        self._gateway = gateway
        self._serial_number = serial_number
        self.generation: Generation | None = None

    async def streams(self) -> tuple[AppStream, ...] | None:
        """Return the streams, in the app's order; None if the camera lacks the app.

        Makes one call, plus one per stream.
        """
        listed = await self._list()
        if listed is None:
            return None
        return tuple([await self._with_state(stream) for stream in listed])

    async def set_enabled(self, stream_id: str, *, enabled: bool) -> AppStream:
        """Enable or disable a stream if necessary, and return it.

        Raises:
            NetrexCameraNotFoundError: The camera no longer has the stream or the app.
        """
        stream = await self._find(stream_id)
        if stream.enabled is not enabled:
            await self._switch(stream_id, enabled=enabled)
            stream = await self._find(stream_id)
        return await self._with_state(stream)

    async def _find(self, stream_id: str) -> AppStream:
        listed = await self._list()
        for stream in listed or ():
            if stream.stream_id == stream_id:
                return stream
        raise NetrexCameraNotFoundError("The camera no longer has this stream")

    async def _list(self) -> tuple[AppStream, ...] | None:
        # An update may have changed the generation, so try the other one as well.
        known = self.generation
        page: NetrexCameraResponseError | None = None
        for generation in sorted(Generation, key=lambda one: one is not known):
            try:
                answer = await self._gateway.request_json(
                    self._serial_number, generation.list_path, {"action": "get"}
                )
                streams = parse_streams(answer)
            except NetrexCameraResponseError as err:
                # Some servers have a page with status 200 for unknown paths.
                page = err
            except _UNKNOWN_CALL:
                continue
            else:
                self.generation = generation
                return streams
        # A camera that fails can answer with a page, too.
        if page is not None:
            raise page
        self.generation = None
        return None

    async def _switch(self, stream_id: str, *, enabled: bool) -> None:
        fields = {"stream_id": stream_id, "enabled": str(int(enabled))}
        if self.generation is Generation.OLD:
            await self._gateway.request_json(
                self._serial_number, Generation.OLD.switch_path, fields
            )
            return
        await self._gateway.request_json(
            self._serial_number, Generation.NEW.switch_path, form=fields
        )

    async def _with_state(self, stream: AppStream) -> AppStream:
        try:
            answer = await self._gateway.request_json(
                self._serial_number,
                f"{_ROOT}get_streamstat.cgi",
                {"stream_id": stream.stream_id},
            )
        except _UNKNOWN_CALL:
            return stream
        data = as_mapping(answer.get("data"))
        return replace(stream, is_streaming=as_bool(data.get("is_streaming")))


def parse_streams(answer: Mapping[str, object]) -> tuple[AppStream, ...]:
    """Return the streams in a list of either generation.

    Raises:
        NetrexCameraResponseError: There is no list.
    """
    data = answer.get("data")
    # Some builds put the list beside `data`.
    listed = as_mapping(data).get("streamList", answer.get("streamList"))
    if is_list(listed):
        items = [
            (as_mapping(item).get("streamId"), item)
            for item in as_list(listed, _MAX_STREAMS)
        ]
    elif is_mapping(data) or is_list(data):
        # Without streams, some versions send an empty list instead of an object, and
        # others null.
        items = list(as_mapping(data).items())
    elif data is listed is None and answer.keys() & {"data", "streamList"}:
        items = []
    else:
        raise NetrexCameraResponseError("The response contains no list of streams")
    return tuple(
        AppStream(
            stream_id,
            as_name(item.get("title")) or stream_id,
            as_bool(item.get("enabled")),
        )
        for stream_id, item in (
            (as_key(stream_id, MAX_NAME_LENGTH), as_mapping(item))
            for stream_id, item in items[:_MAX_STREAMS]
        )
        if stream_id and item
    )
