"""The CamStreamer App on a camera: which streams it sends to which platform.

Two generations of its interface are in use: of versions 5 and 6, tried first, and of
versions 2 to 4, which the portal's documentation shows. Its lists hold the addresses
that the app sends to, and with them the stream keys; nothing of that is read here.

Any change of a stream restarts it. So a write happens only if something would change.
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
from ..values import as_bool, as_mapping, as_text, parse_each
from .gateway import GatewayClient

_ROOT = "local/camstreamer/"
# How a camera says that its app is of the other generation, or that there is none.
_UNKNOWN_CALL = (
    NetrexCameraNotFoundError,
    NetrexCameraMethodError,
    NetrexCameraRefusedError,
)


class Generation(Enum):
    """The app's interface: the path of its list, and of what switches a stream."""

    NEW = ("stream_list.cgi", "set_stream_enabled.cgi")
    OLD = ("stream/list.cgi", "stream/set.cgi")

    @property
    def list_path(self) -> str:
        """The path of the list of streams."""
        return _ROOT + self.value[0]

    @property
    def switch_path(self) -> str:
        """The path of what switches a stream."""
        return _ROOT + self.value[1]


@dataclass(frozen=True, slots=True)
class AppStream:
    """A stream that the app can send.

    Attributes:
        stream_id: Any text.
        title: As its owner calls it.
        enabled: It is armed.
        is_streaming: It really is sent; None if the app does not tell.
    """

    stream_id: str
    title: str
    enabled: bool | None = None
    is_streaming: bool | None = None


class CamStreamerClient:
    """The app of one camera; it remembers its generation.

    Every method raises what the gateway client's `request` raises.
    """

    def __init__(self, gateway: GatewayClient, serial_number: str) -> None:
        self._gateway = gateway
        self._serial_number = serial_number
        self.generation: Generation | None = None

    async def streams(self) -> tuple[AppStream, ...] | None:
        """Return the streams with their states, in the app's order.

        None if the camera has no such app. It costs a call, and one per stream.
        """
        listed = await self._list()
        if listed is None:
            return None
        return tuple([await self._with_state(stream) for stream in listed])

    async def set_enabled(self, stream_id: str, *, enabled: bool) -> AppStream:
        """Switch a stream, unless it is as wished already, and return it.

        Raises NetrexCameraNotFoundError if the stream, or the app, is gone.
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
        raise NetrexCameraNotFoundError("The camera does not have this stream any more")

    async def _list(self) -> tuple[AppStream, ...] | None:
        # An app that was updated has changed its generation.
        known = self.generation
        for generation in sorted(Generation, key=lambda one: one is not known):
            try:
                answer = await self._gateway.get_json(
                    self._serial_number, generation.list_path, {"action": "get"}
                )
            except _UNKNOWN_CALL:
                continue
            self.generation = generation
            return parse_streams(answer)
        self.generation = None
        return None

    async def _switch(self, stream_id: str, *, enabled: bool) -> None:
        fields = {"stream_id": stream_id, "enabled": str(int(enabled))}
        if self.generation is Generation.OLD:
            await self._gateway.get_json(
                self._serial_number, Generation.OLD.switch_path, fields
            )
            return
        await self._gateway.post_form_for_json(
            self._serial_number, Generation.NEW.switch_path, fields
        )

    async def _with_state(self, stream: AppStream) -> AppStream:
        try:
            answer = await self._gateway.get_json(
                self._serial_number,
                f"{_ROOT}get_streamstat.cgi",
                {"stream_id": stream.stream_id},
            )
        except _UNKNOWN_CALL:
            return stream
        data = as_mapping(answer.get("data"))
        return replace(stream, is_streaming=as_bool(data.get("is_streaming")))


def parse_streams(answer: Mapping[str, object]) -> tuple[AppStream, ...]:
    """Return the streams of a list, of either generation.

    Raises NetrexCameraResponseError for an answer that is none.
    """
    data = as_mapping(answer.get("data"))
    # Some builds have the list beside the data.
    listed = data.get("streamList", answer.get("streamList"))
    if isinstance(listed, list):
        return parse_each(listed, _parse_new)
    if not isinstance(answer.get("data"), dict | list):
        raise NetrexCameraResponseError("The app's answer holds no list of streams")
    # Without a stream PHP-like servers send an empty list instead of an object.
    return tuple(
        AppStream(stream_id, as_text(item.get("title")) or stream_id, _enabled(item))
        for stream_id, item in (
            (str(stream_id), as_mapping(item)) for stream_id, item in data.items()
        )
        if item
    )


def _parse_new(item: Mapping[str, object]) -> AppStream | None:
    stream_id = as_text(item.get("streamId"))
    if stream_id is None:
        return None
    return AppStream(stream_id, as_text(item.get("title")) or stream_id, _enabled(item))


def _enabled(item: Mapping[str, object]) -> bool | None:
    return as_bool(item.get("enabled"))
