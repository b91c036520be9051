"""What can go wrong with a recording, in words that a person can act on."""

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from ..client import NetrexError
from ..const import DOMAIN
from ..errors import error_key


class RecordingError(HomeAssistantError):
    """A recording that cannot be had."""

    def __init__(self, reason: str, /, **placeholders: str) -> None:
        super().__init__(
            translation_domain=DOMAIN,
            translation_key=reason,
            translation_placeholders=placeholders,
        )


class InvalidClipError(RecordingError, ServiceValidationError):
    """A wish that is wrong whatever the portal has."""


def reason_of(err: BaseException) -> str:
    """Return the key that says why a job failed."""
    if isinstance(err, NetrexError):
        return error_key(err)
    if isinstance(err, HomeAssistantError) and err.translation_key:
        return err.translation_key
    # Cancelled: Home Assistant stops, or whoever wanted it does not any more.
    return "stopped"
