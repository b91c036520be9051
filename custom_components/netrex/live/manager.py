"""Live view of one account: its streams and their viewers."""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Self, override

from homeassistant.const import CONF_URL
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.util.ssl import get_default_context

from ..client import (
    AddressGate,
    Camera,
    HourlyCounts,
    Lane,
    LinkRequest,
    LiveTransport,
    NetrexAuthError,
    NetrexClient,
    NetrexError,
    StreamProfile,
)
from ..const import CONF_LIVE_TRANSPORT, TRANSPORT_AUTO
from ..coordinator import InventoryCoordinator, StatusCoordinator
from ..issues import Issue, async_create_issue, async_delete_issue
from ..models import NetrexConfigEntry
from ..relay.server import Relay
from ..relay.terms import EndReason, LinkError, LinkRefusal, SessionEnd
from ..relay.transports import Dialer, Link
from ..store import NetrexStore
from .access import RelayAccess
from .choice import TransportChoice
from .links import LinkBroker
from .profiles import default_profile
from .stills import Size, Stills

# Prefixes of stream keys. Each kind of client has its own streams, so that it has its
# own pace of links: the failures of one do not delay the others.
_STILL = "still_"  # queued behind viewers
_STREAM = "stream_"  # Home Assistant's stream
_EXTERNAL = "outside_"  # other devices; part of the addresses they have stored
# Clients that do not reconnect, or too late, at the end of a session. Others, such as
# go2rtc, do so at once.
_RESUMED = (_STREAM, _EXTERNAL)


@dataclass(frozen=True, slots=True)
class VideoSource:
    """A camera, or one of its video channels."""

    camera_id: int
    channel_id: int | None = None

    @override
    def __str__(self) -> str:
        """Return the key in stream keys and unique ids."""
        channel = "" if self.channel_id is None else f"_{self.channel_id}"
        return f"{self.camera_id}{channel}"

    @classmethod
    def parse_key(cls, key: str) -> Self:
        """Parse a stream key with any prefix. Raises LinkError."""
        for prefix in (_STILL, _STREAM, _EXTERNAL):
            key = key.removeprefix(prefix)
        camera, _, channel = key.partition("_")
        try:
            return cls(int(camera), int(channel) if channel else None)
        except ValueError:
            raise LinkError(LinkRefusal.GONE) from None


# Takes a snapshot with the camera itself. Arguments: the camera's and the channel's
# node id, minimum width and height (pixels).
type Snapshot = Callable[[int, int | None, int, int], Awaitable[bytes | None]]


@dataclass(frozen=True, slots=True)
class OwnStream:
    """Callbacks of Home Assistant's stream of a camera.

    Attributes:
        may_start: Called when the stream connects; returns whether it is needed.
        restart: Called before the stream is disconnected because the portal's session
            ended and could not be resumed.
    """

    may_start: Callable[[], bool]
    restart: Callable[[], None]


