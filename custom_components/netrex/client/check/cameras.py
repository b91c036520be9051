"""Checks the cameras' own interface, for accounts with a camera access token."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import product
import time

from aiohttp import ClientError, ClientTimeout
from yarl import URL

from ..camera.camstreamer import Generation
from ..camera.url import camera_url
from ..errors import NetrexError
from ..http import PLAIN_BODY, read_limited
from ..values import as_mapping
from .calls import HANDSHAKE, MADE_UP_TOKEN, read_form
from .report import Finding, Outcome, Row
from .subject import Subject

_TIMEOUT = ClientTimeout(total=20.0)
_MAX_BYTES = 1 << 20
_UNKNOWN_CAMERA = "000000000000"
_PARAMETERS = "axis-cgi/param.cgi"
_GENERATIONS = (("new", Generation.NEW), ("old", Generation.OLD))
# Cameras to look for the CamStreamer App on.
_MAX_CAMERAS = 3


@dataclass(frozen=True, slots=True)
class _CameraReply:
    status: int
    form: str
    body: Mapping[str, object] = field(repr=False)
    text: str = field(repr=False)
    seconds: float

    @property
    def outcome(self) -> Outcome:
        is_success = self.status < HTTPStatus.MULTIPLE_CHOICES
        return Outcome.WORKS if is_success else Outcome.REFUSED


async def check_cameras(subject: Subject) -> AsyncIterator[Row]:
    """Call a camera through the gateway; none of the calls is a query."""
    serials = subject.serial_numbers(online=True)
    if not subject.camera_token or not serials:
        note = "no camera access token" if serials else "no connected camera"
        yield Row("cameras", "calls", Outcome.NOT_TRIED, note=note)
        return
    for check in (_check_calls, _check_app, _check_refusals):
        async for row in check(subject, serials[0]):
            yield row


async def _check_calls(subject: Subject, serial: str) -> AsyncIterator[Row]:
    group = {"action": "list", "group": "Brand,Properties.PTZ,Properties.Firmware"}
    reply = await _call(subject, serial, _PARAMETERS, group)
    if reply is None:
        yield Row("cameras", "parameters", Outcome.NO_ANSWER)
        return
    yield _row("parameters", reply, {"form": reply.form})
    reply = await _call(subject, serial, "axis-cgi/com/ptz.cgi", {"query": "position"})
    if reply is not None:
        yield _row("PTZ position", reply, {"fixed_ptz": _position(reply)})
    body = {"apiVersion": "1.0", "method": "getPorts"}
    reply = await _call(subject, serial, "axis-cgi/io/portmanagement.cgi", body=body)
    if reply is not None:
        managed = reply.status == HTTPStatus.OK and "data" in reply.body
        yield _row("ports", reply, {"port_management": managed})
    path = "vapix/ws-data-stream"
    reply = await _call(subject, serial, path, {"sources": "events"}, headers=HANDSHAKE)
    if reply is not None:
        opened = reply.status == HTTPStatus.SWITCHING_PROTOCOLS
        yield _row("event stream", reply, {"event_stream": opened})


async def _check_app(subject: Subject, _: str) -> AsyncIterator[Row]:
    """Find the generation of the CamStreamer App's interface, on the first with it."""
    for serial, (name, generation) in product(
        subject.serial_numbers(online=True)[:_MAX_CAMERAS], _GENERATIONS
    ):
        reply = await _call(subject, serial, generation.list_path, {"action": "get"})
        if reply is None or reply.status != HTTPStatus.OK or not reply.body:
            continue
        settles: dict[str, Finding] = {"camstreamer_api": name}
        if name == "new":
            at_top = "streamList" not in as_mapping(reply.body.get("data"))
            settles["camstreamer_list"] = "top" if at_top else "data"
        yield _row("CamStreamer App", reply, settles)
        return
    settles = {"camstreamer_api": "none"}
    yield Row("cameras", "CamStreamer App", Outcome.REFUSED, settles=settles)


async def _check_refusals(subject: Subject, serial: str) -> AsyncIterator[Row]:
    """Provoke the gateway's refusals."""
    tries = [
        ("an invalid token", "gateway_bad_token_status", serial, MADE_UP_TOKEN),
        ("an unknown camera", "gateway_unknown_status", _UNKNOWN_CAMERA, None),
    ]
    tries += [
        ("an offline camera", "gateway_offline_status", offline, None)
        for offline in subject.serial_numbers(online=False)[:1]
    ]
    for request, name, number, token in tries:
        reply = await _call(
            subject, number, _PARAMETERS, {"action": "list"}, token=token
        )
        if reply is None:
            yield Row("cameras", request, Outcome.NO_ANSWER)
            continue
        yield _row(request, reply, {name: reply.status, "gateway_body": reply.form})


def _row(request: str, reply: _CameraReply, settles: Mapping[str, Finding]) -> Row:
    found = {"status": reply.status, **settles}
    return Row("cameras", request, reply.outcome, reply.seconds, found)


def _position(reply: _CameraReply) -> str:
    """Return how a camera reports its position."""
    text = reply.text.strip().lower()
    if not text:
        return "empty"
    if "nan" in text:
        return "nan"
    return "position" if "pan=" in text else "error"


async def _call(
    subject: Subject,
    serial: str,
    path: str,
    params: Mapping[str, str] | None = None,
    *,
    body: Mapping[str, object] | None = None,
    headers: Mapping[str, str] | None = None,
    token: str | None = None,
) -> _CameraReply | None:
    """Call a camera; None without an answer."""
    started = time.monotonic()
    token = subject.camera_token if token is None else token
    try:
        url: URL = camera_url(subject.camera_url, serial, path, params)
        async with subject.session.request(
            "GET" if body is None else "POST",
            url,
            json=body,
            headers={
                **PLAIN_BODY,
                **(headers or {}),
                "Authorization": f"Token {token}",
            },
            timeout=_TIMEOUT,
            allow_redirects=False,
        ) as response:
            raw = b""
            if response.status != HTTPStatus.SWITCHING_PROTOCOLS:
                raw = await read_limited(response, _MAX_BYTES)
            response.close()
    except NetrexError, ClientError, TimeoutError, OSError, ValueError:
        return None
    form, parsed = await read_form(raw)
    seconds = time.monotonic() - started
    return _CameraReply(response.status, form, parsed, raw.decode("latin-1"), seconds)
