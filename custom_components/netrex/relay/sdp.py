"""What the relay reads in a session description (RFC 4566, RFC 2326 appendix C).

Servers word the same stream differently, and the same server words it differently in
each session: session ids, names, and SSRCs change. Only what decoders depend on is
compared.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
import re
from urllib.parse import urljoin

from .rtsp import Response

# Payload types that need no rtpmap (RFC 3551 section 6).
_STATIC_TYPES: Mapping[int, tuple[str, int, int]] = {
    0: ("PCMU", 8000, 1),
    3: ("GSM", 8000, 1),
    8: ("PCMA", 8000, 1),
    9: ("G722", 8000, 1),
    10: ("L16", 44_100, 2),
    11: ("L16", 44_100, 1),
    14: ("MPA", 90_000, 1),
    26: ("JPEG", 90_000, 1),
    32: ("MPV", 90_000, 1),
    33: ("MP2T", 90_000, 1),
}
_DEFAULT_CLOCK_RATE = 90_000
_MAX_PAYLOAD_TYPE = 127
_NUMBER = re.compile(r"\d{1,9}", re.ASCII)
_ABSOLUTE = re.compile(r"rtsps?://", re.IGNORECASE)
# Parameter sets of H.264 (RFC 6184) and H.265 (RFC 7798). They may also be sent with
# the pictures, so a description without them does not contradict one with them.
_PARAMETER_SETS = frozenset(
    {"sprop-parameter-sets", "sprop-vps", "sprop-sps", "sprop-pps"}
)
# Further format parameters that a depacketizer or decoder depends on; "0" if omitted.
# Others, such as profile-level-id, only repeat what the parameter sets contain.
_DECODING = frozenset(
    {
        # H.264 and H.265
        "packetization-mode",
        "sprop-max-don-diff",
        "sprop-depack-buf-nalus",
        # MPEG-4: elementary streams (RFC 3640) and LATM (RFC 6416)
        "config",
        "cpresent",
        "mode",
        "sizelength",
        "indexlength",
        "indexdeltalength",
        "ctsdeltalength",
        "dtsdeltalength",
        "randomaccessindication",
        "streamstateindication",
        "auxiliarydatasizelength",
        "constantsize",
        "constantduration",
        # Vorbis and Theora
        "configuration",
    }
)


@dataclass(frozen=True, slots=True)
class Format:
    """A payload type of a track.

    Attributes:
        codec: The encoding name in upper case.
        clock_rate: Units of the timestamps per second.
        channels: Audio channels; 1 for video.
        decoding: The parameters that decoders depend on.
        parameter_sets: NAL units; empty if they are only sent with the pictures.
    """

    codec: str = ""
    clock_rate: int = _DEFAULT_CLOCK_RATE
    channels: int = 1
    decoding: frozenset[tuple[str, str]] = frozenset()
    parameter_sets: frozenset[bytes] = frozenset()

    def is_like(self, other: Format) -> bool:
        """Return whether a decoder for `other` decodes this, given the same sets."""
        return (self.codec, self.clock_rate, self.channels, self.decoding) == (
            other.codec,
            other.clock_rate,
            other.channels,
            other.decoding,
        )


@dataclass(frozen=True, slots=True)
class Track:
    """A media section of a description.

    Attributes:
        media: For example `video`.
        formats: By payload type.
        control: The control attribute; empty if there is none.
        url: The track's URL.
    """

    media: str
    formats: Mapping[int, Format]
    control: str
    url: str


@dataclass(frozen=True, slots=True)
class Description:
    """A stream: its URL and its tracks."""

    url: str
    tracks: Sequence[Track]

    @classmethod
    def of(cls, answer: Response, url: str) -> Description:
        """Parse the response to DESCRIBE; never fails.

        Args:
            answer: The response; its URLs are those of either side.
            url: The URL of the request, as that side writes it.
        """
        text = answer.body.decode(errors="surrogateescape")
        common, *media = re.split(r"^m=", text, flags=re.MULTILINE)
        base = answer.header("Content-Base") or answer.header("Content-Location") or url
        control = next((v for k, v in _attributes(common) if k == "control"), "")
        stream_url = _resolve(base, control)
        # Like players, resolve tracks against an absolute URL of the session.
        base = control if _ABSOLUTE.match(control) else base
        return cls(stream_url, tuple(_track(section, base) for section in media))

    def track_of(self, url: str) -> int | None:
        """Return the index of the track that a URL belongs to.

        Players and servers build the URLs of tracks in different ways.
        """
        plain = url.rstrip("/")
        for index, track in enumerate(self.tracks):
            if track.url.rstrip("/") == plain:
                return index
        found = [
            index
            for index, track in enumerate(self.tracks)
            if (name := track.control.rstrip("/").rpartition("/")[2])
            and (plain == name or plain.endswith(f"/{name}"))
        ]
        return found[0] if len(found) == 1 else None


def _attributes(section: str) -> list[tuple[str, str]]:
    """Return the names and values of the attributes of a section, in order."""
    lines = (line.strip() for line in section.split("\n"))
    pairs = (line[2:].partition(":") for line in lines if line.startswith("a="))
    return [(name.lower(), value.strip()) for name, _, value in pairs]


def _track(section: str, base: str) -> Track:
    media, _port, _profile, *types = [*section.partition("\n")[0].split(), "", "", ""]
    attributes = _attributes(section)
    maps = dict(_by_type(attributes, "rtpmap"))
    parameters = dict(_by_type(attributes, "fmtp"))
    formats = {
        number: _format(number, maps.get(number, ""), parameters.get(number, ""))
        for number in map(_payload_type, types)
        if number is not None
    }
    control = next((value for name, value in attributes if name == "control"), "")
    return Track(media.lower(), formats, control, _resolve(base, control))


def _by_type(attributes: list[tuple[str, str]], name: str) -> list[tuple[int, str]]:
    """Return the values of an attribute that starts with a payload type."""
    found = []
    for key, value in attributes:
        kind, _, rest = value.partition(" ")
        if key == name and (number := _payload_type(kind)) is not None:
            found.append((number, rest.strip()))
    return found


def _payload_type(text: str) -> int | None:
    number = _number(text, -1)
    return number if 0 <= number <= _MAX_PAYLOAD_TYPE else None


def _number(text: str, default: int) -> int:
    return int(text) if _NUMBER.fullmatch(text) else default


def _format(payload_type: int, rtpmap: str, fmtp: str) -> Format:
    codec, clock_rate, channels = _STATIC_TYPES.get(
        payload_type, ("", _DEFAULT_CLOCK_RATE, 1)
    )
    if rtpmap:
        name, rate, count, *_ = [*rtpmap.split("/"), "", ""]
        codec = name.strip().upper()
        # 0 would mean that time stands still.
        clock_rate = _number(rate.strip(), 0) or _DEFAULT_CLOCK_RATE
        channels = _number(count.strip(), 1)
    decoding = set()
    sets: set[bytes] = set()
    for parameter in fmtp.split(";"):
        key, _, value = (part.strip() for part in parameter.partition("="))
        key = key.lower()
        if key in _PARAMETER_SETS:
            sets.update(_units(value))
        elif key in _DECODING and value and value != "0":
            decoding.add((key, value.lower()))
    return Format(codec, clock_rate, channels, frozenset(decoding), frozenset(sets))


def _units(text: str) -> set[bytes]:
    """Return NAL units in base64, separated by commas."""
    units = set()
    for item in text.split(","):
        bare = item.strip().rstrip("=")
        try:
            unit = base64.b64decode(bare + "=" * (-len(bare) % 4))
        except binascii.Error, ValueError:
            continue
        # Zero bytes at the end belong to the byte stream format (H.264 annex B).
        if unit := unit.rstrip(b"\0"):
            units.add(unit)
    return units


def _resolve(base: str, control: str) -> str:
    """Return the URL of a control attribute as players do.

    Unlike in RFC 3986, a relative one is appended to the base.
    """
    if not control or control == "*":
        return base
    if _ABSOLUTE.match(control):
        return control
    if control.startswith("/"):
        try:
            return urljoin(base, control)
        except ValueError:
            return base
    return f"{base.rstrip('/')}/{control}"
