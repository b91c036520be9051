"""A camera's HTTP interface: the VAPIX calls that it supports, one row each."""

from collections.abc import Awaitable, Callable, Mapping
import json
import re
from typing import Any

from aiohttp import web

from ..media.studio import Studio, View
from ..state import State
from ..world.model import Camera
from . import events as camera_events
from .camstreamer import PREFIX, CamStreamer, NoSuchCallError
from .events import Event, EventStream
from .parameters import (
    ARCHITECTURE,
    BUILD_DATE,
    FIRMWARE,
    HARDWARE_ID,
    SOC,
    Parameters,
    default_parameters,
)
from .ports import Port, PortError, Ports
from .ptz import Ptz, RefusedError, answer_fixed

TOKEN_ARGUMENT = "DEVICE_ACCESS_TOKEN"
_BRIGHTNESS = "ImageSource.I0.Sensor.Brightness"
_NEUTRAL = 50
_HEIGHTS = re.compile(r"(\d{2,4})x(\d{2,4})")
_API_VERSION = "1.3"


class SimulatedCamera:
    """A camera behind the gateway."""

    def __init__(self, camera: Camera, state: State, studio: Studio) -> None:
        self._camera = camera
        self._state = state
        self._studio = studio
        node = state.world.node(camera.node_id)
        self._name = node.name if node and node.name else str(camera.node_id)
        self.parameters = Parameters(default_parameters(camera, self._name))
        self.camstreamer = CamStreamer(camera.node_id, state.clock, state.secrets)
        self.events = EventStream(state, camera.serial_number)
        self.ports = Ports(camera.inputs, camera.outputs, self._port_changed)
        self.ptz = Ptz(state.clock, self._moves) if camera.ptz else None
        self._declare_states()

    def _declare_states(self) -> None:
        """Emit the initial states."""
        for port in self.ports.ports:
            self._port_changed(port)
        for topic in self._camera.analytics:
            self.events.emit(Event(topic, data={"active": "0"}))
        if self.ptz is not None:
            self._moves(moving=False)
        channel = {"VideoSourceConfigurationToken": "1"}
        self.events.emit(Event(camera_events.DAY_NIGHT, channel, {"day": "1"}))
        self.events.emit(Event(camera_events.SYSTEM_READY, data={"ready": "1"}))

    def _moves(self, moving: bool) -> None:
        data = {"is_moving": str(int(moving))}
        self.events.emit(Event(camera_events.MOVING, data=data))

    def _port_changed(self, port: Port) -> None:
        number = str(port.number)
        if port.direction == "output":
            state = "active" if port.active else "inactive"
            source, data = {"RelayToken": number}, {"LogicalState": state}
            self.events.emit(Event(camera_events.RELAY, source, data))
            return
        # Cameras report an input twice: with their own topic and with ONVIF's.
        value = str(int(port.active))
        self.events.emit(Event(camera_events.INPUT, {"port": number}, {"state": value}))
        source, data = {"InputToken": number}, {"LogicalState": value}
        self.events.emit(Event(camera_events.INPUT_ONVIF, source, data))

    async def answer(self, path: str, request: web.Request) -> web.StreamResponse:
        """Answer a request for `path`, without a leading slash."""
        if path.startswith(PREFIX):
            return await self._camstreamer(path.removeprefix(PREFIX), request)
        call = _CALLS.get(path)
        if call is None:
            return web.Response(status=404, text="404 Not Found\n")
        methods, handler = call
        if request.method not in methods:
            return web.Response(status=405, headers={"Allow": ", ".join(methods)})
        return await handler(self, request)

    async def _camstreamer(self, call: str, request: web.Request) -> web.Response:
        arguments = dict(await read_arguments(request))
        switches = self._state.switches
        generation = switches.camstreamer_api if self._camera.camstreamer else "none"
        try:
            answer = self.camstreamer.answer(call, arguments, generation)
        except NoSuchCallError:
            return _UNKNOWN_APP_CALL[switches.camstreamer_unknown]()
        data = answer["data"]
        if switches.camstreamer_list == "top" and data and "streamList" in data:
            answer |= answer.pop("data")
        return web.json_response(answer)

    async def param(self, request: web.Request) -> web.Response:
        """Answer param.cgi; failures have HTTP status 200."""
        arguments = await read_arguments(request)
        named = dict(arguments)
        action = named.get("action", "")
        if action == "list":
            groups = named.get("group", "")
            text = self.parameters.listing(groups.split(",") if groups else ())
        elif action == "update":
            reserved = {"action", "usergroup", TOKEN_ARGUMENT}
            text = self.parameters.update(
                item for item in arguments if item[0] not in reserved
            )
            brightness = int(self.parameters.values[_BRIGHTNESS]) - _NEUTRAL
            self._studio.brightness[self._camera.node_id] = brightness
        else:
            text = f"# Error: unknown action '{action}'\r\n"
        return web.Response(text=text, content_type="text/plain", charset="utf-8")

    async def image(self, request: web.Request) -> web.Response:
        """Answer jpg/image.cgi with the current image."""
        largest = max(
            self._camera.stream_profiles,
            key=lambda profile: profile.height,
            default=None,
        )
        default = f"{largest.width}x{largest.height}" if largest else "1280x720"
        resolution = request.query.get("resolution", default)
        compression = request.query.get("compression", "30")
        number = request.query.get("camera", "1")
        known = self.parameters.values["Properties.Image.Resolution"].split(",")
        channels = [(self._camera.node_id, self._name)] + [
            (channel.node_id, channel.name) for channel in self._camera.video_channels
        ]
        size = _HEIGHTS.fullmatch(resolution)
        if (
            size is None
            or resolution not in {*known, default}
            or not compression.isdecimal()
            or number not in map(str, range(1, len(channels) + 1))
        ):
            return web.Response(status=400, text="400 Bad Request\n")
        node_id, name = channels[int(number) - 1]
        view = View(node_id, name, int(size[1]), int(size[2]))
        # VAPIX compression 0 is the best (quality 95 here), 100 the smallest (5).
        quality = 95 - min(int(compression), 100) * 9 // 10
        picture = await self._studio.still(view, quality)
        return web.Response(body=picture, content_type="image/jpeg")

    async def move(self, request: web.Request) -> web.Response:
        """Answer com/ptz.cgi: queries with text, controls with status 204.

        Failures have HTTP status 200 and the text in the second line.
        """
        arguments = dict(await read_arguments(request))
        try:
            if self.ptz is None:
                text: str | None = answer_fixed(
                    arguments, self._state.switches.fixed_ptz
                )
            else:
                text = self.ptz.answer(arguments)
        except RefusedError as err:
            text = f"Error:\r\n{err}\r\n"
        if text is None:
            return web.Response(status=204)
        return web.Response(text=text, content_type="text/plain", charset="utf-8")

    async def port_management(self, request: web.Request) -> web.Response:
        """Answer io/portmanagement.cgi; failures are JSON with HTTP status 200."""
        if not self._state.switches.port_management:
            return web.Response(status=404, text="404 Not Found\n")
        try:
            body = json.loads(await request.text())
        except ValueError:
            body = None
        head = {"apiVersion": "1.0"}
        if not isinstance(body, dict):
            error = {"code": 4000, "message": "Invalid JSON"}
            return web.json_response(head | {"error": error})
        head |= {name: body[name] for name in ("context", "method") if name in body}
        try:
            return web.json_response(head | {"data": self.ports.manage(body)})
        except PortError as err:
            error = {"code": err.code, "message": str(err)}
            return web.json_response(head | {"error": error})

    async def port(self, request: web.Request) -> web.Response:
        """Answer io/port.cgi."""
        arguments = dict(await read_arguments(request))
        text = self.ports.act(arguments.get("action", ""))
        return web.Response(text=text, content_type="text/plain", charset="utf-8")

    async def stream_events(self, request: web.Request) -> web.StreamResponse:
        """Answer the WebSocket of the event stream."""
        if not self._state.switches.event_stream:
            return web.Response(status=404, text="404 Not Found\n")
        return await self.events.handle(request)

    async def basic_device_info(self, request: web.Request) -> web.Response:
        """Answer basicdeviceinfo.cgi; failures are JSON with HTTP status 200."""
        if request.method != "POST":
            return web.json_response(_failure(2002, "HTTP request type not supported"))
        try:
            body = json.loads(await request.text())
        except ValueError:
            body = None
        if not isinstance(body, dict):
            return web.json_response(_failure(4000, "Invalid JSON"))
        context = body.get("context")
        method = body.get("method")
        properties = self._properties()
        data: dict[str, Any]
        if method == "getSupportedVersions":
            data = {"apiVersions": [_API_VERSION]}
        elif str(body.get("apiVersion", "")).partition(".")[0] != "1":
            return web.json_response(
                _failure(2003, "The requested API version is not supported", context)
            )
        elif method == "getAllProperties":
            data = {"propertyList": properties}
        elif method == "getProperties":
            parameters = body.get("params")
            wanted = parameters.get("propertyList") if parameters else None
            if not isinstance(wanted, list) or set(wanted) - set(properties):
                failure = _failure(1000, "Invalid parameter value specified", context)
                return web.json_response(failure)
            data = {"propertyList": {name: properties[name] for name in wanted}}
        else:
            failure = _failure(2004, "Method not supported", context)
            return web.json_response(failure)
        answer = {"apiVersion": _API_VERSION, "method": method, "data": data}
        if context is not None:
            answer["context"] = context
        return web.json_response(answer)

    def _properties(self) -> dict[str, str]:
        values = self.parameters.values
        brand = ("Brand", "ProdFullName", "ProdNbr", "ProdShortName", "ProdType")
        return {name: values[f"Brand.{name}"] for name in brand} | {
            "ProdVariant": "",
            "WebURL": values["Brand.WebURL"],
            "SerialNumber": values["Properties.System.SerialNumber"],
            "Version": FIRMWARE,
            "BuildDate": BUILD_DATE,
            "Architecture": ARCHITECTURE,
            "HardwareID": HARDWARE_ID,
            "Soc": SOC,
            "SocSerialNumber": "",
        }


