"""A mixture of cameras: what each sends if the switches leave it open."""

from dataclasses import dataclass

from ..media.studio import Coding
from ..state import State
from . import sdp

# The value of switches that gives each camera something else.
MIXTURE = "mixture"


@dataclass(frozen=True, slots=True)
class _Manner:
    """How a camera's stream is described and coded."""

    dialect: str
    video: str
    audio: str


# In turn, in the order of the account's cameras. The first cameras can be played by
# every browser.
_MANNERS = (
    _Manner("netrex", "h264", "aac"),
    _Manner("gstreamer", "h264_b_frames", "latm"),
    _Manner("live555", "h264", "pcmu"),
    _Manner("mediamtx", "h264", "pcma"),
    _Manner("axis_old", "h264_b_frames", "none"),
    _Manner("axis_new", "h265", "opus"),
)


def _manner(state: State, camera_id: int) -> _Manner:
    number = list(state.world.cameras).index(camera_id)
    return _MANNERS[number % len(_MANNERS)]


def dialect_of(state: State, camera_id: int | None) -> sdp.Dialect:
    """Return the dialect of a camera's stream; None before it is known."""
    name: str = state.switches.rtsp_dialect
    if name == MIXTURE:
        if camera_id not in state.world.cameras:
            return sdp.Dialect()
        name = _manner(state, camera_id).dialect
    return sdp.DIALECTS[name]


def coding_of(state: State, camera_id: int) -> Coding:
    """Return the codecs of a camera's stream."""
    switches, manner = state.switches, _manner(state, camera_id)
    return Coding(
        manner.video if switches.live_video == MIXTURE else switches.live_video,
        manner.audio if switches.live_audio == MIXTURE else switches.live_audio,
        switches.live_bit_rate,
    )
