"""The download of prepared recordings: /api/download.php."""

import asyncio
import gzip

from aiohttp import hdrs, web

from ..faults import Fault, FaultKind
from ..state import State
from .recordings import RecordingStore

PATH = "/api/download.php"
_CHUNK = 256 * 1024
_PAGE = b"<!DOCTYPE html><html><body><h1>File not found</h1></body></html>"
_FIRST_BOX = b"\0\0\0\x08ftyp"
# Answers without a file: body and Content-Type.
ANSWERS = {
    "page": (_PAGE, "text/html"),
    "text": (b"The link has expired.", "text/plain"),
    "json": (b'{"error":"expired"}', "application/json"),
    "empty": (b"", "video/mp4"),
    "noise": (bytes(range(256)) * 4, "video/mp4"),
}


class Downloads:
    """Serves the files of a store, in full or by ranges."""

    def __init__(self, state: State, store: RecordingStore) -> None:
        """Serve the files of the keys in `store`."""
        self._state = state
        self._store = store

    def routes(self) -> list[web.RouteDef]:
        """Return the route for GET and HEAD."""
        return [web.get(PATH, self.handle)]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        switches = self._state.switches
        if switches.download_needs_token and not self._authorized(request):
            return web.Response(status=401, text="Unauthorized")
        download = self._store.download(request.query.get("auth_key", ""))
        if download is None:
            body, kind = ANSWERS[switches.download_expired_body]
            return web.Response(
                status=switches.download_expired_status, body=body, content_type=kind
            )
        if switches.download_answer == "endless":
            return await self._send_endlessly(request)
        if switches.download_answer != "film":
            body, kind = ANSWERS[switches.download_answer]
            return web.Response(body=body, content_type=kind)
        path = await asyncio.shield(download.file)
        headers: dict[str, str] = {
            hdrs.CONTENT_TYPE: switches.download_type,
            hdrs.CONTENT_DISPOSITION: f'attachment; filename="{download.name}"',
        }
        fault: Fault | None = request.get("fault")
        cut = fault is not None and fault.kind is FaultKind.CUT_BODY
        response: web.StreamResponse
        if self._is_plain() and not cut:
            response = web.FileResponse(path, _CHUNK, headers=headers)
        else:
            limit = int(fault.number) if cut and fault else None
            content = await asyncio.to_thread(path.read_bytes)
            response = await self._send(request, content, headers, limit)
        if request.method == hdrs.METH_GET and not cut:
            self._store.downloaded(download)
        return response

    def _is_plain(self) -> bool:
        """Return whether no switch changes how files are sent."""
        switches = self._state.switches
        return (
            switches.download_range
            and switches.download_length
            and not switches.download_tail
            and not switches.download_length_error
            and not switches.download_rate
            and switches.download_encoding == "identity"
            and switches.download_range_answer == "right"
        )

    def _authorized(self, request: web.Request) -> bool:
        scheme, _, value = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
        token = self._state.world.tokens.get(value)
        return (
            scheme == "Bearer"
            and token is not None
            and not token.expired(self._state.clock.now())
        )

    async def _send(
        self,
        request: web.Request,
        content: bytes,
        headers: dict[str, str],
        cut: int | None,
    ) -> web.StreamResponse:
        """Send a file or, unless ranges are off, the requested part of it.

        With `cut`, the connection is closed after this many bytes.
        """
        switches = self._state.switches
        content += switches.download_tail.encode()
        if switches.download_encoding != "identity":
            headers |= {hdrs.CONTENT_ENCODING: "gzip"}
        if switches.download_encoding == "gzip":
            content = gzip.compress(content)
        start, stop, status = 0, len(content), 200
        if switches.download_range and hdrs.RANGE in request.headers:
            wanted = request.http_range
            start, stop, _ = slice(wanted.start, wanted.stop).indices(stop)
            answer = switches.download_range_answer
            if answer == "refused" or start >= len(content):
                return web.Response(status=416)
            status = 206
            start, content_range = _range(answer, start, stop, len(content))
            if content_range:
                headers |= {hdrs.CONTENT_RANGE: content_range}
        response = web.StreamResponse(status=status, headers=headers)
        body = content[start:stop]
        if switches.download_length:
            response.content_length = len(body) + switches.download_length_error
        await response.prepare(request)
        if request.method == hdrs.METH_HEAD:
            return response
        end = len(body) if cut is None else min(len(body), cut)
        chunk = switches.download_rate // 10 or _CHUNK
        for offset in range(0, end, chunk):
            await response.write(body[offset : min(offset + chunk, end)])
            if switches.download_rate:
                await asyncio.sleep(0.1)
        is_short = end < len(body) or switches.download_length_error > 0
        if is_short and request.transport is not None:
            request.transport.close()
        return response

    async def _send_endlessly(self, request: web.Request) -> web.StreamResponse:
        """Send the start of a film, and then zeros until the client gives up."""
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(_FIRST_BOX)
        while True:
            await response.write(bytes(_CHUNK))


def _range(answer: str, start: int, stop: int, size: int) -> tuple[int, str]:
    """Return the first byte to send, and the Content-Range header."""
    if answer == "bare":
        return start, ""
    if answer == "whole":
        start = 0
    elif answer == "shifted":
        start = max(start - 1, 1)
    total = "*" if answer == "unknown" else str(size)
    return start, f"bytes {start}-{stop - 1}/{total}"