async def read_arguments(request: web.Request) -> list[tuple[str, str]]:
    """Return the arguments of the query and then of the form, in order."""
    form = await request.post()
    posted = [(name, value) for name, value in form.items() if isinstance(value, str)]
    return [*request.query.items(), *posted]


def _failure(code: int, message: str, context: object = None) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "apiVersion": _API_VERSION,
        "error": {"code": code, "message": message},
    }
    return answer if context is None else answer | {"context": context}


_UNKNOWN_APP_CALL: Mapping[str, Callable[[], web.Response]] = {
    "status": lambda: web.Response(status=404, text="404 Not Found\n"),
    "page": lambda: web.Response(
        text="<!doctype html><title>CamStreamer</title>", content_type="text/html"
    ),
    "text": lambda: web.Response(text="Unknown request\n"),
    "json": lambda: web.json_response({"status": 200}),
}
_CALLS: dict[
    str,
    tuple[
        tuple[str, ...],
        Callable[[SimulatedCamera, web.Request], Awaitable[web.StreamResponse]],
    ],
] = {
    "axis-cgi/param.cgi": (("GET", "POST"), SimulatedCamera.param),
    "axis-cgi/jpg/image.cgi": (("GET", "HEAD"), SimulatedCamera.image),
    "axis-cgi/basicdeviceinfo.cgi": (
        ("GET", "POST"),
        SimulatedCamera.basic_device_info,
    ),
    "axis-cgi/com/ptz.cgi": (("GET", "POST"), SimulatedCamera.move),
    "axis-cgi/io/portmanagement.cgi": (("POST",), SimulatedCamera.port_management),
    "axis-cgi/io/port.cgi": (("GET", "POST"), SimulatedCamera.port),
    camera_events.PATH: (("GET",), SimulatedCamera.stream_events),
}
