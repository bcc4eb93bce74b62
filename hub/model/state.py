"""What the hub remembers of a device between two messages, and what one commit writes."""

import bisect
from collections.abc import Mapping
from dataclasses import dataclass, field

from hub.model.alarms import Alarm
from hub.model.commands import Command
from hub.model.condition import Condition
from hub.model.devices import Connection, Device, Twin
from hub.model.messages import DeviceEvent, Sample
from hub.model.people import Person
from hub.model.rules import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """Which numbers of one boot have been received: all up to `upto`, and some above it."""

    upto: int = 0
    above: tuple[int, ...] = ()
    """Sorted, all greater than `upto` + 1."""
    seen_ms: int = 0
    """Hub time of the newest one, to forget old boots by."""

    def __contains__(self, seq: int) -> bool:
        if seq <= self.upto:
            return True
        index = bisect.bisect_left(self.above, seq)
        return index < len(self.above) and self.above[index] == seq

    def add(self, seq: int, *, now_ms: int) -> "Sequence":
        """Return the sequence with `seq` received; the one already there changes nothing."""
        if seq == self.upto + 1 and not self.above:
            return Sequence(upto=seq, above=(), seen_ms=now_ms)
        if seq in self:
            return self
        above = list(self.above)
        bisect.insort(above, seq)
        upto = self.upto
        taken = 0
        while taken < len(above) and above[taken] == upto + 1:
            upto += 1
            taken += 1
        return Sequence(upto=upto, above=tuple(above[taken:]), seen_ms=now_ms)


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
    sequences: Mapping[str, Sequence] = field(default_factory=dict)
    """By boot."""
    conditions: Mapping[str, Condition] = field(default_factory=dict)
    """By rule id: the newest state in event time."""
    alarms: Mapping[str, Alarm] = field(default_factory=dict)
    """By id: the active ones."""
    silent: Mapping[str, str] = field(default_factory=dict)
    """Rule id -> id of the active no-data alarm."""


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

    @property
    def empty(self) -> bool:
        return self == _NOTHING


_NOTHING = Group()