class LiveView:
    """Owns the relay and the still images of one account.

    Makes no request until a client connects or an image is requested.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: NetrexConfigEntry,
        client: NetrexClient,
        *,
        inventory: InventoryCoordinator,
        status: StatusCoordinator,
        store: NetrexStore,
        snapshot: Snapshot | None = None,
    ) -> None:
        self._hass = hass
        self._entry = entry
        self._client = client
        self._inventory = inventory
        self._status = status
        pinned = entry.options.get(CONF_LIVE_TRANSPORT, TRANSPORT_AUTO)
        self._choice = TransportChoice(
            lambda: client.schema.transports,
            None if pinned == TRANSPORT_AUTO else LiveTransport(pinned),
        )
        # By camera: the selected profile, and the transport of the last session.
        self._profiles: dict[int, int] = {}
        self._transports: dict[int, LiveTransport] = {}
        self._listeners: set[Callable[[], None]] = set()
        self._store = store
        self._link_counts = HourlyCounts()
        self._link_counts.restore(store.data.get("links"))
        self._streams: dict[str, OwnStream] = {}
        self._viewer_links = self._broker(Lane.INTERACTIVE)
        self._still_links = self._broker(Lane.STATUS)
        self._relay = Relay(
            self._async_get_link,
            dial=Dialer(
                async_get_clientsession(hass),
                get_default_context(),
                AddressGate(entry.data[CONF_URL]),
            ),
            transport=self._transport,
            on_started=self._async_started,
            on_ended=self._async_ended,
            on_closing=self._async_closing,
            resumes=lambda key: key.startswith(_RESUMED),
        )
        self.access = RelayAccess(hass, entry, self._relay, store)
        self.stills = Stills(
            hass,
            lambda key: self._relay.url(f"{_STILL}{key}"),
            stretch=lambda: client.pacer.ledger.stretch,
            camera=None if snapshot is None else partial(_take, snapshot),
        )

    async def async_start(self) -> None:
        """Open the ports. Raises OSError if no loopback port is free."""
        await self._relay.start()
        await self.access.async_start()

    async def async_stop(self) -> None:
        """Disconnect all viewers, cancel all tasks, close all ports; idempotent."""
        await self._viewer_links.close()
        await self._still_links.close()
        await self.access.async_stop()
        await self._relay.stop()
        await self.stills.async_stop()
        async_delete_issue(self._hass, self._entry, Issue.LIVE_VIEW)

    def stream_source(self, source: VideoSource) -> str:
        """Return the address for viewers; makes no request, stable until a reload."""
        return self._relay.url(str(source))

    def own_source(self, source: VideoSource, stream: OwnStream) -> str:
        """Return the address for Home Assistant's stream."""
        self._streams[f"{_STREAM}{source}"] = stream
        return self._relay.url(f"{_STREAM}{source}")

    def external_source(self, source: VideoSource) -> str:
        """Return the address for other devices. Raises a translated error."""
        return self.access.url(f"{_EXTERNAL}{source}")

    @property
    def sessions(self) -> int:
        """The current number of live sessions, including those for still images."""
        return self._relay.stats.live_sessions

    @property
    def links_taken(self) -> int:
        """The number of links in the last 24 hours."""
        return self._link_counts.total

    def last_transport(self, camera_id: int) -> LiveTransport | None:
        """Return the transport of a camera's last session."""
        return self._transports.get(camera_id)

    @callback
    def async_add_listener(self, listener: Callable[[], None]) -> CALLBACK_TYPE:
        """Call `listener` when viewers connect or leave."""
        self._listeners.add(listener)
        return partial(self._listeners.discard, listener)

    @callback
    def async_select_profile(
        self, camera_id: int, stream_profile_id: int | None
    ) -> None:
        """Use this profile for future viewers of a camera; None: the default."""
        if stream_profile_id is None:
            self._profiles.pop(camera_id, None)
        else:
            self._profiles[camera_id] = stream_profile_id

    def profile(self, camera: Camera) -> StreamProfile | None:
        """Return the profile that future viewers of a camera get."""
        selected = self._profiles.get(camera.node_id)
        return next(
            (
                profile
                for profile in camera.stream_profiles
                if profile.stream_profile_id == selected
            ),
            default_profile(camera.stream_profiles),
        )

    def diagnostics(self) -> dict[str, Any]:
        """Return counts, without addresses."""
        return asdict(self._relay.stats) | {
            "links_in_24_hours": self.links_taken,
            "cameras_by_last_transport": Counter(self._transports.values()),
        }

    def _broker(self, lane: Lane) -> LinkBroker:
        return LinkBroker(
            partial(self._client.live_links, lane=lane),
            self._async_resolve,
            on_error=self._async_failed,
        )

    def _broker_of(self, key: str) -> LinkBroker:
        return self._still_links if key.startswith(_STILL) else self._viewer_links

    async def _async_get_link(self, key: str) -> Link:
        transport = self._transport(key)
        if key in self._streams and not self._streams[key].may_start():
            raise LinkError(LinkRefusal.GONE)
        try:
            link = await self._broker_of(key).get_link(key)
        except LinkError as err:
            camera_id = VideoSource.parse_key(key).camera_id
            if (
                err.refusal is LinkRefusal.GONE
                and transport is not LiveTransport.RTSP
                and self._is_connected(camera_id)
            ):
                # The camera exists, so the transport is missing.
                self._choice.failed(camera_id, transport)
            raise
        self._link_counts.record()
        self._store.data["links"] = self._link_counts.as_dict()
        return link

    def _transport(self, key: str) -> LiveTransport:
        return self._choice.choose(VideoSource.parse_key(key).camera_id)

    def _is_connected(self, camera_id: int) -> bool:
        """Return whether the portal reports a camera as connected."""
        status = self._status.data.get(camera_id)
        return status is not None and bool(status.is_connected)

    @callback
    def _async_resolve(self, key: str) -> LinkRequest:
        """Return the request for a stream's link. Raises LinkError."""
        source = VideoSource.parse_key(key)
        camera = self._inventory.data.cameras.get(source.camera_id)
        if camera is None:
            raise LinkError(LinkRefusal.GONE)
        profile = self.profile(camera)
        return LinkRequest(
            camera.node_id,
            self._choice.choose(camera.node_id),
            stream_profile_id=None if profile is None else profile.stream_profile_id,
            video_channel_node_id=source.channel_id,
        )

    @callback
    def _async_failed(self, error: NetrexError) -> None:
        """Check a refused token, which only a coordinator does otherwise."""
        if isinstance(error, NetrexAuthError):
            self._status.async_check_token()

    @callback
    def _async_started(self, key: str, transport: LiveTransport) -> None:
        self._transports[VideoSource.parse_key(key).camera_id] = transport
        self._async_changed()

    @callback
    def _async_ended(self, end: SessionEnd) -> None:
        self._broker_of(end.stream_key).ended(end)
        camera_id = VideoSource.parse_key(end.stream_key).camera_id
        if end.played_seconds:
            self._choice.worked(camera_id, end.transport)
            async_delete_issue(self._hass, self._entry, Issue.LIVE_VIEW)
        elif end.reason in (EndReason.REFUSED, EndReason.UNREACHABLE):
            self._choice.failed(camera_id, end.transport)
            # Assume a network problem only if the camera is connected to the portal.
            if self._is_connected(camera_id) and self._choice.all_fail(camera_id):
                is_auto = self._choice.pinned is None
                key = "live_view_fails" if is_auto else "live_transport_fails"
                async_create_issue(self._hass, self._entry, Issue.LIVE_VIEW, key)
        self._async_changed()

    @callback
    def _async_closing(self, key: str, reason: EndReason) -> None:
        if reason is EndReason.UPSTREAM and key in self._streams:
            self._streams[key].restart()
        self._async_changed()

    @callback
    def _async_changed(self) -> None:
        for listener in tuple(self._listeners):
            listener()


async def _take(snapshot: Snapshot, key: str, size: Size | None) -> bytes | None:
    source = VideoSource.parse_key(key)
    return await snapshot(source.camera_id, source.channel_id, *(size or (0, 0)))
