"""Camera access: the cameras' own HTTP interface, for accounts with a token for it."""

from .manager import CameraGateway
from .stale_entities import async_remove_stale_entities

__all__ = ["CameraGateway", "async_remove_stale_entities"]
