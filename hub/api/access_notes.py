"""Writes who read whose data, after the answer and in order; nothing is forgotten silently."""

import asyncio
import logging
from typing import Protocol

from hub.errors import UnavailableError
from hub.ports import Access, Clock

logger = logging.getLogger(__name__)

SAME_MS = 60_000
REMEMBERED = 50_000


class AccessLog(Protocol):
    """The one thing that is asked of the records here."""

    async def note_access(self, access: Access) -> None: ...


class AccessNotes:
    """Notes wait here until the record store takes them; when too many wait, reading stops."""

    def __init__(self, *, log: AccessLog, clock: Clock, room: int = 10_000) -> None:
        self._log = log
        self._clock = clock
        self._waiting: asyncio.Queue[Access] = asyncio.Queue(room)
        self._noted_ms: dict[tuple[str, str, str, str, bool], int] = {}

    def note(self, access: Access) -> None:
        """Take one read to be written; the same again within a minute is one.

        Raises:
            UnavailableError: so many wait that this one could be lost.
        """
        key = (access.reader, access.subject, access.purpose, access.what, access.allowed)
        if access.at_ms - self._noted_ms.get(key, -SAME_MS) < SAME_MS:
            return
        try:
            self._waiting.put_nowait(access)
        except asyncio.QueueFull:
            message = "the access log cannot be written; nothing personal is read meanwhile"
            raise UnavailableError(message, retry_after_s=5) from None
        if len(self._noted_ms) >= REMEMBERED:
            self._noted_ms.clear()
        self._noted_ms[key] = access.at_ms

    async def run(self) -> None:
        """Write what comes, for ever; what the store does not take now it is offered again."""
        away = False
        while True:
            access = await self._waiting.get()
            while True:
                try:
                    await self._log.note_access(access)
                except UnavailableError as error:
                    if not away:
                        logger.warning(
                            "The access log cannot be written, %d waiting",
                            self._waiting.qsize() + 1,
                            extra={"action": "access_log_away"},
                        )
                    away = True
                    await self._clock.sleep(error.retry_after_s)
                else:
                    break
            away = False
            self._waiting.task_done()

    async def drain(self) -> None:
        """Wait until everything noted so far is written."""
        await self._waiting.join()
