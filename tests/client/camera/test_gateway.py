"""The gateway client, over real sockets."""

from collections.abc import AsyncGenerator, Awaitable
import logging

import aiohttp
from aiohttp import web
import pytest

from custom_components.netrex.client import (
    GatewayClient,
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
from custom_components.netrex.client.camera import gateway as gateway_module
from tests.leaks import assert_no_secret, texts

from ..conftest import TOKEN
from .fake_cameras import PATH, SERIAL, Cameras, Handler, Reports, failure, slow


async def test_the_token_is_sent_in_the_header_only(
    cameras: Cameras, client: GatewayClient, reports: Reports
) -> None:
    assert await client.request_text(SERIAL.upper(), PATH, {"group": "a,b"}) == "OK"
    form = {"a": "1&b=2", "c": "%26"}
    assert await client.request_text(SERIAL, PATH, form=form) == "OK"

    for request in cameras.requests:
        assert request.headers["Authorization"] == f"Token {TOKEN}"
        assert TOKEN not in str(request.url)
        assert request.path == f"/camera/{SERIAL}/{PATH}"
    get, post = cameras.requests
    assert (get.method, dict(get.query)) == ("GET", {"group": "a,b"})
    assert post.method == "POST"
    assert cameras.forms[1] == {"a": "1&b=2", "c": "%26"}
    assert reports.rows == [(SERIAL.upper(), None), (SERIAL, None)]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, NetrexCameraResponseError),
        (400, NetrexCameraRefusedError),
        (401, NetrexCameraTokenError),
        (403, NetrexCameraPermissionError),
        (404, NetrexCameraNotFoundError),
        (405, NetrexCameraMethodError),
        (418, NetrexCameraResponseError),
        (429, NetrexRateLimitedError),
        (500, NetrexCameraResponseError),
        (502, NetrexCameraOfflineError),
        (503, NetrexCameraOfflineError),
        (504, NetrexCameraOfflineError),
    ],
)
@pytest.mark.parametrize("body", ["", "<html>No</html>", {"status": 1}])
async def test_each_status_has_its_error(
    cameras: Cameras,
    client: GatewayClient,
    reports: Reports,
    status: int,
    kind: type[NetrexError],
    body: object,
) -> None:
    cameras.says(body, status, Retry_After="7")
    err = await failure(client.request_text(SERIAL, PATH))
    assert type(err) is kind
    assert reports.rows == [(SERIAL, err)]
    if isinstance(err, NetrexRateLimitedError):
        assert err.retry_after == 7


async def test_no_content_is_success(cameras: Cameras, client: GatewayClient) -> None:
    cameras.says("", 204)
    assert await client.request_text(SERIAL, "axis-cgi/com/ptz.cgi", form={}) == ""


@pytest.mark.parametrize(
    ("body", "words", "code"),
    [
        ("# Error: Error -1 getting param in group 'X'\r\n", "getting param", None),
        ("# Request failed: no\n", "no", None),
        ("Error: 4\n", "4", 4),
        ("Error:\nNo such preset\n", "No such preset", None),
        ("OK\r\n# Error: the second\r\n", "the second", None),
    ],
)
async def test_failures_with_status_200_are_recognized(
    cameras: Cameras, client: GatewayClient, body: str, words: str, code: int | None
) -> None:
    cameras.says(body)
    calls: list[Awaitable[object]] = [
        client.request_text(SERIAL, PATH),
        client.request_text(SERIAL, PATH, form={}),
        client.request_json(SERIAL, PATH),
        client.request_image(SERIAL, PATH),
    ]
    for call in calls:
        err = await failure(call)
        assert isinstance(err, NetrexCameraRefusedError)
        assert words in str(err)
        assert err.code == code


async def test_failures_stand_at_the_start_of_a_line(
    cameras: Cameras, client: GatewayClient
) -> None:
    text = "root.Image.I0.Text.String=# Error: none\nroot.A.B=Error: 3\n"
    cameras.says(text)
    assert await client.request_text(SERIAL, PATH) == text


