"""The schema, which depends on the switches."""

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from graphql import GraphQLSchema, build_schema, extend_schema, parse
from graphql.type import GraphQLObjectType

from ..switches import Switches
from .resolvers import RESOLVERS

_SDL = Path(__file__).with_name("schema.graphql")
# The node type of undocumented spelling, as worlds spell it.
DEVICE_INPUT = "deviceInput"
_DOCUMENTED_TYPES = frozenset(
    (
        *("folder", "user", "camera", "box", "cameraAudioDevice", "cashdesk"),
        *("dataView", "dashboard", "report", "removedNode", "videoChannel"),
        *("panel", "location"),
    )
)
_DESCRIPTIONS = {
    "rtsph": "Unencrypted RTSP over HTTP.",
    "rtsphs": "Encrypted RTSP over HTTPS.",
    "rtspws": "Unencrypted RTSP over WebSocket.",
    "rtspwss": "RTSP over WebSocket Secure.",
}
_LOCAL = """
extend type LiveView { "Access within the local network." local: LiveViewLocal }
type LiveViewLocal { "Plain unencrypted RTSP." rtsp: LiveViewStream }
"""


def schema_for(switches: Switches, node_types: Iterable[str]) -> GraphQLSchema:
    """Return the schema for these switches.

    `node_types` are the types in the world's tree; undocumented types become values of
    the enum, as if the portal had added them.
    """
    extra = set(node_types) - _DOCUMENTED_TYPES - {DEVICE_INPUT}
    return _build(
        tuple(name for name in _DESCRIPTIONS if name in switches.transports),
        switches.local_view,
        switches.kpi_type,
        tuple(sorted({*extra, switches.device_input_type})),
    )


@lru_cache(maxsize=16)
def _build(
    transports: tuple[str, ...],
    local_view: bool,
    number: str,
    node_types: tuple[str, ...],
) -> GraphQLSchema:
    # Only statistics are Float.
    schema = build_schema(_SDL.read_text("utf-8").replace("Float", number))
    additions = [f"extend enum NodeType {{ {' '.join(node_types)} }}"]
    additions.extend(
        f'extend type LiveViewRemote {{ "{text}" {name}: LiveViewStream }}'
        for name, text in _DESCRIPTIONS.items()
        if name in transports
    )
    if local_view:
        additions.append(_LOCAL)
    schema = extend_schema(schema, parse("\n".join(additions)))
    for (type_name, field_name), resolver in RESOLVERS.items():
        parent = schema.type_map.get(type_name)
        if isinstance(parent, GraphQLObjectType) and field_name in parent.fields:
            parent.fields[field_name].resolve = resolver
    return schema
