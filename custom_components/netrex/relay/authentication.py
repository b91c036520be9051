"""Authentication at a server by a link's user name and password.

Digest (RFC 7616, and its predecessors RFC 2617 and RFC 2069) and Basic (RFC 7617).
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field, replace
import hashlib
import re
import secrets
from urllib.parse import unquote, urlsplit

from .rtsp import Request, Response

_SCHEME = re.compile(r"(?:^|[\s,])(digest|basic)\s", re.IGNORECASE)
_FIELD = re.compile(r'(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')
_ESCAPED = re.compile(r"\\(.)")
_UNSAFE = re.compile(r'(["\\])')


def _md5(data: bytes) -> str:
    # Prescribed by RFC 2617; most cameras know nothing else.
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


# The strongest first.
_ALGORITHMS: dict[str, Callable[[bytes], str]] = {
    "SHA-256": _sha256,
    "SHA-256-SESS": _sha256,
    "MD5": _md5,
    "MD5-SESS": _md5,
}
# Requests whose answers are outstanding; players send one at a time.
_MAX_SENT = 16


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user name and a password."""

    user: str
    password: str = field(repr=False)

    @classmethod
    def of(cls, url: str) -> Credentials | None:
        """Return the credentials in a URL, if any. Raises ValueError."""
        parts = urlsplit(url)
        if parts.username is None:
            return None
        return cls(unquote(parts.username), unquote(parts.password or ""))


@dataclass(frozen=True, slots=True)
class _Challenge:
    """A server's request to authenticate; an empty algorithm stands for Basic."""

    algorithm: str
    fields: dict[str, str] = field(repr=False)

    @property
    def rank(self) -> int:
        """The weakness of the algorithm."""
        ranks = [*_ALGORITHMS, ""]
        return ranks.index(self.algorithm)


class Authenticator:
    """Authenticates the requests on one connection.

    Args:
        credentials: The link's.
    """

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._challenge: _Challenge | None = None
        self._count = 0
        # By sequence number, oldest first; and those that have been repeated.
        self._sent: dict[str, Request] = {}
        self._repeated: set[str] = set()

    def authorize(self, request: Request) -> None:
        """Add credentials to a request, once the server has asked for them."""
        request.set_header("Authorization", None)
        number = request.header("CSeq") or ""
        self._sent[number] = replace(request, headers=list(request.headers))
        if len(self._sent) > _MAX_SENT:
            oldest = next(iter(self._sent))
            del self._sent[oldest]
            self._repeated.discard(oldest)
        if self._challenge is not None:
            request.set_header("Authorization", self._value(self._challenge, request))

    def retry(self, answer: Response) -> Request | None:
        """Return the request to repeat after an answer that asks for credentials.

        None if the server has rejected the credentials.
        """
        number = answer.header("CSeq") or ""
        offers = _challenges(answer)
        if number not in self._sent or number in self._repeated or not offers:
            return None
        offer = min(offers, key=lambda challenge: challenge.rank)
        if offer == self._challenge:
            return None
        # The first challenge, or another nonce because the last one has expired.
        self._challenge = offer
        self._count = 0
        self._repeated.add(number)
        return self._sent[number]

    def _value(self, challenge: _Challenge, request: Request) -> str:
        user, password = self._credentials.user, self._credentials.password
        if not challenge.algorithm:
            pair = base64.b64encode(f"{user}:{password}".encode()).decode()
            return f"Basic {pair}"
        fields = challenge.fields
        realm, nonce = fields.get("realm", ""), fields.get("nonce", "")
        digest = _ALGORITHMS[challenge.algorithm]
        self._count += 1
        count, own = f"{self._count:08x}", secrets.token_hex(8)

        def join(*parts: str) -> str:
            return digest(":".join(parts).encode(errors="surrogateescape"))

        first = join(user, realm, password)
        if challenge.algorithm.endswith("-SESS"):
            first = join(first, nonce, own)
        second = join(request.method, request.uri)
        texts = {"username": user, "realm": realm, "nonce": nonce, "uri": request.uri}
        plain: dict[str, str] = {}
        if "qop" in fields:
            plain = {"qop": "auth", "nc": count}
            texts["cnonce"] = own
            texts["response"] = join(first, nonce, count, own, "auth", second)
        else:
            texts["response"] = join(first, nonce, second)
        if "algorithm" in fields:
            plain["algorithm"] = fields["algorithm"]
        if "opaque" in fields:
            texts["opaque"] = fields["opaque"]
        items = [
            f'{name}="{_UNSAFE.sub(r"\\\1", text)}"' for name, text in texts.items()
        ]
        items += [f"{name}={text}" for name, text in plain.items()]
        return f"Digest {', '.join(items)}"


def _challenges(answer: Response) -> list[_Challenge]:
    """Return the challenges that can be answered."""
    found: list[_Challenge] = []
    for name, value in answer.headers:
        if name.lower() != "www-authenticate":
            continue
        # One header may have several challenges.
        _, *parts = _SCHEME.split(value)
        for scheme, text in zip(parts[::2], parts[1::2], strict=True):
            fields = {
                key.lower(): _ESCAPED.sub(r"\1", quoted) or token
                for key, quoted, token in _FIELD.findall(text)
            }
            algorithm = fields.get("algorithm", "MD5").upper()
            offered = {
                item.strip().lower() for item in fields.get("qop", "auth").split(",")
            }
            if scheme.lower() == "basic":
                found.append(_Challenge("", fields))
            elif algorithm in _ALGORITHMS and "auth" in offered:
                found.append(_Challenge(algorithm, fields))
    return found
