"""Exceptions of the client.

Their texts never contain a token, a link or a query string: texts from outside pass
`graphql_errors.redact` first (decision 0024).
"""


class NetrexError(Exception):
    """Base of all errors of the client.

    Attributes:
        explained: Whether the portal gave a reason. A refusal by HTTP status alone may
            come from a server in between, such as one that limits requests.
    """

    explained = True


class NetrexAuthError(NetrexError):
    """The portal does not accept the token.

    Attributes:
        expired: The token was valid before; a refresh may help.
    """

    def __init__(self, message: str, *, expired: bool = False) -> None:
        super().__init__(message)
        self.expired = expired


class NetrexPermissionError(NetrexError):
    """The token is valid, but its permissions or scopes do not cover the request."""


class NetrexNotFoundError(NetrexError):
    """The node, recording or link does not exist, or no longer exists."""


class NetrexNoDataError(NetrexNotFoundError):
    """The portal returned null without an error."""


class NetrexRateLimitedError(NetrexError):
    """The portal's limit is reached.

    Attributes:
        retry_after: Seconds until a retry may succeed; None if unknown.
    """

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class NetrexBudgetError(NetrexRateLimitedError):
    """The client's own ledger does not permit the request, which was not sent."""


class NetrexQueryError(NetrexError):
    """The query is invalid: syntax, an unknown field or a value out of range."""


class NetrexConnectionError(NetrexError):
    """There was no response."""


class NetrexResponseError(NetrexError):
    """The response cannot be used.

    It is HTML, empty, truncated, too large, has wrong types, or contains an error that
    the client does not recognize.
    """


class NetrexAddressError(NetrexResponseError):
    """A link from the portal leads to an address that is not allowed."""


class NetrexRangeError(NetrexResponseError):
    """The download server has no data at the requested offset."""


class NetrexCameraError(NetrexError):
    """A call to a camera through the gateway failed."""


class NetrexCameraTokenError(NetrexCameraError):
    """The gateway does not accept the camera access token (HTTP status 401)."""


class NetrexCameraPermissionError(NetrexCameraError):
    """The token lacks the Configuration permission, or one for this call (403)."""


class NetrexCameraNotFoundError(NetrexCameraError):
    """The gateway does not know the camera, or the camera lacks the call (404)."""


class NetrexCameraMethodError(NetrexCameraError):
    """The camera does not accept the HTTP method (405)."""


class NetrexCameraOfflineError(NetrexCameraError):
    """The gateway does not answer, or cannot reach the camera."""


class NetrexCameraRefusedError(NetrexCameraError):
    """The camera rejected the request, or the client rejected it before sending.

    Cameras report this with HTTP status 200 or 400.

    Attributes:
        code: The camera's error code, if it gives one.
    """

    def __init__(self, message: str, *, code: int | None = None) -> None:
        super().__init__(message)
        self.code = code


class NetrexCameraResponseError(NetrexCameraError):
    """The response of a camera or the gateway cannot be used, such as a redirect."""
