"""Malicious names and times never lead to writes outside the allowed folders."""

from collections.abc import Generator
from pathlib import Path
import re
import tempfile
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.core_config import Config
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util
from hypothesis import HealthCheck, given, settings, strategies as st
import pytest
import voluptuous as vol

from custom_components.netrex.recordings import Clip
from custom_components.netrex.recordings.actions import DOWNLOAD_SCHEMA, _times
from custom_components.netrex.recordings.partial import PartialFile, publish
from custom_components.netrex.recordings.paths import (
    DEFAULT_PATTERN,
    check_target,
    format_name,
    resolve_target,
)

CLIP = Clip(140094, 1_795_500_000, 1_795_500_060)
NAMES = st.one_of(
    st.text(max_size=40),
    st.lists(
        st.sampled_from(
            [
                *(
                    "..",
                    ".",
                    "",
                    "/",
                    "//",
                    "\\",
                    "~",
                    "a",
                    "b.mp4",
                    ".mp4",
                    "...",
                    " ",
                ),
                *("{camera}", "{time}", "{", "}", "{x}", "{camera!r}", "{0}", "%2e%2e"),
                *(
                    "CON",
                    "nul.mp4",
                    "COM1",
                    "lpt¹.mp4",
                    "a:b",
                    "a\0b",
                    "a\nb",
                    "|",
                    "*",
                ),
                *("out", "loop", "in", "dangling", "inside", "ü" * 130, "x" * 300),
                *("etc", "passwd", "\ud800", "‥", "\uff0e\uff0e", "configuration.yaml"),
            ]
        ),
        max_size=6,
    ).map("/".join),
    st.lists(st.sampled_from(["../", "./", "out/", "a/", "/"]), max_size=8).map(
        lambda parts: "".join(parts) + "x"
    ),
)


class Box:
    """Folders of which one is allowed, with symbolic links out of it."""

    def __init__(self, root: Path, hass: HomeAssistant) -> None:
        self.root = root
        self.allowed = root / "media"
        self.allowed.mkdir()
        self.outside = root / "secret"
        self.outside.mkdir()
        (self.outside / "keep.mp4").write_text("mine")
        (self.allowed / "out").symlink_to(self.outside)
        (self.allowed / "loop").symlink_to("loop")
        (self.allowed / "dangling.mp4").symlink_to(self.outside / "new.mp4")
        (self.allowed / "keep.mp4").symlink_to(self.outside / "keep.mp4")
        (self.allowed / "in").symlink_to(self.allowed)
        self.config: Config = hass.config
        self.config.media_dirs = {"local": str(self.allowed)}
        self.config.allowlist_external_dirs = {str(self.allowed)}
        self.before = self.snapshot()

    def snapshot(self) -> dict[str, bytes | None]:
        """Return everything outside the allowed folder."""
        return {
            str(path): path.read_bytes() if path.is_file() else None
            for path in self.root.rglob("*")
            if not path.is_relative_to(self.allowed)
        }

    def write(self, name: str, *, overwrite: bool) -> Path | None:
        """Write a file as a download does; return None if it was refused."""
        try:
            target = resolve_target(self.config, name)
            check_target(self.config, target, overwrite=overwrite)
            partial = PartialFile(target.parent)
            partial.restart()
        except HomeAssistantError:
            return None
        try:
            partial.write([b"video"])
            check_target(self.config, target, overwrite=overwrite)
            publish(partial.path, target, overwrite=overwrite, may_move=True)
        except HomeAssistantError:
            return None
        finally:
            partial.discard()
        return target


@pytest.fixture
def box(hass: HomeAssistant) -> Generator[Box]:
    """Return the folders, outside the ones that other fixtures check."""
    with tempfile.TemporaryDirectory() as folder:
        yield Box(Path(folder).resolve(), hass)


@pytest.fixture(autouse=True)
def _no_traces() -> None:
    """Override the check of the other tests, which this room does not need."""


@given(pattern=NAMES, absolute=st.booleans(), overwrite=st.booleans())
@settings(
    max_examples=400,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_no_name_leads_out_of_the_folder(
    box: Box, pattern: str, absolute: bool, overwrite: bool
) -> None:
    try:
        name = format_name(pattern, "San Diego", "entrance", CLIP)
    except HomeAssistantError:
        return
    if absolute:
        name = f"{box.allowed}/{name}"
    target = box.write(name, overwrite=overwrite)
    assert box.snapshot() == box.before
    if target is not None:
        assert target.resolve().is_relative_to(box.allowed)
        assert target.read_bytes() == b"video"
        assert target.suffix.lower() == ".mp4"
    assert not list(box.allowed.rglob("*.part"))


@pytest.mark.parametrize(
    "name",
    [
        "../escape.mp4",
        "a/../../escape.mp4",
        "/etc/escape.mp4",
        "out/escape.mp4",
        "out/new/escape.mp4",
        "dangling.mp4",
        "keep.mp4",
        "loop/escape.mp4",
        ".hidden.mp4",
        "CON.mp4",
        "com1",
        "a:b.mp4",
        "a\\b.mp4",
        "a\0b.mp4",
        "a\nb.mp4",
        "trailing. ",
        "dir /x.mp4",
        "x" * 300,
        "y/" * 3000 + "z",
        "y/" * 500 + "z",
        "y/" * 20 + "z",
        "",
        "/",
        "..",
        "\ud800.mp4",
    ],
)
def test_invalid_names_are_refused(box: Box, name: str) -> None:
    assert box.write(name, overwrite=True) is None
    assert box.snapshot() == box.before


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("clip.mp4", "clip.mp4"),
        ("clip", "clip.mp4"),
        ("clip.yaml", "clip.yaml.mp4"),
        ("new/deep/Clip.MP4", "new/deep/Clip.MP4"),
        ("y/" * 16 + "z", "y/" * 16 + "z.mp4"),
        ("in/inside.mp4", "inside.mp4"),
        ("Příliš žluťoučký kůň.mp4", "Příliš žluťoučký kůň.mp4"),
    ],
)
def test_valid_names_are_written(box: Box, name: str, path: str) -> None:
    assert box.write(name, overwrite=False)
    assert (box.allowed / path).read_bytes() == b"video"
    # An existing file is replaced only on request.
    assert box.write(name, overwrite=False) is None
    assert box.write(name, overwrite=True)


