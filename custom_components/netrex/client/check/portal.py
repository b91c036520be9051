"""Checks the portal's schema, its lists, and how it reports errors."""

from collections.abc import AsyncIterator
from itertools import islice

from .. import documents
from ..enums import NodeType
from ..parsing import parse_inventory, parse_statuses
from ..schema import INTROSPECTION, Schema
from .calls import MADE_UP_TOKEN
from .report import Finding, Outcome, Row
from .subject import Subject

_UNKNOWN_NODE = 2**31 - 1
# Node types are documented in several spellings; unknown ones are only counted.
_KNOWN_TYPES = {node_type.value for node_type in NodeType}


async def check_schema(subject: Subject) -> AsyncIterator[Row]:
    """Introspect the schema, and use it for the next steps if that works."""
    answer = await subject.portal.post(INTROSPECTION)
    schema = Schema.from_introspection(answer.data)
    settles: dict[str, Finding] = {"introspection": schema.introspected}
    if schema.introspected:
        subject.schema = schema
        transports = sorted(one.value for one in schema.transports)
        settles["transports"] = ",".join(transports)
        settles["local_view"] = "local" in transports
        settles["video_channels"] = schema.video_channels is not None
        settles["profile_required"] = schema.needs_profile
    else:
        settles |= answer.refusal()
    outcome = Outcome.WORKS if schema.introspected else Outcome.REFUSED
    yield Row("schema", "introspection", outcome, answer.seconds, settles)


async def check_inventory(subject: Subject) -> AsyncIterator[Row]:
    """Read all nodes and cameras, which the next steps take their examples from."""
    answer = await subject.portal.post(documents.inventory(subject.schema))
    inventory = parse_inventory(answer.data)
    if not answer.data.get("cameraList"):
        yield Row(
            "inventory",
            "nodeList, cameraList with details",
            answer.outcome,
            answer.seconds,
            answer.refusal(),
        )
        answer = await subject.portal.post(documents.inventory(None))
        inventory = parse_inventory(answer.data)
    subject.inventory = inventory
    settles: dict[str, Finding] = {
        "nodes": len(inventory.nodes),
        "cameras": len(inventory.cameras),
        "cameras_offline": sum(
            camera.is_connected is False for camera in inventory.cameras
        ),
        "serial_numbers": any(camera.serial_number for camera in inventory.cameras),
        "external_ids": any(node.external_id for node in inventory.nodes),
    }
    for spelling in sorted(_spellings(answer.data)):
        settles[f"type_{spelling}"] = True
    yield Row(
        "inventory", "nodeList, cameraList", answer.outcome, answer.seconds, settles
    )


def _spellings(data: object) -> set[str]:
    """Return the spellings of node types in use; an unknown type counts as "other"."""
    nodes = data.get("nodeList") if isinstance(data, dict) else None
    found: set[str] = set()
    for node in nodes if isinstance(nodes, list) else ():
        spelling = node.get("type") if isinstance(node, dict) else None
        if not isinstance(spelling, str):
            continue
        if spelling in _KNOWN_TYPES:
            found.add(spelling)
        elif NodeType.parse(spelling) is not NodeType.UNKNOWN:
            found.add(f"{NodeType.parse(spelling).value}_in_another_spelling")
        else:
            found.add("other")
    return set(islice(sorted(found), 30))


async def check_status(subject: Subject) -> AsyncIterator[Row]:
    """Read the states of all cameras."""
    answer = await subject.portal.post(documents.statuses())
    states = parse_statuses(answer.data)
    settles: dict[str, Finding] = {"states": len(states)}
    yield Row("status", "cameraList", answer.outcome, answer.seconds, settles)


async def check_errors(subject: Subject) -> AsyncIterator[Row]:
    """Provoke three harmless errors, and report their form."""
    answer = await subject.portal.post("query{netrexCheckUnknownField}")
    settles = answer.refusal()
    settles["error_status"] = answer.status
    yield Row("errors", "an unknown field", answer.outcome, answer.seconds, settles)

    answer = await subject.portal.post(documents.statuses(), token=MADE_UP_TOKEN)
    settles = answer.refusal()
    settles["auth_error_status"] = answer.status
    yield Row("errors", "an invalid token", answer.outcome, answer.seconds, settles)

    document = documents.cameras([_UNKNOWN_NODE], status_only=True)
    answer = await subject.portal.post(document)
    settles = answer.refusal()
    settles["unknown_node"] = "error" if answer.errors else "null"
    yield Row("errors", "an unknown camera", answer.outcome, answer.seconds, settles)
