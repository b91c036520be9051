"""GraphQL over HTTP, over real sockets."""

import asyncio
from collections.abc import Awaitable, Callable
import gzip
import json
import logging

import aiohttp
from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy
import pytest
from yarl import URL

from custom_components.netrex.client import (
    NetrexAuthError,
    NetrexConnectionError,
    NetrexError,
    NetrexNotFoundError,
    NetrexPermissionError,
    NetrexQueryError,
    NetrexRateLimitedError,
    NetrexResponseError,
)
from custom_components.netrex.client.json_body import LARGE_BODY_BYTES
from custom_components.netrex.client.transport import (
    MAX_RESPONSE_BYTES,
    GraphQLResponse,
    GraphQLTransport,
)

from ..leaks import assert_no_secret, texts
from .conftest import TOKEN, Portal, give_token

QUERY = "query{nodeList{node_id}}"


@pytest.fixture
def transport(portal: Portal, session: aiohttp.ClientSession) -> GraphQLTransport:
    """Return a transport to the scripted portal, with a trailing slash in its URL."""
    return GraphQLTransport(session, f"{portal.url}/", give_token, timeout=0.5)


async def _error(transport: GraphQLTransport) -> NetrexError:
    with pytest.raises(NetrexError) as caught:
        await transport.post(QUERY)
    return caught.value


async def test_request_and_response(
    portal: Portal, transport: GraphQLTransport
) -> None:
    portal.says({"data": {"nodeList": [{"node_id": 1}]}, "extra": 1})
    answer = await transport.post(QUERY, {"a": 1})
    assert answer.data == {"nodeList": [{"node_id": 1}]}
    assert answer.errors == ()
    assert portal.bodies == [{"query": QUERY, "variables": {"a": 1}}]
    [headers] = portal.headers
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert headers["Content-Type"] == "application/json"
    await transport.post(QUERY)
    assert portal.bodies[1] == {"query": QUERY}


@pytest.mark.parametrize("status", [200, 400, 401, 403, 500])
async def test_json_matters_more_than_the_status(
    portal: Portal, transport: GraphQLTransport, status: int
) -> None:
    portal.says({"data": {"a": 1}}, status)
    assert (await transport.post(QUERY)).data == {"a": 1}
    portal.answers.clear()
    portal.says({"errors": [{"message": "Access token expired."}]}, status)
    error = await _error(transport)
    assert isinstance(error, NetrexAuthError)
    assert error.expired


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (b"", 200, NetrexResponseError),
        (b"<html><body>Login</body></html>", 200, NetrexResponseError),
        (b"<html><body>Bad gateway</body></html>", 502, NetrexConnectionError),
        (b'{"data":{"nodeList":[{"node', 200, NetrexResponseError),
        (b'{"data":"\xff\xfe"}', 200, NetrexResponseError),
        (b"[" * 200_000, 200, NetrexResponseError),
        (b'{"data":{"a":' + b"9" * 5000 + b"}}", 200, NetrexResponseError),
        (b"[]", 200, NetrexResponseError),
        (b"null", 200, NetrexResponseError),
        (b'"data"', 200, NetrexResponseError),
        (b"{}", 200, NetrexResponseError),
        (b'{"data":null}', 200, NetrexResponseError),
        (b'{"data":{}}', 200, NetrexResponseError),
        (b'{"data":[1]}', 200, NetrexResponseError),
        (b'{"errors":[{"message":"x"}],"data":null}', 200, NetrexResponseError),
        (b'{"errors":"Too many requests"}', 200, NetrexRateLimitedError),
        (b"", 401, NetrexAuthError),
        (b"", 403, NetrexPermissionError),
        (b"", 404, NetrexResponseError),
        (b"", 429, NetrexRateLimitedError),
        (b'{"data":{"a":1}}', 302, NetrexResponseError),
    ],
)
async def test_unusable_responses_raise(
    portal: Portal,
    transport: GraphQLTransport,
    body: bytes,
    status: int,
    kind: type[NetrexError],
) -> None:
    portal.says(body, status)
    assert type(await _error(transport)) is kind