@pytest.mark.parametrize(
    "page",
    [
        "<html></html>",
        "\n<!DOCTYPE HTML><html></html>",
        "<!-- portal --><html></html>",
        '<?xml version="1.0"?><html></html>',
        "<HEAD><title>x</title></HEAD>",
    ],
)
async def test_an_html_page_is_an_error(
    cameras: Cameras, client: GatewayClient, page: str
) -> None:
    cameras.says(page, content_type="text/html")
    for call in (client.request_text, client.request_json, client.request_image):
        err = await failure(call(SERIAL, PATH))
        assert isinstance(err, NetrexCameraResponseError)


async def test_text_is_utf_8_or_latin_1(
    cameras: Cameras, client: GatewayClient
) -> None:
    cameras.says("Prodejna Jižní".encode())
    assert await client.request_text(SERIAL, PATH) == "Prodejna Jižní"
    cameras.says("Caf\xe9".encode("latin-1"))
    assert await client.request_text(SERIAL, PATH) == "Caf\xe9"
    # Each line by itself.
    cameras.says("a=Jižní\r\n".encode() + b"b=Caf\xe9\r\n" + "c=Brána".encode())
    text = await client.request_text(SERIAL, PATH)
    assert text == "a=Jižní\r\nb=Caf\xe9\r\nc=Brána"
    # JSON is often one line, so each of its texts by itself.
    cameras.says('{"a": "Jižní", "b": "'.encode() + b'Caf\xe9", "c": "Br\xc3\xa1na"}')
    answer = await client.request_json(SERIAL, PATH)
    assert answer == {"a": "Jižní", "b": "Caf\xe9", "c": "Brána"}


@pytest.mark.parametrize(
    ("body", "kind", "code"),
    [
        (
            {"error": {"code": 2001, "message": "Forbidden"}},
            NetrexCameraRefusedError,
            2001,
        ),
        ({"error": "bad"}, NetrexCameraRefusedError, None),
        ({"error": [1]}, NetrexCameraRefusedError, None),
        ({"status": 400, "message": "no"}, NetrexCameraRefusedError, None),
        ({"status": "404", "message": "no"}, NetrexCameraNotFoundError, None),
        ({"status": 500}, NetrexCameraResponseError, None),
        ({"status": 401}, NetrexCameraResponseError, None),
        ({"status": "403"}, NetrexCameraResponseError, None),
        ({"status": 429}, NetrexCameraResponseError, None),
        ([1], NetrexCameraResponseError, None),
        ("{", NetrexCameraResponseError, None),
        ("", NetrexCameraResponseError, None),
        (b"[" * 200_000, NetrexCameraResponseError, None),
    ],
)
async def test_failures_in_json_are_recognized(
    cameras: Cameras,
    client: GatewayClient,
    body: object,
    kind: type[NetrexCameraError],
    code: int | None,
) -> None:
    cameras.says(body)
    empty: dict[str, object] = {}
    for posted in (None, empty):
        err = await failure(client.request_json(SERIAL, PATH, body=posted))
        assert type(err) is kind
        if isinstance(err, NetrexCameraRefusedError):
            assert err.code == code


async def test_json_is_posted_and_returned(
    cameras: Cameras, client: GatewayClient
) -> None:
    cameras.says({"status": 200, "data": {"a": [1]}})
    assert await client.request_json(SERIAL, PATH, body={"method": "x"}) == {
        "status": 200,
        "data": {"a": [1]},
    }
    assert cameras.bodies == [b'{"method": "x"}']


