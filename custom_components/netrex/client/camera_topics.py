"""Which topics of a camera's event stream mean what: a row each.

Axis cameras tell most things twice, in ONVIF's words (`tns1:`) and in their own
(`tnsaxis:`); the rows take one of the two. Of an application with several profiles the
`ANY` topics, which repeat the others, are left out too.
"""

from dataclasses import dataclass
from enum import StrEnum
import re

_APPLICATION = r"tnsaxis:CameraApplicationPlatform"


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
        pattern: Takes the whole topic; a group is the part of it that tells things of
            one kind apart.
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
    _topic(r"tns1:Device/tnsaxis:IO/Port", EventKind.INPUT, "state", "port"),
    _topic(r"tns1:Device/tnsaxis:IO/SupervisedPort", EventKind.INPUT, "state", "port"),
    _topic(
        r"tns1:Device/Trigger/Relay", EventKind.OUTPUT, "LogicalState", "RelayToken"
    ),
    _topic(r"tns1:Device/tnsaxis:Sensor/(PIR)", EventKind.MOTION, "state", "sensor"),
    _topic(
        r"tns1:VideoAnalytics/tnsaxis:(MotionDetection)",
        EventKind.MOTION,
        "motion",
        "window",
    ),
    _topic(
        r"tns1:RuleEngine/tnsaxis:VMD3/(vmd3_video_\d+)",
        EventKind.MOTION,
        "active",
        "areaid",
    ),
    _topic(rf"{_APPLICATION}/(VMD/Camera\d+Profile\d+)", EventKind.MOTION),
    _topic(rf"{_APPLICATION}/(MotionGuard/Camera\d+Profile\d+)", EventKind.MOTION),
    _topic(rf"{_APPLICATION}/ObjectAnalytics/(Device\d+Scenario\d+)", EventKind.OBJECT),
    _topic(rf"{_APPLICATION}/FenceGuard/(Camera\d+Profile\d+)", EventKind.FENCE),
    _topic(
        rf"{_APPLICATION}/LoiteringGuard/(Camera\d+Profile\d+)", EventKind.LOITERING
    ),
    _topic(
        r"tns1:AudioSource/tnsaxis:TriggerLevel",
        EventKind.SOUND,
        "triggered",
        "channel",
    ),
    _topic(
        r"tns1:VideoSource/GlobalSceneChange/ImagingService",
        EventKind.SCENE_CHANGE,
        "State",
        "Source",
    ),
    _topic(
        r"tns1:VideoSource/tnsaxis:DayNightVision",
        EventKind.DAYLIGHT,
        "day",
        "VideoSourceConfigurationToken",
    ),
    _topic(
        r"tns1:PTZController/tnsaxis:Move/(Channel_\d+)", EventKind.MOVING, "is_moving"
    ),
    _topic(r"tnsaxis:Storage/Disruption", EventKind.STORAGE, "disruption", "disk_id"),
    _topic(
        r"tns1:VideoSource/tnsaxis:Tampering",
        EventKind.TAMPERING,
        "tampering",
        "channel",
    ),
    _topic(r"tns1:Device/tnsaxis:Tampering/ShockDetected", EventKind.SHOCK),
)

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
