"""The portal's schema, including undocumented fields (decision 0022).

The vendor's documentation shows only some fields, and mentions others without naming
them. One introspection query returns all of them. If the portal refuses it, the
documented part is used.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
import re

from .enums import LiveTransport, Metric
from .values import as_bool, as_list, as_mapping, as_matching

# The part of the standard introspection in use (GraphQL specification, section 4).
INTROSPECTION = (
    "query{__schema{queryType{name}mutationType{name}types{kind name "
    "fields{name args{defaultValue type{kind}}type{kind name ofType{kind name "
    "ofType{kind name ofType{kind name}}}}}enumValues{name}}}}"
)

# The only documented name of an enum.
METRIC_ENUM = "StatisticDataMetricType"

# Anything above this limit is left out: the schema is kept in memory and in the
# storage.
_MAX_TYPES = 2_000
_MAX_FIELDS = 20_000
_MAX_FIELDS_OF_TYPE = 1_000
_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]{0,99}")


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an object type.

    Attributes:
        type: Name of its type, without list and non-null markers.
        is_list: Whether it is a list.
        needs_arguments: Whether it has required arguments.
    """

    type: str
    is_list: bool = False
    needs_arguments: bool = False


class Schema:
    """Fields and enum values of the portal.

    Args:
        types: Fields of the object types.
        enums: Values of the enums.
        query: Name of the root type of queries.
        mutation: Name of the root type of mutations.
        introspected: Whether this is the portal's schema, not the documented one.
    """

    def __init__(
        self,
        types: Mapping[str, Mapping[str, Field]],
        enums: Mapping[str, tuple[str, ...]],
        *,
        query: str = "Query",
        mutation: str = "Mutation",
        introspected: bool = True,
    ) -> None:
        self._types = types
        self._enums = enums
        self._query = query
        self._mutation = mutation
        self.introspected = introspected

    @classmethod
    def documented(cls) -> Schema:
        """Return the schema of the vendor's documentation."""
        return cls(_DOCUMENTED, {METRIC_ENUM: tuple(Metric)}, introspected=False)

    @classmethod
    def from_introspection(cls, data: object) -> Schema:
        """Return the schema of an introspection's data.

        Returns the documented schema if the root type of queries is missing.
        """
        schema = as_mapping(as_mapping(data).get("__schema"))
        types: dict[str, dict[str, Field]] = {}
        enums: dict[str, tuple[str, ...]] = {}
        left = _MAX_FIELDS
        for item in map(as_mapping, as_list(schema.get("types"), _MAX_TYPES)):
            name = _name(item.get("name"))
            if name is None or name.startswith("__") or left <= 0:
                continue
            if fields := dict(_read_fields(item.get("fields"))):
                types[name] = fields
            if values := _names(item.get("enumValues")):
                enums[name] = values
            left -= len(fields) + len(values)
        query = _name(as_mapping(schema.get("queryType")).get("name"))
        mutation = _name(as_mapping(schema.get("mutationType")).get("name"))
        if query not in types:
            return cls.documented()
        return cls(types, enums, query=query, mutation=mutation or "")

    @classmethod
    def from_dict(cls, stored: object) -> Schema:
        """Return the schema of `as_dict`; the documented one for anything else."""
        data = as_mapping(stored)
        types = {
            name: {
                key: field
                for key, parts in as_mapping(fields).items()
                if _name(key) and (field := _stored_field(parts))
            }
            for name, fields in as_mapping(data.get("types")).items()
            if _name(name)
        }
        enums = {
            name: tuple(value for value in map(_name, as_list(values)) if value)
            for name, values in as_mapping(data.get("enums")).items()
            if _name(name)
        }
        query = _name(data.get("query")) or ""
        if not types.get(query):
            return cls.documented()
        mutation = _name(data.get("mutation")) or ""
        return cls(types, enums, query=query, mutation=mutation)

    def as_dict(self) -> dict[str, object]:
        """Return the schema as JSON-serializable data; empty for the documented one."""
        if not self.introspected:
            return {}
        return {
            "types": {
                name: {
                    key: [getattr(field, part) for part in _FIELD_PARTS]
                    for key, field in fields.items()
                }
                for name, fields in self._types.items()
            },
            "enums": {name: list(values) for name, values in self._enums.items()},
            "query": self._query,
            "mutation": self._mutation,
        }

    def has_field(self, type_name: str, field: str) -> bool:
        """Return whether an object type has a field."""
        return field in self._types.get(type_name, {})

    def enum_values(self, name: str) -> frozenset[str]:
        """Return the values of an enum; empty if it is unknown."""
        return frozenset(self._enums.get(name, ()))

    @property
    def needs_profile(self) -> bool:
        """Whether live links require a stream profile."""
        live_view = self._fields_at("camera").get("live_view")
        return live_view is not None and live_view.needs_arguments

    @property
    def transports(self) -> frozenset[LiveTransport]:
        """Transports for which the portal has live links."""
        return frozenset(
            transport for transport in LiveTransport if self.link_path(transport)
        )

    def link_path(self, transport: LiveTransport) -> tuple[str, ...] | None:
        """Return the field names from `live_view` down to a link; None without one.

        Only the path for `rtsp` is documented. Other transports are searched
        for by their documented names in any spelling.
        """
        if transport is LiveTransport.RTSP:
            return _DOCUMENTED_LINK
        names = (
            ("local", "rtsp")
            if transport is LiveTransport.LOCAL
            else ("remote", transport.value)
        )
        path: list[str] = []
        for name in names:
            fields = self._fields_at("camera", "live_view", *path)
            if (found := _find_field(fields, name)) is None:
                return None
            path.append(found)
        last = self._fields_at("camera", "live_view", *path)
        if not last:  # a scalar: the link itself
            return tuple(path)
        return (*path, "url") if "url" in last else None

    @property
    def video_channels(self) -> str | None:
        """Name of the cameras' field with the video channels; None without one.

        The documentation mentions the field without its name. It is the list of
        objects with a node id whose name or type contains "channel".
        """
        for name, field in self._fields_at("cameraList").items():
            if (
                field.is_list
                and not field.needs_arguments
                and "channel" in f"{name} {field.type}".lower()
                and self.has_field(field.type, "node_id")
                and self.has_field(field.type, "name")
            ):
                return name
        return None

    def summary(self) -> dict[str, object]:
        """Return names for diagnostics, without private data."""
        return {
            "introspected": self.introspected,
            "queries": sorted(self._types.get(self._query, ())),
            "mutations": sorted(self._types.get(self._mutation, ())),
            "transports": sorted(self.transports),
            "video_channels": self.video_channels,
            "types": {
                name: sorted(self._types[name]) for name in sorted(self._reachable())
            },
            "enums": {name: list(self._enums[name]) for name in sorted(self._enums)},
        }

    def _type_at(self, *path: str) -> str | None:
        """Return the type at the end of a path of fields."""
        name: str | None = self._query
        for key in path:
            field = self._types.get(name or "", {}).get(key)
            name = None if field is None else field.type
        return name

    def _fields_at(self, *path: str) -> Mapping[str, Field]:
        return self._types.get(self._type_at(*path) or "", {})

    def _reachable(self) -> set[str]:
        """Return the object types reachable from the documented queries."""
        found: set[str] = set()
        todo = {self._type_at(key) or "" for key in _DOCUMENTED["Query"]}
        while todo:
            name = todo.pop()
            if name in self._types and name not in found:
                found.add(name)
                todo.update(field.type for field in self._types[name].values())
        return found


