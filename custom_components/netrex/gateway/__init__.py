"""The cameras' own interfaces, for accounts with a camera access token."""

from .manager import CameraGateway
from .stale_entities import async_remove_stale_entities

__all__ = ["CameraGateway", "async_remove_stale_entities"]
