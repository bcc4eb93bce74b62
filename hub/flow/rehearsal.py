"""What a link would have done: the same stages over what was recorded, and nothing goes out."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from hub.flow.draft import Draft
from hub.flow.memory import Memory
from hub.model import (
    Alarm,
    DeviceEvent,
    DeviceKind,
    DeviceState,
    Kept,
    Link,
    LinkRequest,
    LinkRun,
    Sample,
    Timer,
    TimerFired,
)
from hub.model.changes import AlarmChanged, AlarmTurned

Happening = Sample | DeviceEvent | AlarmTurned


def happened_ms(happening: Happening) -> int:
    """Return when it happened, ms since 1970 UTC."""
    return happening.now_ms if isinstance(happening, AlarmTurned) else happening.at_ms


@dataclass(slots=True)
class Rehearsal:
    """One link over a home of its own, which forgets all but what the link would have done."""

    link: Link
    start_ms: int
    kinds: Mapping[str, DeviceKind]
    evaluate: Callable[[str, Mapping[str, object]], bool]
    runs: dict[str, LinkRun] = field(default_factory=dict)
    """By id, in the order in which they began."""
    _memory: Memory = field(init=False)
    _timers: dict[str, Timer] = field(default_factory=dict)

    def __post_init__(self) -> None:
        start_ms = self.start_ms
        self._memory = Memory(
            kinds=dict(self.kinds),
            touch_gap_ms=0,
            now=lambda: datetime.fromtimestamp(start_ms / 1000, UTC),
            evaluate=self.evaluate,
        )

    def begin(self, devices: Iterable[DeviceState], things: Iterable[Kept] = ()) -> None:
        """Furnish the home: its devices, with nothing said yet, and what the link may name."""
        for state in devices:
            self._memory.put_state(DeviceState(device=state.device, person=state.person))
        for thing in things:
            self._memory.keep(thing)

    def known_before(self, samples: Iterable[Sample]) -> None:
        """Take what the devices had said before the time that is looked at, and make the link."""
        for sample in samples:
            self._run(sample)
        made = replace(self.link, since_ms=self.start_ms, recent_ms=(), paused={})
        self._run(LinkRequest(link=made, now_ms=self.start_ms))

    def take(self, happening: Happening) -> None:
        """Let the next thing happen; what timers were due before comes first."""
        self.pass_time(happened_ms(happening))
        if isinstance(happening, AlarmTurned):
            self._run(AlarmChanged(happening.alarm))
        self._run(happening)

    def pass_time(self, until_ms: int) -> None:
        """Fire what is due by then."""
        while self._timers:
            timer = min(self._timers.values(), key=lambda one: one.due_ms)
            if timer.due_ms > until_ms:
                return
            del self._timers[timer.id]
            self._run(
                TimerFired(
                    id=timer.id,
                    kind=timer.kind,
                    device=timer.device,
                    subject=timer.subject,
                    now_ms=timer.due_ms,
                )
            )

    def _run(self, message: object) -> None:
        draft = Draft(self._memory)
        draft.run(message)
        for name, timer in draft.timers.items():
            self._timers.pop(name, None)
            if timer is not None:
                self._timers[name] = timer
        for thing in draft.things.values():
            if isinstance(thing, LinkRun):
                self.runs[thing.id] = thing
        self._forget(draft)
        draft.settle()

    def _forget(self, draft: Draft) -> None:
        """What would have been asked of devices was not: what they said later followed from none.

        Nor does anything wait for them.
        """
        for device in draft.states:
            state = draft.states[device]
            if state.echoes or state.commands or state.twin.desired:
                twin = replace(state.twin, desired={}, desired_ms={})
                draft.states[device] = replace(state, twin=twin, echoes={}, commands={})


def turns(alarm: Alarm) -> Iterable[AlarmTurned]:
    """Yield an alarm's beginning and its end as they were heard of."""
    opened = replace(alarm, cleared_ms=None)
    yield AlarmTurned(alarm=opened, change="opened", now_ms=alarm.opened_ms)
    if alarm.cleared_ms is not None:
        yield AlarmTurned(alarm=alarm, change="cleared", now_ms=alarm.cleared_ms)
