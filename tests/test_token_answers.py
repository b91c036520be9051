"""Answers of a portal or a web server to token requests, however odd."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from functools import partial
import gzip
import logging
import time
from typing import Any

from aiohttp import ClientTimeout, StreamReader, web
from aiohttp.test_utils import TestServer
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import (
    OAuth2TokenRequestBaseError,
    OAuth2TokenRequestConnectionError,
    OAuth2TokenRequestReauthError,
    OAuth2TokenRequestTransientError,
)
import pytest

from custom_components.netrex import application_credentials as platform, auth
from custom_components.netrex.application_credentials import (
    NetrexOAuth2Implementation,
)
from custom_components.netrex.const import DOMAIN

from .leaks import assert_log_clean, assert_no_secret, texts
from .oauth_tokens import CREDENTIAL, REFRESH_TOKEN, SECRETS, expired

REDIRECT = "https://example.com/auth/external/callback"


class OddPortal:
    """A token endpoint with the responses of a test."""

    def __init__(self) -> None:
        self.answer: Callable[[], web.Response] = lambda: web.json_response({})
        self.requests: list[tuple[dict[str, str], dict[str, str]]] = []
        self.url = ""

    async def handle(self, request: web.Request) -> web.Response:
        """Record query and body, and respond."""
        body = {name: str(value) for name, value in (await request.post()).items()}
        self.requests.append((dict(request.query), body))
        return self.answer()


@pytest.fixture
async def odd_portal() -> AsyncGenerator[OddPortal]:
    """Run an odd portal."""
    portal = OddPortal()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", portal.handle)
    async with TestServer(app) as server:
        portal.url = str(server.make_url("")).rstrip("/")
        yield portal


@pytest.fixture
def odd(hass: HomeAssistant, odd_portal: OddPortal) -> NetrexOAuth2Implementation:
    """Return the implementation at the odd portal."""
    return NetrexOAuth2Implementation(hass, DOMAIN, CREDENTIAL, odd_portal.url)


async def test_parameters_go_into_query_and_body(
    odd: NetrexOAuth2Implementation, odd_portal: OddPortal
) -> None:
    odd_portal.answer = lambda: web.json_response({"access_token": "a"})
    await odd.async_resolve_external_data(
        {"code": "c+/=&", "state": {"redirect_uri": REDIRECT}}
    )
    [(query, body)] = odd_portal.requests
    assert query == body
    assert query == {
        "grant_type": "authorization_code",
        "code": "c+/=&",
        "redirect_uri": REDIRECT,
        "client_id": "the-client",
        "client_secret": "the-client-secret",
    }


@pytest.mark.parametrize(
    ("answer", "lifetime"),
    [
        ({"expires_in": 60}, 60),
        ({"expires_in": "60"}, 60),
        ({"expires_in": 60.9}, 60),
        ({"expires_in": "1e3"}, 1000),
        ({}, 3600),
        ({"expires_in": None}, 3600),
        ({"expires_in": ""}, 3600),
        ({"expires_in": "soon"}, 3600),
        ({"expires_in": 0}, 3600),
        ({"expires_in": -5}, 3600),
        ({"expires_in": "inf"}, 3600),
        ({"expires_in": "nan"}, 3600),
        ({"expires_in": [60]}, 3600),
    ],
)
async def test_an_invalid_lifetime_becomes_the_default(
    odd: NetrexOAuth2Implementation,
    odd_portal: OddPortal,
    answer: dict[str, Any],
    lifetime: int,
) -> None:
    odd_portal.answer = lambda: web.json_response({"access_token": "a", **answer})
    token = await odd.async_refresh_token(expired())
    assert token["expires_in"] == lifetime
    assert token["expires_at"] == pytest.approx(time.time() + lifetime, abs=5)


async def test_the_content_type_of_a_token_does_not_matter(
    odd: NetrexOAuth2Implementation, odd_portal: OddPortal
) -> None:
    odd_portal.answer = lambda: web.Response(
        text='{"access_token":"new","expires_in":60,"refresh_token":""}',
        content_type="text/html",
    )
    token = await odd.async_refresh_token(expired())
    assert token["access_token"] == "new"
    assert token["refresh_token"] == REFRESH_TOKEN


PLATFORM = '{"error":"Request to an unknown or unavailable platform."}'
REPEATED = "No such token: the-refresh-token of the-client-secret"


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, '{"error":"invalid_grant"}', OAuth2TokenRequestReauthError),
        (200, '{"error":"Refresh token expired."}', OAuth2TokenRequestReauthError),
        (200, f'{{"error":"{REPEATED}"}}', OAuth2TokenRequestReauthError),
        (200, '{"error":{"code":7}}', OAuth2TokenRequestReauthError),
        (200, '{"error":"System error."}', OAuth2TokenRequestTransientError),
        (400, '{"error":"server_error"}', OAuth2TokenRequestTransientError),
        (200, '{"error":"API limit exceeded."}', OAuth2TokenRequestTransientError),
        (200, '{"error":"Service unavailable"}', OAuth2TokenRequestTransientError),
        (400, '{"error":"temporarily_unavailable"}', OAuth2TokenRequestTransientError),
        (200, PLATFORM, OAuth2TokenRequestReauthError),
        (200, '{"error":"Limit of devices reached"}', OAuth2TokenRequestReauthError),
        (400, f'{{"error":"{REPEATED}"}}', OAuth2TokenRequestReauthError),
        *(
            (status, f'{{"error":"{code}"}}', OAuth2TokenRequestReauthError)
            for status in (200, 400, 401, 403)
            for code in ("invalid_grant", "invalid_client", "unauthorized_client")
        ),
        *(
            (status, body, OAuth2TokenRequestConnectionError)
            for status in (400, 401, 403, 407, 418, 451)
            for body in ("", "<html>", "[]", "{}", "null", '{"message":"x"}', '{"er')
        ),
        *(
            (status, f'{{"error":{error}}}', OAuth2TokenRequestTransientError)
            for status in (200, 400, 401, 403)
            for error in (
                '"invalid_request"',
                '"unsupported_grant_type"',
                '"invalid_scope"',
                '"Forbidden"',
                '"403 Forbidden"',
                '"Unauthorized."',
                '"Access denied"',
                '"Blocked by the firewall"',
                '"Proxy authentication required"',
                "true",
                "403",
                "[1]",
                '{"code":403,"message":"Forbidden","status":"PERMISSION_DENIED"}',
                '{"type":"x"}',
            )
        ),
        (404, "<html>", OAuth2TokenRequestConnectionError),
        (404, '{"error":"invalid_client"}', OAuth2TokenRequestReauthError),
        (429, '{"error":"invalid_grant"}', OAuth2TokenRequestTransientError),
        (500, "", OAuth2TokenRequestTransientError),
        (503, "<html>", OAuth2TokenRequestTransientError),
        (200, "", OAuth2TokenRequestConnectionError),
        (200, "<html>", OAuth2TokenRequestConnectionError),
        (200, "[1]", OAuth2TokenRequestConnectionError),
        (200, '{"access_token":', OAuth2TokenRequestConnectionError),
        (200, '{"access_token":""}', OAuth2TokenRequestConnectionError),
        (200, '{"access_token":17}', OAuth2TokenRequestConnectionError),
        (200, '{"refresh_token":"n"}', OAuth2TokenRequestConnectionError),
        (201, '{"access_token":"n"}', OAuth2TokenRequestConnectionError),
        (307, "", OAuth2TokenRequestConnectionError),
    ],
)
async def test_an_error_response_becomes_the_right_exception(
    odd: NetrexOAuth2Implementation,
    odd_portal: OddPortal,
    caplog: pytest.LogCaptureFixture,
    status: int,
    body: str,
    error: type[OAuth2TokenRequestBaseError],
) -> None:
    """No response, however wrong, raises another kind of exception."""
    caplog.set_level(logging.DEBUG)
    odd_portal.answer = lambda: web.Response(
        status=status, text=body, headers={"Location": "/elsewhere"}
    )
    with pytest.raises(OAuth2TokenRequestBaseError) as caught:
        await odd.async_refresh_token(expired())
    assert type(caught.value) is error
    assert len(odd_portal.requests) == 1, "a redirection was followed"
    assert_no_secret(texts(caught.value), SECRETS)
    assert_log_clean(caplog, SECRETS)


async def test_the_reason_of_a_refusal_is_reported_without_secrets(
    odd: NetrexOAuth2Implementation, odd_portal: OddPortal
) -> None:
    odd_portal.answer = lambda: web.json_response({"error": REPEATED + "!" * 500})
    with pytest.raises(OAuth2TokenRequestReauthError) as caught:
        await odd.async_refresh_token(expired())
    assert "No such token: ** of **" in caught.value.message
    assert len(caught.value.message) == 200
    assert str(caught.value.request_info.real_url) == odd.token_url


async def test_a_server_without_http_raises_a_connection_error(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    """The HTTP client's own error for this contains the full request."""
    caplog.set_level(logging.DEBUG)

    async def answer(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"220 mail.example ESMTP\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        implementation = NetrexOAuth2Implementation(
            hass, DOMAIN, CREDENTIAL, f"http://127.0.0.1:{port}"
        )
        with pytest.raises(OAuth2TokenRequestConnectionError) as caught:
            await implementation.async_refresh_token(expired())
    assert_no_secret(texts(caught.value), SECRETS)
    assert_log_clean(caplog, SECRETS)


