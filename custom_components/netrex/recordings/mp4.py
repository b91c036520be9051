"""Checks whether an MP4 file is complete, and where it ends.

A download can be cut without an error, and servers append data that do not belong to
the file, such as the line break at the end of a script. The top-level boxes hold their
own lengths (ISO/IEC 14496-12, 4.2), so they show both.
"""

from pathlib import Path
import struct
from typing import BinaryIO, NamedTuple

_HEADER = struct.Struct(">I4s")
_LARGE_SIZE = struct.Struct(">Q")
# More than recordings have; fragmented ones have two boxes for every few seconds.
_MAX_BOXES = 1_000_000
FIRST_BOX = b"ftyp"
_INDEX = b"moov"
# Boxes with pictures: in one part, or in fragments.
_MEDIA = frozenset({b"mdat", b"moof"})
# The boxes that files have at the top level (table 1 of the standard, and older ones).
_KNOWN = frozenset(
    {
        FIRST_BOX,
        _INDEX,
        *_MEDIA,
        *(b"emsg", b"free", b"idat", b"imda", b"meco", b"meta", b"mfra", b"pdin"),
        *(b"pnot", b"prft", b"sidx", b"skip", b"ssix", b"styp", b"udta", b"uuid"),
        b"wide",
    }
)


class _Box(NamedTuple):
    type: bytes
    end: int


def is_film(head: bytes) -> bool:
    """Return whether a file starts as MP4 files do; `head` has at least 8 bytes."""
    return head[4:8] == FIRST_BOX


def film_size(path: Path) -> int | None:
    """Return the size of the MP4 file in a file, without what follows it; blocking.

    None if it is no MP4 file or an incomplete one. A cut between two fragments, or in a
    box that extends to the end of the file, cannot be seen.
    """
    size = path.stat().st_size
    types: set[bytes] = set()
    position = 0
    with path.open("rb") as file:
        for _ in range(_MAX_BOXES):
            box = _read_box(file, position, size)
            if box is None or not (types or box.type == FIRST_BOX):
                break
            is_known = box.type in _KNOWN
            if box.end > size and (is_known or not _is_whole(types)):
                return None
            if box.end > size:
                break
            types.add(box.type)
            position = box.end
    return position if _is_whole(types) else None


def _is_whole(types: set[bytes]) -> bool:
    return _INDEX in types and not types.isdisjoint(_MEDIA)


def _read_box(file: BinaryIO, position: int, size: int) -> _Box | None:
    """Return the box at a position; None if there is none."""
    file.seek(position)
    header = file.read(_HEADER.size)
    if len(header) < _HEADER.size:
        return None
    length, box_type = _HEADER.unpack(header)
    shortest = _HEADER.size
    if length == 1:  # a 64-bit length follows
        large = file.read(_LARGE_SIZE.size)
        shortest += _LARGE_SIZE.size
        if len(large) == _LARGE_SIZE.size:
            (length,) = _LARGE_SIZE.unpack(large)
        elif box_type in _KNOWN:
            length = size + 1
    elif length == 0 and box_type in _KNOWN:
        # The box extends to the end of the file.
        length = max(size - position, shortest)
    if length < shortest:
        return None
    return _Box(box_type, position + length)
