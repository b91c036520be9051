"""The topics of cameras' event streams and their meaning, one row each.

Axis cameras report most events twice, with ONVIF's topic (`tns1:`) and their own
(`tnsaxis:`); the table has one of the two. It also lacks the `ANY` topics, which repeat
those of an application's profiles. Topics are compared without namespaces, because
firmware versions place them differently: `IO/Port` or `IO/tnsaxis:Port`.
"""

from dataclasses import dataclass
from enum import StrEnum
import re

_APPLICATION = r"CameraApplicationPlatform"
_NAMESPACE = re.compile(r"(?:(?<=/)|^)[^/:]+:")


class EventKind(StrEnum):
    """Kinds of events; part of the unique ids of entities."""

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
    # Stateless.
    TAMPERING = "tampering"
    SHOCK = "shock"


STATELESS = frozenset((EventKind.TAMPERING, EventKind.SHOCK))
PORTS = frozenset((EventKind.INPUT, EventKind.OUTPUT))


@dataclass(frozen=True, slots=True)
class Topic:
    """How to parse the events of a topic.

    Attributes:
        pattern: Matches the whole topic without namespaces; its group is the part that
            distinguishes events of one kind.
        kind: The kind of event.
        data: The name of the value.
        source: The name of the source that distinguishes events of one kind, if the
            topic does not.
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
    # Not `Disruption`, which is also active if there is no card.
    _topic(r"Storage/Alert", EventKind.STORAGE, "alert", "disk_id"),
    _topic(r"VideoSource/Tampering", EventKind.TAMPERING, source="channel"),
    # Its place in the topic tree is not documented.
    _topic(r"Device/(?:\w+/)*Shock\w*", EventKind.SHOCK),
)


def find_topic(topic: str) -> tuple[Topic, tuple[str, ...]] | None:
    """Return the row of a topic and the matched groups; None if it is unknown."""
    plain = _NAMESPACE.sub("", topic)
    for row in TOPICS:
        if match := row.pattern.fullmatch(plain):
            return row, tuple(part for part in match.groups() if part)
    return None


# The topics to subscribe to: fewer than all, which are hundreds, but more than those
# in the table, so that diagnostics show which ones could be added.
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
