"""These tests only read files: they need no Home Assistant and no simulator."""

import pytest


@pytest.fixture(autouse=True)
def _integration() -> None:
    """Replace the fixture that starts Home Assistant."""


@pytest.fixture(autouse=True)
def _pacing() -> None:
    """Replace the fixture that changes the pacer."""
