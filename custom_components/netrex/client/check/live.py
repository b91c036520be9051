"""Checks live links: their transports, how often one can be used, and the servers."""

from collections.abc import AsyncIterator, Mapping
from http import HTTPStatus
import time

from aiohttp import ClientError, ClientTimeout, hdrs
from yarl import URL

from .. import documents
from ..addresses import AddressGate
from ..enums import LiveTransport
from ..errors import NetrexError
from ..models import Camera, LinkRequest, LiveLink
from ..parsing import parse_live_link
from ..values import as_mapping
from .calls import HANDSHAKE, Answer
from .report import Finding, Outcome, Row
from .rtsp import BACK_CHANNEL, RtspAnswer, connect
from .subject import Subject

_SETUP = {"Transport": "RTP/AVP/TCP;unicast;interleaved=0-1"}
_CARRIERS = {"rtsph": "http", "rtsphs": "https", "rtspws": "ws", "rtspwss": "wss"}
_TIMEOUT = ClientTimeout(total=15.0)
_MAX_DIGITS = 5
_UNSUPPORTED_OPTION = 551  # RFC 2326, section 7.1.1


async def check_live(subject: Subject) -> AsyncIterator[Row]:
    """Request links of a connected camera, and use them without playing."""
    camera = subject.camera(online=True)
    if camera is None:
        yield Row("live", "links", Outcome.NOT_TRIED, note="no connected camera")
        return
    tunnels = [one for one in subject.schema.transports if one.value in _CARRIERS]
    # Three links of plain RTSP: each shows something else.
    transports = [LiveTransport.RTSP] * 3 + sorted(tunnels)
    answer, links = await _links(subject, camera, transports)
    settles: dict[str, Finding] = {}
    for transport, link in zip(transports, links, strict=True):
        if link is not None and transport.value in _CARRIERS:
            scheme = URL(link.url).scheme
            name = f"tunnel_scheme_{transport.value}"
            settles[name] = _scheme_kind(transport.value, scheme)
    yield Row("live", "links", answer.outcome, answer.seconds, settles)
    async for row in _check_rtsp(subject, links[:3]):
        yield row
    for transport, link in zip(transports[3:], links[3:], strict=True):
        if transport in (LiveTransport.RTSPWS, LiveTransport.RTSPWSS) and link:
            yield await _check_websocket(subject, transport, link)


async def check_offline_live(subject: Subject) -> AsyncIterator[Row]:
    """Request a link of a camera that is offline."""
    request = "a link of an offline camera"
    camera = subject.camera(online=False)
    if camera is None:
        yield Row("live", request, Outcome.NOT_TRIED, note="no offline camera")
        return
    answer, (link,) = await _links(subject, camera, [LiveTransport.RTSP])
    found = "error" if answer.errors else "null"
    if link is not None:
        found = "link"
    settles: dict[str, Finding] = {"offline_live_view": found}
    if answer.errors:
        settles |= answer.refusal()
    yield Row("live", request, answer.outcome, answer.seconds, settles)


async def _links(
    subject: Subject, camera: Camera, transports: list[LiveTransport]
) -> tuple[Answer, list[LiveLink | None]]:
    profile = camera.stream_profiles[0] if camera.stream_profiles else None
    requests = [
        LinkRequest(
            camera.node_id,
            transport,
            None if profile is None else profile.stream_profile_id,
        )
        for transport in transports
    ]
    answer = await subject.portal.post(documents.live_links(requests, subject.schema))
    links: list[LiveLink | None] = []
    for index, transport in enumerate(transports):
        value: object = answer.data.get(documents.alias(index))
        for key in ("live_view", *(subject.schema.link_path(transport) or ())):
            value = as_mapping(value).get(key)
        links.append(parse_live_link(value))
    return answer, links


def _scheme_kind(transport: str, scheme: str) -> str:
    """Return how a tunnel's URL names its transport, as the simulator's switch does."""
    carrier = _CARRIERS[transport]
    kinds = {
        carrier: "carrier",
        {"ws": "http", "wss": "https"}.get(carrier, carrier): "carrier",
        "rtsp": "rtsp",
        transport: "name",
    }
    return kinds.get(scheme, "other")


async def _check_rtsp(
    subject: Subject, links: list[LiveLink | None]
) -> AsyncIterator[Row]:
    """Use three links in different ways, each in two connections."""
    first, second, third = links
    request = "DESCRIBE and SETUP by plain RTSP"
    if first is None:
        yield Row("live", request, Outcome.NOT_TRIED, note="no link")
        return
    gate = AddressGate(subject.url)
    started = time.monotonic()
    settles: dict[str, Finding] = {}
    try:
        described = await _set_up(gate, URL(first.url), settles)
        seconds = time.monotonic() - started
        again = await _describe(gate, URL(first.url))
        settles["link_after_session"] = again.status
        if second is not None:
            settles["link_after_describe"] = await _after(gate, second, "DESCRIBE")
        if third is not None:
            settles["link_after_options"] = await _after(gate, third, "OPTIONS")
    except NetrexError:
        yield Row("live", request, Outcome.NO_ANSWER, settles=settles)
        return
    settles |= _single_use(settles)
    outcome = Outcome.WORKS if described == HTTPStatus.OK else Outcome.REFUSED
    yield Row("live", request, outcome, seconds, settles)


