"""Whether an MP4 file is whole: its outermost boxes fill it and hold an index.

A server that tells no length can be cut without anybody noticing. The boxes know how
long they are (ISO/IEC 14496-12, 4.2).
"""

from pathlib import Path
import struct

_HEADER = struct.Struct(">I4s")
_LARGE = struct.Struct(">Q")
# More boxes than any recording has; fragmented ones have two for every few seconds.
_MOST_BOXES = 1_000_000


def is_whole(path: Path) -> bool:
    """Read the headers of the outermost boxes; blocking."""
    size = path.stat().st_size
    kinds: set[bytes] = set()
    with path.open("rb") as file:
        position = 0
        for _ in range(_MOST_BOXES):
            if position >= size:
                break
            file.seek(position)
            header = file.read(_HEADER.size)
            if len(header) < _HEADER.size:
                return False
            length, kind = _HEADER.unpack(header)
            least = _HEADER.size
            if length == 1:
                large = file.read(_LARGE.size)
                if len(large) < _LARGE.size:
                    return False
                (length,) = _LARGE.unpack(large)
                least += _LARGE.size
            elif length == 0:  # up to the end of the file
                length = size - position
            if length < least:
                return False
            kinds.add(kind)
            position += length
    return position == size and b"moov" in kinds
