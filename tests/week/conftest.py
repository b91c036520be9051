"""These tests create their own event loop and Home Assistant."""

import pytest


@pytest.fixture(autouse=True)
def _integration(socket_enabled: None) -> None:
    """Allow loopback sockets."""