_FIELD_PARTS = ("type", "is_list", "needs_arguments")
_DOCUMENTED_LINK = ("remote", "rtsp", "url")


def _scalars(*names: str) -> dict[str, Field]:
    return {name: Field("String") for name in names}


# "Common scenarios for API integration", which does not name the types.
_DOCUMENTED: Mapping[str, Mapping[str, Field]] = {
    "Query": {
        "nodeList": Field("Node", is_list=True),
        "cameraList": Field("Camera", is_list=True),
        "camera": Field("Camera", needs_arguments=True),
        "recording": Field("Recording", needs_arguments=True),
        "statisticData": Field("Float", needs_arguments=True),
        "statisticDataMetric": Field("Float", needs_arguments=True),
        "statisticDataMetricByGranularity": Field(
            "Slot", is_list=True, needs_arguments=True
        ),
    },
    "Mutation": {"recordingPrepare": Field("Boolean", needs_arguments=True)},
    "Node": _scalars("node_id", "parent_node_id", "type", "name", "external_id"),
    "Camera": {
        **_scalars("node_id", "name", "serial_number", "is_connected"),
        "connection": Field("Connection"),
        "stream_profiles": Field("StreamProfile", is_list=True),
        "live_view": Field("LiveView"),
        "recordings": Field("Recording", is_list=True, needs_arguments=True),
    },
    "Connection": _scalars("source_ip"),
    "StreamProfile": _scalars("stream_profile_id", "width", "height"),
    "LiveView": {"remote": Field("RemoteLiveView")},
    "RemoteLiveView": {"rtsp": Field("LiveLink")},
    "LiveLink": _scalars("url"),
    "Recording": {
        **_scalars("recording_id", "duration", "download_url", "progress"),
        "outputs": Field("RecordingOutput", is_list=True),
    },
    "RecordingOutput": _scalars("height"),
    "Slot": _scalars("from", "to", "value"),
}


def _name(value: object) -> str | None:
    """Return a valid GraphQL name, else None: names become part of documents."""
    return as_matching(value, _NAME)


def _stored_field(value: object) -> Field | None:
    """Return a field of `Schema.as_dict`."""
    parts = as_list(value)
    if len(parts) != len(_FIELD_PARTS) or (type_name := _name(parts[0])) is None:
        return None
    return Field(type_name, as_bool(parts[1]) is True, as_bool(parts[2]) is True)


def _names(value: object) -> tuple[str, ...]:
    names = (
        _name(as_mapping(item).get("name"))
        for item in as_list(value, _MAX_FIELDS_OF_TYPE)
    )
    return tuple(name for name in names if name is not None)


def _read_fields(value: object) -> Iterator[tuple[str, Field]]:
    """Yield the fields of an introspected type."""
    for item in map(as_mapping, as_list(value, _MAX_FIELDS_OF_TYPE)):
        name = _name(item.get("name"))
        field_type = as_mapping(item.get("type"))
        is_list = False
        while wrapped := as_mapping(field_type.get("ofType")):
            is_list = is_list or field_type.get("kind") == "LIST"
            field_type = wrapped
        type_name = _name(field_type.get("name"))
        if name is None or type_name is None:
            continue
        needs_arguments = any(
            as_mapping(argument.get("type")).get("kind") == "NON_NULL"
            and argument.get("defaultValue") is None
            for argument in map(as_mapping, as_list(item.get("args")))
        )
        yield name, Field(type_name, is_list, needs_arguments)


def _find_field(fields: Mapping[str, Field], name: str) -> str | None:
    """Return the field with a name, ignoring case and underscores."""
    for key, field in fields.items():
        if key.replace("_", "").lower() == name and not field.needs_arguments:
            return key
    return None
