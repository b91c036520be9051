"""The control endpoint: loopback only, JSON in and out, no part of the real cloud.

It sets switches, adds faults, and changes the world, and it returns the truth that a
check compares with.
"""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from ipaddress import ip_address
import json
from typing import TYPE_CHECKING, Any

from aiohttp import web

from .camera.events import Event
from .world.kpi import METRICS
from .world.model import Column
from .world.scenarios import add_camera

if TYPE_CHECKING:
    from .server import Simulator

type _Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Control:
    """Handles /control/."""

    def __init__(self, cloud: Simulator) -> None:
        self._cloud = cloud

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of the endpoint."""
        gets = {
            "truth": self._truth,
            "queries": self._queries,
            "links": self._links,
            "calls": self._calls,
            "secrets": self._secrets,
            "switches": self._switches,
            "faults": self._faults,
            "world": self._world,
            "camera": self._camera_state,
        }
        posts = {
            "switches": self._set_switches,
            "faults": self._add_fault,
            "faults/clear": self._clear_faults,
            "clock": self._jump,
            "tokens": self._create_token,
            "revoke": self._revoke,
            "clients": self._add_client,
            "camera": self._camera,
            "camera/add": self._add_camera,
            "camera/remove": self._remove_camera,
            "camera/port": self._port,
            "camera/event": self._event,
            "events/cut": self._cut_events,
            "sessions/drop": self._drop_sessions,
            "kpi": self._correct,
        }
        return [
            *(web.get(f"/control/{name}", _local(h)) for name, h in gets.items()),
            *(web.post(f"/control/{name}", _local(h)) for name, h in posts.items()),
        ]

    async def _truth(self, request: web.Request) -> web.Response:
        query = request.query
        if query["metric"] not in METRICS:
            raise ValueError(f"metric is not one of {METRICS}")
        value = self._cloud.truth(
            int(query["node_id"]),
            query["metric"],
            float(query["from"]),
            float(query["to"]),
        )
        return web.json_response({"value": value})

    async def _queries(self, request: web.Request) -> web.Response:
        """Return the queries; `since` (unix seconds) leaves out older ones."""
        since = float(request.query.get("since", 0))
        rows = [asdict(q) for q in self._cloud.queries if q.time >= since]
        return web.json_response(rows)

    async def _links(self, _request: web.Request) -> web.Response:
        return web.json_response([asdict(link) for link in self._cloud.links])

    async def _calls(self, request: web.Request) -> web.Response:
        """Return the gateway's calls; `since` (unix seconds) leaves out older ones."""
        since = float(request.query.get("since", 0))
        rows = [asdict(call) for call in self._cloud.calls if call.time >= since]
        return web.json_response(rows)

    async def _secrets(self, _request: web.Request) -> web.Response:
        return web.json_response(sorted(self._cloud.secrets))

    async def _switches(self, _request: web.Request) -> web.Response:
        return web.json_response(self._cloud.switches.as_dict())

    async def _set_switches(self, request: web.Request) -> web.Response:
        for name, value in (await _body(request)).items():
            self._cloud.switches.set(name, value)
        return await self._switches(request)

    async def _faults(self, _request: web.Request) -> web.Response:
        return web.json_response(self._cloud.faults.as_list())

    async def _add_fault(self, request: web.Request) -> web.Response:
        self._cloud.faults.add(**await _body(request))
        return await self._faults(request)

    async def _clear_faults(self, request: web.Request) -> web.Response:
        self._cloud.faults.clear((await _body(request)).get("endpoint"))
        return await self._faults(request)

    async def _world(self, _request: web.Request) -> web.Response:
        world = self._cloud.world
        cameras = [asdict(camera) for camera in world.cameras.values()]
        return web.json_response(
            {
                "now": self._cloud.clock.now(),
                "rtsp_port": self._cloud.rtsp_port,
                "authority": self._cloud.authority,
                "nodes": [asdict(node) for node in world.nodes],
                "cameras": cameras,
                "sources": sorted(world.sources),
                "users": sorted(world.users),
                "clients": [asdict(client) for client in world.clients],
            }
        )

    async def _camera_state(self, request: web.Request) -> web.Response:
        """Return the true state of a camera."""
        camera = self._cloud.camera(int(request.query["node_id"]))
        return web.json_response(
            {
                "position": camera.ptz and asdict(camera.ptz.position),
                "ports": [port.as_item() for port in camera.ports.ports],
                "listeners": camera.events.listeners,
                "parameters": camera.parameters.values,
                "streams": [
                    {
                        "stream_id": stream.stream_id,
                        "enabled": stream.enabled,
                        "streaming": stream.streaming,
                        "start_count": stream.start_count,
                    }
                    for stream in camera.camstreamer.streams.values()
                ],
            }
        )

    async def _jump(self, request: web.Request) -> web.Response:
        self._cloud.clock.jump(float((await _body(request))["seconds"]))
        return web.json_response({"now": self._cloud.clock.now()})

    async def _create_token(self, request: web.Request) -> web.Response:
        body = await _body(request)
        token = self._cloud.create_api_token(
            body.get("user", "owner"), body.get("scopes"), body.get("expires_in")
        )
        return web.json_response({"token": token})

    async def _revoke(self, request: web.Request) -> web.Response:
        """Revoke one access token, all of a user, or all; refresh tokens too."""
        body, oauth = await _body(request), self._cloud.oauth
        if token := body.get("access_token"):
            return web.json_response({"revoked": int(oauth.revoke(token))})
        return web.json_response({"revoked": oauth.revoke_all(body.get("user"))})

    async def _add_client(self, request: web.Request) -> web.Response:
        body = await _body(request)
        client = self._cloud.add_client(body["redirect_uris"], body.get("name", ""))
        return web.json_response(asdict(client))

    async def _camera(self, request: web.Request) -> web.Response:
        """Change a camera's attributes: is_connected, source_ip and so on."""
        body = await _body(request)
        node_id = int(body.pop("node_id"))
        camera = self._cloud.world.cameras[node_id]
        name = body.pop("name", None)
        node = self._cloud.world.node(node_id)
        if name is not None and node is not None:
            node.name = name
        for attribute in set(body) & {"is_connected", "source_ip", "records", "model"}:
            setattr(camera, attribute, body[attribute])
        if not camera.is_connected:
            self._cloud.camera(node_id).events.cut()
        return web.json_response(asdict(camera))

    async def _add_camera(self, request: web.Request) -> web.Response:
        body = await _body(request)
        parent = int(body["parent_node_id"])
        camera = add_camera(self._cloud.world, body["name"], parent)
        return web.json_response(asdict(camera))

    async def _remove_camera(self, request: web.Request) -> web.Response:
        node_id = int((await _body(request))["node_id"])
        self._cloud.drop_sessions(node_id)
        self._cloud.world.remove(node_id)
        return web.json_response({})

    async def _port(self, request: web.Request) -> web.Response:
        """Set a port, counted from 0; without `active` only return the ports."""
        body = await _body(request)
        ports = self._cloud.camera(int(body["node_id"])).ports
        if "active" in body:
            try:
                ports.set(int(body["port"]), bool(body["active"]))
            except IndexError as err:
                raise ValueError("unknown port") from err
        return web.json_response([port.as_item() for port in ports.ports])

    async def _event(self, request: web.Request) -> web.Response:
        """Send an event from a camera: topic, source, data."""
        body = await _body(request)
        stream = self._cloud.camera(int(body["node_id"])).events
        stream.emit(Event(body["topic"], body.get("source", {}), body.get("data", {})))
        return web.json_response({"listeners": stream.listeners})

    async def _cut_events(self, request: web.Request) -> web.Response:
        """Cut the event streams of a camera."""
        camera = self._cloud.camera(int((await _body(request))["node_id"]))
        return web.json_response({"cut": camera.events.cut()})

    async def _drop_sessions(self, request: web.Request) -> web.Response:
        node_id = (await _body(request)).get("node_id")
        return web.json_response({"dropped": self._cloud.drop_sessions(node_id)})

    async def _correct(self, request: web.Request) -> web.Response:
        """Replace a source's numbers: node_id, from (unix seconds), columns."""
        body = await _body(request)
        columns = {Column(name): int(n) for name, n in body["columns"].items()}
        self._cloud.correct(int(body["node_id"]), float(body["from"]), columns)
        return web.json_response({})


async def _body(request: web.Request) -> dict[str, Any]:
    text = await request.text()
    body = json.loads(text) if text else {}
    if not isinstance(body, dict):
        raise TypeError("the body is not a JSON object")
    return body


def _local(handler: _Handler) -> _Handler:
    """Accept requests from this machine only; answer bad input with status 400."""

    async def guarded(request: web.Request) -> web.StreamResponse:
        if request.remote is None or not ip_address(request.remote).is_loopback:
            raise web.HTTPForbidden
        try:
            return await handler(request)
        except (KeyError, TypeError, ValueError) as err:
            return web.json_response({"error": repr(err)}, status=400)

    return guarded
