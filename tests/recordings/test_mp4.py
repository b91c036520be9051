"""Whether an MP4 file is complete, and where it ends."""

from pathlib import Path

import pytest

from custom_components.netrex.recordings.mp4 import film_size

FTYP, MOOV, MDAT = b"\0\0\0\x08ftyp", b"\0\0\0\x08moov", b"\0\0\0\x0amdatxx"
FILM = FTYP + MOOV + MDAT


@pytest.mark.parametrize(
    "content",
    [
        b"",
        MOOV,
        FTYP + MOOV,
        FTYP + MDAT,
        MOOV + FTYP + MDAT,
        FILM[:-1],
        FILM + b"\0\0\0\x09free",
        FTYP + MDAT + MOOV[:-1],
        FTYP + MOOV + b"\0\0\0\x07mdat",
        FTYP + MOOV + b"\0\0\0\x01mdat\0\0\0\0\0\0\0\x0fxx",
        FTYP + MOOV + b"\0\0\0\x01mdat\0\0\0\0\0\0\0\x13xx",
        FTYP + MOOV + b"\0\0\0\x01mdat\0\0\0",
        b"<html>not found</html>",
    ],
)
def test_no_film_or_an_incomplete_one(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "media" / "x.mp4"
    path.write_bytes(content)
    assert film_size(path) is None


@pytest.mark.parametrize(
    "film",
    [
        FILM,
        FTYP + MDAT + MOOV,
        FTYP + MOOV + b"\0\0\0\x08moof" + MDAT,
        FTYP + b"\0\0\0\x08abcd" + MOOV + MDAT,
        FTYP + MOOV + b"\0\0\0\x01mdat\0\0\0\0\0\0\0\x12xx",
    ],
)
@pytest.mark.parametrize(
    "tail", [b"", b"\n", b"\r\n", bytes(20), b"<!-- 0.02 seconds -->", b"x" * 5000]
)
def test_the_end_of_a_film(tmp_path: Path, film: bytes, tail: bytes) -> None:
    path = tmp_path / "media" / "x.mp4"
    path.write_bytes(film + tail)
    assert film_size(path) == len(film)


def test_a_box_that_extends_to_the_end(tmp_path: Path) -> None:
    path = tmp_path / "media" / "x.mp4"
    path.write_bytes(FTYP + MOOV + b"\0\0\0\0mdatrest")
    assert film_size(path) == path.stat().st_size
