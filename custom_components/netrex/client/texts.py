"""Makes untrusted texts storable, visible, and short (decision 0028)."""

import re

# Characters. Even with the name of a place before it and a suffix after it, a name fits
# into the 255 characters of entity ids and of the recorder's columns.
MAX_NAME_LENGTH = 100
MAX_TEXT_LENGTH = 255
# Error texts are cut to this length before any further processing.
MAX_EXCERPT_LENGTH = 1000

# Control characters and line separators.
_BREAKS = "\x00-\x1f\x7f-\x9f\u2028\u2029"
# Lone surrogates cannot be encoded. The others change the direction or appearance of
# the text around them (Unicode Technical Report 36, "Bidirectional Text Spoofing").
_REMOVED = "\ud800-\udfff\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff"
_BREAK = re.compile(f"[{_BREAKS}]")
_REMOVAL = re.compile(f"[{_REMOVED}]+")
_UNCLEAN = re.compile(f"[{_BREAKS}{_REMOVED}]")
# Factor by which a text may exceed its limit before it is cleaned.
_SPARE = 4


def clean_text(text: str, limit: int) -> str:
    """Return a text that can be stored and shown, of at most `limit` characters.

    Line breaks and other control characters become spaces. Whitespace at the ends and
    characters that UTF-8 cannot encode are removed.
    """
    text = text[: limit * _SPARE]
    if _UNCLEAN.search(text):
        text = _REMOVAL.sub("", _BREAK.sub(" ", text))
    return text.strip()[:limit].rstrip()


def is_clean(text: str) -> bool:
    """Return whether a text contains nothing that `clean_text` replaces."""
    return _UNCLEAN.search(text) is None


def excerpt(text: str, limit: int = MAX_EXCERPT_LENGTH) -> str:
    """Return the first words of a text, cleaned, about `limit` characters long.

    The text is cut at whitespace, because part of a secret would not be recognized.
    """
    if len(text) > limit:
        words = re.split(r"\s", text[: limit + 1])[:-1]
        text = f"{' '.join(words)}…"
    return clean_text(text, limit + 1)
