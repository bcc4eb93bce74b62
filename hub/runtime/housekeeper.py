"""Tidies the records once an hour."""

import logging

from hub.errors import UnavailableError
from hub.ports import Clock, RecordStore

logger = logging.getLogger(__name__)

EVERY_S = 3600.0
PAUSE_S = 0.5
"""Between two rounds of one tidying: commits come first."""
DAY_MS = 86_400_000


class Housekeeper:
    def __init__(
        self, *, records: RecordStore, clock: Clock, dead_letter_days: int, history_days: int
    ) -> None:
        self._records = records
        self._clock = clock
        self._dead_letters_ms = dead_letter_days * DAY_MS
        self._history_ms = history_days * DAY_MS

    async def run(self) -> None:
        """Tidy until cancelled."""
        while True:
            try:
                await self.tidy()
            except UnavailableError as error:
                logger.info("Tidying waits: %s", error)
            await self._clock.sleep(EVERY_S)

    async def tidy(self) -> None:
        """Forget all that is too old now."""
        now_ms = self._clock.now_ms()
        while await self._records.tidy(
            now_ms=now_ms,
            dead_letters_since_ms=now_ms - self._dead_letters_ms,
            history_since_ms=now_ms - self._history_ms,
        ):
            await self._clock.sleep(PAUSE_S)
