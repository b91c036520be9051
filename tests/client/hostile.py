"""Strategies of whole answers, right in their structure and wrong in their values."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
import json
from typing import Any

from hypothesis import strategies as st

from custom_components.netrex.client.documents import CHANNELS_ALIAS
from custom_components.netrex.client.values import MAX_NUMBER

type Answers = st.SearchStrategy[Any]

# Half of an emoji, directions, line breaks, a null byte, an emoji, a long word.
_TEXTS = (
    "Vchod \ud83d",
    "\udc00",
    "a\u202egpj.exe",
    "\u2066x\u2069",
    "\x00\x01\r\n\t\x1b[31m\x7f\x85",
    "\u2028\u2029\ufeff",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "w" * 1_500,
    "9" * 4_500,
    "word " * 300,
    "1e400",
    "9007199254740993",
    "nan",
    "\u0661\u0662",
    "1_0",
    " ",
    "",
    "__class__",
    "true",
)
_NUMBERS = (
    10**30,
    -(10**30),
    10**400,
    2**53,
    2**63,
    2**64,
    -1,
    0,
    1.5,
    1e30,
    5e-324,
    -0.0,
    float("nan"),
    float("inf"),
    float("-inf"),
)
_DEEP: Any = None
for _ in range(60):
    _DEEP = {"ofType": [_DEEP], "name": "deep"}
_SHAPES: tuple[Any, ...] = (
    None,
    True,
    False,
    [],
    {},
    [[]],
    [None] * 30,
    {"": {}},
    _DEEP,
)
JUNK: Answers = st.sampled_from((*_TEXTS, *_NUMBERS, *_SHAPES))
NAMES = st.sampled_from(("Vchod", "Prodejna \u010d. 1", "camera", *_TEXTS)) | st.text(
    st.characters(), max_size=6
)
IDS = st.sampled_from((1, 2, 3, "4", 5.0, 2**31, 2**53, 10**30)) | st.integers()
LINKS = st.sampled_from(
    (
        "rtsp://h/x",
        "https://h/d.php?auth_key=k",
        "https://h/\ud83d",
        "rtsp://" + "h" * 9999,
    )
)
_MISSING = object()


def odd(right: Answers) -> Answers:
    """Return a strategy of values that are mostly right."""
    return st.one_of(right, right, right, JUNK)


def objects(**items: Answers) -> Answers:
    """Return a strategy of objects with odd values, of which any may be missing."""
    maybe = {key: odd(value) | st.just(_MISSING) for key, value in items.items()}
    return st.fixed_dictionaries(maybe).map(
        lambda item: {k: v for k, v in item.items() if v is not _MISSING}
    )


def lists(item: Answers) -> Answers:
    """Return a strategy of short lists, also with the same items again."""
    times = st.sampled_from((1, 1, 1, 2))
    return st.builds(
        lambda items, count: items * count, st.lists(odd(item), max_size=3), times
    )


def as_answer(answer: object) -> bytes:
    """Return an answer as a server writes it."""
    return json.dumps(answer).encode()


_CHANNEL = objects(node_id=IDS, name=NAMES)
_PROFILE = objects(stream_profile_id=IDS, width=IDS, height=IDS)
CAMERA = objects(
    node_id=IDS,
    name=NAMES,
    serial_number=NAMES,
    is_connected=st.booleans(),
    connection=objects(source_ip=NAMES),
    stream_profiles=lists(_PROFILE),
    **{CHANNELS_ALIAS: lists(_CHANNEL)},
)
_NODE = objects(
    node_id=IDS, parent_node_id=IDS, type=NAMES, name=NAMES, external_id=NAMES
)
INVENTORY = objects(nodeList=lists(_NODE), cameraList=lists(CAMERA))
STATUSES = objects(cameraList=lists(CAMERA)) | objects(a0=CAMERA, a1=CAMERA)
SERIES = odd(lists(objects(**{"from": IDS, "to": IDS, "value": IDS})))
_LINK = objects(url=LINKS)
LIVE_VIEW = objects(live_view=objects(remote=objects(rtsp=_LINK)))
RECORDING = objects(
    recording_id=NAMES,
    duration=IDS,
    download_url=LINKS,
    progress=IDS,
    outputs=lists(objects(height=IDS)),
)
RECORDINGS = odd(lists(RECORDING))
_TYPE = objects(
    kind=st.just("LIST"), name=NAMES, ofType=objects(kind=NAMES, name=NAMES)
)
_ARGUMENT = objects(defaultValue=NAMES, type=objects(kind=st.just("NON_NULL")))
_FIELD = objects(
    name=st.sampled_from(("node_id", "camera", "a")) | NAMES,
    args=lists(_ARGUMENT),
    type=_TYPE,
)
_OBJECT_TYPE = objects(
    kind=NAMES,
    name=st.sampled_from(("Query", "Camera", "__Type")) | NAMES,
    fields=lists(_FIELD),
    enumValues=lists(objects(name=NAMES)),
)
INTROSPECTION = objects(
    __schema=objects(
        queryType=objects(name=st.just("Query")),
        mutationType=objects(name=NAMES),
        types=lists(_OBJECT_TYPE),
    )
)
STORED_SCHEMA = objects(
    types=st.dictionaries(
        NAMES, odd(st.dictionaries(NAMES, JUNK, max_size=2)), max_size=2
    ),
    enums=st.dictionaries(NAMES, lists(NAMES), max_size=2),
    query=st.just("Query"),
    mutation=NAMES,
)
ERRORS = objects(
    errors=lists(
        objects(
            message=NAMES,
            category=NAMES,
            extensions=objects(category=NAMES),
            path=lists(NAMES | IDS),
            locations=JUNK,
        )
    ),
    error=NAMES,
)
TOKEN = objects(access_token=NAMES, refresh_token=NAMES, expires_in=IDS, error=NAMES)
STREAMS = objects(
    data=objects(streamList=lists(objects(streamId=NAMES, title=NAMES, enabled=IDS)))
    | st.dictionaries(NAMES, odd(objects(title=NAMES, enabled=IDS)), max_size=3)
)
PORTS = lists(
    objects(
        port=IDS,
        direction=st.sampled_from(("input", "output")),
        name=NAMES,
        state=st.just("open"),
        normalState=st.just("open"),
    )
)
EVENT = objects(
    method=st.just("events:notify"),
    params=objects(
        notification=objects(
            topic=st.sampled_from(("tns1:Device/tnsaxis:IO/Port", "tns1:Device/x"))
            | NAMES,
            message=objects(
                source=objects(port=IDS), data=objects(state=NAMES, active=IDS)
            ),
        )
    ),
)
_ROW_NAMES = st.sampled_from(
    (
        "root.Brand.ProdShortName",
        "root.Properties.Firmware.Version",
        "root.Properties.Image.NbrOfViews",
        "root.Properties.Image.Resolution",
        "root.ImageSource.I0.Sensor.Brightness",
        f"root.ImageSource.I{'9' * 5000}.Sensor.Brightness",
        "root.IOPort.I0.Direction",
        f"root.IOPort.I{'9' * 5000}.Direction",
        "root.IOPort.I1.Input.Name",
        "presetposno1",
        f"presetposno{'9' * 5000}",
        "presetposno\u0661",
    )
)
_VALUES = NAMES | st.sampled_from(("input", "80", "1920x1080,9999x1", "9" * 5000))
ROWS = st.lists(
    st.tuples(_ROW_NAMES | NAMES, _VALUES).map(lambda row: f"{row[0]}={row[1]}"),
    max_size=4,
).map("\n".join)


def plain(result: object) -> object:
    """Return a parser's result as the plain data that Home Assistant would store."""
    if is_dataclass(result):
        return {f.name: plain(getattr(result, f.name)) for f in fields(result)}
    if isinstance(result, Mapping):
        return {
            key if isinstance(key, str) else repr(key): plain(value)
            for key, value in result.items()
        }
    if isinstance(result, list | tuple | frozenset):
        return [plain(item) for item in result]
    return result


def excesses(value: object, texts: int, items: int) -> Iterator[object]:
    """Yield what exceeds the limits of texts and lists, and of numbers."""
    if isinstance(value, str):
        if len(value) > texts:
            yield value
    elif isinstance(value, int | float):
        if abs(value) > MAX_NUMBER or value != value:  # noqa: PLR0124 - only NaN differs
            yield value
    elif isinstance(value, dict | list):
        if len(value) > items:
            yield type(value)
        inner = [*value, *value.values()] if isinstance(value, dict) else value
        for item in inner:
            yield from excesses(item, texts, items)
