"""The simulated picture."""

import io
from zoneinfo import ZoneInfo

from PIL import Image, ImageStat

from simulator.media.video import Scene

ZONE = ZoneInfo("Europe/Prague")


def test_a_picture_depends_only_on_the_time() -> None:
    one, other = (Scene("Entrance", 7, 320, 180, ZONE) for _ in range(2))

    assert (one.frame(1e9) == other.frame(1e9)).all()
    changed = one.frame(1e9) != one.frame(1e9 + 0.5)
    assert 0 < changed.mean() < 0.2


def test_the_clock_in_the_picture_changes_every_second() -> None:
    scene = Scene("Entrance", 7, 320, 180, ZONE)
    bars = [scene.frame(1e9 + tenth / 10)[:10].tobytes() for tenth in range(30)]

    assert len(set(bars)) == 3
    assert bars[0] == bars[9] != bars[10]


def test_two_cameras_have_different_pictures() -> None:
    one, other = (Scene("Entrance", seed, 320, 180, ZONE) for seed in (1, 2))
    assert (one.frame(0) != other.frame(0)).mean() > 0.2


def test_odd_sizes_and_foreign_names_are_drawn() -> None:
    scene = Scene("Příšerně žluťoučký 店", 1, 321, 181, ZONE)

    picture = Image.open(io.BytesIO(scene.jpeg(1e9)))

    assert picture.size == (320, 180)
    assert picture.format == "JPEG"
    # A bright wall above a darker floor: the colors survived the conversion to YUV.
    gray = picture.convert("L")
    wall, floor = gray.crop((140, 20, 180, 30)), gray.crop((100, 165, 220, 178))
    assert ImageStat.Stat(wall).mean > ImageStat.Stat(floor).mean
