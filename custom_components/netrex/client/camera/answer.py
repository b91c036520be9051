"""Parses the responses of cameras, which report failures in several ways."""

import codecs
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
import re

from ..errors import (
    NetrexCameraError,
    NetrexCameraMethodError,
    NetrexCameraNotFoundError,
    NetrexCameraOfflineError,
    NetrexCameraPermissionError,
    NetrexCameraRefusedError,
    NetrexCameraResponseError,
    NetrexCameraTokenError,
    NetrexError,
    NetrexRateLimitedError,
)
from ..graphql_errors import redact
from ..json_body import parse_json
from ..values import as_int, as_mapping, as_raw_text, is_mapping

# Real responses have a few hundred. More would block the event loop.
MAX_VALUES = 20_000
# Failures of the text interfaces: param.cgi, applications, com/ptz.cgi.
_FAILURE = re.compile(r"^(?:# Error:|# Request failed:|Error:)\s*+(.*)", re.MULTILINE)
# A line of text, or a string of JSON, which need not have line breaks.
_PART = re.compile(rb"""[^\r\n"]*[\r\n"]+|[^\r\n"]+""")
_HTML = re.compile(
    r"\s*+<(?:!doctype\s+html\b|html\b|head\b|body\b|\?xml\b|!--)", re.IGNORECASE
)

_STATUSES: Mapping[int, type[NetrexCameraError]] = {
    400: NetrexCameraRefusedError,
    401: NetrexCameraTokenError,
    403: NetrexCameraPermissionError,
    404: NetrexCameraNotFoundError,
    405: NetrexCameraMethodError,
    408: NetrexCameraOfflineError,
    502: NetrexCameraOfflineError,
    503: NetrexCameraOfflineError,
    504: NetrexCameraOfflineError,
}

# If a camera or an application reports these itself, they do not concern the gateway.
_NOT_IN_BODY = (
    NetrexCameraTokenError,
    NetrexCameraPermissionError,
    NetrexRateLimitedError,
)


def status_error(status: int, retry_after: float | None = None) -> NetrexError | None:
    """Return the error for a non-2xx status, None for success.

    `retry_after` is in seconds.
    """
    text = f"HTTP status {status}"
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return NetrexRateLimitedError(
            f"The gateway limits calls ({text})", retry_after=retry_after
        )
    if error := _STATUSES.get(status):
        return error(text)
    if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return NetrexCameraResponseError(text)
    return None


@dataclass(frozen=True, slots=True)
class CameraAnswer:
    """A camera's response with a 2xx status.

    Attributes:
        content_type: In lower case and without parameters; empty if there is none.
        body: Not decoded.
    """

    content_type: str
    body: bytes = field(repr=False)

    @property
    def text(self) -> str:
        """The body as text.

        Each name is UTF-8 or Latin-1: names set with old firmware keep its encoding.
        """
        body = self.body.removeprefix(codecs.BOM_UTF8)
        return "".join(map(_decode, _PART.findall(body)))


def _decode(part: bytes) -> str:
    try:
        return part.decode()
    except UnicodeDecodeError:
        return part.decode("latin-1")


def read_text(answer: CameraAnswer, token: str = "") -> str:
    """Return the text of a response.

    Raises:
        NetrexCameraResponseError: It is an HTML page.
        NetrexCameraRefusedError: It describes a failure, without the `token`.
    """
    text = answer.text
    if _HTML.match(text):
        raise NetrexCameraResponseError("The response is an HTML page")
    if failure := _FAILURE.search(text):
        # The reason is on the same line or on the next.
        reason = failure[1].strip() or "no reason given"
        raise NetrexCameraRefusedError(redact(reason, token), code=as_int(reason))
    return text


def read_json(answer: CameraAnswer, token: str = "") -> Mapping[str, object]:
    """Return the JSON object of a response.

    Raises:
        NetrexCameraError: It describes a failure, without the `token`. VAPIX reports
            an `error`, the CamStreamer App a `status` as in HTTP. Only HTTP itself
            reports the token, its permission, and the gateway's limit.
    """
    try:
        parsed = parse_json(answer.text.encode(), MAX_VALUES)
    except ValueError:
        read_text(answer, token)
        raise NetrexCameraResponseError("The response is not JSON") from None
    if not is_mapping(parsed):
        raise NetrexCameraResponseError("The response is not a JSON object")
    content = as_mapping(parsed)
    if error := content.get("error"):
        item = as_mapping(error)
        reason = as_raw_text(item.get("message")) or as_raw_text(error)
        raise NetrexCameraRefusedError(
            redact(reason or "no reason given", token), code=as_int(item.get("code"))
        )
    status = as_int(content.get("status"))
    if (
        status is not None
        and status >= HTTPStatus.BAD_REQUEST
        and (refusal := status_error(status))
    ):
        if type(refusal) in _NOT_IN_BODY:
            raise NetrexCameraResponseError(f"The response reports status {status}")
        raise refusal
    return content
