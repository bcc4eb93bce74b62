"""Amends the record after late readings, in the background; amending never sends anything.

The past is read back from the series store. What is committed after an amendment came up is kept
in memory until it is done (the tail), so that past and present meet without a gap.
"""

import asyncio
import logging
from collections.abc import Iterable, Iterator
from dataclasses import replace

from hub.errors import UnavailableError
from hub.flow import Draft
from hub.model import (
    IDLE,
    Alarm,
    Amendment,
    Checkpoint,
    Condition,
    DeviceState,
    Quality,
    Sample,
    Value,
)
from hub.model.changes import AlarmChanged, StateChanged
from hub.ports import Clock, RecordStore, SeriesPoint, SeriesQuery, SeriesStore
from hub.runtime.loop import Committed
from hub.runtime.series_writer import SeriesWriter
from hub.runtime.worker import Worker
from hub.stages.admission import CLOCK_AHEAD_MS, CLOCK_BEHIND_MS
from hub.stages.amend import Past, Replay, amended, cut
from hub.stages.rules import AMEND_WITHIN_MS

logger = logging.getLogger(__name__)

GATHER_S = 1.0
"""Late readings come in company: wait this long before computing anew."""
PAGE = 10_000
MAX_TAIL = 20_000
"""Samples of one device kept in memory; beyond it the tail begins anew, behind the spool."""
DAY_MS = 24 * 3600 * 1000


