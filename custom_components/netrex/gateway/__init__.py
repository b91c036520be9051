"""The cameras' own interfaces, for accounts with a device access token."""

from .manager import CameraGateway
from .stale_entities import async_remove_stale_entities

__all__ = ["CameraGateway", "async_remove_stale_entities"]
