"""A link tried on what was recorded: read page by page, as the reader may see it, and replayed."""

import asyncio
import heapq
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, field

from hub.api.parts import ApiParts
from hub.api.people_views import PeopleView
from hub.api.views import DeviceView
from hub.errors import NotPermittedError
from hub.flow.rehearsal import Happening, Rehearsal, happened_ms, turns
from hub.model import (
    AlarmCondition,
    AlarmTrigger,
    DeviceEvent,
    DeviceState,
    EventTrigger,
    ExpressionCondition,
    Garment,
    Link,
    LinkRun,
    PresenceCondition,
    PresenceTrigger,
    PropertyCondition,
    ReadingTrigger,
    Sample,
    Scene,
    Service,
)
from hub.model.link_sight import named_devices
from hub.ports import SeriesPoint, SeriesQuery

WINDOW_MS = 6 * 3_600_000
"""Readings of so long are in memory at one time."""
PAGE = 10_000
BEFORE_MS = 7 * 24 * 3_600_000
"""How far back the last word before the time looked at is looked for."""
MAX_READINGS = 200_000
SLICE = 500
"""Happenings replayed before others on the event loop have their turn."""
MAX_RUNS = 1000
NO_PRESENCE = "presence"
"""Who was at home is not recorded over time: its conditions do not hold, its triggers not fire."""
NO_DEVICES = "devices"
"""The expression looks at devices that cannot be told from its text."""


@dataclass(slots=True)
class Tried:
    """What came of a rehearsal."""

    runs: list[LinkRun]
    readings: int
    events: int
    unknown: list[str]
    """What the link looks at that was not recorded."""
    replayed_to_ms: int
    """Before the end asked for where there was too much to replay at once."""


