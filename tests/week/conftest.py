"""These tests bring an event loop and a Home Assistant of their own."""

import pytest


@pytest.fixture(autouse=True)
def _integration(socket_enabled: None) -> None:
    """Use loopback sockets."""


@pytest.fixture(autouse=True)
def _no_spacing() -> None:
    """Leave the pacer alone: its spacing is what is tested."""
