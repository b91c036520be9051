"""Translates the URLs of an RTSP session between the relay's and the portal's.

The client receives only the relay's address. URLs in messages from the portal's server
are translated for the client, and those in the client's requests are translated back.
"""

from collections.abc import Iterable
import re
from urllib.parse import unquote, urlsplit

from .rtsp import Message, Request, Response, RtspError

# A URL in a header or an SDP. In RTP-Info (RFC 2326 section 12.33) parameters and
# further URLs follow without a space, and the URL may contain their separators.
_URL = re.compile(
    r'rtsps?://[^\s"<>]+?(?=;(?:seq|rtptime|ssrc)=|,\s*url=|[\s"<>]|$)',
    re.IGNORECASE,
)
# May follow the URL of a presentation in the URL of a track.
_SUFFIX = re.compile(r"(?:[/?].*)?")
_ALIAS = re.compile(r"/@(\d+)(.*)")
# Parts of a link that may be its secret; the documented example has 64 characters.
_SECRET = re.compile(r"(?=[A-Za-z_-]*\d)[\w-]{12,}")
# Words of every description, which would be damaged if a camera's user had that name.
_ORDINARY = frozenset(
    {"audio", "application", "control", "live", "media", "range", "stream", "video"}
)
_SCRUBBED = "-"
# A presentation has a base URL and a few tracks.
_MAX_ALIASES = 32


def link_secrets(url: str) -> set[str]:
    """Return the secret parts of a link."""
    parts = urlsplit(url)
    secrets = set(_SECRET.findall(f"{parts.path}?{parts.query}"))
    credentials = (parts.username or "", parts.password or "")
    return secrets | {
        text
        for part in credentials
        for text in (part, unquote(part))
        if text and text.lower() not in _ORDINARY
    }


class UrlMap:
    """Translates between `local` and `upstream`, the two URLs of one stream.

    A URL below `upstream` keeps its suffix below `local`. Any other URL of the portal's
    server gets an alias below `local`, because its suffix could be a secret.

    Args:
        local: The URL for the client.
        upstream: The URL for the portal's server.
        secrets: Texts that must not reach the client.
    """

    def __init__(self, local: str, upstream: str, secrets: Iterable[str]) -> None:
        self._local = local
        self._upstream = upstream
        self._secrets = tuple(secrets)
        self._aliases: list[str] = []

    def to_upstream(self, url: str) -> str | None:
        """Return the portal's URL for a client's URL; None if not below `local`."""
        if url == "*":
            return url
        tail = url.removeprefix(self._local)
        if not (url.startswith(self._local) and _SUFFIX.fullmatch(tail)):
            return None
        if (match := _ALIAS.fullmatch(tail)) is None:
            return self._upstream + tail
        number = int(match[1])
        return self._aliases[number] + match[2] if number < len(self._aliases) else None

    def localize(self, message: Message) -> None:
        """Translate all URLs of a message for the client, and mask secrets.

        Raises RtspError if the message needs too many aliases.
        """
        if isinstance(message, Request):
            message.uri = self._text(message.uri)
        elif isinstance(message, Response):
            message.reason = self._text(message.reason)
        message.headers = [
            (self._text(name), self._text(text)) for name, text in message.headers
        ]
        if message.body:
            body = message.body.decode(errors="surrogateescape")
            message.body = self._text(body).encode(errors="surrogateescape")

    def _text(self, text: str) -> str:
        text = _URL.sub(lambda match: self._to_local(match[0]), text)
        for secret in self._secrets:
            text = text.replace(secret, _SCRUBBED)
        return text

    def _to_local(self, url: str) -> str:
        tail = url.removeprefix(self._upstream)
        if url.startswith(self._upstream) and self._may_show(tail):
            return self._local + tail
        # URLs of tracks must stay below their base URL.
        for number, alias in enumerate(self._aliases):
            tail = url.removeprefix(alias)
            if url.startswith(alias) and self._may_show(tail) and "?" not in tail:
                return f"{self._local}/@{number}{tail}"
        if len(self._aliases) == _MAX_ALIASES:
            raise RtspError("too many URLs")
        stem = url.rstrip("/")
        self._aliases.append(stem)
        return f"{self._local}/@{len(self._aliases) - 1}{url[len(stem) :]}"

    def _may_show(self, tail: str) -> bool:
        return _SUFFIX.fullmatch(tail) is not None and not any(
            secret in tail for secret in self._secrets
        )
