"""The client's errors in Home Assistant's terms: one table for flows and run time."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypedDict

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import (
    ConfigEntryAuthFailed,
    HomeAssistantError,
    ServiceValidationError,
)
from homeassistant.helpers.update_coordinator import UpdateFailed

from .client import (
    NetrexAuthError,
    NetrexBudgetError,
    NetrexCameraError,
    NetrexCameraMethodError,
    NetrexCameraNotFoundError,
    NetrexCameraOfflineError,
    NetrexCameraPermissionError,
    NetrexCameraRefusedError,
    NetrexCameraResponseError,
    NetrexCameraTokenError,
    NetrexConnectionError,
    NetrexError,
    NetrexNotFoundError,
    NetrexPermissionError,
    NetrexQueryError,
    NetrexRateLimitedError,
    NetrexResponseError,
)
from .const import DOMAIN

# Client error → translation key, and what it is for the person who called an action:
# their input (no traceback in the log) or trouble. Subclasses come first.
ERRORS: tuple[tuple[type[NetrexError], str, type[HomeAssistantError]], ...] = (
    (NetrexAuthError, "invalid_auth", HomeAssistantError),
    (NetrexPermissionError, "no_permission", HomeAssistantError),
    (NetrexNotFoundError, "not_found", ServiceValidationError),
    (NetrexBudgetError, "allowance_used", HomeAssistantError),
    (NetrexRateLimitedError, "rate_limited", HomeAssistantError),
    (NetrexQueryError, "query_refused", ServiceValidationError),
    (NetrexConnectionError, "cannot_connect", HomeAssistantError),
    (NetrexResponseError, "unusable_answer", HomeAssistantError),
    (NetrexError, "portal_error", HomeAssistantError),
)
# The same for the cameras' own interfaces, whose token is another one.
CAMERA_ERRORS: tuple[tuple[type[NetrexError], str, type[HomeAssistantError]], ...] = (
    (NetrexCameraTokenError, "camera_token_refused", HomeAssistantError),
    (NetrexCameraPermissionError, "camera_no_permission", HomeAssistantError),
    (NetrexCameraNotFoundError, "camera_call_missing", HomeAssistantError),
    (NetrexCameraMethodError, "camera_method_refused", HomeAssistantError),
    (NetrexCameraOfflineError, "camera_unreachable", HomeAssistantError),
    (NetrexCameraRefusedError, "camera_refused", ServiceValidationError),
    (NetrexCameraResponseError, "camera_answer_unusable", HomeAssistantError),
    (NetrexCameraError, "camera_error", HomeAssistantError),
)


class _Translation(TypedDict):
    """Arguments of Home Assistant's exceptions."""

    translation_domain: str
    translation_key: str
    translation_placeholders: dict[str, str]


def error_key(err: NetrexError) -> str:
    """Return the translation key of a client error."""
    return _row(err)[0]


@contextmanager
def update_errors() -> Iterator[None]:
    """Raise for a coordinator what it understands.

    ConfigEntryAuthFailed starts reauthentication; UpdateFailed is all else, with the
    seconds to wait where the portal or the ledger told them. A first refresh makes
    ConfigEntryNotReady of it.
    """
    try:
        yield
    except NetrexAuthError as err:
        raise ConfigEntryAuthFailed(**_translation(err)) from err
    except NetrexError as err:
        seconds = err.retry_after if isinstance(err, NetrexRateLimitedError) else None
        raise UpdateFailed(retry_after=seconds, **_translation(err)) from err


@contextmanager
def command_errors(hass: HomeAssistant, entry: ConfigEntry[Any]) -> Iterator[None]:
    """Raise for an action, a live view or a download what its caller can read.

    Nobody else sees a refused token here, so this starts reauthentication.
    """
    try:
        yield
    except NetrexError as err:
        if isinstance(err, NetrexAuthError):
            entry.async_start_reauth(hass)
        raise _row(err)[1](**_translation(err)) from err


def invalid(key: str, **placeholders: str) -> ServiceValidationError:
    """Return the error for input that an action cannot take, in the user's language."""
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key=key,
        translation_placeholders=placeholders,
    )


def failed(key: str, **placeholders: str) -> HomeAssistantError:
    """Return the error for an action that failed, in the user's language."""
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key=key,
        translation_placeholders=placeholders,
    )


def error_text(err: NetrexError) -> str:
    """Return what `command_errors` would tell, for answers of which a part failed."""
    return str(_row(err)[1](**_translation(err)))


def _row(err: NetrexError) -> tuple[str, type[HomeAssistantError]]:
    return next(
        (key, action)
        for cls, key, action in (*CAMERA_ERRORS, *ERRORS)
        if isinstance(err, cls)
    )


def _translation(err: NetrexError) -> _Translation:
    return {
        "translation_domain": DOMAIN,
        "translation_key": error_key(err),
        "translation_placeholders": {"reason": str(err)},
    }
