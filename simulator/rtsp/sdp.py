"""The description of a live stream (RFC 4566, RFC 2326 appendix C), in dialects."""

import base64
from dataclasses import dataclass
import secrets

from ..media.studio import LiveSource
from .rtp import PAYLOAD_TYPE

CONTENT_TYPE = "application/sdp"


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a server words its descriptions and headers.

    Attributes:
        track: The name of a track, with its number.
        session: Lines of the session, besides the ones that all have. `{random}` is
            another number in each session.
        media: Lines of each track.
        separator: Between format parameters.
        server: The Server header; empty: none.
        session_id: The form of session ids: `{random}` as in `session`.
        has_play_info: Whether the response to PLAY contains RTP-Info.
    """

    track: str = "trackID={number}"
    session: tuple[str, ...] = ()
    media: tuple[str, ...] = ()
    separator: str = ";"
    server: str = ""
    session_id: str = "{random}"
    has_play_info: bool = True

    def track_name(self, number: int) -> str:
        """Return the name of a track; the first has number 0."""
        return self.track.format(number=number, next=number + 1)

    def new_session_id(self) -> str:
        """Return a new session id."""
        return self.session_id.format(random=secrets.token_hex(8))


_GSTREAMER = Dialect(
    track="stream={number}",
    session=("i=rtsp-server", "a=tool:GStreamer", "a=type:broadcast"),
    media=(
        "c=IN IP4 0.0.0.0",
        "b=AS:2097",
        "a=ts-refclk:local",
        "a=mediaclk:sender",
        "a=ssrc:{random} cname:user{random}@host-{random:x}",
    ),
    server="GStreamer RTSP server",
)
DIALECTS = {
    "netrex": Dialect(),
    "gstreamer": _GSTREAMER,
    "live555": Dialect(
        track="track{next}",
        session=(
            "i=live",
            "a=tool:LIVE555 Streaming Media v2024.11.28",
            "a=type:broadcast",
            "a=x-qt-text-inf:live {random}",
        ),
        media=("c=IN IP4 0.0.0.0", "b=AS:{random}"),
        session_id="{random:.8}",
    ),
    "mediamtx": Dialect(
        separator="; ",
        server="gortsplib",
        session_id="{random:.8}-{random:.4}-4{random:.3}-a{random:.3}-{random:.12}",
        has_play_info=False,
    ),
    "axis_old": Dialect(
        track="trackID={next}",
        session=("e=NONE", "b=AS:50064"),
        media=(
            "b=AS:50000",
            "a=transform:1,0,0;0,1,0;0,0,1",
            "a=x-session:{random}",
        ),
        separator="; ",
        session_id="{random:.10}",
    ),
    "axis_new": Dialect(
        track="stream={number}",
        session=_GSTREAMER.session,
        media=(*_GSTREAMER.media, "a=recvonly", "a=transform:1,0,0;0,1,0;0,0,1"),
        server="GStreamer RTSP server",
    ),
}


def describe(
    base: str, source: LiveSource, frame_rate: int, dialect: Dialect, *, absolute: bool
) -> str:
    """Return the SDP of a live source.

    `base` is the content base with its trailing slash; with `absolute` the control
    attributes are absolute URLs, as Axis cameras send.
    """
    prefix = base if absolute else ""
    number = secrets.randbits(31)
    lines = [
        "v=0",
        f"o=- {secrets.randbits(32)} 1 IN IP4 0.0.0.0",
        "s=Session streamed with Netrex",
        "c=IN IP4 0.0.0.0",
        "t=0 0",
        *(line.format(random=number) for line in dialect.session),
        f"a=control:{base if absolute else '*'}",
        "a=range:npt=now-",
    ]
    tracks = [_video(source, frame_rate, dialect)]
    if source.sound is not None:
        tracks.append(_audio(source, dialect))
    for track, (media, *attributes) in enumerate(tracks):
        lines += [
            media,
            *(line.format(random=secrets.randbits(31)) for line in dialect.media),
            *attributes,
            f"a=control:{prefix}{dialect.track_name(track)}",
        ]
    return "".join(f"{line}\r\n" for line in lines)


def _video(source: LiveSource, frame_rate: int, dialect: Dialect) -> list[str]:
    texts = [base64.b64encode(unit).decode() for unit in source.parameter_sets]
    if source.video_codec == "H265":
        names = ("sprop-vps", "sprop-sps", "sprop-pps")
        parameters = [f"{name}={text}" for name, text in zip(names, texts, strict=True)]
    else:
        # Profile, constraints, and level are the first bytes after the unit's header.
        level = source.parameter_sets[0][1:4].hex()
        parameters = [
            "packetization-mode=1",
            f"profile-level-id={level}",
            f"sprop-parameter-sets={','.join(texts)}",
        ]
    return [
        f"m=video 0 RTP/AVP {PAYLOAD_TYPE}",
        f"a=rtpmap:{PAYLOAD_TYPE} {source.video_codec}/90000",
        f"a=fmtp:{PAYLOAD_TYPE} {dialect.separator.join(parameters)}",
        f"a=framerate:{frame_rate}",
    ]


def _audio(source: LiveSource, dialect: Dialect) -> list[str]:
    if source.sound is None:
        return []
    codec = source.sound.codec
    lines = [
        f"m=audio 0 RTP/AVP {codec.payload_type}",
        f"a=rtpmap:{codec.payload_type} {codec.rtpmap}",
    ]
    if parameters := source.sound.format_parameters:
        text = parameters.replace(";", dialect.separator)
        lines.append(f"a=fmtp:{codec.payload_type} {text}")
    return lines
