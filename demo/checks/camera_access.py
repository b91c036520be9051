"""Checks of camera access: movements, inputs, and broadcasts."""

import asyncio
import time

from ..client import Json
from ..registry import DOMAIN, Place, read_places
from .case import Case, expect

# Capabilities are read in the background, one camera after the other.
APPEARANCE_TIMEOUT = 120.0
# Limits: the delay of an input, and the time until a cut connection is back.
MAX_DELAY = 1.0
MAX_RECOVERY = 10.0
CUTS = 10
POLL_INTERVAL = 0.02
# Timeout of everything else.
PATIENCE = 30.0


async def ptz(case: Case) -> str:
    """A button moves a camera to a preset, and a movement ends on its own."""
    place = await _place(case, "preset_5")
    await _call(case, "button", "press", place.entities["preset_5"])
    at_preset = (await _simulated(case, place))["position"]
    expect(at_preset["zoom"] > 1, f"the camera is at {at_preset}")
    camera = place.entities["camera"]
    await _call(case, DOMAIN, "ptz", camera, preset="home")
    expect(
        (await _simulated(case, place))["position"]["pan"] == 0,
        "the action does not move the camera to its preset",
    )
    await _call(
        case, DOMAIN, "ptz", camera, mode="continuous", pan=40, tilt=-10, duration=0.5
    )
    moved = (await _simulated(case, place))["position"]
    expect(moved["pan"] > 0, "the camera does not move")
    await asyncio.sleep(0.3)
    still = (await _simulated(case, place))["position"]
    expect(still == moved, f"the camera moves on from {moved} to {still}")
    return (
        f"preset by button and by action; half a second at 40 %: {moved['pan']:.0f}°"
        " and it stands still"
    )


async def inputs(case: Case) -> str:
    """An input is shown within a second, also after ten cut connections."""
    control = case.running.control
    place = await _place(case, "input_0")
    entity_id, node_id = place.entities["input_0"], place.node_id
    delays = []
    for active in (True, False):
        await control.post("camera/port", node_id=node_id, port=0, active=active)
        delays.append(await _shown(case, entity_id, "on" if active else "off"))
    expect(max(delays) < MAX_DELAY, f"an input is shown after {max(delays):.2f} s")
    recoveries = []
    for number in range(CUTS):
        cut = (await control.post("events/cut", node_id=node_id))["cut"]
        expect(cut == 1, f"{cut} connections of the camera")
        await _shown(case, entity_id, "unavailable")
        active = number % 2 == 0
        await control.post("camera/port", node_id=node_id, port=0, active=active)
        recoveries.append(await _shown(case, entity_id, "on" if active else "off"))
    expect(
        max(recoveries) < MAX_RECOVERY,
        f"a cut connection is back after {max(recoveries):.1f} s",
    )
    output = place.entities["output_1"]
    for action in ("turn_on", "turn_off"):
        await _call(case, "switch", action, output)
        port = (await _simulated(case, place))["ports"][1]
        active = port["state"] != port["normalState"]
        expect(active == (action == "turn_on"), f"after {action} the output is {port}")
    return (
        f"an input after {max(delays) * 1000:.0f} ms; {CUTS} cuts, back after"
        f" {max(recoveries):.1f} s at most; an output switched"
    )


async def camstreamer(case: Case) -> str:
    """A broadcast is switched on and off, and others are not interrupted."""
    node_id = await _broadcaster(case)
    streams = (await case.running.control.get("camera", node_id=node_id))["streams"]
    on_air, other = streams
    place = await _place(case, f"broadcast_{other['stream_id']}", node_id)
    switch = place.entities[f"broadcast_{other['stream_id']}"]
    sensor = place.entities[f"broadcasting_{other['stream_id']}"]
    for action, state in (("turn_on", "on"), ("turn_off", "off")):
        await _call(case, "switch", action, switch)
        await _shown(case, switch, state)
        await _shown(case, sensor, state)
        real = (await _simulated(case, place))["streams"][1]
        expect(real["streaming"] == (state == "on"), f"after {action}: {real}")
    # A broadcast that is on is not written, because every write restarts it.
    first = place.entities[f"broadcast_{on_air['stream_id']}"]
    await _call(case, "switch", "turn_on", first)
    again = (await _simulated(case, place))["streams"][0]
    expect(again == on_air, f"{on_air} became {again}")
    return "a broadcast on and off, on air while on; the other was not restarted"


async def _broadcaster(case: Case) -> int:
    world = await case.running.control.get("world")
    node_id: int = next(
        camera["node_id"] for camera in world["cameras"] if camera["camstreamer"]
    )
    return node_id


async def _place(case: Case, key: str, node_id: int | None = None) -> Place:
    """Return the first camera with an entity, once that exists."""
    deadline = time.monotonic() + APPEARANCE_TIMEOUT
    while time.monotonic() < deadline:
        for place in await read_places(case.running.client):
            if key in place.entities and node_id in (None, place.node_id):
                return place
        await asyncio.sleep(1)
    expect(condition=False, text=f"no camera has {key}")
    raise AssertionError


async def _simulated(case: Case, place: Place) -> Json:
    answer: Json = await case.running.control.get("camera", node_id=place.node_id or 0)
    return answer


async def _call(
    case: Case, domain: str, action: str, entity_id: str, **data: object
) -> None:
    await case.running.client.request(
        "POST", f"/api/services/{domain}/{action}", {"entity_id": entity_id, **data}
    )


async def _shown(case: Case, entity_id: str, state: str) -> float:
    """Wait until an entity has a state; return the seconds it took."""
    started = time.monotonic()
    while True:
        answer = await case.running.client.request("GET", f"/api/states/{entity_id}")
        seconds = time.monotonic() - started
        if answer["state"] == state:
            return seconds
        expect(seconds < PATIENCE, f"{entity_id} is {answer['state']}, not {state}")
        await asyncio.sleep(POLL_INTERVAL)
