"""The cameras' own interfaces, for accounts with a device access token."""

from .leftovers import async_remove_leftovers
from .manager import CameraGateway

__all__ = ["CameraGateway", "async_remove_leftovers"]
