"""The cameras' own interfaces, for accounts with a device access token."""

from .manager import CameraGateway

__all__ = ["CameraGateway"]
