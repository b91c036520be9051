"""Why there is no live link now."""

from enum import StrEnum


class Refusal(StrEnum):
    """Kinds of reasons; diagnostics name them."""

    GONE = "gone"  # the camera does not exist (any more)
    FORBIDDEN = "forbidden"  # the token has no right to live view
    LIMITED = "limited"  # the portal's limit, our budget, or the camera's own pace
    UNAVAILABLE = "unavailable"  # the portal gave no link


class LinkError(Exception):
    """There is no link for a camera now.

    Attributes:
        refusal: The kind of reason.
        retry_after: Seconds until another try makes sense.
    """

    def __init__(self, refusal: Refusal, retry_after: float = 10.0) -> None:
        """Remember why, and how long to wait."""
        super().__init__(refusal.value)
        self.refusal = refusal
        self.retry_after = retry_after
