"""Counts tries, so that nobody guesses their way in."""

import ipaddress

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter
from starlette.requests import HTTPConnection

from hub.api.problems import TooManyTriesError


class Tries:
    """At most so many tries for one key in so many minutes; forgotten when the hub restarts."""

    def __init__(self, amount: int, *, minutes: int) -> None:
        self._limit = RateLimitItemPerMinute(amount, minutes)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._wait_s = minutes * 60.0

    async def check(self, *key: str) -> None:
        """Raise TooManyTriesError where none is left; counts nothing."""
        if not await self._limiter.test(self._limit, *key):
            raise TooManyTriesError(retry_after_s=self._wait_s)

    async def count(self, *key: str) -> None:
        """Count one try.

        Raises:
            TooManyTriesError: it was one too many.
        """
        if not await self._limiter.hit(self._limit, *key):
            raise TooManyTriesError(retry_after_s=self._wait_s)

    async def forget(self, *key: str) -> None:
        """Give back all tries of the key: the last one was right."""
        await self._limiter.clear(self._limit, *key)


def address_of(connection: HTTPConnection) -> str:
    """Return whom a try is counted for: an IPv4 address, or the /64 that one IPv6 user has."""
    host = connection.client.host if connection.client else "unknown"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.version == 4:  # noqa: PLR2004 - the protocol's own number
        return str(address)
    return str(ipaddress.ip_network((address, 64), strict=False))
