"""Carries committed samples from the spool to the series store, for as long as it takes."""

import asyncio
import functools
import hashlib
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from hub.errors import UnavailableError
from hub.model import DeadLetter, Sample
from hub.ports import Clock, RecordStore, RefusedSample, SeriesStore, SpoolGroup
from hub.runtime.figures import Figures
from hub.runtime.health import Health
from hub.runtime.loop import Committed

logger = logging.getLogger(__name__)

AT_ONCE = 5000
"""Samples of one write, about."""
FRESH = 50_000
"""Samples kept in memory between commit and write; the rest is read back from the spool."""
GATHER_S = 0.1
"""Between two writes of what is fresh: a request and its answer cost as much as 200 samples."""
ADVANCE_EVERY_S = 0.5
"""What the spool forgets later than this is only written again after a crash, which changes
nothing; each time it waits in line with the commits and for the disk."""
RETRY_S = (0.2, 1.0, 5.0)


class SeriesWriter:
    """Give `committed` to `Worker.listen` and run `run`."""

    def __init__(  # noqa: PLR0913 - each is a part the composition root chooses
        self,
        *,
        records: RecordStore,
        series: SeriesStore,
        clock: Clock,
        health: Health,
        figures: Figures,
        high_water: int,
        hold: Callable[[], None],
        resume: Callable[[], None],
    ) -> None:
        self._records = records
        self._series = series
        self._clock = clock
        self._health = health
        self._figures = figures
        self._high_water = high_water
        self._hold = hold
        self._resume = resume
        self._fresh: deque[SpoolGroup] = deque()
        self._fresh_samples = 0
        self._wake = asyncio.Event()
        self._advanced = 0
        """Where the spool itself says that the series store is."""
        self._advanced_at = 0.0
        self.cursor = 0
        """All groups up to this position are in the series store."""
        self.waiting = 0
        """Samples not there yet."""
        self.oldest_ms: int | None = None
        """Hub time of the oldest of them."""

    async def load(self) -> None:
        self.cursor = self._advanced = await self._records.spool_cursor()
        self.waiting, self.oldest_ms = await self._records.spool_backlog()
        self._health.good("spool")

    def committed(self, committed: Committed) -> None:
        samples = tuple(committed.draft.samples)
        if not samples:
            return
        if self.waiting == 0:
            self.oldest_ms = samples[0].received_ms
        self.waiting += len(samples)
        if self._fresh_samples < FRESH:
            self._fresh.append(SpoolGroup(position=committed.position, samples=samples))
            self._fresh_samples += len(samples)
        if self.waiting > self._high_water:
            self._health.bad("spool", f"{self.waiting} samples wait for the series store")
            self._hold()
        self._wake.set()

    async def run(self) -> None:
        """Open the store and write until cancelled.

        Raises:
            MisconfiguredError: the store answers and refuses us.
        """
        await self._for_ever(self._series.open)
        while True:
            groups = await self._next()
            if groups:
                await self._for_ever(functools.partial(self._write, groups))
                if self.waiting < AT_ONCE:
                    await self._clock.sleep(GATHER_S)
            else:
                if self._advanced != self.cursor:
                    await self._for_ever(functools.partial(self._advance, self.cursor))
                await self._wake.wait()
                self._wake.clear()

    async def _for_ever(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do it until the store takes it."""
        attempt = 0
        while True:
            try:
                await work()
            except UnavailableError as error:
                if attempt == 0:
                    logger.warning("Series store unavailable, samples wait: %s", error)
                self._health.bad("series", str(error))
                await asyncio.sleep(RETRY_S[min(attempt, len(RETRY_S) - 1)])
                attempt += 1
            else:
                if attempt:
                    logger.warning("Series store is back, %d samples wait", self.waiting)
                self._health.good("series")
                return

    async def _next(self) -> Sequence[SpoolGroup]:
        """Return the groups behind the cursor, from memory where they follow it directly."""
        while self._fresh and self._fresh[0].position <= self.cursor:
            self._fresh_samples -= len(self._fresh.popleft().samples)
        if self._fresh and self._fresh[0].position == self.cursor + 1:
            return self._from_memory()
        if self.waiting == 0:
            return ()
        try:
            groups = await self._records.spooled(after=self.cursor)
        except UnavailableError as error:
            logger.info("The spool cannot be read, trying again: %s", error)
            await asyncio.sleep(RETRY_S[0])
            # Not by the next commit: while receiving is held there may be none.
            self._wake.set()
            return ()
        if not groups:
            # What was counted and is not there was damaged, and set aside.
            self.waiting = self._fresh_samples
            self._relieve()
        return groups

    def _from_memory(self) -> Sequence[SpoolGroup]:
        groups: list[SpoolGroup] = []
        count = 0
        for group in self._fresh:
            follows = group.position == (groups[-1].position if groups else self.cursor) + 1
            if count >= AT_ONCE or not follows:
                break
            groups.append(group)
            count += len(group.samples)
        return groups

    async def _write(self, groups: Sequence[SpoolGroup]) -> None:
        samples = [sample for group in groups for sample in group.samples]
        refused = await self._series.write(samples)
        now_ms = self._clock.now_ms()
        letters = [_letter(entry, now_ms) for entry in refused]
        position = groups[-1].position
        if letters or time.monotonic() - self._advanced_at > ADVANCE_EVERY_S:
            await self._advance(position, letters)
        self.cursor = position
        self.waiting = max(0, self.waiting - len(samples))
        self.oldest_ms = samples[-1].received_ms if self.waiting and samples else None
        self._figures.stored(len(samples) - len(refused))
        self._figures.backlog(self.waiting)
        if refused:
            self._figures.rejected(len(refused))
        self._relieve()

    def _relieve(self) -> None:
        if self.waiting < self._high_water // 2 and not self._health.is_good("spool"):
            self._health.good("spool")
            self._resume()

    async def _advance(self, position: int, letters: Sequence[DeadLetter] = ()) -> None:
        await self._records.advance_spool(position, dead_letters=letters)
        self._advanced, self._advanced_at = position, time.monotonic()


def _letter(refused: RefusedSample, now_ms: int) -> DeadLetter:
    sample = refused.sample
    payload = msgspec.json.encode({"ts": sample.at_ms, "values": sample.values})
    digest = hashlib.sha256(payload).hexdigest()
    return DeadLetter(
        id=f"{sample.received_ms:x}-{_identity(sample, digest)}",
        device=sample.device,
        source="series",
        topic="",
        at_ms=now_ms,
        reason=refused.reason[:300],
        payload_hash=digest,
        excerpt=payload[:200].decode(errors="replace"),
    )


def _identity(sample: Sample, digest: str) -> str:
    return hashlib.sha256(f"{sample.device}|{digest}".encode()).hexdigest()[:16]
