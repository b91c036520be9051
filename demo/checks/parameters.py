"""Check of a camera's parameters: read, dry run, write, number entity, snapshot."""

from http import HTTPStatus
import time

from ..client import Json
from ..processes import DemoError
from ..registry import DOMAIN, Place, read_places
from .case import Case, eventually, expect

SENSOR = "ImageSource.I0.Sensor"
BRIGHTNESS = f"{SENSOR}.Brightness"
FOREIGN = "Network.HostName"
# Home Assistant reloads an account half a minute after an entity was enabled; by then
# the capabilities of the cameras are stored.
APPEARANCE_TIMEOUT = 90.0
SNAPSHOT = "axis-cgi/jpg/image.cgi"
SIZE = (640, 360)


async def parameters(case: Case) -> str:
    """Brightness can be changed by action and number; other groups are refused."""
    place = await _place(case)
    camera = place.entities["camera"]
    read = (await _act(case, "get_camera_parameters", camera, group=SENSOR))[camera]
    expect(
        read.get(BRIGHTNESS) == await _brightness(case, place), f"the answer is {read}"
    )

    tried = await _set(case, camera, 70, dry_run=True)
    expect(tried["after"] == {BRIGHTNESS: "70"}, f"a dry run returns {tried}")
    expect(
        await _brightness(case, place) == tried["before"][BRIGHTNESS],
        "a dry run wrote something",
    )
    done = await _set(case, camera, 70)
    expect(
        done["after"] == {BRIGHTNESS: "70"} and await _brightness(case, place) == "70",
        f"the change returns {done}",
    )
    await _expect_refusal(case, camera)
    seconds = await _by_number(case, place)
    size = await _snapshot(case, camera)
    return (
        f"{len(read)} read, a dry run, a verified change, another group"
        f" refused; the number {seconds:.1f} s after it was enabled;"
        f" the snapshot of {size // 1024} kB"
    )


async def _expect_refusal(case: Case, camera: str) -> None:
    """Check that a parameter of another group does not reach the camera."""
    before = time.time()
    try:
        await _act(
            case, "set_camera_parameters", camera, parameters={FOREIGN: "elsewhere"}
        )
    except DemoError as err:
        expect(f" {HTTPStatus.BAD_REQUEST.value} " in f"{err} ", f"it fails: {err}")
    else:
        expect(condition=False, text="a parameter of another group was accepted")
    calls = await case.running.control.get("calls", since=before)
    sent = [call for call in calls if FOREIGN in str(call["arguments"])]
    expect(not sent, f"{len(sent)} calls with a parameter of another group were sent")


async def _by_number(case: Case, place: Place) -> float:
    """Enable the number entity, as a user does, and set it."""
    client = case.running.client
    entities = await client.command("config/entity_registry/list")
    entity_id = next(
        entity["entity_id"]
        for entity in entities
        if entity["platform"] == DOMAIN
        and entity["device_id"] == place.device_id
        and entity["unique_id"].endswith("_brightness")
    )
    await client.command(
        "config/entity_registry/update", entity_id=entity_id, disabled_by=None
    )

    async def shown() -> bool:
        state = (await client.states()).get(entity_id)
        return state is not None and state["state"] == "70"

    seconds = await eventually(shown, APPEARANCE_TIMEOUT, "no number of 70")
    await client.request(
        "POST", "/api/services/number/set_value", {"entity_id": entity_id, "value": 55}
    )
    state = (await client.states())[entity_id]["state"]
    expect(state == "55", f"the number shows {state}")
    expect(await _brightness(case, place) == "55", "the camera does not have it")
    return seconds


async def _snapshot(case: Case, camera: str) -> int:
    """Return the size of the camera's own snapshot in bytes."""
    client, control = case.running.client, case.running.control
    before, links = time.time(), len(await control.get("links"))
    width, height = SIZE
    path = f"/api/camera_proxy/{camera}?width={width}&height={height}"
    async with client.session.get(client.url + path, headers=client.headers) as answer:
        expect(answer.ok, f"status {answer.status}")
        image = await answer.read()
    calls = await control.get("calls", since=before)
    taken = [dict(c["arguments"]) for c in calls if c["path"] == SNAPSHOT]
    expect(
        any(one.get("resolution") == f"{width}x{height}" for one in taken),
        f"snapshots taken: {taken}",
    )
    expect(len(await control.get("links")) == links, "a snapshot used a live view link")
    return len(image)


async def _place(case: Case) -> Place:
    """Return the first camera with a number entity, once its capabilities are known."""
    found: list[Place] = []

    async def known() -> bool:
        entities = await case.running.client.command("config/entity_registry/list")
        devices = {
            entity["device_id"]
            for entity in entities
            if entity["platform"] == DOMAIN
            and entity["unique_id"].endswith("_brightness")
        }
        places = await read_places(case.running.client)
        found[:] = [one for one in places if one.device_id in devices]
        return bool(found)

    await eventually(known, APPEARANCE_TIMEOUT, "no camera has image settings")
    return found[-1]


async def _brightness(case: Case, place: Place) -> str:
    """Return the true brightness of the camera."""
    camera = await case.running.control.get("camera", node_id=place.node_id or 0)
    return str(camera["parameters"][BRIGHTNESS])


async def _set(case: Case, camera: str, value: int, **options: object) -> Json:
    changes = {BRIGHTNESS: value}
    answer = await _act(
        case, "set_camera_parameters", camera, parameters=changes, **options
    )
    result: Json = answer[camera]
    return result


async def _act(case: Case, action: str, camera: str, **data: object) -> Json:
    answer = await case.running.client.request(
        "POST",
        f"/api/services/{DOMAIN}/{action}?return_response",
        {"entity_id": camera, **data},
    )
    response: Json = answer["service_response"]
    return response
