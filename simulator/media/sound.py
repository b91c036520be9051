"""The sound of a simulated camera: a quiet tone, encoded once and repeated."""

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
import math

import av
from av.audio.codeccontext import AudioCodecContext
import numpy as np

_TONE_HZ = 440
_AMPLITUDE = 2000
_SECONDS = 2
_LATM_BUFFER = 0xFF
_AU_HEADER_BITS = 16


@dataclass(frozen=True, slots=True)
class AudioCodec:
    """How sound is encoded and described (RTP payload type, rtpmap, fmtp).

    `samples` per packet are counted with the `clock_rate`.
    """

    library: str
    sample_rate: int
    payload_type: int
    rtpmap: str
    clock_rate: int
    samples: int
    format: str = "s16"


_AAC = ("aac", 16_000, 97)
AUDIO_CODECS = {
    "aac": AudioCodec(*_AAC, "MPEG4-GENERIC/16000/1", 16_000, 1024, "fltp"),
    "latm": AudioCodec(*_AAC, "MP4A-LATM/16000/1", 16_000, 1024, "fltp"),
    "opus": AudioCodec("libopus", 48_000, 97, "OPUS/48000/2", 48_000, 960),
    "pcmu": AudioCodec("pcm_mulaw", 8000, 0, "PCMU/8000", 8000, 160),
    "pcma": AudioCodec("pcm_alaw", 8000, 8, "PCMA/8000", 8000, 160),
}


@dataclass(frozen=True, slots=True)
class Sound:
    """A repeating sound: the payloads of its RTP packets, and its format."""

    codec: AudioCodec
    payloads: tuple[bytes, ...]
    format_parameters: str


@lru_cache
def encode_tone(name: str) -> Sound:
    """Return the tone in a codec of AUDIO_CODECS."""
    codec = AUDIO_CODECS[name]
    context = av.CodecContext.create(codec.library, "w")
    if not isinstance(context, AudioCodecContext):
        raise TypeError(name)
    context.sample_rate = codec.sample_rate
    context.format = codec.format
    context.layout = "mono"
    context.time_base = Fraction(1, codec.sample_rate)
    context.open()
    packets = [
        bytes(packet)
        for number in range(_SECONDS * codec.sample_rate // codec.samples)
        for packet in context.encode(_frame(codec, number))
    ]
    config = bytes(context.extradata or b"")
    if name == "aac":
        parameters = (
            "streamtype=5;profile-level-id=1;mode=AAC-hbr;sizelength=13;"
            f"indexlength=3;indexdeltalength=3;config={config[:2].hex()}"
        )
        return Sound(codec, tuple(map(_with_header, packets)), parameters)
    if name == "latm":
        parameters = f"profile-level-id=1;cpresent=0;config={_mux_config(config)}"
        return Sound(codec, tuple(map(_with_length, packets)), parameters)
    parameters = "sprop-stereo=0;useinbandfec=1" if name == "opus" else ""
    return Sound(codec, tuple(packets), parameters)


def _frame(codec: AudioCodec, number: int) -> av.AudioFrame:
    first = number * codec.samples
    times = (first + np.arange(codec.samples)) / codec.sample_rate
    wave = _AMPLITUDE * np.sin(2 * math.pi * _TONE_HZ * times)
    samples = (
        (wave / 32_768).astype(np.float32)
        if codec.format == "fltp"
        else wave.astype(np.int16)
    )
    frame = av.AudioFrame.from_ndarray(
        samples[np.newaxis], format=codec.format, layout="mono"
    )
    frame.sample_rate = codec.sample_rate
    frame.pts = first
    frame.time_base = Fraction(1, codec.sample_rate)
    return frame


def _with_header(unit: bytes) -> bytes:
    """Return an access unit after its header (RFC 3640 section 3.2.1)."""
    return _AU_HEADER_BITS.to_bytes(2) + (len(unit) << 3).to_bytes(2) + unit


def _with_length(unit: bytes) -> bytes:
    """Return an access unit after its length (RFC 6416, ISO/IEC 14496-3)."""
    whole, rest = divmod(len(unit), 255)
    return b"\xff" * whole + bytes([rest]) + unit


def _mux_config(config: bytes) -> str:
    """Return a StreamMuxConfig of one layer (ISO/IEC 14496-3) in hex."""
    bits = (
        "0"  # version
        "1"  # same framing of all streams
        "000000"  # one subframe
        "0000"  # one program
        "000"  # one layer
        f"{int.from_bytes(config[:2]):016b}"
        "000"  # variable frame length
        f"{_LATM_BUFFER:08b}"
        "0"  # no other data
        "0"  # no checksum
    )
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8).hex()
