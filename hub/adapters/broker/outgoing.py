"""Publications on their way over one connection, until the broker confirms them."""

import asyncio
from collections.abc import Sequence

from hub.errors import HubError, UnavailableError


class Publishing:
    """The publications of one call."""

    def __init__(self, count: int) -> None:
        self._unconfirmed = count
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def confirm(self) -> None:
        self._unconfirmed -= 1
        if not self._unconfirmed and not self.done.done():
            self.done.set_result(None)

    def fail(self, error: HubError) -> None:
        if not self.done.done():
            self.done.set_exception(error)
            # The caller may have gone; then nobody asks for the exception.
            self.done.exception()


class Outgoing:
    """Those of all calls, at most `limit` at a time."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._by_packet: dict[int, Publishing] = {}
        self._room = asyncio.Event()
        self._error: UnavailableError | None = None

    async def room(self) -> int:
        """Wait until one may be sent; return how many more may.

        Raises:
            UnavailableError: the connection ended.
        """
        while self._error is None and len(self._by_packet) >= self.limit:
            self._room.clear()
            await self._room.wait()
        if self._error is not None:
            raise self._error
        return self.limit - len(self._by_packet)

    def sent(self, packet: int, publishing: Publishing) -> None:
        self._by_packet[packet] = publishing

    def answered(self, packet: int, error: HubError | None) -> None:
        publishing = self._by_packet.pop(packet, None)
        self._room.set()
        if publishing is None:
            return
        if error is None:
            publishing.confirm()
        else:
            publishing.fail(error)

    def end(self, error: UnavailableError) -> None:
        """Fail whatever is not confirmed, now and later."""
        self._error = error
        calls: Sequence[Publishing] = tuple(self._by_packet.values())
        self._by_packet.clear()
        for publishing in calls:
            publishing.fail(error)
        self._room.set()
