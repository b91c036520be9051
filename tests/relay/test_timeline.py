"""Where the tracks of a new session continue on the client's timeline."""

import pytest

from custom_components.netrex.relay.sdp import Format
from custom_components.netrex.relay.timeline import Anchor, Seam, Source, TrackLine

# A second of both tracks.
RATE = 90_000
STATED, ARRIVED = 17_600, 13_100


def line(timestamp: int) -> TrackLine:
    """Return a track whose first packet arrived at 10 s, with RTP-Info."""
    track = TrackLine({96: Format("H264", RATE)}, arrived_at=10.0)
    track.source = Source(anchors={Anchor.PLAY: (timestamp, 0.0)}, timestamp=timestamp)
    track.begin(1, 1, timestamp, 10.0)
    return track


def continued(video: TrackLine, audio: TrackLine) -> Seam:
    """Return the seam of a session whose first key frame arrives at 12 s."""
    video.source = Source(anchors={Anchor.PLAY: (50_000, 0.0)})
    audio.source = Source(anchors={Anchor.PLAY: (70_000, 0.0)})
    return Seam(video, [video, audio], 50_000, 12.0, is_key=True)


def test_only_frames_before_the_key_frame_are_leading() -> None:
    assert not Source().is_leading(90)
    source = Source(leading=100)
    assert [source.is_leading(stamp) for stamp in (90, 100, 110, 90)] == [
        True,
        False,
        False,
        False,
    ]


def test_packets_of_one_frame_have_one_position() -> None:
    track = line(1000)
    track.follow(1000)
    assert (track.position, track.next_position(is_key=True)) == (1000, 4600)
    track.follow(2800)
    track.follow(2800)
    assert (track.position, track.next_position(is_key=True)) == (2800, 4600)


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 1, 2], [4, 2, 1, 3]])
def test_the_next_frame_is_one_step_away_in_any_order_of_decoding(
    order: list[int],
) -> None:
    """Without B-frames, with two of them, and with B-frames that others refer to."""
    track = line(0)
    frames = [3600 * (number + len(order) * n) for n in range(5) for number in order]
    for count, timestamp in enumerate(frames):
        track.follow(timestamp)
        if count >= len(order):
            assert track.next_position(is_key=True) == track.highest + 3600


def test_the_step_follows_the_frame_rate() -> None:
    track = line(0)
    for number in range(1, 10):
        track.follow(3600 * number)
    for number in range(1, 10):
        track.follow(3600 * 9 + RATE * number)
    assert track.next_position(is_key=True) == track.highest + RATE


@pytest.mark.parametrize(
    ("timestamp", "expected"),
    [(79_000, STATED), (79_000 + 10 * RATE, ARRIVED), (79_000 - 10 * RATE, ARRIVED)],
)
def test_times_that_arrivals_contradict_are_not_used(
    timestamp: int, expected: int
) -> None:
    video, audio = line(1000), line(5000)
    assert continued(video, audio).position(audio, timestamp, 12.05) == expected


def test_a_track_without_times_continues_by_its_arrival() -> None:
    video, audio = line(1000), line(5000)
    seam = continued(video, audio)
    audio.source.anchors.clear()
    assert seam.position(audio, 79_000, 12.05) == ARRIVED


def test_tracks_that_cannot_be_related_continue_by_their_arrival() -> None:
    video, audio = line(1000), line(5000)
    audio.arrived_at = 20.0
    assert continued(video, audio).position(audio, 79_000, 12.05) == ARRIVED


@pytest.mark.parametrize(
    ("ahead", "expected"), [(-1, STATED), (0, None), (5 * RATE - 1, None)]
)
def test_what_the_client_has_is_not_sent_again(
    ahead: int, expected: int | None
) -> None:
    video, audio = line(1000), line(5000)
    seam = continued(video, audio)
    audio.highest = STATED + ahead
    assert seam.position(audio, 79_000, 12.05) == expected


def test_a_track_that_is_far_ahead_continues_after_its_last_frame() -> None:
    video, audio = line(1000), line(5000)
    seam = continued(video, audio)
    audio.highest = STATED + 5 * RATE
    assert seam.position(audio, 79_000, 12.05) == audio.highest + 3600
