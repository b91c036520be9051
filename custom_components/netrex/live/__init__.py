"""Live view: a stable address per camera, links on demand, still images."""

from .manager import LiveView, OwnStream, View

__all__ = ["LiveView", "OwnStream", "View"]
