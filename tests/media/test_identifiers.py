"""Identifiers that users have stored keep their form and meaning."""

from datetime import UTC, date, datetime

from homeassistant.exceptions import HomeAssistantError
from hypothesis import example, given, strategies as st
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


_PART = st.one_of(
    st.sampled_from(("", "folder", "camera", "day", "hour", "clip", "9" * 6000, "-1")),
    st.integers(min_value=0, max_value=10**13).map(str),
    st.integers(min_value=940_000_000, max_value=2_150_000_000).map(str),
    st.dates().map(str),
    st.text(max_size=5),
)


@given(
    st.one_of(
        st.text(),
        st.lists(_PART, max_size=6).map("/".join),
        st.builds(
            "01ABC/{}/{}/{}/{}".format,
            st.sampled_from(("hour", "clip")),
            _PART,
            _PART,
            _PART,
        ),
    )
)
@example("01ABC/clip/1/999999999399/999999999999")
@example("01ABC/folder/" + "9" * 6000)
def test_any_text_is_an_item_or_an_error(text: str) -> None:
    try:
        item = parse_identifier(text)
    except HomeAssistantError:
        return
    # What is accepted can be shown: its times are within the calendar's years.
    if isinstance(item, Hour | Slice):
        for moment in item.span:
            assert 1970 <= datetime.fromtimestamp(moment, UTC).year <= 2038
    assert parse_identifier(str(item)) == item
