"""Selects the storage and the height that a clip is prepared from."""

from collections.abc import Sequence
from typing import NamedTuple

from ..client import Recording
from ..errors import failed

# Storages cut at different key frames, so smaller differences do not count.
_DURATION_TOLERANCE_SECONDS = 2.0


class Rendition(NamedTuple):
    """A recording and the height (pixels) to prepare it in."""

    recording: Recording
    height: int


def select_rendition(recordings: Sequence[Recording], height: int | None) -> Rendition:
    """Return the most complete recording in a height (pixels), None for its highest.

    Several recordings cover the same time on different storages. Of equally long ones,
    the one with the most heights is the cloud's: a memory card holds the camera's own
    height only, and is much slower.

    Raises:
        HomeAssistantError: There is no recording, or none in this height.
    """
    offers = [recording for recording in recordings if recording.heights]
    if not offers:
        raise failed("no_recording")
    if height is not None:
        heights = sorted({one for recording in offers for one in recording.heights})
        offers = [recording for recording in offers if height in recording.heights]
        if not offers:
            raise failed("height_not_offered", heights=", ".join(map(str, heights)))
    longest = max(recording.duration or 0 for recording in offers)
    shortest = longest - _DURATION_TOLERANCE_SECONDS
    # If several are equal, `max` returns the first in the portal's order.
    recording = max(
        (recording for recording in offers if (recording.duration or 0) >= shortest),
        key=lambda recording: len(recording.heights),
    )
    return Rendition(recording, height or recording.heights[-1])
