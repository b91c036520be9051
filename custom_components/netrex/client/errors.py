"""What can go wrong between us and the portal, as a small tree of exceptions.

No text of these exceptions carries a token, a link or a query string: whatever
comes from outside passes `refusal.redact` first (decision D11).
"""


class NetrexError(Exception):
    """Base of all errors of this client."""


class NetrexAuthError(NetrexError):
    """The portal does not accept the token.

    Attributes:
        expired: The portal said that the token was good once; a refresh may help.
    """

    def __init__(self, message: str, *, expired: bool = False) -> None:
        super().__init__(message)
        self.expired = expired


class NetrexPermissionError(NetrexError):
    """The token is good, but its rights or scopes do not cover the request."""


class NetrexNotFoundError(NetrexError):
    """The node, recording or link does not exist (any more)."""


class NetrexNoDataError(NetrexNotFoundError):
    """The portal answered with nothing, and gave no reason."""


class NetrexRateLimitedError(NetrexError):
    """The portal's limit is reached.

    Attributes:
        retry_after: Seconds until the next try makes sense; None if nobody knows.
    """

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class NetrexBudgetError(NetrexRateLimitedError):
    """Our own ledger does not permit the request; the portal was not asked."""


class NetrexQueryError(NetrexError):
    """The query is wrong: syntax, validation, an unknown field or a bad value."""


class NetrexConnectionError(NetrexError):
    """There was no answer."""


class NetrexResponseError(NetrexError):
    """The answer cannot be used.

    It is HTML, empty, cut short, huge, of wrong types, or a refusal whose reason
    nobody recognises.
    """


class NetrexCameraError(NetrexError):
    """A camera's own interface, reached through the gateway, says no."""


class NetrexCameraTokenError(NetrexCameraError):
    """The gateway does not accept the camera access token (HTTP status 401)."""


class NetrexCameraPermissionError(NetrexCameraError):
    """The token lacks the Configuration permission, or the right to this call (403)."""


class NetrexCameraNotFoundError(NetrexCameraError):
    """The gateway does not know the camera, or the camera not the call (404)."""


class NetrexCameraMethodError(NetrexCameraError):
    """The camera does not take this HTTP method here (405)."""


class NetrexCameraOfflineError(NetrexCameraError):
    """The gateway does not answer, or does not reach the camera."""


class NetrexCameraRefusedError(NetrexCameraError):
    """The camera understood and refuses, or we refuse to ask it that.

    A camera says so in an answer with HTTP status 200, or with 400.

    Attributes:
        code: The camera's number for the reason, where it gives one.
    """

    def __init__(self, message: str, *, code: int | None = None) -> None:
        super().__init__(message)
        self.code = code


class NetrexCameraResponseError(NetrexCameraError):
    """The answer of a camera or the gateway cannot be used; a redirect is none."""
