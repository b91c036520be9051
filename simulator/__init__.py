"""A faithful Netrex cloud on real sockets, for demonstration and tests."""

from .clock import Clock
from .server import Simulator
from .switches import Switches

__all__ = ["Clock", "Simulator", "Switches"]
