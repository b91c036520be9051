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
        """Remember whether the token was good once."""
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
        """Remember the pause, in seconds."""
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
