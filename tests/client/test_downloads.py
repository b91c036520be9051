"""Downloads of prepared recordings, over real sockets."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
import gzip

import aiohttp
from aiohttp import web
import pytest

from custom_components.netrex.client import (
    NetrexAddressError,
    NetrexConnectionError,
    NetrexError,
    NetrexNotFoundError,
    NetrexRangeError,
    NetrexRateLimitedError,
    NetrexResponseError,
)
from custom_components.netrex.client.downloads import Download, DownloadServer

from ..leaks import assert_no_secret, texts
from .conftest import TOKEN, give_token

KEY = "s3cretKey90xyz"


@dataclass
class Files:
    """A server whose next response is scripted."""

    url: str = ""
    status: int = 200
    body: bytes = b"0123456789"
    headers: dict[str, str] = field(default_factory=dict)
    needs_token: bool = False
    cut: bool = False
    redirects: list[str] = field(default_factory=list)
    requests: list[dict[str, str]] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Note the request's headers and answer it."""
        self.requests.append(dict(request.headers))
        if self.redirects:
            return web.Response(status=302, headers={"Location": self.redirects.pop(0)})
        if self.needs_token and "Authorization" not in request.headers:
            return web.Response(status=401)
        if not self.cut:
            headers = {"Content-Type": "video/mp4"} | self.headers
            return web.Response(status=self.status, body=self.body, headers=headers)
        response = web.StreamResponse()
        response.content_length = 1000
        await response.prepare(request)
        await response.write(self.body)
        assert request.transport is not None
        request.transport.close()
        return response


