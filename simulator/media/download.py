"""The download of prepared recordings: /api/download.php."""

import asyncio
from pathlib import Path

from aiohttp import hdrs, web

from ..faults import Fault, FaultKind
from ..state import State
from .recordings import RecordingStore

PATH = "/api/download.php"
_CHUNK = 256 * 1024
_PAGE = "<!DOCTYPE html><html><body><h1>File not found</h1></body></html>"


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
            return web.Response(
                status=switches.download_expired_status,
                text=_PAGE,
                content_type="text/html",
            )
        path = await asyncio.shield(download.file)
        headers: dict[str, str] = {
            hdrs.CONTENT_TYPE: "video/mp4",
            hdrs.CONTENT_DISPOSITION: f'attachment; filename="{download.name}"',
        }
        fault: Fault | None = request.get("fault")
        cut = fault is not None and fault.kind is FaultKind.CUT_BODY
        response: web.StreamResponse
        if switches.download_range and switches.download_length and not cut:
            response = web.FileResponse(path, _CHUNK, headers=headers)
        else:
            limit = int(fault.number) if cut and fault else None
            response = await self._send(request, path, headers, limit)
        if request.method == hdrs.METH_GET and not cut:
            self._store.downloaded(download)
        return response

    def _authorized(self, request: web.Request) -> bool:
        scheme, _, value = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
        token = self._state.world.tokens.get(value)
        return (
            scheme == "Bearer"
            and token is not None
            and not token.expired(self._state.clock.now())
        )

    async def _send(
        self, request: web.Request, path: Path, headers: dict[str, str], cut: int | None
    ) -> web.StreamResponse:
        """Send the file or, unless ranges are off, the requested part of it.

        With `cut`, the connection is closed after this many bytes.
        """
        switches = self._state.switches
        size = (await asyncio.to_thread(path.stat)).st_size
        start, stop, status = 0, size, 200
        if switches.download_range and hdrs.RANGE in request.headers:
            wanted = request.http_range
            start, stop, _ = slice(wanted.start, wanted.stop).indices(size)
            status = 206
            headers |= {hdrs.CONTENT_RANGE: f"bytes {start}-{stop - 1}/{size}"}
        response = web.StreamResponse(status=status, headers=headers)
        if switches.download_length:
            response.content_length = stop - start
        await response.prepare(request)
        if request.method == hdrs.METH_HEAD:
            return response
        end = stop if cut is None else min(stop, start + cut)
        with path.open("rb") as file:
            file.seek(start)
            while start < end:
                block = file.read(min(_CHUNK, end - start))
                start += len(block)
                await response.write(block)
        if end < stop and request.transport is not None:
            request.transport.close()
        return response
