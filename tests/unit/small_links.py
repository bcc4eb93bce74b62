"""A home with a lamp, a light sensor, machines and a watch, and what links do to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from hub.adapters.conditions.cel import Expressions
from hub.flow import Draft, Memory
from hub.kinds import find_kinds
from hub.model import (
    Argument,
    Capability,
    Command,
    CommandSpec,
    DeviceEvent,
    DeviceKind,
    Kept,
    Link,
    LinkRequest,
    LinkRun,
    LinkSpec,
    Moment,
    Person,
    Property,
    Sample,
    StateReport,
    TimerFired,
    Value,
    ValueType,
)
from tests.unit.small_home import HOME, MINA, T0, state

JUN = Person(id="p-jun", name="Jun", time_zone="Asia/Seoul")
LAMP = DeviceKind(
    name="lamp",
    title_en="Lamp",
    title_ko="조명",
    capabilities=(
        Capability(
            name="light",
            properties=(
                Property(name="on", type=ValueType.BOOLEAN, settable=True),
                Property(name="level", minimum=0, maximum=100, settable=True),
            ),
            events=("blinked",),
            commands=(
                CommandSpec(
                    name="blink",
                    description="Blink.",
                    arguments=(Argument(name="times", type="number", description="how often"),),
                ),
            ),
        ),
        Capability(
            name="lux",
            properties=(Property(name="lux"), Property(name="mode", type=ValueType.STRING)),
        ),
    ),
)


@dataclass
class Home:
    """Runs messages one group after another, as the worker does, with a clock of its own."""

    now_ms: int = T0
    memory: Memory = field(init=False)
    timers: dict[str, tuple[int, TimerFired]] = field(default_factory=dict)
    runs: dict[str, LinkRun] = field(default_factory=dict)
    commands: list[Command] = field(default_factory=list)
    moments: list[Moment] = field(default_factory=list)
    number: int = 0

    def __post_init__(self) -> None:
        self.memory = Memory(
            kinds={**find_kinds(), LAMP.name: LAMP},
            touch_gap_ms=3000,
            now=lambda: datetime(2026, 11, 23, tzinfo=UTC),
            evaluate=Expressions().holds,
        )
        for name in ("l-1", "l-2"):
            self.memory.put_state(state(name, kind="lamp", person=None))
        for kind in ("washer", "dryer", "fridge"):
            self.memory.put_state(state(f"{kind}-1", kind=kind, person=None))
        self.memory.put_state(state("w-1", person=MINA))
        self.memory.put_state(state("w-jun", person=JUN))

    def run(self, *messages: object) -> Draft:
        draft = Draft(self.memory)
        for message in messages:
            draft.run(message)
        for name, timer in draft.timers.items():
            self.timers.pop(name, None)
            if timer is not None:
                fired = TimerFired(
                    id=timer.id,
                    kind=timer.kind,
                    device=timer.device,
                    subject=timer.subject,
                    now_ms=timer.due_ms,
                )
                self.timers[name] = (timer.due_ms, fired)
        for thing in draft.things.values():
            if isinstance(thing, LinkRun):
                self.runs[thing.id] = thing
            if isinstance(thing, Moment):
                self.moments.append(thing)
        self.commands += [c for c in draft.commands.values() if c.name != "say"]
        draft.settle()
        return draft

    def keep(self, *things: Kept) -> None:
        for thing in things:
            self.memory.keep(thing)

    def make(self, spec: LinkSpec, *, name: str = "li-1", author: str = "p-mina") -> Link:
        link = Link(
            id=name,
            household=HOME,
            author=author,
            spec=spec,
            since_ms=self.now_ms,
            time_zone="Asia/Seoul",
        )
        self.run(LinkRequest(link=link, now_ms=self.now_ms))
        return link

    def says(self, device: str, *, after_s: float = 1, late_s: float = 0, **values: Value) -> Draft:
        self.now_ms += round(after_s * 1000)
        known = self.memory.states[device]
        self.number += 1
        at_ms = self.now_ms - round(late_s * 1000)
        return self.run(
            Sample(device, known.device.kind, at_ms, self.now_ms, values, "b1", self.number)
        )

    def reports(self, device: str, *, retained: bool = False, **values: Value) -> Draft:
        self.now_ms += 1000
        return self.run(
            StateReport(
                device=device,
                values=values,
                revision=0,
                received_ms=self.now_ms,
                retained=retained,
            )
        )

    def happens(
        self, device: str, event: str, data: Mapping[str, object] | None = None, late_s: float = 0
    ) -> Draft:
        self.now_ms += 1000
        self.number += 1
        return self.run(
            DeviceEvent(
                device=device,
                id=f"e-{self.number}",
                at_ms=self.now_ms - round(late_s * 1000),
                received_ms=self.now_ms,
                type=event,
                data=data or {},
            )
        )

    def obeys(self, *devices: str) -> None:
        """Let the devices report what they were asked to be, as they do at once."""
        for device in devices:
            twin = self.memory.states[device].twin
            wanted = {k: v for k, v in twin.desired.items() if twin.reported.get(k) != v}
            if wanted:
                self.says(device, after_s=0.1, **wanted)  # type: ignore[arg-type]  # values are values

    def later(self, seconds: float, *, away_s: float = 0) -> None:
        """Let time pass; timers that came due while the hub was away fire when it is back."""
        until_ms = self.now_ms + round(seconds * 1000)
        back_ms = self.now_ms + round(away_s * 1000)
        while self.timers:
            name = min(self.timers, key=lambda one: self.timers[one][0])
            due_ms, fired = self.timers[name]
            if due_ms > until_ms:
                break
            del self.timers[name]
            self.now_ms = max(due_ms, self.now_ms, back_ms)
            self.run(
                TimerFired(
                    id=fired.id,
                    kind=fired.kind,
                    device=fired.device,
                    subject=fired.subject,
                    now_ms=self.now_ms,
                )
            )
        self.now_ms = max(until_ms, self.now_ms)

    def desired(self, device: str) -> Mapping[str, object]:
        return self.memory.states[device].twin.desired

    @property
    def outcomes(self) -> list[str]:
        return [run.outcome.value for run in self.runs.values()]

    @property
    def last(self) -> LinkRun:
        return list(self.runs.values())[-1]
