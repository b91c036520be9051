"""Judges a download by its first bytes; labels such as Content-Type can be wrong."""

from enum import StrEnum

from .mp4 import is_film

# How many bytes the check needs.
_MAX_BYTES = 512


class ContentKind(StrEnum):
    """What came instead of a recording; also the translation keys of the errors."""

    NOTHING = "download_nothing"
    PAGE = "download_page"
    JSON = "download_json"
    TEXT = "download_text"
    COMPRESSED = "download_compressed"
    OTHER = "download_other"
    INCOMPLETE = "download_incomplete"


class ContentError(Exception):
    """The download server sent something other than the complete recording."""

    def __init__(self, kind: ContentKind) -> None:
        super().__init__(kind)
        self.kind = kind


_COMPRESSED = (b"\x1f\x8b", b"PK\x03\x04", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")
_CONTROLS = frozenset(range(0x20)) - frozenset(b"\t\n\f\r")
_PAGES = (b"<!doctype", b"<html", b"<head", b"<body", b"<?xml", b"<!--", b"<script")


def check_head(head: bytes) -> None:
    """Check the first bytes of a file: all of it, or at least 8 bytes.

    Raises:
        ContentError: It is no MP4 file.
    """
    if not is_film(head):
        raise ContentError(_kind(head[:_MAX_BYTES]))


def _kind(head: bytes) -> ContentKind:
    if head.startswith(_COMPRESSED):
        return ContentKind.COMPRESSED
    text = head.removeprefix(b"\xef\xbb\xbf").strip().lower()
    if not text:
        return ContentKind.NOTHING
    if text.startswith(_PAGES):
        return ContentKind.PAGE
    if not _CONTROLS.isdisjoint(text):
        return ContentKind.OTHER
    return ContentKind.JSON if text[:1] in b"{[" else ContentKind.TEXT
