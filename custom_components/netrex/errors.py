"""Home Assistant's errors: one table of client errors for flows and run time."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypedDict

from homeassistant.exceptions import (
    ConfigEntryAuthFailed,
    HomeAssistantError,
    ServiceValidationError,
)
from homeassistant.helpers.update_coordinator import UpdateFailed

from .client import (
    NetrexAddressError,
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
from .models import NetrexConfigEntry

# Client error → translation key and error of an action: ServiceValidationError (no
# traceback in the log) if the input can be at fault. Subclasses come first.
ERRORS: tuple[tuple[type[NetrexError], str, type[HomeAssistantError]], ...] = (
    (NetrexAuthError, "invalid_auth", HomeAssistantError),
    (NetrexPermissionError, "no_permission", HomeAssistantError),
    (NetrexNotFoundError, "not_found", ServiceValidationError),
    (NetrexBudgetError, "allowance_used", HomeAssistantError),
    (NetrexRateLimitedError, "rate_limited", HomeAssistantError),
    (NetrexQueryError, "query_refused", ServiceValidationError),
    (NetrexConnectionError, "cannot_connect", HomeAssistantError),
    (NetrexAddressError, "address_refused", HomeAssistantError),
    (NetrexResponseError, "unusable_answer", HomeAssistantError),
    (NetrexError, "portal_error", HomeAssistantError),
)
# The same for calls to cameras, which have their own token.
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
    """Keyword arguments of Home Assistant's exceptions."""

    translation_domain: str
    translation_key: str
    translation_placeholders: dict[str, str]


def invalid(key: str, **placeholders: str) -> ServiceValidationError:
    """Return the translated error for invalid input of an action."""
    return ServiceValidationError(**_translation(key, placeholders))


def failed(key: str, **placeholders: str) -> HomeAssistantError:
    """Return the translated error for an action that failed."""
    return HomeAssistantError(**_translation(key, placeholders))


def error_key(err: NetrexError) -> str:
    """Return the translation key of a client error."""
    return _row(err)[0]


def error_text(err: NetrexError) -> str:
    """Return the text of the error that `command_errors` would raise."""
    return str(_translated(err))


@contextmanager
def update_errors() -> Iterator[None]:
    """Translate client errors for a coordinator.

    Raises:
        ConfigEntryAuthFailed: The portal refused the token; starts reauthentication.
        UpdateFailed: Any other client error, with `retry_after` in seconds if the
            portal or the ledger gave it. The first refresh of a coordinator turns it
            into ConfigEntryNotReady.
    """
    try:
        yield
    except NetrexAuthError as err:
        raise ConfigEntryAuthFailed(**error_arguments(err)) from err
    except NetrexError as err:
        seconds = err.retry_after if isinstance(err, NetrexRateLimitedError) else None
        raise UpdateFailed(retry_after=seconds, **error_arguments(err)) from err


@contextmanager
def command_errors(entry: NetrexConfigEntry) -> Iterator[None]:
    """Translate client errors for the caller of an action, live view or download.

    If the portal refused the token, a coordinator checks it, and starts
    reauthentication if the portal refuses it again.
    """
    try:
        yield
    except NetrexError as err:
        if isinstance(err, NetrexAuthError):
            entry.runtime_data.status.async_check_token()
        raise _translated(err) from err


def _row(err: NetrexError) -> tuple[str, type[HomeAssistantError]]:
    return next(
        (key, action)
        for cls, key, action in (*CAMERA_ERRORS, *ERRORS)
        if isinstance(err, cls)
    )


def _translated(err: NetrexError) -> HomeAssistantError:
    return _row(err)[1](**error_arguments(err))


def error_arguments(err: NetrexError) -> _Translation:
    """Return the keyword arguments of Home Assistant's exceptions for an error."""
    return _translation(error_key(err), {"reason": str(err)})


def _translation(key: str, placeholders: dict[str, str]) -> _Translation:
    return {
        "translation_domain": DOMAIN,
        "translation_key": key,
        "translation_placeholders": placeholders,
    }
