"""Live view: a stable address per camera, links on demand, still images."""

from .view import LiveView, View

__all__ = ["LiveView", "View"]
