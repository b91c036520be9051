"""Checks the portal's schema, its lists, and how it reports errors."""

from collections.abc import AsyncIterator, Mapping

from .. import documents
from ..enums import NodeType
from ..parsing import parse_inventory, parse_statuses
from ..schema import INTROSPECTION, Schema
from ..values import as_key, as_list, as_mapping, is_list
from .calls import MADE_UP_TOKEN
from .report import Finding, Outcome, Row
from .subject import Subject

_UNKNOWN_NODE = 2**31 - 1


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
    if not is_list(answer.data.get("cameraList")):
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


def _spellings(data: Mapping[str, object]) -> set[str]:
    """Return the spellings of node types in use; unknown types are "other"."""
    types = (
        as_key(as_mapping(node).get("type")) for node in as_list(data.get("nodeList"))
    )
    return {_spelling(text) for text in types if text is not None}


def _spelling(text: str) -> str:
    known = NodeType.parse(text)
    if known is NodeType.UNKNOWN:
        return "other"
    return text if text == known.value else f"{known.value}_in_another_spelling"


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
