"""Selecting the most private transport that works, per camera."""

from collections.abc import Collection

import pytest

from custom_components.netrex.client import LiveTransport
from custom_components.netrex.live.choice import PREFERENCE, TransportChoice

ALL = frozenset(LiveTransport)
CAMERA = 140094


class Time:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now = 5000.0

    def __call__(self) -> float:
        """Return the time (seconds)."""
        return self.now


def make(
    available: Collection[LiveTransport] = ALL, pinned: LiveTransport | None = None
) -> tuple[TransportChoice, Time]:
    """Return a choice and its clock."""
    clock = Time()
    return TransportChoice(lambda: available, pinned, clock), clock


@pytest.mark.parametrize(
    ("available", "expected"),
    [
        (ALL, LiveTransport.RTSPWSS),
        (
            {LiveTransport.RTSP, LiveTransport.RTSPHS, LiveTransport.RTSPWS},
            LiveTransport.RTSPHS,
        ),
        (
            {LiveTransport.RTSPWS, LiveTransport.RTSPH, LiveTransport.LOCAL},
            LiveTransport.RTSP,
        ),
        (frozenset(), LiveTransport.RTSP),
    ],
)
def test_the_most_private_transport_is_preferred(
    available: Collection[LiveTransport], expected: LiveTransport
) -> None:
    choice, _ = make(available)
    assert choice.choose(CAMERA) is expected


def test_a_single_failure_changes_nothing() -> None:
    choice, _ = make()
    choice.failed(CAMERA, LiveTransport.RTSPWSS)
    assert choice.choose(CAMERA) is LiveTransport.RTSPWSS


def test_a_fallback_is_remembered_per_camera_for_a_limited_time() -> None:
    choice, clock = make()
    for transport in PREFERENCE:
        assert choice.choose(CAMERA) is transport
        assert not choice.all_fail(CAMERA)
        choice.failed(CAMERA, transport)
        choice.failed(CAMERA, transport)
        clock.now += 1
    assert choice.all_fail(CAMERA)
    # All are avoided: the one whose avoidance ends first.
    assert choice.choose(CAMERA) is PREFERENCE[0]
    assert choice.choose(CAMERA + 1) is PREFERENCE[0]
    assert not choice.all_fail(CAMERA + 1)

    clock.now += 3600
    assert choice.choose(CAMERA) is PREFERENCE[0]
    assert not choice.all_fail(CAMERA)


def test_repeated_failures_are_avoided_longer_up_to_a_limit() -> None:
    choice, clock = make({LiveTransport.RTSPWSS})
    for _ in range(50):
        choice.failed(CAMERA, LiveTransport.RTSPWSS)
    clock.now += 86_399
    assert choice.choose(CAMERA) is LiveTransport.RTSP
    clock.now += 2
    assert choice.choose(CAMERA) is LiveTransport.RTSPWSS


def test_a_success_clears_the_failures() -> None:
    choice, _ = make()
    choice.failed(CAMERA, LiveTransport.RTSPWSS)
    choice.worked(CAMERA, LiveTransport.RTSPWSS)
    choice.failed(CAMERA, LiveTransport.RTSPWSS)
    assert choice.choose(CAMERA) is LiveTransport.RTSPWSS


def test_a_pinned_transport_is_always_used() -> None:
    choice, _ = make(pinned=LiveTransport.LOCAL)
    assert not choice.all_fail(CAMERA)
    for _ in range(5):
        choice.failed(CAMERA, LiveTransport.LOCAL)
    assert choice.choose(CAMERA) is LiveTransport.LOCAL
    assert choice.all_fail(CAMERA)
