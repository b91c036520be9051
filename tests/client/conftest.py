"""A scripted portal on a real socket, and clients for it."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
import json
from typing import Any

import aiohttp
from aiohttp import web
import pytest

from custom_components.netrex.client import Ledger, NetrexClient, Pacer, Schema

TOKEN = "NvA7fk39sLqwTYVQ81mz"

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Portal:
    """Sends its answers one after the other, then repeats the last."""

    url: str = ""
    answers: list[Handler] = field(default_factory=list)
    queries: list[str] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Note the request and answer it."""
        body = await request.json()
        self.bodies.append(body)
        self.queries.append(body["query"])
        self.headers.append(dict(request.headers))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return await answer(request)

    def says(self, body: object, status: int = 200, **headers: str) -> None:
        """Add an answer: JSON, or bytes as they are."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        names = {name.replace("_", "-"): value for name, value in headers.items()}

        async def answer(_: web.Request) -> web.StreamResponse:
            return web.Response(body=raw, status=status, headers=names)

        self.answers.append(answer)


@pytest.fixture
async def portal() -> AsyncGenerator[Portal]:
    """Run a scripted portal on a free port."""
    portal = Portal()
    app = web.Application()
    app.router.add_post("/api/graphql.php", portal.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    portal.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield portal
    await runner.cleanup()


@pytest.fixture
async def session() -> AsyncGenerator[aiohttp.ClientSession]:
    """Return an HTTP session."""
    async with aiohttp.ClientSession() as session:
        yield session


async def give_token() -> str:
    """Return the token."""
    return TOKEN


@pytest.fixture
async def pacer() -> AsyncGenerator[Pacer]:
    """Return a pacer without spacing."""
    pacer = Pacer(Ledger(), interval=0)
    yield pacer
    await pacer.clear()


@pytest.fixture
def client(
    portal: Portal, session: aiohttp.ClientSession, pacer: Pacer
) -> NetrexClient:
    """Return a client of the scripted portal with the documented schema."""
    return NetrexClient(session, portal.url, give_token, pacer=pacer)


def object_type(name: str, /, **fields: str) -> dict[str, Any]:
    """Return an introspected type.

    A field's type is written `T` or `[T]`, with `!` in front if it needs an argument.
    """
    return {
        "kind": "OBJECT",
        "name": name,
        "fields": [_field(key, value) for key, value in fields.items()],
        "enumValues": None,
    }


def _field(name: str, written: str) -> dict[str, Any]:
    inner = written.strip("![]")
    leaf: dict[str, Any] = {"kind": "SCALAR", "name": inner, "ofType": None}
    if "[" in written:
        leaf = {
            "kind": "NON_NULL",
            "name": None,
            "ofType": {"kind": "LIST", "name": None, "ofType": leaf},
        }
    arguments = [
        {"name": "a", "defaultValue": "1", "type": {"kind": "NON_NULL"}},
        {"name": "b", "defaultValue": None, "type": {"kind": "SCALAR"}},
    ]
    if written.startswith("!"):
        arguments.append(
            {"name": "c", "defaultValue": None, "type": {"kind": "NON_NULL"}}
        )
    return {"name": name, "args": arguments, "type": leaf}


def introspection(*types: dict[str, Any], query: str = "Query") -> dict[str, Any]:
    """Return the data of an introspection."""
    return {
        "__schema": {
            "queryType": {"name": query},
            "mutationType": None,
            "types": list(types),
        }
    }


def rich_schema() -> Schema:
    """Return a schema with fields that the documentation only mentions."""
    return Schema.from_introspection(
        introspection(
            object_type("Query", cameraList="[Cam]", camera="!Cam", nodeList="[N]"),
            object_type("N", node_id="Int", name="String"),
            object_type(
                "Cam",
                node_id="Int",
                name="String",
                lenses="[LensChannel]",
                live_view="!Live",
            ),
            object_type("LensChannel", node_id="Int", name="String"),
            object_type("Live", remote="Remote", local="Local"),
            object_type(
                "Remote",
                rtsp="Link",
                rtsp_wss="Link",
                rtspHs="String",
                rtspws="!Link",
                rtsph="Nothing",
            ),
            object_type("Nothing", other="String"),
            object_type("Local", rtsp="Link"),
            object_type("Link", url="String"),
        )
    )
