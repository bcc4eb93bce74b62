"""What a reader is shown of a device; made by `hub.api.gate` alone.

No route touches readings, events, commands, states or alarms but through this view and its
neighbours in `people_views` and `live_view`.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from hub.api.ownership import Ownership, Tenure, ownership_of, verdict
from hub.api.parts import ApiState
from hub.errors import NotPermittedError, UnavailableError, UnknownError
from hub.model import (
    Command,
    Device,
    DeviceEvent,
    DeviceState,
    Reader,
    Subject,
    TwinChange,
    knows,
    purpose_of,
)
from hub.ports import Access, Page, SeriesPoint, SeriesQuery

SERIES_TIMEOUT_S = 10.0
LAG_MS = 5_000
"""Samples that wait longer than this for the series store make it stale."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    state: ApiState
    reader: Reader

    def permit(self, subject: Subject, *, what: str) -> None:
        """Pass the gate and leave a note of it.

        Raises:
            NotPermittedError: the gate keeps it from this reader.
        """
        found = verdict(self.reader, subject)
        self.note(subject, what=what, allowed=found.allowed)
        if not found.allowed:
            raise NotPermittedError(found.reason)

    def note(self, subject: Subject, *, what: str, allowed: bool) -> None:
        """Note that another person's data was read, or asked for in vain."""
        if subject.person in (None, self.reader.person):
            return
        access = Access(
            reader=self.reader.person,
            subject=subject.person,
            purpose=purpose_of(self.reader, subject),
            what=what,
            at_ms=self.state.parts.clock.now_ms(),
            allowed=allowed,
        )
        self.state.notes.note(access)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceView(View):
    """One device and as much of it as the reader may see."""

    ownership: Ownership

    @property
    def device(self) -> Device:
        return self.ownership.device

    @property
    def known(self) -> bool:
        """Whether the reader may know that it exists: now, or because it once was theirs."""
        return knows(self.reader, self.ownership.now) or any(
            tenure.subject.person == self.reader.person for tenure in self.ownership.tenures
        )

    @property
    def visible(self) -> bool:
        """Whether its data of now may be seen."""
        return verdict(self.reader, self.ownership.now).allowed

    def permit_now(self) -> None:
        """Raise NotPermittedError where what the device says now is not the reader's to see."""
        self.permit(self.ownership.now, what=f"device {self.device.id}")

    def visible_at(self, at_ms: int) -> bool:
        return verdict(self.reader, self.ownership.at(at_ms)).allowed

    async def again(self) -> "DeviceView":
        """Return the view after a change of whose the device is."""
        ownership = await ownership_of(self.device, records=self.state.parts.records)
        return replace(self, ownership=ownership)

    async def now(self) -> DeviceState | None:
        """Return the state, without what it said when it belonged to somebody else."""
        self.permit_now()
        state = await self.state.parts.worker.state(self.device.id)
        if state is None:
            return None
        since_ms = self.ownership.since_ms
        kept = {p: at for p, at in state.twin.reported_ms.items() if at >= since_ms}
        reported = {p: v for p, v in state.twin.reported.items() if p in kept}
        return replace(state, twin=replace(state.twin, reported=reported, reported_ms=kept))

    async def points(self, query: SeriesQuery) -> list[SeriesPoint]:
        """Return the points of those times at which the device spoke of whom the reader may see.

        Raises:
            NotPermittedError: there is no such time within the query.
            UnavailableError: the series store does not answer.
        """
        points: list[SeriesPoint] = []
        what = f"telemetry {self.device.id}/{query.property}"
        for run in self._runs(query.start_ms, query.end_ms, what=what):
            left = query.limit - len(points)
            if left <= 0:
                break
            part = replace(query, start_ms=run.start_ms, end_ms=run.end_ms, limit=left)
            # A bucket that began before the run holds nothing from before it.
            points += [
                replace(point, at_ms=max(point.at_ms, run.start_ms))
                for point in await self._read(part)
            ]
        return points

    async def _read(self, query: SeriesQuery) -> Sequence[SeriesPoint]:
        try:
            async with asyncio.timeout(SERIES_TIMEOUT_S):
                return await self.state.parts.series.read(query)
        except TimeoutError:
            message = "the series store does not answer"
            raise UnavailableError(message, retry_after_s=5) from None

    def _runs(self, start_ms: int, end_ms: int, *, what: str) -> list[Tenure]:
        """Return the readable stretches of [start, end), neighbours joined."""
        runs: list[Tenure] = []
        refused: Subject | None = None
        for tenure in self.ownership.within(start_ms, end_ms):
            found = verdict(self.reader, tenure.subject)
            self.note(tenure.subject, what=what, allowed=found.allowed)
            if not found.allowed:
                refused = tenure.subject
            elif runs and runs[-1].end_ms == tenure.start_ms:
                runs[-1] = replace(runs[-1], end_ms=tenure.end_ms)
            else:
                runs.append(tenure)
        if not runs and refused is not None:
            raise NotPermittedError(verdict(self.reader, refused).reason)
        return runs

    async def stale_since_ms(self) -> int | None:
        """Return since when samples wait for the series store; None where it keeps up."""
        parts = self.state.parts
        _, oldest_ms = await parts.records.spool_backlog()
        if oldest_ms is None or parts.clock.now_ms() - oldest_ms < LAG_MS:
            return None
        return oldest_ms

    async def events(self, *, limit: int, cursor: str | None) -> Page[DeviceEvent]:
        """Return those events of a page that the reader may see."""
        self._permit_some(what=f"events {self.device.id}")
        page = await self.state.parts.records.events(
            device=self.device.id, limit=limit, cursor=cursor
        )
        return replace(page, items=tuple(e for e in page.items if self.visible_at(e.at_ms)))

    async def commands(self, *, limit: int, cursor: str | None) -> Page[Command]:
        """Return those commands of a page that the reader may see."""
        self._permit_some(what=f"commands {self.device.id}")
        page = await self.state.parts.records.commands(
            device=self.device.id, limit=limit, cursor=cursor
        )
        return replace(page, items=tuple(c for c in page.items if self._shows(c)))

    def _shows(self, command: Command) -> bool:
        """Return whether it is of a time that the reader may see, and for no other's eyes."""
        meant = command.recipient in {None, self.reader.person}
        return meant and self.visible_at(command.issued_ms)

    async def twin_changes(self, *, limit: int, cursor: str | None) -> Page[TwinChange]:
        """Return those changes of what was desired, of a page, that the reader may see."""
        self._permit_some(what=f"twin history {self.device.id}")
        page = await self.state.parts.records.things(
            TwinChange, subject=self.device.id, limit=limit, cursor=cursor
        )
        return replace(page, items=tuple(c for c in page.items if self.visible_at(c.at_ms)))

    async def command(self, command: str) -> Command:
        """Return the command.

        Raises:
            UnknownError: there is none here, or it was for somebody else.
        """
        found = await self.state.parts.records.command(command)
        if found is None or found.device != self.device.id:
            raise UnknownError(what="command", name=command)
        self._permit_some(what=f"commands {self.device.id}")
        if not self._shows(found):
            raise UnknownError(what="command", name=command)
        return found

    def _permit_some(self, *, what: str) -> None:
        self._runs(self.ownership.tenures[0].start_ms, self.ownership.tenures[-1].end_ms, what=what)