@pytest.fixture
async def files() -> AsyncGenerator[Files]:
    """Run a file server on a free port."""
    files = Files()
    app = web.Application()
    app.router.add_get("/file", files.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    files.url = f"http://127.0.0.1:{runner.addresses[0][1]}/file?auth_key={KEY}"
    yield files
    await runner.cleanup()


async def download(
    session: aiohttp.ClientSession,
    url: str,
    *,
    portal: str = "http://127.0.0.1:1",
    offset: int = 0,
    validator: str | None = None,
) -> tuple[Download, bytes]:
    """Return a download and its body."""
    # The portal is where the files are: other addresses of the machine are refused.
    server = DownloadServer(session, portal, give_token)
    async with server.open(url, offset=offset, validator=validator) as result:
        return result, await result.content.read()


async def failure(
    session: aiohttp.ClientSession, url: str, *, offset: int = 0
) -> NetrexError:
    """Return the error of a download; it must not contain the URL."""
    with pytest.raises(NetrexError) as caught:
        await download(session, url, offset=offset)
    assert_no_secret(texts(caught.value), [KEY, TOKEN])
    return caught.value


async def test_whole_file(files: Files, session: aiohttp.ClientSession) -> None:
    files.headers["ETag"] = '"v1"'
    result, body = await download(session, files.url)
    assert body == files.body
    assert (result.offset, result.size, result.validator) == (0, 10, '"v1"')
    [headers] = files.requests
    assert headers["Accept-Encoding"] == "identity"
    assert not {"Range", "If-Range", "Authorization"} & set(headers)


@pytest.mark.parametrize(
    ("validator", "sent"), [('"v1"', '"v1"'), ('W/"v1"', None), (None, None)]
)
async def test_rest_of_a_file(
    files: Files,
    session: aiohttp.ClientSession,
    validator: str | None,
    sent: str | None,
) -> None:
    files.status, files.body = 206, b"6789"
    files.headers["Content-Range"] = "bytes 6-9/10"
    result, body = await download(session, files.url, offset=6, validator=validator)
    assert body == b"6789"
    assert (result.offset, result.size) == (6, 10)
    [headers] = files.requests
    assert headers["Range"] == "bytes=6-"
    assert headers.get("If-Range") == sent


async def test_changed_file_starts_again(
    files: Files, session: aiohttp.ClientSession
) -> None:
    result, body = await download(session, files.url, offset=6, validator='"v1"')
    assert body == files.body
    assert result.offset == 0


async def test_only_the_portal_gets_the_token(
    files: Files, session: aiohttp.ClientSession
) -> None:
    files.needs_token = True
    portal = files.url.removesuffix(f"/file?auth_key={KEY}")
    _, body = await download(session, files.url, portal=portal)
    assert body == files.body
    assert files.requests[1]["Authorization"] == f"Bearer {TOKEN}"

    files.requests.clear()
    assert isinstance(await failure(session, files.url), NetrexNotFoundError)
    [headers] = files.requests
    assert "Authorization" not in headers


@pytest.mark.parametrize(
    ("status", "headers", "kind"),
    [
        (403, {}, NetrexNotFoundError),
        (404, {}, NetrexNotFoundError),
        (416, {}, NetrexRangeError),
        (429, {"Retry-After": "7"}, NetrexRateLimitedError),
        (503, {}, NetrexConnectionError),
        (206, {}, NetrexRangeError),
        (206, {"Content-Range": "bytes 5-9/10"}, NetrexRangeError),
    ],
)
async def test_responses_without_the_file(
    files: Files,
    session: aiohttp.ClientSession,
    status: int,
    headers: dict[str, str],
    kind: type[NetrexError],
) -> None:
    files.status, files.headers = status, headers
    error = await failure(session, files.url, offset=6)
    assert type(error) is kind
    if isinstance(error, NetrexRateLimitedError):
        assert error.retry_after == 7


async def test_broken_connections(files: Files, session: aiohttp.ClientSession) -> None:
    files.cut = True
    error = await failure(session, files.url)
    assert type(error) is NetrexConnectionError
    assert str(error) == "The download was interrupted (ClientPayloadError)"
    error = await failure(session, f"http://127.0.0.1:1/file?auth_key={KEY}")
    assert type(error) is NetrexConnectionError
    assert "does not answer" in str(error)


async def test_invalid_url(session: aiohttp.ClientSession) -> None:
    error = await failure(session, f"http://127.0.0.1:x/file?auth_key={KEY}")
    assert type(error) is NetrexResponseError


async def test_errors_of_the_caller_pass(
    files: Files, session: aiohttp.ClientSession
) -> None:
    full = OSError(28, "No space left on device")

    async def save() -> None:
        async with DownloadServer(session, files.url, give_token).open(files.url):
            raise full

    with pytest.raises(OSError, match="No space") as caught:
        await save()
    assert caught.value is full


@pytest.mark.parametrize("label", ["text/html", "application/json", "nonsense"])
async def test_labels_are_ignored(
    files: Files, session: aiohttp.ClientSession, label: str
) -> None:
    files.headers["Content-Type"] = label
    _, body = await download(session, files.url)
    assert body == files.body


async def test_nothing_is_decompressed(
    files: Files, session: aiohttp.ClientSession
) -> None:
    """A megabyte of compressed zeros would become a gigabyte."""
    files.headers["Content-Encoding"] = "gzip"
    files.body = gzip.compress(bytes(1 << 20))
    _, body = await download(session, files.url)
    assert body == files.body


@pytest.mark.parametrize(
    ("content_range", "offset", "size"),
    [
        ("bytes 0-9/10", 0, 10),
        ("bytes 6-9/*", 6, None),
        (" BYTES  6-9/10 ", 6, 10),
    ],
)
async def test_unusual_ranges(
    files: Files,
    session: aiohttp.ClientSession,
    content_range: str,
    offset: int,
    size: int | None,
) -> None:
    files.status, files.headers = 206, {"Content-Range": content_range}
    result, _ = await download(session, files.url, offset=6)
    assert (result.offset, result.size) == (offset, size)


async def test_a_part_that_was_not_requested_is_the_file(
    files: Files, session: aiohttp.ClientSession
) -> None:
    files.status = 206
    result, body = await download(session, files.url)
    assert (result.offset, body) == (0, files.body)


async def test_links_to_other_addresses_of_the_machine_are_refused(
    files: Files, session: aiohttp.ClientSession
) -> None:
    other = files.url.replace("127.0.0.1", "127.0.0.2")
    with pytest.raises(NetrexAddressError) as caught:
        await download(session, other)
    assert_no_secret(texts(caught.value), [KEY, TOKEN])
    with pytest.raises(NetrexAddressError):
        await download(session, files.url, portal="https://127.0.0.2")
    assert files.requests == []


async def test_redirects_are_followed_and_checked(
    files: Files, session: aiohttp.ClientSession
) -> None:
    files.redirects = ["/file?auth_key=other"]
    _, body = await download(session, files.url)
    assert body == files.body
    assert len(files.requests) == 2

    files.redirects = ["http://127.0.0.2/file"]
    assert isinstance(await failure(session, files.url), NetrexAddressError)
    files.redirects = ["/file"] * 9
    assert isinstance(await failure(session, files.url), NetrexNotFoundError)
    assert len(files.requests) == 2 + 1 + 4
