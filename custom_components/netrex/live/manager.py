"""Live view of one account: what a stream's key means, and who watches."""

from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Self, override

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.util.ssl import get_default_context

from ..client import (
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

# Stills have keys of their own: they wait behind what people watch, and a camera that
# gives none does not slow down its live view.
_STILL = "still_"
# So has Home Assistant's own stream, which bears an interruption worst: it waits long
# unless told, and the frontend's player gives up some segments later.
_STREAM = "stream_"
# And so have other machines, whose visits and failures must not slow down what people
# watch in Home Assistant.
_OUTSIDE = "outside_"


@dataclass(frozen=True, slots=True)
class VideoSource:
    """A picture that can be watched: a camera's, or one of its video channels'."""

    camera_id: int
    channel_id: int | None = None

    @override
    def __str__(self) -> str:
        """Return its key in relay addresses and unique ids."""
        channel = "" if self.channel_id is None else f"_{self.channel_id}"
        return f"{self.camera_id}{channel}"

    @classmethod
    def parse_key(cls, key: str) -> Self:
        """Read a relay's key, whoever it is for. Raises LinkError."""
        for prefix in (_STILL, _STREAM, _OUTSIDE):
            key = key.removeprefix(prefix)
        camera, _, channel = key.partition("_")
        try:
            return cls(int(camera), int(channel) if channel else None)
        except ValueError:
            raise LinkError(LinkRefusal.GONE) from None


# Has a camera take a picture: its node, a channel's of it, least width and height.
type Snapshot = Callable[[int, int | None, int, int], Awaitable[bytes | None]]


@dataclass(frozen=True, slots=True)
class OwnStream:
    """What live view has to know of a stream of Home Assistant's own, and tell it.

    Attributes:
        may_begin: Called when it connects; says whether anybody watches it.
        restart: Called when the portal has ended its picture, which could not be
            resumed, before the stream learns of that.
    """

    may_begin: Callable[[], bool]
    restart: Callable[[], None]


class LiveView:
    """Owns the relay and the stills of one account.

    Nothing is asked from the portal before somebody connects or wants an image.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: NetrexConfigEntry,
        client: NetrexClient,
        store: NetrexStore,
        snapshot: Snapshot | None = None,
    ) -> None:
        """Prepare; `async_start` opens the port."""
        self._hass = hass
        self._entry = entry
        self._client = client
        pinned = entry.options.get(CONF_LIVE_TRANSPORT, TRANSPORT_AUTO)
        self._choice = TransportChoice(
            lambda: client.schema.transports,
            None if pinned == TRANSPORT_AUTO else LiveTransport(pinned),
        )
        self._profiles: dict[int, int] = {}
        # Of a view's key; of all views under None.
        self._listeners: defaultdict[str | None, set[Callable[[], None]]] = defaultdict(
            set
        )
        # By which transport each camera's last picture came.
        self._transports: dict[int, LiveTransport] = {}
        self._store = store
        self._link_counts = HourlyCounts()
        self._link_counts.restore(store.data.get("links"))
        self._streams: dict[str, OwnStream] = {}
        self._people = self._broker(Lane.INTERACTIVE)
        self._pictures = self._broker(Lane.STATUS)
        self._relay = Relay(
            self._async_get_link,
            dial=Dialer(async_get_clientsession(hass), get_default_context()),
            transport=self._transport,
            on_started=self._async_started,
            on_ended=self._async_ended,
            on_closing=self._async_closing,
            resumes=lambda key: key.startswith(_STREAM),
        )
        self.access = RelayAccess(hass, entry, self._relay, store)
        self.stills = Stills(
            hass,
            lambda key: self._relay.url(f"{_STILL}{key}"),
            stretch=lambda: client.pacer.ledger.stretch,
            camera=None if snapshot is None else partial(_take, snapshot),
        )

    async def async_start(self) -> None:
        """Listen. Raises OSError if loopback has no free port."""
        await self._relay.start()
        await self.access.async_start()

    async def async_stop(self) -> None:
        """Disconnect all viewers; leave no task and no port. May be called again."""
        await self._people.close()
        await self._pictures.close()
        await self.access.async_stop()
        await self._relay.stop()
        await self.stills.async_stop()
        async_delete_issue(self._hass, self._entry, Issue.LIVE_VIEW)

    def stream_source(self, view: VideoSource) -> str:
        """Return the address of a view: free, and the same until a reload."""
        return self._relay.url(str(view))

    def own_source(self, view: VideoSource, stream: OwnStream) -> str:
        """Return the address of a view for Home Assistant's own stream."""
        self._streams[f"{_STREAM}{view}"] = stream
        return self._relay.url(f"{_STREAM}{view}")

    def outside_source(self, view: VideoSource) -> str:
        """Return the address of a view for other machines.

        Raises a translated error if there is none.
        """
        return self.access.url(f"{_OUTSIDE}{view}")

    def viewers(self, view: VideoSource) -> int:
        """Return how many watch a view now."""
        return sum(
            self._relay.viewers(f"{prefix}{view}") for prefix in ("", _STREAM, _OUTSIDE)
        )

    @property
    def sessions(self) -> int:
        """How many connections bring a picture now, those for stills included."""
        return self._relay.stats.live_sessions

    @property
    def links_taken(self) -> int:
        """How many links were taken in the last 24 hours."""
        return self._link_counts.total

    def last_transport(self, camera_id: int) -> LiveTransport | None:
        """Return by which transport a camera's last picture came."""
        return self._transports.get(camera_id)

    @callback
    def async_add_listener(
        self, view: VideoSource | None, listener: Callable[[], None]
    ) -> CALLBACK_TYPE:
        """Call `listener` when a view's viewers may have changed; None: any view's."""
        listeners = self._listeners[None if view is None else str(view)]
        listeners.add(listener)
        return partial(listeners.discard, listener)

    @callback
    def async_select_profile(
        self, camera_id: int, stream_profile_id: int | None
    ) -> None:
        """Show a camera in this profile from the next viewer on; None: the default."""
        if stream_profile_id is None:
            self._profiles.pop(camera_id, None)
        else:
            self._profiles[camera_id] = stream_profile_id

    def profile(self, camera: Camera) -> StreamProfile | None:
        """Return the profile in which a camera is shown."""
        chosen = self._profiles.get(camera.node_id)
        return next(
            (
                profile
                for profile in camera.stream_profiles
                if profile.stream_profile_id == chosen
            ),
            default_profile(camera.stream_profiles),
        )

    def diagnostics(self) -> dict[str, Any]:
        """Return counts and kinds; no addresses."""
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
        return self._pictures if key.startswith(_STILL) else self._people

    async def _async_get_link(self, key: str) -> Link:
        transport = self._transport(key)
        if key in self._streams and not self._streams[key].may_begin():
            raise LinkError(LinkRefusal.GONE)
        try:
            link = await self._broker_of(key).get_link(key)
        except LinkError as err:
            camera_id = VideoSource.parse_key(key).camera_id
            status = self._entry.runtime_data.status.data.get(camera_id)
            if (
                err.refusal is LinkRefusal.GONE
                and transport is not LiveTransport.RTSP
                and status is not None
                and status.is_connected
            ):
                # A camera that is there has no such link: the transport is missing.
                self._choice.failed(camera_id, transport)
            raise
        self._link_counts.record()
        self._store.data["links"] = self._link_counts.as_dict()
        return link

    def _transport(self, key: str) -> LiveTransport:
        return self._choice.choose(VideoSource.parse_key(key).camera_id)

    @callback
    def _async_resolve(self, key: str) -> LinkRequest:
        """Say what the portal has to be asked for. Raises LinkError."""
        view = VideoSource.parse_key(key)
        cameras = self._entry.runtime_data.inventory.data.cameras
        if (camera := cameras.get(view.camera_id)) is None:
            raise LinkError(LinkRefusal.GONE)
        profile = self.profile(camera)
        return LinkRequest(
            camera.node_id,
            self._choice.choose(camera.node_id),
            stream_profile_id=None if profile is None else profile.stream_profile_id,
            video_channel_node_id=view.channel_id,
        )

    @callback
    def _async_failed(self, error: NetrexError) -> None:
        """See to it that somebody signs in again; nobody else notices here."""
        if isinstance(error, NetrexAuthError):
            self._entry.async_start_reauth(self._hass)

    @callback
    def _async_ended(self, end: SessionEnd) -> None:
        self._broker_of(end.stream_key).ended(end)
        camera_id = VideoSource.parse_key(end.stream_key).camera_id
        if end.played_seconds:
            self._choice.worked(camera_id, end.transport)
            async_delete_issue(self._hass, self._entry, Issue.LIVE_VIEW)
        elif end.reason in (EndReason.REFUSED, EndReason.UNREACHABLE):
            self._choice.failed(camera_id, end.transport)
            self._async_tell_if_all_fail(camera_id)
        self._async_changed(end.stream_key)

    @callback
    def _async_closing(self, key: str, ending: EndReason) -> None:
        if ending is EndReason.UPSTREAM and key in self._streams:
            self._streams[key].restart()
        self._async_changed(key)

    @callback
    def _async_tell_if_all_fail(self, camera_id: int) -> None:
        """Create an issue where the network, and not the camera, must be to blame."""
        status = self._entry.runtime_data.status.data.get(camera_id)
        if status is None or not status.is_connected:
            return
        if self._choice.all_fail(camera_id):
            async_create_issue(
                self._hass,
                self._entry,
                Issue.LIVE_VIEW,
                "live_view_fails"
                if self._choice.pinned is None
                else "live_transport_fails",
            )

    @callback
    def _async_started(self, key: str, transport: LiveTransport) -> None:
        self._transports[VideoSource.parse_key(key).camera_id] = transport
        self._async_changed(key)

    @callback
    def _async_changed(self, key: str) -> None:
        view_key = key.removeprefix(_STREAM).removeprefix(_OUTSIDE)
        for listener in (
            *self._listeners.get(view_key, ()),
            *self._listeners.get(None, ()),
        ):
            listener()


async def _take(snapshot: Snapshot, key: str, size: Size | None) -> bytes | None:
    """Take the picture of a view for the stills."""
    view = VideoSource.parse_key(key)
    return await snapshot(view.camera_id, view.channel_id, *(size or (0, 0)))
