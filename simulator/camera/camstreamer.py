"""The CamStreamer App on a camera: its local API in both generations.

Versions 2 to 4 answer at stream/*.cgi with strings for all values, versions 5 and 6 at
stream_list.cgi and set_stream_*.cgi with a list and booleans. An unknown stream is
refused inside the envelope with HTTP status 200 (invented).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..clock import Clock
from ..records import Secrets

PREFIX = "local/camstreamer/"
_BYTES_PER_SECOND = 500_000


class NoSuchCallError(Exception):
    """This generation of the app has no such call."""


@dataclass(slots=True)
class Stream:
    """A stream that the app sends to a platform.

    It is sent while it is `enabled` and its trigger is `active`.
    """

    stream_id: str
    title: str
    platform: str
    media_server_url: str
    enabled: bool
    active: bool
    start_count: int = 0
    started_at: float = 0.0

    @property
    def streaming(self) -> bool:
        """Whether the stream is being sent."""
        return self.enabled and self.active


class CamStreamer:
    """The app on one camera."""

    def __init__(self, number: int, clock: Clock, secrets: Secrets) -> None:
        """Create two streams; `number` makes their ids unique among cameras."""
        self._clock = clock
        # The status in all its responses, which have HTTP status 200; 0: as it is.
        self.body_status = 0
        key, other_key = secrets.issue(24), secrets.issue(24)
        first = 36_000 + number % 10_000 * 2
        self.streams = {
            stream.stream_id: stream
            for stream in (
                Stream(
                    str(first),
                    "YouTube",
                    "youtube_rtmp",
                    f"rtmp://a.rtmp.youtube.com/live2/{key}",
                    enabled=True,
                    active=True,
                    start_count=1,
                    started_at=clock.now(),
                ),
                Stream(
                    str(first + 1),
                    "Web",
                    "rtmp",
                    f"rtmp://live.example.com/app/{other_key}",
                    enabled=False,
                    active=True,
                ),
            )
        }

    def answer(
        self, call: str, arguments: Mapping[str, str], generation: str
    ) -> dict[str, Any]:
        """Return the JSON response to a call.

        `call` is the path after /local/camstreamer/, `generation` "old", "new" or
        "none". Raises NoSuchCallError if the generation does not have the call.
        """
        handler = _CALLS.get(generation, {}).get(call)
        if handler is None:
            raise NoSuchCallError
        if self.body_status:
            return {"status": self.body_status, "message": "Refused", "data": None}
        return handler(self, arguments)

    def list_old(self, _arguments: Mapping[str, str]) -> dict[str, Any]:
        """Answer stream/list.cgi."""
        return _envelope({sid: _old(stream) for sid, stream in self.streams.items()})

    def list_new(self, arguments: Mapping[str, str]) -> dict[str, Any]:
        """Answer stream_list.cgi, for one stream or all."""
        if arguments.get("action") != "get":
            return _refusal("Unsupported action")
        if "stream_id" in arguments:
            return self._one(arguments, _new)
        return _envelope({"streamList": list(map(_new, self.streams.values()))})

    def get_old(self, arguments: Mapping[str, str]) -> dict[str, Any]:
        """Answer stream/get.cgi."""
        return self._one(arguments, _old)

    def set_old(self, arguments: Mapping[str, str]) -> dict[str, Any]:
        """Answer stream/set.cgi."""
        return self._change(arguments, ("enabled", "active"))

    def set_enabled(self, arguments: Mapping[str, str]) -> dict[str, Any]:
        """Answer set_stream_enabled.cgi."""
        return self._change(arguments, ("enabled",))

    def set_active(self, arguments: Mapping[str, str]) -> dict[str, Any]:
        """Answer set_stream_active.cgi."""
        return self._change(arguments, ("active",))

    def statistics(self, arguments: Mapping[str, str]) -> dict[str, Any]:
        """Answer get_streamstat.cgi."""
        return self._one(arguments, self._statistics)

    def _statistics(self, stream: Stream) -> dict[str, Any]:
        seconds = self._clock.now() - stream.started_at if stream.streaming else 0.0
        return {
            "net_stats": "",
            "stream_bytes_time_ms": int(seconds * 1000),
            "stream_bytes": int(seconds * _BYTES_PER_SECOND),
            "start_count": stream.start_count,
            "is_streaming": int(stream.streaming),
        }

    def _one(
        self, arguments: Mapping[str, str], show: Callable[[Stream], dict[str, Any]]
    ) -> dict[str, Any]:
        stream = self.streams.get(arguments.get("stream_id", ""))
        return _envelope(show(stream)) if stream else _refusal("Stream not found")

    def _change(
        self, arguments: Mapping[str, str], names: tuple[str, ...]
    ) -> dict[str, Any]:
        stream = self.streams.get(arguments.get("stream_id", ""))
        changes = {name: arguments[name] for name in names if name in arguments}
        if stream is None:
            return _refusal("Stream not found")
        if not changes or set(changes.values()) - {"0", "1"}:
            return _refusal("Invalid parameters")
        for name, value in changes.items():
            setattr(stream, name, value == "1")
        # Any change, even to the same value, restarts the stream.
        if stream.streaming:
            stream.start_count += 1
            stream.started_at = self._clock.now()
        return _envelope(None)


_CALLS: dict[
    str, dict[str, Callable[[CamStreamer, Mapping[str, str]], dict[str, Any]]]
] = {
    "old": {
        "stream/list.cgi": CamStreamer.list_old,
        "stream/get.cgi": CamStreamer.get_old,
        "stream/set.cgi": CamStreamer.set_old,
        "get_streamstat.cgi": CamStreamer.statistics,
    },
    "new": {
        "stream_list.cgi": CamStreamer.list_new,
        "set_stream_enabled.cgi": CamStreamer.set_enabled,
        "set_stream_active.cgi": CamStreamer.set_active,
        "get_streamstat.cgi": CamStreamer.statistics,
    },
}


def _envelope(data: object) -> dict[str, Any]:
    return {"status": 200, "message": "OK", "data": data}


def _refusal(message: str) -> dict[str, Any]:
    return {"status": 400, "message": message, "data": None}


def _old(stream: Stream) -> dict[str, Any]:
    return {
        "enabled": str(int(stream.enabled)),
        "active": str(int(stream.active)),
        "title": stream.title,
        "audioSource": "none",
        "avSyncMsec": "0",
        "inputType": "CSw",
        "inputUrl": "",
        "internalVapixParameters": "resolution=1920x1080&fps=25",
        "userVapixParameters": "",
        "outputParameters": "",
        "outputType": "video",
        "mediaServerUrl": stream.media_server_url,
        "trigger": "manual",
        "schedule": "",
        "startTime": "null",
        "stopTime": "null",
    }


def _new(stream: Stream) -> dict[str, Any]:
    return {
        "streamId": stream.stream_id,
        "type": "rtmp",
        "platform": stream.platform,
        "title": stream.title,
        "enabled": stream.enabled,
        "active": stream.active,
        "url": stream.media_server_url,
        "trigger": {"type": "manual"},
    }
