"""The gateway to the cameras, `<serial number>.device-connect.net`.

It also answers at /camera/<serial number>/ of the portal's address, for clients that
cannot resolve such a host name to this machine.
"""

from collections.abc import Awaitable, Callable
from random import Random

from aiohttp import hdrs, web

from ..faults import Fault, FaultKind
from ..limiter import Limiter
from ..media.studio import Studio
from ..records import CallRecord
from ..state import State
from ..world.model import Camera, Scope, Token
from .camera import TOKEN_ARGUMENT, SimulatedCamera, read_arguments
from .hostile import mutate_answer

DOMAIN = ".device-connect.net"
PREFIX = "/camera"
_SCHEME = "token"

type _Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class _RefusedError(Exception):
    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


class SimulatedGateway:
    """Forwards calls with a valid camera access token to the cameras."""

    def __init__(
        self, state: State, studio: Studio, limiter: Limiter | None = None
    ) -> None:
        """Serve the cameras of `state`.

        `limiter` counts the calls if the switch `gateway_counts` is on.
        """
        self._state = state
        self._studio = studio
        self._limiter = limiter
        self._cameras: dict[str, SimulatedCamera] = {}

    def setup(self, app: web.Application) -> None:
        """Answer at both addresses of `app`, which must not be running yet."""
        path = f"{PREFIX}/{{serial}}/{{path:.*}}"
        app.router.add_route(hdrs.METH_ANY, path, self._by_path)

        @web.middleware
        async def by_host(
            request: web.Request, handler: _Handler
        ) -> web.StreamResponse:
            host = request.host.partition(":")[0].lower()
            if not host.endswith(DOMAIN):
                return await handler(request)
            serial = host.removesuffix(DOMAIN)
            return await self.handle(request, serial, request.path.lstrip("/"))

        app.middlewares.append(by_host)
        app.on_shutdown.append(self._close)

    async def _close(self, _app: web.Application) -> None:
        """Cut the event streams, which would otherwise last for days."""
        for found in self._cameras.values():
            found.events.cut()

    async def _by_path(self, request: web.Request) -> web.StreamResponse:
        serial, path = request.match_info["serial"], request.match_info["path"]
        return await self.handle(request, serial, path)

    async def handle(
        self, request: web.Request, serial_number: str, path: str
    ) -> web.StreamResponse:
        """Answer a request to a camera."""
        call = CallRecord(
            self._state.clock.now(),
            serial_number,
            request.method,
            path,
            tuple(
                (name, "" if name == TOKEN_ARGUMENT else value)
                for name, value in await read_arguments(request)
            ),
        )
        self._state.calls.append(call)
        try:
            camera = self._admit(request, serial_number)
        except _RefusedError as err:
            answer: web.StreamResponse = self._refusal(err)
        else:
            answer = await self.camera(camera).answer(path, request)
        fault: Fault | None = request.get("fault")
        if fault is not None and fault.kind is FaultKind.HOSTILE:
            random = Random(f"{fault.value}{serial_number}{path}")  # noqa: S311 - no secret
            answer = mutate_answer(answer, random)
        call.status = answer.status
        return answer

    def camera(self, camera: Camera) -> SimulatedCamera:
        """Return the simulated camera, which keeps its state."""
        found = self._cameras.get(camera.serial_number)
        if found is None:
            found = SimulatedCamera(camera, self._state, self._studio)
            self._cameras[camera.serial_number] = found
        return found

    def _admit(self, request: web.Request, serial_number: str) -> Camera:
        switches, world = self._state.switches, self._state.world
        token = self._token(request)
        if token is None or token.expired(self._state.clock.now()):
            raise _RefusedError(switches.gateway_bad_token_status, "Unauthorized")
        if (
            switches.gateway_counts
            and self._limiter is not None
            and not self._limiter.admit(token.username)
        ):
            raise _RefusedError(switches.limit_status, "Too Many Requests")
        camera = world.camera_by_serial(serial_number)
        if camera is None or not world.sees(token.username, camera.node_id):
            raise _RefusedError(switches.gateway_unknown_status, "Not Found")
        if Scope.CONFIGURATION not in token.scopes:
            raise _RefusedError(switches.gateway_no_permission_status, "Forbidden")
        if not camera.is_connected:
            raise _RefusedError(switches.gateway_offline_status, "Device is offline")
        return camera

    def _token(self, request: web.Request) -> Token | None:
        scheme, _, value = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
        if scheme.lower() != _SCHEME:
            value = request.query.get(TOKEN_ARGUMENT, "")
        return self._state.world.tokens.get(value)

    def _refusal(self, refusal: _RefusedError) -> web.Response:
        text, status = refusal.text, refusal.status
        match self._state.switches.gateway_body:
            case "html":
                page = f"<html><body><h1>{status} {text}</h1></body></html>"
                return web.Response(status=status, text=page, content_type="text/html")
            case "json":
                body = {"status": status, "message": text}
                return web.json_response(body, status=status)
            case "text":
                return web.Response(status=status, text=text)
        return web.Response(status=status)