def test_names_of_folders_above_the_allowed_one_do_not_matter(box: Box) -> None:
    """Some systems have the configuration in a hidden folder."""
    folder = box.root / ".homeassistant" / "media"
    folder.mkdir(parents=True)
    box.config.allowlist_external_dirs = {str(folder)}
    assert box.write(f"{folder}/clip.mp4", overwrite=False)
    assert box.write(f"{folder}/.clip.mp4", overwrite=False) is None


def test_without_a_media_folder_a_name_must_be_absolute(box: Box) -> None:
    box.config.media_dirs = {}
    assert box.write("clip.mp4", overwrite=False) is None
    assert box.write(f"{box.allowed}/clip.mp4", overwrite=False)


def test_a_folder_that_is_replaced_by_a_link_is_refused(box: Box) -> None:
    target = box.allowed / "sub" / "clip.mp4"
    check_target(box.config, target, overwrite=False)
    partial = PartialFile(target.parent)
    partial.restart()
    partial.write([b"video"])
    target.parent.rename(box.allowed / "moved")
    target.parent.symlink_to(box.outside)
    with pytest.raises(HomeAssistantError):
        check_target(box.config, target, overwrite=False)
    partial.discard()
    assert box.snapshot() == box.before


def test_patterns_are_filled_in(hass: HomeAssistant) -> None:
    start = dt_util.as_local(dt_util.utc_from_timestamp(CLIP.start))
    assert format_name(DEFAULT_PATTERN, "San Diego", "entrance", CLIP) == (
        f"netrex/san_diego/entrance/{start:%Y-%m-%d}_{start:%H-%M-%S}.mp4"
    )
    filled = format_name("{node_id}_{start}_{end}_{duration}", "", "x", CLIP)
    assert re.fullmatch(r"140094_\d{8}_\d{6}_\d{8}_\d{6}_60", filled)
    for wrong in ("{height}", "{camera.x}", "{", "a}b", "{{camera}}", "{}"):
        with pytest.raises(HomeAssistantError) as caught:
            format_name(wrong, "", "x", CLIP)
        assert caught.value.translation_key == "unknown_placeholder"


@pytest.mark.usefixtures("hass")
def test_a_repeated_hour_gives_two_names() -> None:
    """2026-11-01 01:30 in California occurs twice, an hour apart."""
    first = 1_793_521_800
    names = [
        format_name(
            "{date}_{time} {start} {end}", "", "x", Clip(1, start, start + 3600)
        )
        for start in (first, first + 3600, first + 7200)
    ]
    assert names == [
        "2026-11-01_01-30-00_PDT 20261101_013000_PDT 20261101_013000_PST",
        "2026-11-01_01-30-00_PST 20261101_013000_PST 20261101_023000",
        "2026-11-01_02-30-00 20261101_023000 20261101_033000",
    ]


JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.datetimes().map(str),
    st.datetimes(),
    st.timedeltas(),
    st.lists(st.text(max_size=5), max_size=3),
    st.dictionaries(st.sampled_from(["hours", "x"]), st.integers(), max_size=2),
)


@given(
    data=st.fixed_dictionaries(
        {"entity_id": st.just("camera.entrance"), "start": JUNK},
        optional=dict.fromkeys(
            ("end", "duration", "height", "filename", "overwrite", "more"), JUNK
        ),
    )
)
@settings(max_examples=500, deadline=None)
def test_any_input_gives_a_valid_clip_or_an_error(data: dict[str, Any]) -> None:
    try:
        valid = DOWNLOAD_SCHEMA(data)
    except vol.Invalid:
        return
    try:
        start, end = _times(valid)
        clip = Clip(1, start, end, valid.get("height"))
        clip.validate(1_795_500_000)
    except HomeAssistantError:
        return
    assert 0 <= clip.start < clip.end
    # The longest local day.
    assert clip.seconds <= 25 * 3600
    assert clip.height is None or 0 < clip.height <= 8640