class Amender:
    """Give `committed` to `Worker.listen` and run `run`."""

    def __init__(
        self,
        *,
        worker: Worker,
        writer: SeriesWriter,
        records: RecordStore,
        series: SeriesStore,
        clock: Clock,
    ) -> None:
        self._worker = worker
        self._writer = writer
        self._records = records
        self._series = series
        self._clock = clock
        self._tails: dict[str, list[Sample]] = {}
        self._tails_from: dict[str, int] = {}
        self._position = 0
        self._wake = asyncio.Event()

    async def load(self) -> None:
        self._position = self._worker.position
        for amendment in await self._records.amendments():
            self._begin_tail(amendment.device)
        if self._tails:
            self._wake.set()

    def committed(self, committed: Committed) -> None:
        draft = committed.draft
        self._position = committed.position
        if self._tails:
            self._extend_tails(draft.samples)
        for amendment in draft.amendments.values():
            if amendment.device not in self._tails:
                self._begin_tail(amendment.device)
            self._wake.set()

    def _begin_tail(self, device: str) -> None:
        self._tails[device] = []
        self._tails_from[device] = self._position

    def _extend_tails(self, samples: Iterable[Sample]) -> None:
        for sample in samples:
            tail = self._tails.get(sample.device)
            if tail is None:
                continue
            tail.append(sample)
            if len(tail) > MAX_TAIL:
                self._begin_tail(sample.device)

    async def run(self) -> None:
        """Amend until cancelled."""
        while True:
            await self._wake.wait()
            await self._clock.sleep(GATHER_S)
            self._wake.clear()
            try:
                left = await self._round()
            except UnavailableError as error:
                logger.info("Amending waits: %s", error)
                left = True
            if left:
                self._wake.set()

    async def _round(self) -> bool:
        """Amend what can be; return whether something is left."""
        waiting = await self._records.amendments()
        left = False
        for amendment in waiting:
            if amendment.device not in self._tails:
                self._begin_tail(amendment.device)
            if self._writer.cursor < self._tails_from[amendment.device]:
                left = True
                continue
            await self._amend_safely(amendment)
        still = {amendment.device for amendment in await self._records.amendments()}
        for device in self._tails.keys() - still:
            del self._tails[device], self._tails_from[device]
        return left or bool(still)

    async def _amend_safely(self, amendment: Amendment) -> None:
        """Amend; a fault of ours leaves this record as it was and holds up no other."""
        try:
            await self._amend(amendment)
        except UnavailableError:
            raise
        except Exception:
            logger.exception("Fault in amending %s of %s", amendment.rule, amendment.device)
            await self._end(amendment)

    async def _amend(self, amendment: Amendment) -> None:
        rule, device = amendment.rule, amendment.device
        draft_view = Draft(self._worker.memory)
        threshold = draft_view.threshold(device, rule)
        state = draft_view.state(device)
        if threshold is None or state is None:
            await self._end(amendment)
            return
        found = await self._records.checkpoint(
            rule=rule, device=device, before_ms=amendment.from_ms
        )
        start = found or IDLE
        needed = self._worker.memory.kinds[state.device.kind].needs.get(threshold.spec.property)
        replay = Replay(
            threshold=threshold,
            household=state.device.household,
            condition=start,
            present=await self._present_at(state, needed, start.head_ms),
            alarms=await self._active_at(start),
        )
        tail_from = self._tails_from[device]
        start_ms = start.head_ms + 1 if found else amendment.from_ms - AMEND_WITHIN_MS
        start_ms = max(start_ms, threshold.since_ms)
        values = await self._past(state, threshold.spec.property, start_ms)
        presence = await self._past(state, needed, start_ms) if needed else {}
        before_ms = start_ms - 1

        async def finish(draft: Draft) -> None:
            current = draft.state(device)
            rule_stands = draft.threshold(device, rule) == threshold
            if current is None or not rule_stands or self._tails_from.get(device) != tail_from:
                # The next round has another rule, or a tail that begins later.
                return
            self._add_tail(device, threshold.spec.property, needed, values, presence)
            replay.take(_in_order(values, presence))
            known = await self._records.alarms_of(rule=rule, device=device, from_ms=before_ms)
            for alarm in amended(
                replay, {a.id: a for a in known}, from_ms=before_ms, state=current
            ):
                # No stage answers to it, so nothing is sent.
                draft.run(AlarmChanged(alarm))
            self._keep(draft, replay, start)
            draft.ended_amendments.append(amendment)

        await self._worker.change(finish)

    async def _end(self, amendment: Amendment) -> None:
        async def end(draft: Draft) -> None:
            draft.ended_amendments.append(amendment)

        await self._worker.change(end)

    async def _active_at(self, start: Condition) -> dict[str, Alarm]:
        alarm = await self._records.alarm(start.alarm) if start.alarm else None
        return {alarm.id: cut(alarm, start)} if alarm else {}

    async def _present_at(self, state: DeviceState, needed: str | None, at_ms: int) -> bool:
        if needed is None or at_ms < 0:
            return True
        points = await self._series.read(
            SeriesQuery(
                device=state.device.id,
                kind=state.device.kind,
                property=needed,
                start_ms=at_ms - AMEND_WITHIN_MS,
                end_ms=at_ms + 1,
                every_ms=DAY_MS,
                aggregate="last",
            )
        )
        return not points or points[-1].value is not False

    async def _past(self, state: DeviceState, name: str, start_ms: int) -> dict[int, Value]:
        """Return the property's readings from `start_ms` on that change records, by time."""
        past: dict[int, Value] = {}
        while True:
            points = await self._series.read(
                SeriesQuery(
                    device=state.device.id,
                    kind=state.device.kind,
                    property=name,
                    start_ms=start_ms,
                    end_ms=self._clock.now_ms() + CLOCK_AHEAD_MS,
                    limit=PAGE,
                )
            )
            past.update((point.at_ms, point.value) for point in points if _counts(point))
            if len(points) < PAGE:
                return past
            start_ms = points[-1].at_ms + 1

    def _add_tail(
        self,
        device: str,
        name: str,
        needed: str | None,
        values: dict[int, Value],
        presence: dict[int, Value],
    ) -> None:
        """Add what was committed meanwhile; the first value of an instant stays."""
        for sample in self._tails.get(device, ()):
            in_time = sample.received_ms - sample.at_ms <= AMEND_WITHIN_MS
            if sample.quality is Quality.CLOCK or not in_time:
                continue
            if name in sample.values:
                values.setdefault(sample.at_ms, sample.values[name])
            if needed is not None and needed in sample.values:
                presence.setdefault(sample.at_ms, sample.values[needed])

    def _keep(self, draft: Draft, replay: Replay, start: Condition) -> None:
        rule, device = replay.threshold.rule, replay.threshold.device
        start_point = Checkpoint(rule=rule, device=device, condition=start)
        draft.checkpoints += [start_point, *replay.checkpoints]
        state = draft.state(device)
        if state is not None:
            conditions = {**state.conditions, rule: replay.condition}
            draft.run(StateChanged(replace(state, conditions=conditions)))


def _counts(point: SeriesPoint) -> bool:
    """Whether a stored reading may change the record: neither a wrong clock nor far too late."""
    if point.received_ms is None:
        return True
    delay_ms = point.received_ms - point.at_ms
    return -CLOCK_AHEAD_MS <= delay_ms <= min(AMEND_WITHIN_MS, CLOCK_BEHIND_MS)


def _in_order(values: dict[int, Value], presence: dict[int, Value]) -> Iterator[Past]:
    for at_ms in sorted(values.keys() | presence.keys()):
        value, present = values.get(at_ms), presence.get(at_ms)
        yield Past(
            at_ms,
            None if value is None else float(value),
            None if present is None else bool(present),
        )