async def test_byte_order_mark_and_not_a_number(
    portal: Portal, transport: GraphQLTransport
) -> None:
    portal.says(b'\xef\xbb\xbf{"data":{"a":NaN,"b":-Infinity,"c":1}}')
    answer = await transport.post(QUERY)
    assert answer.data == {"a": None, "b": None, "c": 1}


async def test_partial_response_keeps_its_data(
    portal: Portal, transport: GraphQLTransport
) -> None:
    body = {
        "errors": [{"message": "Node not found", "path": ["a1"]}],
        "data": {"a0": 5, "a1": None},
    }
    portal.says(body)
    answer = await transport.post(QUERY)
    assert answer.data == {"a0": 5, "a1": None}
    [entry] = answer.errors
    assert entry.path == ("a1",)
    assert isinstance(entry.error, NetrexNotFoundError)


async def test_nulls_with_paths_are_a_response(
    portal: Portal, transport: GraphQLTransport
) -> None:
    portal.says({"errors": [{"message": "x", "path": ["a"]}], "data": {"a": None}})
    assert (await transport.post(QUERY)).data == {"a": None}
    portal.says({"errors": [{"message": "x"}], "data": {"a": None}})
    await transport.post(QUERY)
    assert isinstance(await _error(transport), NetrexResponseError)


async def test_refused_token_beside_data_raises(
    portal: Portal, transport: GraphQLTransport
) -> None:
    entry = {"message": "Bad token", "category": "authError", "path": ["a"]}
    portal.says({"errors": [entry], "data": {"a": None, "b": 1}})
    assert isinstance(await _error(transport), NetrexAuthError)


async def test_retry_after_is_a_limit(
    portal: Portal, transport: GraphQLTransport
) -> None:
    for body in (b"", b'{"errors":[{"message":"x"}]}'):
        portal.answers.clear()
        portal.says(body, 503, Retry_After="7")
        error = await _error(transport)
        assert isinstance(error, NetrexRateLimitedError)
        assert error.retry_after == 7


async def test_too_large_response_raises(
    portal: Portal, transport: GraphQLTransport
) -> None:
    # Small in transit, large when decompressed.
    body = gzip.compress(json.dumps({"data": {"a": "x" * MAX_RESPONSE_BYTES}}).encode())
    portal.says(body, Content_Encoding="gzip")
    assert isinstance(await _error(transport), NetrexResponseError)
    portal.answers.clear()
    portal.says({"data": {"a": "x" * (MAX_RESPONSE_BYTES - 100)}})
    await transport.post(QUERY)
    portal.answers.clear()
    portal.says(b'{"data":[' + b"[]," * 1_000_000 + b"[]]}")
    error = await _error(transport)
    assert isinstance(error, NetrexResponseError)
    assert "too large" in str(error)


async def test_large_response_is_parsed(
    portal: Portal, transport: GraphQLTransport
) -> None:
    data = {"a": list(range(100_000))}
    portal.says({"data": data})
    answer = await transport.post(QUERY)
    assert answer.data == data
    assert answer.size > LARGE_BODY_BYTES


async def _slow(_: web.Request) -> web.StreamResponse:
    await asyncio.sleep(5)
    return web.Response()


