"""What a camera's answer means: success, or one of the ways in which it says no."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
import json
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
from ..values import as_int, as_mapping, as_text

# The failures of older interfaces: param.cgi, applications, com/ptz.cgi.
_FAILURE = re.compile(r"^(?:# Error:|# Request failed:|Error:)\s*(.*)", re.MULTILINE)
_PAGE = re.compile(r"\s*<(?:!doctype\s+html|html)\b", re.IGNORECASE)

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


def status_error(status: int, retry_after: float | None = None) -> NetrexError | None:
    """Return what a status means that is none of success."""
    text = f"HTTP status {status}"
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return NetrexRateLimitedError(
            f"The gateway is asked too often ({text})", retry_after=retry_after
        )
    if error := _STATUSES.get(status):
        return error(f"The camera's own interface says no ({text})")
    if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return NetrexCameraResponseError(f"The camera's answer is of no use ({text})")
    return None


@dataclass(frozen=True, slots=True)
class CameraAnswer:
    """What a camera answered, with a status that means success.

    Attributes:
        content_type: Without parameters, in lower case; of nothing it is empty.
        body: As it came.
    """

    status: int
    content_type: str
    body: bytes = field(repr=False)

    @property
    def text(self) -> str:
        """The body as text: UTF-8, of old firmware Latin-1."""
        try:
            return self.body.decode("utf-8-sig")
        except UnicodeDecodeError:
            return self.body.decode("latin-1")


def read_text(answer: CameraAnswer, token: str = "") -> str:
    """Return the text of an answer. Raises NetrexCameraError if it means failure."""
    text = answer.text
    if _PAGE.match(text):
        raise NetrexCameraResponseError("A page came instead of the camera's answer")
    if failure := _FAILURE.search(text):
        # The reason is on this line or on the next.
        reason = failure[1].strip()
        raise NetrexCameraRefusedError(
            f"The camera refuses: {redact(reason, token)}", code=as_int(reason)
        )
    return text


def read_json(answer: CameraAnswer, token: str = "") -> Mapping[str, object]:
    """Return the JSON object of an answer.

    Raises NetrexCameraError if it means failure: VAPIX has an `error` then, the
    CamStreamer App a `status` like HTTP's.
    """
    try:
        parsed: object = json.loads(answer.text)
    except ValueError, RecursionError:
        read_text(answer, token)
        raise NetrexCameraResponseError("The camera's answer is no JSON") from None
    if not isinstance(parsed, dict):
        raise NetrexCameraResponseError("The camera's answer is no JSON object")
    if error := parsed.get("error"):
        item = as_mapping(error)
        text = as_text(item.get("message")) or as_text(error) or "no reason given"
        raise NetrexCameraRefusedError(
            f"The camera refuses: {redact(text, token)}", code=as_int(item.get("code"))
        )
    status = as_int(parsed.get("status"))
    if (
        status is not None
        and status >= HTTPStatus.BAD_REQUEST
        and (refusal := status_error(status))
    ):
        raise refusal
    return parsed
