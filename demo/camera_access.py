"""Turns on camera access in the options, with a token of the portal."""

from .client import HomeAssistantClient, Json
from .cloud import USERNAME, Control
from .processes import DemoError

_FLOW = "/api/config/config_entries/options/flow"


async def set_options(
    client: HomeAssistantClient, entry_id: str, page: str, **options: object
) -> None:
    """Fill in a page of the options, which reloads the account."""
    step: Json = await client.request("POST", _FLOW, {"handler": entry_id})
    for answer in ({"next_step_id": page}, options):
        path = f"{_FLOW}/{step['flow_id']}"
        step = await client.request("POST", path, dict(answer))
    if step["type"] != "create_entry":
        raise DemoError(f"The options were refused: {step.get('errors')}")


async def open_cameras(
    client: HomeAssistantClient, control: Control, entry_id: str
) -> None:
    """Enter a camera access token, and turn on events for the first shop's cameras.

    Without cameras there is nothing to access.
    """
    world = await control.get("world")
    if not world["cameras"]:
        return
    token = await control.post("tokens", user=USERNAME, scopes=["configuration"])
    shops = [node["node_id"] for node in world["nodes"] if node["type"] == "location"]
    cameras = [
        str(node["node_id"])
        for node in world["nodes"]
        if node["type"] == "camera" and node["parent_node_id"] in shops[:1]
    ]
    await set_options(
        client,
        entry_id,
        "camera_access",
        device_access_token=token["token"],
        device_url=f"{control.url}/camera/{{serial_number}}",
        camera_events=cameras,
    )