async def test_a_closed_port_raises_a_connection_error(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture, unused_tcp_port: int
) -> None:
    caplog.set_level(logging.DEBUG)
    implementation = NetrexOAuth2Implementation(
        hass, DOMAIN, CREDENTIAL, f"http://127.0.0.1:{unused_tcp_port}"
    )
    with pytest.raises(OAuth2TokenRequestConnectionError) as caught:
        await implementation.async_refresh_token(expired())
    assert_no_secret(texts(caught.value), SECRETS)
    assert_log_clean(caplog, SECRETS)


def _gzip(size: int) -> bytes:
    body = b'{"access_token":"' + b"a" * size + b'"}'
    return gzip.compress(body)


async def _endless(request: web.Request, pause: float) -> web.StreamResponse:
    """Send a body that never ends, for at most 30 s."""
    response = web.StreamResponse()
    await response.prepare(request)
    with suppress(ConnectionError):
        for _ in range(3_000):
            await response.write(b" " * (16_384 if not pause else 1))
            await asyncio.sleep(pause or 0.01)
    return response


async def _inflated(_: web.Request) -> web.StreamResponse:
    headers = {"Content-Encoding": "gzip"}
    return web.Response(body=_gzip(64 * 2**20), headers=headers)


@pytest.mark.parametrize("path", ["token", "revoke"])
@pytest.mark.parametrize(
    "answer",
    [_inflated, partial(_endless, pause=0), partial(_endless, pause=0.05)],
    ids=["gzip", "endless", "slow"],
)
async def test_the_body_of_an_answer_about_a_token_is_bounded(
    hass: HomeAssistant,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    answer: Callable[[web.Request], Awaitable[web.StreamResponse]],
) -> None:
    """In size, also after decompression, and in time."""
    timeout = ClientTimeout(total=1)
    monkeypatch.setattr(platform, "TOKEN_TIMEOUT", timeout)
    monkeypatch.setattr(auth, "REVOKE_TIMEOUT", timeout)
    received = 0

    def count(chunk: bytes, *_: object) -> None:
        nonlocal received
        received += len(chunk)

    app = web.Application()
    app.router.add_post("/oauth2/{name}", answer)
    async with TestServer(app) as server:
        url = str(server.make_url("")).rstrip("/")
        original = StreamReader.feed_data

        def feed_data(reader: StreamReader, *args: Any) -> Any:  # noqa: ANN401 - passed on
            count(*args)
            return original(reader, *args)

        monkeypatch.setattr(StreamReader, "feed_data", feed_data)
        if path == "token":
            implementation = NetrexOAuth2Implementation(hass, DOMAIN, CREDENTIAL, url)
            with pytest.raises(OAuth2TokenRequestConnectionError):
                await implementation.async_refresh_token(expired())
        else:
            token = expired()
            data = {"url": url, "host": "portal", "token": token}
            assert not await auth._async_cancel(hass, data, token)
    # Bytes after decompression.
    assert 0 < received < 4 * 2**20