async def _cut(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def _half(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    response.content_length = 1000
    await response.prepare(request)
    await response.write(b'{"data":{"a":1}}')
    assert request.transport is not None
    request.transport.close()
    return response


async def _no_http(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.write(b"SSH-2.0-OpenSSH\r\n\r\n")
    request.transport.close()
    return web.Response()


async def _not_packed(_: web.Request) -> web.StreamResponse:
    return web.Response(body=b"x" * 50, headers={"Content-Encoding": "deflate"})


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (_slow, NetrexConnectionError),
        (_cut, NetrexConnectionError),
        (_half, NetrexResponseError),
        (_no_http, NetrexResponseError),
        (_not_packed, NetrexResponseError),
    ],
)
async def test_broken_connections_raise(
    portal: Portal,
    transport: GraphQLTransport,
    answer: Callable[[web.Request], Awaitable[web.StreamResponse]],
    kind: type[NetrexError],
) -> None:
    portal.answers.append(answer)
    assert type(await _error(transport)) is kind


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://", "nonsense"])
async def test_unreachable_portal_raises(
    session: aiohttp.ClientSession, url: str
) -> None:
    transport = GraphQLTransport(session, url, give_token)
    assert isinstance(await _error(transport), NetrexConnectionError)


async def test_redirects_are_not_followed(
    portal: Portal, transport: GraphQLTransport
) -> None:
    portal.says({"data": {"a": 1}}, 307, Location=f"{portal.url}/api/graphql.php")
    assert isinstance(await _error(transport), NetrexResponseError)
    assert len(portal.queries) == 1


@pytest.mark.parametrize("variables", [{"a": object()}, {"a": float("nan")}])
async def test_variables_that_json_cannot_encode_raise(
    portal: Portal, transport: GraphQLTransport, variables: dict[str, object]
) -> None:
    with pytest.raises(NetrexQueryError):
        await transport.post(QUERY, variables)
    assert portal.queries == []


def _response_error(status: int) -> aiohttp.ClientResponseError:
    info = aiohttp.RequestInfo(
        url=URL("https://host/oauth2/token?client_secret=hidden"),
        method="POST",
        headers=CIMultiDictProxy(CIMultiDict()),
    )
    return aiohttp.ClientResponseError(info, (), status=status)


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (_response_error(400), NetrexAuthError),
        (_response_error(401), NetrexAuthError),
        (_response_error(500), NetrexConnectionError),
        (aiohttp.ClientConnectionError("host?token=hidden"), NetrexConnectionError),
        (TimeoutError(), NetrexConnectionError),
        (NetrexAuthError("revoked"), NetrexAuthError),
    ],
)
async def test_failed_token_renewals(
    portal: Portal,
    session: aiohttp.ClientSession,
    failure: Exception,
    kind: type[NetrexError],
) -> None:
    async def get_token() -> str:
        raise failure

    error = await _error(GraphQLTransport(session, portal.url, get_token))
    assert type(error) is kind
    assert_no_secret(texts(error), ["hidden"])


async def test_token_that_does_not_fit_a_header(
    portal: Portal, session: aiohttp.ClientSession
) -> None:
    async def get_token() -> str:
        return "line\r\nbreak"

    error = await _error(GraphQLTransport(session, portal.url, get_token))
    assert isinstance(error, NetrexAuthError)
    assert portal.queries == []


async def _echo(request: web.Request) -> web.StreamResponse:
    """Return an error that contains the token."""
    text = f"Bad token {TOKEN} in {request.headers['Authorization']}"
    return web.json_response({"errors": [{"message": text}]})


@pytest.mark.parametrize("answer", [_echo, _slow, _cut, _half, _no_http, _not_packed])
async def test_token_is_in_no_error_and_no_log(
    portal: Portal,
    transport: GraphQLTransport,
    caplog: pytest.LogCaptureFixture,
    answer: Callable[[web.Request], Awaitable[web.StreamResponse]],
) -> None:
    caplog.set_level(logging.DEBUG, "custom_components.netrex")
    portal.answers.append(answer)
    error = await _error(transport)
    logging.getLogger("custom_components.netrex").error("Failed", exc_info=error)
    assert_no_secret(texts(error), [TOKEN])
    assert TOKEN not in caplog.text


async def test_response_has_no_data_in_its_repr() -> None:
    assert "secret" not in repr(GraphQLResponse({"a": "secret"}))