@dataclass(slots=True, kw_only=True)
class History:
    """What was recorded of the devices that a link looks at."""

    people: PeopleView
    link: Link
    views: dict[str, DeviceView] = field(default_factory=dict)
    series: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Device -> properties."""
    readings: int = 0
    events: int = 0

    async def tried(self, start_ms: int, end_ms: int) -> Tried:
        """Return what the link would have done in [start, end)."""
        states = await self._look_around()
        parts = self._parts
        rehearsal = Rehearsal(
            link=self.link,
            start_ms=start_ms,
            kinds=parts.kinds,
            evaluate=parts.expressions.holds,
        )
        home = self.link.household
        kept = [parts.worker.kept_in(kind, home) for kind in (Scene, Garment)]
        services = parts.worker.kept_in(Service, "")
        rehearsal.begin(states, [thing for some in (*kept, services) for thing in some])
        rehearsal.known_before(await self._before(start_ms))
        reached_ms = await self._replay(rehearsal, start_ms, end_ms)
        runs = sorted(rehearsal.runs.values(), key=lambda run: run.at_ms)
        return Tried(
            runs=runs[:MAX_RUNS],
            readings=self.readings,
            events=self.events,
            unknown=self._unknown(),
            replayed_to_ms=reached_ms,
        )

    async def _replay(self, rehearsal: Rehearsal, start_ms: int, end_ms: int) -> int:
        others = await self._others(start_ms, end_ms)
        from_ms = start_ms
        while from_ms < end_ms:
            to_ms = min(from_ms + WINDOW_MS, end_ms)
            samples = await self._samples(from_ms, to_ms)
            self.readings += len(samples)
            now = [one for one in others if from_ms <= happened_ms(one) < to_ms]
            for number, happening in enumerate(heapq.merge(samples, now, key=happened_ms)):
                rehearsal.take(happening)
                if number % SLICE == 0:
                    await asyncio.sleep(0)
            rehearsal.pass_time(to_ms - 1)
            from_ms = to_ms
            if self.readings > MAX_READINGS or len(rehearsal.runs) > MAX_RUNS:
                break
        return from_ms

    @property
    def _parts(self) -> ApiParts:
        return self.people.state.parts

    # -- what there is ---------------------------------------------------------------------------

    async def _look_around(self) -> list[DeviceState]:
        """Find the devices that the link names or is on, as far as it may look at them."""
        parts, home = self._parts, self.link.household
        trigger = self.link.spec.trigger
        kind = trigger.kind if isinstance(trigger, ReadingTrigger | EventTrigger) else None
        looks = isinstance(trigger, AlarmTrigger) or any(
            isinstance(condition, AlarmCondition | ExpressionCondition)
            for condition in self.link.spec.conditions
        )
        named = set(named_devices(self.link.spec))
        states = []
        async for view in self._devices(home):
            state = await parts.worker.state(view.device.id)
            if state is None:
                continue
            states.append(state)
            concerned = view.device.id in named or view.device.kind == kind or looks
            if concerned and (state.person is None or state.person.id == self.link.author):
                self.views[view.device.id] = view
        self._choose_series(states)
        return states

    async def _devices(self, household: str) -> AsyncIterator[DeviceView]:
        cursor = None
        while True:
            page = await self.people.devices(limit=500, cursor=cursor)
            for view in page.items:
                if view.device.household == household:
                    yield view
            cursor = page.next_cursor
            if cursor is None:
                return

    def _choose_series(self, states: Iterable[DeviceState]) -> None:
        trigger = self.link.spec.trigger
        if isinstance(trigger, ReadingTrigger):
            for state in states:
                if state.device.id == trigger.device or state.device.kind == trigger.kind:
                    self.series[state.device.id].add(trigger.property)
        for condition in self.link.spec.conditions:
            if isinstance(condition, PropertyCondition):
                self.series[condition.device].add(condition.property)
            elif isinstance(condition, ExpressionCondition):
                self._choose_for(condition.cel, states)

    def _choose_for(self, cel: str, states: Iterable[DeviceState]) -> None:
        """Take the properties whose names are in the text, of the devices whose ids are."""
        words = set(re.findall(r"[A-Za-z_][A-Za-z0-9_]*", cel))
        for state in states:
            if f"'{state.device.id}'" in cel or f'"{state.device.id}"' in cel:
                kind = self._parts.kinds[state.device.kind]
                self.series[state.device.id] |= words & kind.properties.keys()

    def _unknown(self) -> list[str]:
        parts = (self.link.spec.trigger, *self.link.spec.conditions)
        unknown = []
        cels = [part.cel for part in parts if isinstance(part, ExpressionCondition)]
        presence = any(isinstance(part, PresenceTrigger | PresenceCondition) for part in parts)
        if presence or any("presence" in cel for cel in cels):
            unknown.append(NO_PRESENCE)
        named = [
            any(f"'{device}'" in cel or f'"{device}"' in cel for device in self.views)
            for cel in cels
            if "devices" in cel
        ]
        return unknown if all(named) else [*unknown, NO_DEVICES]

    # -- readings --------------------------------------------------------------------------------

    async def _before(self, start_ms: int) -> list[Sample]:
        """Return the last word of each series before the time that is looked at."""
        found: dict[str, dict[str, SeriesPoint]] = defaultdict(dict)
        for view, name in self._series():
            points = await self._points(
                view,
                self._query(view, name, start_ms - BEFORE_MS, start_ms, every_ms=BEFORE_MS),
            )
            if points:
                found[view.device.id][name] = points[-1]
        return [
            Sample(
                device,
                self.views[device].device.kind,
                start_ms - 1,
                start_ms - 1,
                {name: point.value for name, point in points.items()},
            )
            for device, points in found.items()
        ]

    async def _samples(self, from_ms: int, to_ms: int) -> list[Sample]:
        """Return the readings of all series, those of one device and instant together."""
        values: dict[tuple[int, str], dict[str, SeriesPoint]] = defaultdict(dict)
        for view, name in self._series():
            async for point in self._pages(view, name, from_ms, to_ms):
                values[point.at_ms, view.device.id][name] = point
        return [
            Sample(
                device,
                self.views[device].device.kind,
                at_ms,
                max(at_ms, *(point.received_ms or at_ms for point in points.values())),
                {name: point.value for name, point in points.items()},
            )
            for (at_ms, device), points in sorted(values.items(), key=lambda one: one[0])
        ]

    async def _pages(
        self, view: DeviceView, name: str, from_ms: int, to_ms: int
    ) -> AsyncIterator[SeriesPoint]:
        while from_ms < to_ms:
            points = await self._points(view, self._query(view, name, from_ms, to_ms))
            for point in points:
                yield point
            if len(points) < PAGE:
                return
            from_ms = points[-1].at_ms + 1

    async def _points(self, view: DeviceView, query: SeriesQuery) -> list[SeriesPoint]:
        try:
            return await view.points(query)
        except NotPermittedError:
            # All of it was somebody else's time.
            return []

    def _query(
        self,
        view: DeviceView,
        name: str,
        from_ms: int,
        to_ms: int,
        *,
        every_ms: int | None = None,
    ) -> SeriesQuery:
        return SeriesQuery(
            device=view.device.id,
            kind=view.device.kind,
            property=name,
            start_ms=from_ms,
            end_ms=to_ms,
            every_ms=every_ms,
            aggregate="last" if every_ms else "mean",
            limit=PAGE,
        )

    def _series(self) -> Iterator[tuple[DeviceView, str]]:
        for device, names in sorted(self.series.items()):
            if device in self.views:
                for name in sorted(names):
                    yield self.views[device], name

    # -- events and alarms -----------------------------------------------------------------------

    async def _others(self, start_ms: int, end_ms: int) -> list[Happening]:
        """Return events and alarms of the time, oldest first."""
        trigger = self.link.spec.trigger
        found: list[Happening] = []
        if isinstance(trigger, EventTrigger):
            for view in self.views.values():
                if trigger.device in {None, view.device.id}:
                    found += await self._events(view, trigger.event, start_ms, end_ms)
            self.events = len(found)
        alarms = isinstance(trigger, AlarmTrigger) or any(
            isinstance(condition, AlarmCondition) for condition in self.link.spec.conditions
        )
        if alarms:
            found += await self._alarms(start_ms, end_ms)
        return sorted(found, key=happened_ms)

    async def _events(
        self, view: DeviceView, event: str, start_ms: int, end_ms: int
    ) -> list[DeviceEvent]:
        found: list[DeviceEvent] = []
        cursor = None
        while True:
            page = await view.events(limit=500, cursor=cursor)
            of_time = [one for one in page.items if start_ms <= one.at_ms < end_ms]
            found += [one for one in of_time if one.type == event]
            cursor = page.next_cursor
            oldest_ms = page.items[-1].received_ms if page.items else start_ms
            if cursor is None or oldest_ms < start_ms or len(found) > MAX_RUNS:
                return found

    async def _alarms(self, start_ms: int, end_ms: int) -> list[Happening]:
        found: list[Happening] = []
        cursor = None
        devices = tuple(self.views)
        while devices:
            page = await self._parts.records.alarms(devices=devices, limit=500, cursor=cursor)
            for alarm in page.items:
                if alarm.person in {None, self.link.author}:
                    found += [turn for turn in turns(alarm) if start_ms <= turn.now_ms < end_ms]
            cursor = page.next_cursor
            oldest_ms = page.items[-1].opened_ms if page.items else start_ms
            if cursor is None or oldest_ms < start_ms or len(found) > MAX_RUNS:
                break
        return found
