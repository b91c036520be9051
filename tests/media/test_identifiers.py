"""Identifiers that users have stored keep their form and meaning."""

from datetime import date

import pytest

from custom_components.netrex.media.identifiers import (
    CameraDays,
    Day,
    Folder,
    Hour,
    MediaItem,
    Root,
    Slice,
    parse_identifier,
)


@pytest.mark.parametrize(
    ("identifier", "item"),
    [
        ("", Root(None)),
        ("01ABC", Root("01ABC")),
        ("01ABC/folder/7", Folder("01ABC", 7)),
        ("01ABC/camera/7", CameraDays("01ABC", 7)),
        ("01ABC/camera/7/2026-07-15", CameraDays("01ABC", 7, date(2026, 7, 15))),
        ("01ABC/day/7/2026-07-15", Day("01ABC", 7, date(2026, 7, 15))),
        (
            "01ABC/hour/7/1784131200/1784134800",
            Hour("01ABC", 7, 1_784_131_200, 1_784_134_800),
        ),
        (
            "01ABC/clip/7/1784131200/1784131800",
            Slice("01ABC", 7, 1_784_131_200, 1_784_131_800),
        ),
    ],
)
def test_identifiers_are_stable(identifier: str, item: MediaItem) -> None:
    assert parse_identifier(identifier) == item
    assert str(item) == identifier
