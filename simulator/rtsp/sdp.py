"""The description of a live stream (RFC 4566, RFC 2326 appendix C, RFC 6184)."""

import base64
from collections.abc import Sequence
import secrets

from .rtp import PAYLOAD_TYPE

CONTENT_TYPE = "application/sdp"
TRACK = "trackID=0"


def describe(
    base: str, parameter_sets: Sequence[bytes], frame_rate: int, *, absolute: bool
) -> str:
    """Return the SDP of one H.264 track.

    `base` is the content base with its trailing slash; with `absolute` the control
    attributes are absolute URLs, as Axis cameras send.
    """
    sets = ",".join(base64.b64encode(unit).decode() for unit in parameter_sets)
    # Profile, constraints, and level are the first bytes after the NAL unit's header.
    level = parameter_sets[0][1:4].hex()
    parameters = (
        f"packetization-mode=1;profile-level-id={level};sprop-parameter-sets={sets}"
    )
    lines = (
        "v=0",
        f"o=- {secrets.randbits(32)} 1 IN IP4 0.0.0.0",
        "s=Session streamed with Netrex",
        "c=IN IP4 0.0.0.0",
        "t=0 0",
        f"a=control:{base if absolute else '*'}",
        "a=range:npt=now-",
        f"m=video 0 RTP/AVP {PAYLOAD_TYPE}",
        f"a=rtpmap:{PAYLOAD_TYPE} H264/90000",
        f"a=fmtp:{PAYLOAD_TYPE} {parameters}",
        f"a=framerate:{frame_rate}",
        f"a=control:{base if absolute else ''}{TRACK}",
    )
    return "".join(f"{line}\r\n" for line in lines)
