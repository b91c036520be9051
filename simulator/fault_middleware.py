"""HTTP middleware that applies pending faults."""

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

from .faults import Endpoint, Fault, FaultKind
from .state import State

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_ENDPOINTS: tuple[tuple[str, Endpoint], ...] = (
    ("/api/graphql.php", Endpoint.GRAPHQL),
    ("/oauth2/auth", Endpoint.AUTHORIZE),
    ("/oauth2/token", Endpoint.TOKEN),
    ("/oauth2/revoke", Endpoint.REVOKE),
    ("/api/download.php", Endpoint.DOWNLOAD),
    ("/camera/", Endpoint.GATEWAY),
)
_GATEWAY_DOMAIN = ".device-connect.net"
_GARBAGE = bytes(range(256)) * 4
_PAGE = "<!DOCTYPE html><html><body><h1>Bad Gateway</h1></body></html>"
_HALF_BODY = b'{"data":{"nodeList":[{"node_id":'
_MEGABYTE = 1 << 20


def _endpoint_of(request: web.Request) -> Endpoint | None:
    if request.host.partition(":")[0].lower().endswith(_GATEWAY_DOMAIN):
        return Endpoint.GATEWAY
    return next((e for path, e in _ENDPOINTS if request.path.startswith(path)), None)


def fault_middleware(state: State) -> Callable[..., Awaitable[web.StreamResponse]]:
    """Return the middleware that applies faults before a handler runs.

    A fault that only the handler can apply is passed on in `request["fault"]`.
    """

    @web.middleware
    async def apply(request: web.Request, handler: Handler) -> web.StreamResponse:
        endpoint = _endpoint_of(request)
        if endpoint is None:
            return await handler(request)
        detail = request.path_qs
        if endpoint is Endpoint.GRAPHQL:
            detail = await request.text()
        fault = state.faults.take(endpoint, detail)
        if fault is None:
            return await handler(request)
        if fault.kind is FaultKind.DELAY:
            await asyncio.sleep(fault.number)
            return await handler(request)
        # The handler of downloads cuts them itself, in the middle of the real file.
        in_file = endpoint is Endpoint.DOWNLOAD and fault.kind is FaultKind.CUT_BODY
        if endpoint is not Endpoint.GRAPHQL and fault.kind in _BODIES:
            return web.json_response(_BODIES[fault.kind])
        if fault.kind in _ANSWERS and not in_file:
            return await _ANSWERS[fault.kind](request, fault)
        request["fault"] = fault
        return await handler(request)

    return apply


async def _status(_request: web.Request, fault: Fault) -> web.StreamResponse:
    return web.Response(status=int(fault.number), text="Service Unavailable")


async def _garbage(_request: web.Request, _fault: Fault) -> web.StreamResponse:
    return web.Response(body=_GARBAGE, content_type="application/json")


async def _html(_request: web.Request, _fault: Fault) -> web.StreamResponse:
    return web.Response(text=_PAGE, content_type="text/html")


async def _empty(_request: web.Request, _fault: Fault) -> web.StreamResponse:
    return web.Response(body=b"", content_type="application/json")


async def _cut(request: web.Request, _fault: Fault) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _cut_body(request: web.Request, _fault: Fault) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.content_length = 2 * len(_HALF_BODY)
    await response.prepare(request)
    await response.write(_HALF_BODY)
    if request.transport is not None:
        request.transport.close()
    return response


async def _huge(request: web.Request, fault: Fault) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    await response.write(b'{"data":{"padding":"')
    for _ in range(int(fault.number)):
        await response.write(b"x" * _MEGABYTE)
    await response.write(b'"}}')
    return response


# What endpoints without GraphQL's fields answer.
_BODIES: dict[FaultKind, object] = {
    FaultKind.NULL: None,
    FaultKind.WRONG_TYPES: [1, "2", {}],
}
_ANSWERS = {
    FaultKind.STATUS: _status,
    FaultKind.GARBAGE: _garbage,
    FaultKind.HTML: _html,
    FaultKind.EMPTY: _empty,
    FaultKind.CUT: _cut,
    FaultKind.CUT_BODY: _cut_body,
    FaultKind.HUGE: _huge,
}
