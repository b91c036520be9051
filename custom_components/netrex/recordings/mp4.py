"""Checks whether an MP4 file is complete.

A download without a Content-Length can be cut without an error. The top-level boxes
hold their own lengths (ISO/IEC 14496-12, 4.2), so in a complete file they end where it
ends, and one of them is the index.
"""

from pathlib import Path
import struct

_HEADER = struct.Struct(">I4s")
_LARGE_SIZE = struct.Struct(">Q")
# More than recordings have; fragmented ones have two boxes for every few seconds.
_MAX_BOXES = 1_000_000


def is_complete(path: Path) -> bool:
    """Return whether the top-level boxes fill the file; blocking."""
    size = path.stat().st_size
    types: set[bytes] = set()
    with path.open("rb") as file:
        position = 0
        for _ in range(_MAX_BOXES):
            if position >= size:
                break
            file.seek(position)
            header = file.read(_HEADER.size)
            if len(header) < _HEADER.size:
                return False
            length, box_type = _HEADER.unpack(header)
            shortest = _HEADER.size
            if length == 1:  # a 64-bit length follows
                large = file.read(_LARGE_SIZE.size)
                if len(large) < _LARGE_SIZE.size:
                    return False
                (length,) = _LARGE_SIZE.unpack(large)
                shortest += _LARGE_SIZE.size
            elif length == 0:  # the box extends to the end of the file
                length = size - position
            if length < shortest:
                return False
            types.add(box_type)
            position += length
    return position == size and b"moov" in types
