"""Which topics of a camera's event stream mean what: a row each.

Axis cameras tell most things twice, in ONVIF's words (`tns1:`) and in their own
(`tnsaxis:`); the rows take one of the two. Of an application with several profiles the
`ANY` topics, which repeat the others, are left out too. Namespaces are left out, since
firmware differs in where it writes them: `IO/Port`, or `IO/tnsaxis:Port`.
"""

from dataclasses import dataclass
from enum import StrEnum
import re

_APPLICATION = r"CameraApplicationPlatform"
_NAMESPACE = re.compile(r"(?:(?<=/)|^)[^/:]+:")


class EventKind(StrEnum):
    """What a camera tells of, as part of entities' unique ids."""

    INPUT = "input"
    OUTPUT = "output"
    MOTION = "motion"
    OBJECT = "object"
    FENCE = "fence"
    LOITERING = "loitering"
    SOUND = "sound"
    SCENE_CHANGE = "scene_change"
    CASING = "casing"
    DAYLIGHT = "daylight"
    MOVING = "moving"
    STORAGE = "storage"
    # Without a state.
    TAMPERING = "tampering"
    SHOCK = "shock"


STATELESS = frozenset((EventKind.TAMPERING, EventKind.SHOCK))
PORTS = frozenset((EventKind.INPUT, EventKind.OUTPUT))


@dataclass(frozen=True, slots=True)
class Topic:
    """How to read a topic.

    Attributes:
        pattern: Takes the whole topic without namespaces; a group is the part of it
            that tells things of one kind apart.
        kind: What it is.
        data: The name of the value.
        source: The name of what tells things apart, where the topic does not.
    """

    pattern: re.Pattern[str]
    kind: EventKind
    data: str = "active"
    source: str | None = None


def _topic(
    pattern: str, kind: EventKind, data: str = "active", source: str | None = None
) -> Topic:
    return Topic(re.compile(pattern), kind, data, source)


TOPICS = (
    _topic(r"Device/IO/(?:Supervised)?Port", EventKind.INPUT, "state", "port"),
    _topic(r"Device/Trigger/Relay", EventKind.OUTPUT, "LogicalState", "RelayToken"),
    _topic(r"Device/Sensor/(PIR)", EventKind.MOTION, "state", "sensor"),
    _topic(r"VideoAnalytics/(MotionDetection)", EventKind.MOTION, "motion", "window"),
    _topic(r"RuleEngine/VMD3/(vmd3_video_\d+)", EventKind.MOTION, "active", "areaid"),
    _topic(rf"{_APPLICATION}/(VMD/Camera\d+Profile\d+)", EventKind.MOTION),
    _topic(rf"{_APPLICATION}/(MotionGuard/Camera\d+Profile\d+)", EventKind.MOTION),
    _topic(rf"{_APPLICATION}/ObjectAnalytics/(Device\d+Scenario\d+)", EventKind.OBJECT),
    _topic(rf"{_APPLICATION}/FenceGuard/(Camera\d+Profile\d+)", EventKind.FENCE),
    _topic(
        rf"{_APPLICATION}/LoiteringGuard/(Camera\d+Profile\d+)", EventKind.LOITERING
    ),
    _topic(r"AudioSource/TriggerLevel", EventKind.SOUND, "triggered", "channel"),
    _topic(
        r"VideoSource/GlobalSceneChange/ImagingService",
        EventKind.SCENE_CHANGE,
        "State",
        "Source",
    ),
    _topic(r"Device/Casing/Open", EventKind.CASING, "Open", "Name"),
    _topic(
        r"VideoSource/DayNightVision",
        EventKind.DAYLIGHT,
        "day",
        "VideoSourceConfigurationToken",
    ),
    _topic(r"PTZController/Move/(Channel_\d+)", EventKind.MOVING, "is_moving"),
    # Not `Disruption`, which is the state of a card that is not there.
    _topic(r"Storage/Alert", EventKind.STORAGE, "alert", "disk_id"),
    _topic(r"VideoSource/Tampering", EventKind.TAMPERING, source="channel"),
    # Its place in the tree is not documented.
    _topic(r"Device/(?:\w+/)*Shock\w*", EventKind.SHOCK),
)


def find_topic(topic: str) -> tuple[Topic, tuple[str, ...]] | None:
    """Return what a topic means and what in it tells things apart, if we know it."""
    plain = _NAMESPACE.sub("", topic)
    for row in TOPICS:
        if match := row.pattern.fullmatch(plain):
            return row, tuple(part for part in match.groups() if part)
    return None


# What a camera is asked to tell. Less than everything, which would be hundreds of
# topics; more than the rows, so that diagnostics show what could become one.
FILTERS = (
    "tns1:Device//.",
    "tns1:VideoSource//.",
    "tns1:VideoAnalytics//.",
    "tns1:AudioSource//.",
    "tns1:RuleEngine//.",
    "tns1:PTZController//.",
    "tnsaxis:CameraApplicationPlatform//.",
    "tnsaxis:Storage//.",
)
