"""These tests read files: they need no Home Assistant and no simulator."""

import pytest


@pytest.fixture(autouse=True)
def _integration() -> None:
    """Take the place of the fixture that starts Home Assistant."""


@pytest.fixture(autouse=True)
def _no_spacing() -> None:
    """Take the place of the fixture that hurries the pacer."""
