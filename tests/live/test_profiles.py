"""Stream profiles: the default, and their names."""

import pytest

from custom_components.netrex.client import StreamProfile
from custom_components.netrex.live.profiles import default_profile, profile_names


@pytest.mark.parametrize(
    ("sizes", "chosen"),
    [
        ([(800, 450), (1920, 1080)], 1),
        ([(800, 450), (3840, 2160), (1280, 720)], 2),
        ([(3840, 2160), (2560, 1440)], 1),
        ([(1080, 1920), (640, 480)], 1),
        ([(1440, 1080), (1920, 1080)], 1),
        ([(None, None), (640, 360)], 1),
        ([(None, 720), (1280, None)], 0),
        ([(0, 0)], 0),
        ([], None),
    ],
)
def test_the_default_is_the_largest_up_to_full_hd(
    sizes: list[tuple[int | None, int | None]], chosen: int | None
) -> None:
    profiles = [StreamProfile(number, *size) for number, size in enumerate(sizes)]

    profile = default_profile(profiles)

    assert (profile and profile.stream_profile_id) == chosen


@pytest.mark.parametrize(
    ("sizes", "names"),
    [
        ([(800, 450), (1920, 1080)], ["800x450", "1920x1080"]),
        ([(640, 480)] * 3, ["640x480", "640x480 (2)", "640x480 (3)"]),
        ([(None, None), (None, 720), (None, None)], ["?x?", "?x720", "?x? (2)"]),
        ([], []),
    ],
)
def test_profiles_have_unique_names(
    sizes: list[tuple[int | None, int | None]], names: list[str]
) -> None:
    profiles = [StreamProfile(number, *size) for number, size in enumerate(sizes)]

    assert profile_names(profiles) == dict(enumerate(names))
