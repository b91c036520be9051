"""Authentication of clients of local links (RFC 2617, RFC 7616, RFC 2069)."""

import base64
import hashlib
import re
import secrets

from .message import Request, RtspError

USER = "viewer"
_REALM = "camera"
_FIELD = re.compile(r'(\w+)=(?:"([^"]*)"|([^\s,"]+))')
_ALGORITHMS = {"sha256": "SHA-256", "md5": "MD5", "md5_without_qop": ""}


class Authenticator:
    """Checks the requests of one connection."""

    def __init__(self, password: str, scheme: str) -> None:
        """Accept USER with `password`; `scheme` as in `local_authentication`."""
        self._password = password
        self._scheme = scheme
        self._nonce = secrets.token_hex(16)
        self._counts: set[str] = set()

    def check(self, request: Request) -> None:
        """Raise RtspError if a request is not authenticated."""
        answer = request.headers.get("authorization", "")
        if not (
            self._is_basic(answer)
            if self._scheme == "basic"
            else self._is_digest(request, answer)
        ):
            raise RtspError(401, {"WWW-Authenticate": self._challenge()})

    def _challenge(self) -> str:
        if self._scheme == "basic":
            return f'Basic realm="{_REALM}"'
        challenge = f'Digest realm="{_REALM}", nonce="{self._nonce}"'
        if algorithm := _ALGORITHMS[self._scheme]:
            challenge += f', algorithm={algorithm}, qop="auth", opaque="0"'
        return challenge

    def _is_basic(self, answer: str) -> bool:
        expected = base64.b64encode(f"{USER}:{self._password}".encode()).decode()
        return answer == f"Basic {expected}"

    def _is_digest(self, request: Request, answer: str) -> bool:
        scheme, _, rest = answer.partition(" ")
        found = {name: a or b for name, a, b in _FIELD.findall(rest)}
        if (
            scheme != "Digest"
            or found.get("nonce") != self._nonce
            or found.get("uri") != request.uri
            or found.get("username") != USER
        ):
            return False
        first = self._hash(USER, _REALM, self._password)
        second = self._hash(request.method, request.uri)
        middle = [self._nonce]
        if _ALGORITHMS[self._scheme]:
            count = found.get("nc", "")
            if found.get("qop") != "auth" or count in self._counts:
                return False
            self._counts.add(count)
            middle += [count, found.get("cnonce", ""), "auth"]
        return found.get("response") == self._hash(first, *middle, second)

    def _hash(self, *parts: str) -> str:
        text = ":".join(parts).encode()
        if self._scheme == "sha256":
            return hashlib.sha256(text).hexdigest()
        return hashlib.md5(text, usedforsecurity=False).hexdigest()
