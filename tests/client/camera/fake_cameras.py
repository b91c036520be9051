"""Cameras behind a gateway, over real sockets."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
import json

from aiohttp import web
import pytest

from custom_components.netrex.client import (
    NetrexError,
)

SERIAL = "accc8ee8a9ca"
OTHER = "accc8ed8cbf0"
PATH = "axis-cgi/param.cgi"

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Cameras:
    """Cameras that all answer the same; they record requests and their times."""

    url: str = ""
    answer: Handler | None = None
    requests: list[web.Request] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    forms: list[dict[str, str]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    now: int = 0
    most: int = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Record the request and answer it."""
        self.requests.append(request)
        self.times.append(asyncio.get_running_loop().time())
        self.bodies.append(await request.read())
        self.forms.append(
            {key: str(one) for key, one in (await request.post()).items()}
        )
        assert self.answer is not None
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            return await self.answer(request)
        finally:
            self.now -= 1

    def says(
        self,
        body: object = "OK",
        status: int = 200,
        content_type: str = "text/plain",
        **headers: str,
    ) -> None:
        """Set the response: text, bytes, or anything else as JSON."""
        raw = body.encode() if isinstance(body, str) else body
        if not isinstance(raw, bytes):
            raw, content_type = json.dumps(raw).encode(), "application/json"
        names = {name.replace("_", "-"): value for name, value in headers.items()}

        async def answer(_: web.Request) -> web.StreamResponse:
            return web.Response(
                body=raw, status=status, content_type=content_type, headers=names
            )

        self.answer = answer


@dataclass
class Reports:
    """Records what the client reports."""

    rows: list[tuple[str, NetrexError | None]] = field(default_factory=list)

    def __call__(self, serial_number: str, err: NetrexError | None) -> None:
        """Record a call."""
        self.rows.append((serial_number, err))


async def failure(call: Awaitable[object]) -> NetrexError:
    """Return the error of a call."""
    with pytest.raises(NetrexError) as caught:
        await call
    return caught.value


async def slow(_: web.Request) -> web.StreamResponse:
    """Answer too late."""
    await asyncio.sleep(5)
    return web.Response()