async def _set_up(gate: AddressGate, url: URL, settles: dict[str, Finding]) -> int:
    """Set up a session without playing it; return the status of DESCRIBE."""
    async with connect(gate, url) as connection:
        await connection.request("OPTIONS", str(url))
        answer = await connection.request("DESCRIBE", str(url), BACK_CHANNEL)
        refused = answer.status == _UNSUPPORTED_OPTION
        settles["backchannel"] = "refuse" if refused else "ignore"
        if refused:
            answer = await connection.request("DESCRIBE", str(url))
        if answer.status != HTTPStatus.OK:
            return answer.status
        controls = _controls(answer)
        is_absolute = any("://" in control for control in controls)
        settles["sdp_control"] = "absolute" if is_absolute else "relative"
        settles["tracks"] = answer.body.count("\nm=")
        base = answer.headers.get("content-base", str(url))
        track = controls[-1] if controls else ""
        target = track if "://" in track else f"{base.rstrip('/')}/{track}"
        set_up = await connection.request("SETUP", target, _SETUP)
        _, _, timeout = set_up.headers.get("session", "").partition("timeout=")
        seconds = timeout.partition(";")[0].strip()
        settles["setup_status"] = set_up.status
        if seconds.isdecimal() and len(seconds) <= _MAX_DIGITS:
            settles["session_timeout"] = int(seconds)
        return answer.status


def _controls(answer: RtspAnswer) -> list[str]:
    """Return the URLs of the tracks (RFC 2326, section C.1.1)."""
    _, _, media = answer.body.partition("\nm=")
    lines = (line.strip() for line in media.splitlines())
    return [line.partition(":")[2] for line in lines if line.startswith("a=control:")]


async def _describe(gate: AddressGate, url: URL) -> RtspAnswer:
    async with connect(gate, url) as connection:
        return await connection.request("DESCRIBE", str(url))


async def _after(gate: AddressGate, link: LiveLink, method: str) -> int:
    """Return the status of DESCRIBE after another connection used the link."""
    url = URL(link.url)
    async with connect(gate, url) as connection:
        await connection.request(method, str(url))
    return (await _describe(gate, url)).status


def _single_use(found: Mapping[str, Finding]) -> dict[str, Finding]:
    """Return what uses up a link, in the terms of the simulator's switches."""
    session = found.get("link_after_session") != HTTPStatus.OK
    describe = found.get("link_after_describe") != HTTPStatus.OK
    options = found.get("link_after_options") != HTTPStatus.OK
    result: dict[str, Finding] = {
        "link_single_use": (
            "connection" if describe else "session" if session else "never"
        ),
        "options_uses_link": options,
    }
    if session:
        result["link_refused_status"] = found["link_after_session"]
    return result


async def _check_websocket(
    subject: Subject, transport: LiveTransport, link: LiveLink
) -> Row:
    """Open the WebSocket of a tunnel, without a subprotocol and then with one."""
    request = f"WebSocket of {transport.value}"
    started = time.monotonic()
    protocol = "unknown"
    try:
        for offered, headers in (
            ("", HANDSHAKE),
            ("binary", HANDSHAKE | {"Sec-WebSocket-Protocol": "binary"}),
        ):
            if await _upgrade(subject, URL(link.url), headers):
                protocol = offered or "any"
                break
    except NetrexError, ClientError, TimeoutError, OSError, ValueError:
        return Row("live", request, Outcome.NO_ANSWER)
    outcome = Outcome.REFUSED if protocol == "unknown" else Outcome.WORKS
    settles: dict[str, Finding] = {"websocket_protocol": protocol}
    return Row("live", request, outcome, time.monotonic() - started, settles)


async def _upgrade(subject: Subject, url: URL, headers: Mapping[str, str]) -> bool:
    """Return whether the server accepts a WebSocket."""
    is_secure = url.scheme in ("wss", "https", LiveTransport.RTSPWSS.value)
    port = url.explicit_port or (443 if is_secure else 80)
    host = url.host or ""
    address, *_ = await AddressGate(subject.url).addresses(host, port)
    target = URL.build(
        scheme="https" if is_secure else "http",
        host=address,
        port=port,
        path=url.raw_path,
        query_string=url.raw_query_string,
        encoded=True,
    )
    async with subject.session.get(
        target,
        headers={**headers, hdrs.HOST: f"{host}:{port}"},
        server_hostname=host if is_secure else None,
        timeout=_TIMEOUT,
        allow_redirects=False,
        middlewares=(),
    ) as response:
        response.close()
        return response.status == HTTPStatus.SWITCHING_PROTOCOLS
