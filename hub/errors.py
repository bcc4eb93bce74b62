"""The four families of error; the family decides retry, log level and HTTP status.

A leaf builds its own message, says how to mend it, and keeps the facts as attributes.
"""


class HubError(Exception):
    """Anything the hub raises on purpose."""


class InvalidInputError(HubError):
    """The sender must change something; never retried; HTTP 422."""


class UnknownError(InvalidInputError):
    """There is no such thing, or none that this person may know of; HTTP 404 for both alike."""

    def __init__(self, what: str, name: str) -> None:
        self.what = what
        self.name = name
        super().__init__(f"there is no {what} {name!r}")


class UnavailableError(HubError):
    """A part does not answer now and may later; HTTP 503 with Retry-After."""

    def __init__(self, message: str, *, retry_after_s: float = 1.0) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(message)


class RefusedError(HubError):
    """Understood and declined; trying again as it is changes nothing; HTTP 409."""


class NotPermittedError(RefusedError):
    """Who asks may not do this; HTTP 403."""


class MisconfiguredError(HubError):
    """The operator must mend the installation; at start-up only; HTTP 500."""
