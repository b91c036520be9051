"""The most private transport that works, per camera."""

from collections.abc import Collection

import pytest

from custom_components.netrex.client import Transport
from custom_components.netrex.live.choice import PREFERENCE, TransportChoice

ALL = frozenset(Transport)
CAMERA = 140094


class Time:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        """Start at an hour that is not zero."""
        self.now = 5000.0

    def __call__(self) -> float:
        """Return the time in seconds."""
        return self.now


def make(
    available: Collection[Transport] = ALL, pinned: Transport | None = None
) -> tuple[TransportChoice, Time]:
    """Return a choice and its clock."""
    clock = Time()
    return TransportChoice(lambda: available, pinned, clock), clock


@pytest.mark.parametrize(
    ("available", "expected"),
    [
        (ALL, Transport.RTSPWSS),
        ({Transport.RTSP, Transport.RTSPHS, Transport.RTSPWS}, Transport.RTSPHS),
        ({Transport.RTSPWS, Transport.RTSPH, Transport.LOCAL}, Transport.RTSP),
        (frozenset(), Transport.RTSP),
    ],
)
def test_the_most_private_first(
    available: Collection[Transport], expected: Transport
) -> None:
    choice, _ = make(available)
    assert choice.choose(CAMERA) is expected


def test_a_single_failure_changes_nothing() -> None:
    choice, _ = make()
    choice.failed(CAMERA, Transport.RTSPWSS)
    assert choice.choose(CAMERA) is Transport.RTSPWSS


def test_fallback_is_remembered_per_camera_and_ends() -> None:
    choice, clock = make()
    for transport in PREFERENCE:
        assert choice.choose(CAMERA) is transport
        assert not choice.all_fail(CAMERA)
        choice.failed(CAMERA, transport)
        choice.failed(CAMERA, transport)
        clock.now += 1
    assert choice.all_fail(CAMERA)
    # All are avoided: the one whose time ends first.
    assert choice.choose(CAMERA) is PREFERENCE[0]
    assert choice.choose(CAMERA + 1) is PREFERENCE[0]
    assert not choice.all_fail(CAMERA + 1)

    clock.now += 3600
    assert choice.choose(CAMERA) is PREFERENCE[0]
    assert not choice.all_fail(CAMERA)


def test_repeated_failure_is_avoided_longer_but_not_for_ever() -> None:
    choice, clock = make({Transport.RTSPWSS})
    for _ in range(50):
        choice.failed(CAMERA, Transport.RTSPWSS)
    clock.now += 86_399
    assert choice.choose(CAMERA) is Transport.RTSP
    clock.now += 2
    assert choice.choose(CAMERA) is Transport.RTSPWSS


def test_success_clears_the_past() -> None:
    choice, _ = make()
    choice.failed(CAMERA, Transport.RTSPWSS)
    choice.worked(CAMERA, Transport.RTSPWSS)
    choice.failed(CAMERA, Transport.RTSPWSS)
    assert choice.choose(CAMERA) is Transport.RTSPWSS


def test_what_the_user_pins_stays() -> None:
    choice, _ = make(pinned=Transport.LOCAL)
    assert not choice.all_fail(CAMERA)
    for _ in range(5):
        choice.failed(CAMERA, Transport.LOCAL)
    assert choice.choose(CAMERA) is Transport.LOCAL
    assert choice.all_fail(CAMERA)
