"""What the hub remembers of a device between two messages, and what one commit writes."""

import bisect
from collections.abc import Mapping
from dataclasses import dataclass, field

from hub.model.alarms import Alarm
from hub.model.commands import Command
from hub.model.condition import Condition
from hub.model.devices import Connection, Device, Twin, Value
from hub.model.kept import Kept
from hub.model.links import Echo
from hub.model.made_often import made_often
from hub.model.messages import DeviceEvent, Sample
from hub.model.people import Person
from hub.model.rules import Rule

MAX_GAPS = 1000


@made_often
@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """Which numbers of one boot have been received: all up to `upto`, and some runs above it."""

    upto: int = 0
    above: tuple[tuple[int, int], ...] = ()
    """Runs (first, last), sorted, apart from each other and from `upto`; at most `MAX_GAPS`."""
    seen_ms: int = 0
    """Hub time of the newest one, to forget old boots by."""

    def __contains__(self, seq: int) -> bool:
        if seq <= self.upto:
            return True
        index = bisect.bisect_right(self.above, (seq, _BEYOND)) - 1
        return index >= 0 and seq <= self.above[index][1]

    def add(self, seq: int, *, now_ms: int) -> "Sequence":
        """Return the sequence with `seq` received.

        Nothing changes if it was there, or if it would leave more than `MAX_GAPS` gaps: it is
        then never receipted before the gaps close, and the device sends it again.
        """
        if seq == self.upto + 1 and not self.above:
            return Sequence(upto=seq, seen_ms=now_ms)
        if seq in self:
            return self
        runs: list[tuple[int, int]] = []
        for first, last in sorted((*self.above, (seq, seq))):
            if runs and first == runs[-1][1] + 1:
                runs[-1] = (runs[-1][0], last)
            else:
                runs.append((first, last))
        upto = self.upto
        if runs[0][0] == upto + 1:
            upto = runs.pop(0)[1]
        if len(runs) > MAX_GAPS:
            return self
        return Sequence(upto=upto, above=tuple(runs), seen_ms=now_ms)


_BEYOND = 1 << 63


@made_often
@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceState:
    """Everything the stages may know of one device; replaced, never mutated."""

    device: Device
    person: Person | None = None
    """Whom the device is bound to now."""
    twin: Twin = field(default_factory=Twin)
    connection: Connection = Connection.UNKNOWN
    heard_ms: int = 0
    """Hub time of the newest word of the device."""
    ready_ms: int = 0
    """Hub time at which it last came back: what it felt before, it felt by itself."""
    newest_ms: int = -1
    """Device time of its newest reading, those with a wrong clock left out."""
    sequences: Mapping[str, Sequence] = field(default_factory=dict)
    """By boot."""
    conditions: Mapping[str, Condition] = field(default_factory=dict)
    """By rule id: the newest state in event time."""
    alarms: Mapping[str, Alarm] = field(default_factory=dict)
    """By id: the active ones."""
    silent: Mapping[str, str] = field(default_factory=dict)
    """Rule id -> id of the active no-data alarm."""
    last_heard_ms: Mapping[str, int] = field(default_factory=dict)
    """Rule id -> hub time of the newest reading, for rules that mind silence."""
    judged_from_ms: int = 0
    """Readings before this are not judged: its person or their limits were others."""
    alone: Mapping[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    """Alarm id -> (device time ms, step) the device says it felt by itself, alarm not yet known."""
    linked: Mapping[str, Value] = field(default_factory=dict)
    """By property: the value that links have seen last, where a link watches it."""
    echoes: Mapping[str, Echo] = field(default_factory=dict)
    """By property: which links are about to change it."""
    commands: Mapping[str, Command] = field(default_factory=dict)
    """By id: those not final, in order of issue; kept in their own table."""

    def judged(self, rule: str, condition: Condition) -> "DeviceState":
        """Return the state with a rule's condition; written out, as it runs for each reading."""
        return DeviceState(
            device=self.device,
            person=self.person,
            twin=self.twin,
            connection=self.connection,
            heard_ms=self.heard_ms,
            ready_ms=self.ready_ms,
            newest_ms=self.newest_ms,
            sequences=self.sequences,
            conditions={**self.conditions, rule: condition},
            alarms=self.alarms,
            silent=self.silent,
            last_heard_ms=self.last_heard_ms,
            judged_from_ms=self.judged_from_ms,
            alone=self.alone,
            linked=self.linked,
            echoes=self.echoes,
            commands=self.commands,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """What could not be handled, with the reason; `id` is derived from its content and place."""

    id: str
    device: str
    source: str
    """`intake`, `series`, `command`, …"""
    topic: str
    at_ms: int
    reason: str
    payload_hash: str
    excerpt: str
    payload: bytes = b""
    """What a retry would send through again; empty where a retry cannot help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """Something to look at when the hub's clock says so; survives restarts."""

    id: str
    due_ms: int
    kind: str
    """`no_data` or `contact`."""
    device: str
    subject: str
    """A rule's or an alarm's id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """A late reading changed the past of one rule on one device: compute the record anew."""

    rule: str
    device: str
    from_ms: int
    """The earliest late reading's time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A condition as it was, from which a late reading's record is computed anew."""

    rule: str
    device: str
    condition: Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What one commit writes, all of it or nothing; later entries win over earlier ones."""

    samples: tuple[Sample, ...] = ()
    states: Mapping[str, DeviceState] = field(default_factory=dict)
    """By device id; `device` and `person` inside are not written."""
    events: tuple[DeviceEvent, ...] = ()
    dead_letters: tuple[DeadLetter, ...] = ()
    commands: tuple[Command, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    rules: tuple[Rule, ...] = ()
    ended_rules: tuple[str, ...] = ()
    timers: tuple[Timer, ...] = ()
    ended_timers: tuple[str, ...] = ()
    amendments: tuple[Amendment, ...] = ()
    ended_amendments: tuple[Amendment, ...] = ()
    checkpoints: tuple[Checkpoint, ...] = ()
    """At each, those of the same rule and device with a later head are void and removed."""
    kept: tuple[Kept, ...] = ()
    dropped: tuple[tuple[type[Kept], str], ...] = ()
    """(class, id)."""
    kinds: Mapping[str, str] = field(default_factory=dict)
    """Device -> name of the kind it is of from now on."""
    hooks: tuple[tuple[str, str, int], ...] = ()
    """(service, webhook's id, hub time ms) of what was heard of partners."""

    @property
    def empty(self) -> bool:
        return self == _NOTHING


_NOTHING = Group()
