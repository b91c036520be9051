"""Live view: a stable address per camera, links on demand, still images."""

from .manager import LiveView, OwnStream, VideoSource

__all__ = ["LiveView", "OwnStream", "VideoSource"]