async def test_only_images_of_limited_size_are_returned(
    cameras: Cameras, client: GatewayClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    cameras.says(b"\xff\xd8picture", content_type="image/jpeg")
    assert await client.request_image(SERIAL, PATH) == b"\xff\xd8picture"
    for body, content_type in ((b"", "image/jpeg"), (b"\xff\xd8", "image/png")):
        cameras.says(body, content_type=content_type)
        err = await failure(client.request_image(SERIAL, PATH))
        assert isinstance(err, NetrexCameraResponseError)
    monkeypatch.setattr(gateway_module, "_MAX_IMAGE_BYTES", 4)
    cameras.says(b"\xff\xd8picture", content_type="image/jpeg")
    assert "BodyTooLargeError" in str(await failure(client.request_image(SERIAL, PATH)))


@pytest.mark.parametrize("serial", ["", "evil.example.com", f"{SERIAL}/../x"])
async def test_an_invalid_serial_number_is_not_called(
    cameras: Cameras, client: GatewayClient, serial: str
) -> None:
    for call in (client.request_text, client.websocket):
        err = await failure(call(serial, PATH))
        assert isinstance(err, NetrexCameraNotFoundError)
    assert cameras.requests == []


@pytest.fixture
async def elsewhere() -> AsyncGenerator[Cameras]:
    """Run another host that must not receive anything."""
    other = Cameras()
    other.says()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", other.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    other.url = f"http://localhost:{runner.addresses[0][1]}/"
    yield other
    await runner.cleanup()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_not_followed(
    cameras: Cameras, elsewhere: Cameras, client: GatewayClient, status: int
) -> None:
    cameras.says("", status, Location=elsewhere.url)
    for call in (
        client.request_text(SERIAL, PATH),
        client.request_text(SERIAL, PATH, form={"a": "b"}),
        client.request_image(SERIAL, PATH),
        client.websocket(SERIAL, PATH),
    ):
        assert isinstance(await failure(call), NetrexCameraResponseError)
    assert len(cameras.requests) == 4
    assert elsewhere.requests == []


async def cut(request: web.Request) -> web.StreamResponse:
    """Cut the connection."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def half(request: web.Request) -> web.StreamResponse:
    """Cut the connection in the middle of the response."""
    response = web.StreamResponse()
    response.content_length = 1000
    await response.prepare(request)
    await response.write(b"root.A.B=")
    assert request.transport is not None
    request.transport.close()
    return response


async def echo(request: web.Request) -> web.StreamResponse:
    """Answer with an error that contains the token."""
    return web.Response(text=f"# Error: {request.headers['Authorization']}")


async def echo_json(request: web.Request) -> web.StreamResponse:
    """Answer with a JSON error that contains the token."""
    return web.json_response({"error": {"message": request.headers["Authorization"]}})


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (slow, NetrexCameraOfflineError),
        (cut, NetrexCameraOfflineError),
        (half, NetrexCameraResponseError),
        (echo, NetrexCameraRefusedError),
        (echo_json, NetrexCameraRefusedError),
    ],
)
async def test_no_error_contains_the_token(
    cameras: Cameras,
    client: GatewayClient,
    caplog: pytest.LogCaptureFixture,
    answer: Handler,
    kind: type[NetrexError],
) -> None:
    caplog.set_level(logging.DEBUG)
    cameras.answer = answer
    call = client.request_json if answer is echo_json else client.request_text
    err = await failure(call(SERIAL, PATH))
    assert type(err) is kind
    assert_no_secret(texts(err), [TOKEN])
    err = await failure(client.websocket(SERIAL, PATH))
    assert_no_secret(texts(err), [TOKEN])
    assert TOKEN not in caplog.text


async def test_a_token_that_cannot_be_sent_in_a_header_is_refused(
    cameras: Cameras, session: aiohttp.ClientSession
) -> None:
    client = GatewayClient(session, f"{cameras.url}/{{serial_number}}", "line\r\nbreak")
    for call in (client.request_text, client.websocket):
        err = await failure(call(SERIAL, PATH))
        assert isinstance(err, NetrexCameraTokenError)
        assert "break" not in texts(err)
    assert cameras.requests == []


async def test_an_unreachable_host_is_offline(session: aiohttp.ClientSession) -> None:
    client = GatewayClient(session, "http://127.0.0.1:1/{serial_number}", TOKEN)
    for call in (client.request_text, client.websocket):
        err = await failure(call(SERIAL, PATH))
        assert isinstance(err, NetrexCameraOfflineError)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (200, NetrexCameraResponseError),
        (401, NetrexCameraTokenError),
        (403, NetrexCameraPermissionError),
        (404, NetrexCameraNotFoundError),
        (503, NetrexCameraOfflineError),
    ],
)
async def test_a_refused_websocket_raises_the_error_of_its_status(
    cameras: Cameras,
    client: GatewayClient,
    reports: Reports,
    status: int,
    kind: type[NetrexError],
) -> None:
    cameras.says("", status)
    err = await failure(client.websocket(SERIAL, PATH))
    assert type(err) is kind
    assert_no_secret(texts(err), [TOKEN])
    assert reports.rows == [(SERIAL, err)]


def test_an_invalid_template_is_refused(session: aiohttp.ClientSession) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the kind is what callers catch
        GatewayClient(session, "http://{serial_number}.device-connect.net", TOKEN)
