"""Live view links: short-lived, single-use secrets in the path of an RTSP URL."""

from dataclasses import dataclass
import secrets
from urllib.parse import quote

from ..clock import Clock
from ..records import LinkRecord
from ..switches import Switches
from ..world.model import StreamProfile
from .authentication import USER

# In the vendor's sample URL the name starts with that of the media server.
_PREFIX = "nvhs10"


class LinkRefusedError(Exception):
    """A link is unknown, expired, in use, or used up."""


@dataclass(slots=True, eq=False)
class Link:
    """What a link gives access to, and the connection that uses it.

    `view_node_id` is the camera's or the video channel's node. `holder` is the
    connection that claimed the link.
    """

    node_id: int
    view_node_id: int
    profile: StreamProfile
    transport: str
    minted_at: float
    record: LinkRecord
    password: str = ""
    holder: object | None = None
    spent: bool = False


class LinkBook:
    """The links that have been created and may still be used."""

    def __init__(self, clock: Clock, switches: Switches) -> None:
        self._clock = clock
        self._switches = switches
        self._links: dict[str, Link] = {}

    def mint(
        self,
        node_id: int,
        view_node_id: int,
        profile: StreamProfile,
        base: str,
        transport: str,
    ) -> tuple[str, Link]:
        """Return a new link and its secret name.

        `base` is the URL that the name is appended to.
        """
        now = self._clock.now()
        self._links = {
            name: link
            for name, link in self._links.items()
            if not link.spent and (link.holder is not None or self._fresh(link, now))
        }
        name = f"{_PREFIX}~{int(now)}~{secrets.token_hex(32)}"
        password = ""
        if transport == "local" and self._switches.local_authentication != "none":
            # Has characters that have to be quoted in a URL.
            password = f"p@ss:/{secrets.token_hex(8)}"
            scheme, _, place = base.partition("://")
            base = f"{scheme}://{USER}:{quote(password, safe='')}@{place}"
        record = LinkRecord(node_id, f"{base}/{name}", now, transport)
        link = Link(node_id, view_node_id, profile, transport, now, record, password)
        self._links[name] = link
        return name, link

    def _fresh(self, link: Link, now: float) -> bool:
        return now - link.minted_at < self._switches.link_lifetime

    def find(self, name: str, holder: object) -> Link:
        """Return the link of this name for the connection `holder`.

        Raises LinkRefusedError if it may not use it.
        """
        link = self._links.get(name)
        if link is None or link.spent:
            raise LinkRefusedError
        if link.holder is holder:
            return link
        if link.holder is not None or not self._fresh(link, self._clock.now()):
            raise LinkRefusedError
        return link

    def unused(self, name: str, transport: str) -> bool:
        """Return whether the link of this name and transport can still be used."""
        link = self._links.get(name)
        return (
            link is not None
            and link.transport == transport
            and not link.spent
            and link.holder is None
            and self._fresh(link, self._clock.now())
        )

    def touch(self, link: Link, holder: object) -> None:
        """Record that a connection sent a request with the link."""
        if self._switches.link_single_use == "connection":
            link.holder = holder

    def open_session(self, link: Link, holder: object) -> None:
        """Record that a connection opened an RTSP session with the link."""
        if self._switches.link_single_use != "never":
            link.holder = holder

    def release(self, holder: object) -> None:
        """Use up the links of a connection that has ended."""
        for link in self._links.values():
            if link.holder is holder:
                link.spent = True
