"""A group as it grows before its commit: what stages see, and what will be written."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

from hub.flow.memory import Memory
from hub.flow.table import STAGES, Stage
from hub.model import (
    Alarm,
    Amendment,
    Checkpoint,
    Command,
    DeadLetter,
    DeviceEvent,
    DeviceKind,
    DeviceState,
    Group,
    K,
    Kept,
    LinksOn,
    Rule,
    Sample,
    Threshold,
    Timer,
)
from hub.model.changes import (
    Admitted,
    AlarmChanged,
    CommandChanged,
    DesiredDue,
    Drop,
    Keep,
    KindDescribed,
    ReceiptDue,
    Recorded,
    StateChanged,
    TimerEnded,
)

Key = tuple[type[Kept], str]
"""(class, id) of a kept thing."""


@dataclass(slots=True)
class Draft:
    """A group as it grows: the view of the stages, and what the commit will write."""

    memory: Memory
    earlier: Mapping[str, DeviceState] = field(default_factory=dict)
    """States of the group before this one, which is being committed."""
    earlier_kept: Mapping[Key, Kept | None] = field(default_factory=dict)
    """What that group keeps and drops."""
    earlier_kinds: Mapping[str, DeviceKind] = field(default_factory=dict)
    touch_gap_ms: int = field(init=False)
    states: dict[str, DeviceState] = field(default_factory=dict)
    dirty: set[str] = field(default_factory=set)
    """Devices whose stored state changes."""
    samples: list[Sample] = field(default_factory=list)
    events: list[DeviceEvent] = field(default_factory=list)
    dead_letters: list[DeadLetter] = field(default_factory=list)
    commands: dict[str, Command] = field(default_factory=dict)
    alarms: dict[str, Alarm] = field(default_factory=dict)
    timers: dict[str, Timer | None] = field(default_factory=dict)
    """By id; None: ended."""
    amendments: dict[tuple[str, str], Amendment] = field(default_factory=dict)
    ended_amendments: list[Amendment] = field(default_factory=list)
    checkpoints: list[Checkpoint] = field(default_factory=list)
    receipts: dict[str, set[str]] = field(default_factory=dict)
    """Device -> boots to receipt."""
    event_receipts: dict[str, list[str]] = field(default_factory=dict)
    desired: set[str] = field(default_factory=set)
    rules: list[Rule] = field(default_factory=list)
    ended_rules: list[str] = field(default_factory=list)
    things: dict[Key, Kept | None] = field(default_factory=dict)
    """What is kept, newest last; None: dropped."""
    kinds: dict[str, DeviceKind] = field(default_factory=dict)
    """Kinds described in this group, by name."""
    device_kinds: dict[str, str] = field(default_factory=dict)
    """Device -> the kind it is of from now on."""
    hooks: list[tuple[str, str, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.touch_gap_ms = self.memory.touch_gap_ms

    # -- the view ------------------------------------------------------------------------------

    def state(self, device: str) -> DeviceState | None:
        return self.states.get(device) or self.earlier.get(device) or self.memory.states.get(device)

    def kind(self, name: str) -> DeviceKind:
        if self.kinds or self.earlier_kinds:
            described = self.kinds.get(name) or self.earlier_kinds.get(name)
            if described is not None:
                return described
        return self.memory.kinds[name]

    def has_kind(self, name: str) -> bool:
        return name in self.memory.kinds or name in self.kinds or name in self.earlier_kinds

    def rule(self, rule: str) -> Rule | None:
        return self.memory.rules.get(rule)

    def thresholds(self, device: str) -> Mapping[str, Sequence[Threshold]]:
        return self.memory.thresholds(device)

    def threshold(self, device: str, rule: str) -> Threshold | None:
        found = (t for some in self.thresholds(device).values() for t in some if t.rule == rule)
        return next(found, None)

    def has_agreed(self, *, person: str, contact: str) -> bool:
        return (person, contact) in self.memory.agreed_contacts

    def on_its_way(self, command: str) -> bool:
        return command in self.memory.on_its_way

    def devices_of(self, person: str) -> Iterator[str]:
        return iter(sorted(self.memory.devices_of(person)))

    def devices_in(self, household: str) -> Iterator[str]:
        return iter(sorted(self.memory.devices_in(household)))

    def kept(self, kind: type[K], identity: str) -> K | None:
        key = (kind, identity)
        if key in self.things:
            return self.things[key]  # type: ignore[return-value]  # of the class it is kept under
        if key in self.earlier_kept:
            return self.earlier_kept[key]  # type: ignore[return-value]
        return self.memory.thing(kind, identity)

    def kept_in(self, kind: type[K], household: str) -> Iterator[K]:
        fresh = chain(self.earlier_kept.items(), self.things.items())
        named = dict.fromkeys(self.memory.names_in(kind, household))
        named |= {
            key[1]: None
            for key, thing in fresh
            if key[0] is kind and thing is not None and thing.household == household
        }
        found = (self.kept(kind, name) for name in named)
        return (thing for thing in found if thing is not None)

    def links_on(self, device: str) -> LinksOn:
        return self.memory.links_on(device)

    def links_at(self, household: str) -> Iterator[str]:
        return iter(self.memory.links.at(household))

    def evaluate(self, expression: str, facts: Mapping[str, object]) -> bool:
        return self.memory.evaluate(expression, facts)

    # -- growing -------------------------------------------------------------------------------

    def run(self, message: object) -> None:
        """Run one message to its end.

        Raises:
            HubError: the message is a person's wish and was refused; the draft is as before.
        """
        apply, stages = _WAY.get(type(message), _NO_WAY)
        if apply is not None:
            apply(self, message)
        if stages:
            self._through(stages, message)

    def _through(self, stages: Sequence[Stage], message: object) -> None:
        """Take the message through the stages, each seeing what came of the one before it.

        No deeper than there are ranks. Written out, as it runs for each reading.
        """
        for stage in stages:
            # All of a stage's answers first: it must not see what comes of its own.
            for answer in tuple(stage(message, self)):
                apply, further = _WAY.get(type(answer), _NO_WAY)
                if apply is not None:
                    apply(self, answer)
                if further:
                    self._through(further, answer)

    def settle(self) -> None:
        """Let the memory take over what was committed."""
        memory = self.memory
        memory.kinds.update(self.kinds)
        for device in self.device_kinds:
            # While the memory still knows where to find it.
            memory.put_state(self.states[device])
        memory.states.update(self.states)
        for (kind, identity), thing in self.things.items():
            if thing is None:
                memory.drop(kind, identity)
            else:
                memory.keep(thing)

    def group(self) -> Group:
        return Group(
            samples=tuple(self.samples),
            states={device: self.states[device] for device in self.dirty},
            events=tuple(self.events),
            dead_letters=tuple(self.dead_letters),
            commands=tuple(self.commands.values()),
            alarms=tuple(self.alarms.values()),
            timers=tuple(timer for timer in self.timers.values() if timer is not None),
            ended_timers=tuple(name for name, timer in self.timers.items() if timer is None),
            amendments=tuple(self.amendments.values()),
            ended_amendments=tuple(self.ended_amendments),
            checkpoints=tuple(self.checkpoints),
            rules=tuple(self.rules),
            ended_rules=tuple(self.ended_rules),
            kept=tuple(thing for thing in self.things.values() if thing is not None),
            dropped=tuple(key for key, thing in self.things.items() if thing is None),
            kinds=dict(self.device_kinds),
            hooks=tuple(self.hooks),
        )


def _put_state(draft: Draft, changed: StateChanged) -> None:
    state = changed.state
    device = state.device.id
    now = draft.state(device)
    if now is not None and (now.alarms is not state.alarms or now.commands is not state.commands):
        # Alarms and commands have messages of their own, which may have come in between.
        state = replace(state, alarms=now.alarms, commands=now.commands)
    draft.states[device] = state
    draft.dirty.add(device)


def _put_sample(draft: Draft, admitted: Admitted) -> None:
    draft.samples.append(admitted.sample)


def _put_event(draft: Draft, recorded: Recorded) -> None:
    draft.events.append(recorded.event)


def _put_letter(draft: Draft, letter: DeadLetter) -> None:
    draft.dead_letters.append(letter)


def _put_alarm(draft: Draft, changed: AlarmChanged) -> None:
    alarm = changed.alarm
    draft.alarms[alarm.id] = alarm
    state = draft.state(alarm.device)
    if state is None:
        return
    alarms = {**state.alarms, alarm.id: alarm}
    alone = state.alone
    if not alarm.active:
        del alarms[alarm.id]
    if alarm.id in alone:
        alone = {known: felt for known, felt in alone.items() if known != alarm.id}
        draft.dirty.add(alarm.device)
    draft.states[alarm.device] = replace(state, alarms=alarms, alone=alone)


def _put_command(draft: Draft, changed: CommandChanged) -> None:
    command = changed.command
    draft.commands[command.id] = command
    state = draft.state(command.device)
    if state is None:
        return
    waiting = {**state.commands, command.id: command}
    if command.status.final:
        del waiting[command.id]
    draft.states[command.device] = replace(state, commands=waiting)


def _put_timer(draft: Draft, timer: Timer) -> None:
    draft.timers[timer.id] = timer


def _end_timer(draft: Draft, ended: TimerEnded) -> None:
    draft.timers[ended.id] = None


def _put_amendment(draft: Draft, amendment: Amendment) -> None:
    key = (amendment.rule, amendment.device)
    known = draft.amendments.get(key)
    if known is None or amendment.from_ms < known.from_ms:
        draft.amendments[key] = amendment


def _put_checkpoint(draft: Draft, checkpoint: Checkpoint) -> None:
    draft.checkpoints.append(checkpoint)


def _keep(draft: Draft, keep: Keep) -> None:
    key = (type(keep.thing), keep.thing.id)
    # Last again, so that what is written is in the order in which it happened.
    draft.things.pop(key, None)
    draft.things[key] = keep.thing


def _drop(draft: Draft, drop: Drop) -> None:
    draft.things[drop.kind, drop.id] = None


def _describe(draft: Draft, said: KindDescribed) -> None:
    kind = said.described.kind
    state = draft.state(said.device)
    if state is None:
        return
    draft.kinds[kind.name] = kind
    _keep(draft, Keep(said.described))
    draft.device_kinds[said.device] = kind.name
    device = replace(state.device, kind=kind.name)
    _put_state(draft, StateChanged(replace(state, device=device)))


def _put_desired(draft: Draft, due: DesiredDue) -> None:
    draft.desired.add(due.device)


def _put_receipt(draft: Draft, due: ReceiptDue) -> None:
    if due.event is not None:
        draft.event_receipts.setdefault(due.device, []).append(due.event)
    if due.boot is not None:
        draft.receipts.setdefault(due.device, set()).add(due.boot)


_APPLY: Mapping[type, Callable[[Draft, Any], None]] = {
    StateChanged: _put_state,
    Admitted: _put_sample,
    Recorded: _put_event,
    DeadLetter: _put_letter,
    AlarmChanged: _put_alarm,
    CommandChanged: _put_command,
    Timer: _put_timer,
    TimerEnded: _end_timer,
    Amendment: _put_amendment,
    Checkpoint: _put_checkpoint,
    DesiredDue: _put_desired,
    ReceiptDue: _put_receipt,
    Keep: _keep,
    Drop: _drop,
    KindDescribed: _describe,
}
_NO_WAY: tuple[Callable[[Draft, Any], None] | None, tuple[Stage, ...]] = (None, ())
_WAY = {
    message: (_APPLY.get(message), STAGES.get(message, ()))
    for message in (*_APPLY.keys(), *STAGES.keys())
}
