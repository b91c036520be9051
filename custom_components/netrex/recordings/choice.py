"""Which of several storages a recording is taken from."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..client import Recording
from .errors import RecordingError

# Storages cut at their own key frames: differences up to this say nothing.
_SAME = 2.0


@dataclass(frozen=True, slots=True)
class Choice:
    """A recording and the height to prepare it in.

    `storage` counts from 1 in the portal's order, out of `storages`.
    """

    recording: Recording
    height: int
    storage: int
    storages: int


def choose(recordings: Sequence[Recording], height: int | None) -> Choice:
    """Return the most complete recording that has the height, None for its highest.

    Several entries are the same time on several storages. Of those that are equally
    long the one with the most heights is the cloud's: a memory card holds the camera's
    own height alone, and is much slower.

    Raises:
        RecordingError: There is none, or none in this height.
    """
    offers = [
        (recording, number)
        for number, recording in enumerate(recordings, 1)
        if recording.heights
    ]
    if not offers:
        raise RecordingError("no_recording")
    if height is not None:
        heights = sorted({one for recording, _ in offers for one in recording.heights})
        offers = [offer for offer in offers if height in offer[0].heights]
        if not offers:
            raise RecordingError(
                "height_not_offered", heights=", ".join(map(str, heights))
            )
    longest = max(recording.duration or 0 for recording, _ in offers)
    # The first of equals: `max` keeps the portal's order.
    recording, number = max(
        (o for o in offers if (o[0].duration or 0) >= longest - _SAME),
        key=lambda offer: len(offer[0].heights),
    )
    return Choice(recording, height or recording.heights[-1], number, len(recordings))
