"""What a device is: its kind, its capabilities, and the twin the hub keeps of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType

from hub.model.made_often import made_often
from hub.model.rules import RuleSpec

Value = float | int | bool | str
"""One property's value; which of the four is the property's `ValueType`, for ever."""


class ValueType(StrEnum):
    NUMBER = "number"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    STRING = "string"


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """One thing a device can say of itself or be told to be."""

    name: str
    type: ValueType = ValueType.NUMBER
    unit: str = ""
    """UCUM code: `/min`, `Cel`, `%`; empty where the value has none."""
    minimum: float | None = None
    maximum: float | None = None
    """Bounds are inclusive; a value beyond them is rejected, not clipped."""
    choices: tuple[str, ...] = ()
    max_length: int = 256
    """Longest string, in characters."""
    settable: bool = False
    max_rate: float | None = None
    """Largest believable change, in `unit` per second; a faster jump marks the reading suspect."""
    needs: str | None = None
    """A boolean property of the same device without which a reading means nothing: `worn`."""
    title_en: str = ""
    title_ko: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """One argument of a device command, for people who read `GET /kinds`."""

    name: str
    type: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandSpec:
    name: str
    description: str
    arguments: tuple[Argument, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """A group of properties, events and commands that belong together: `heart`, `haptics`."""

    name: str
    properties: tuple[Property, ...] = ()
    events: tuple[str, ...] = ()
    event_titles: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Event -> how people call it, in Korean and in English; else its name is shown."""
    commands: tuple[CommandSpec, ...] = ()


@dataclass(frozen=True, kw_only=True)
class DeviceKind:
    """What a plug-in declares. One file under `devices/` exports one as `KIND`."""

    name: str
    title_en: str
    title_ko: str
    capabilities: tuple[Capability, ...]
    default_rules: tuple[RuleSpec, ...] = ()
    """Made for each device of this kind when it is claimed; the owner may change or end them."""

    @cached_property
    def properties(self) -> Mapping[str, Property]:
        return MappingProxyType({p.name: p for c in self.capabilities for p in c.properties})

    @cached_property
    def events(self) -> frozenset[str]:
        return frozenset(e for c in self.capabilities for e in c.events)

    @cached_property
    def event_titles(self) -> Mapping[str, tuple[str, str]]:
        return MappingProxyType(
            {e: t for c in self.capabilities for e, t in c.event_titles.items()}
        )

    @cached_property
    def commands(self) -> Mapping[str, CommandSpec]:
        return MappingProxyType({s.name: s for c in self.capabilities for s in c.commands})

    @cached_property
    def needs(self) -> Mapping[str, str]:
        """Property -> the boolean property without which its readings mean nothing."""
        return MappingProxyType({n: p.needs for n, p in self.properties.items() if p.needs})

    @cached_property
    def max_rates(self) -> Mapping[str, float]:
        """Property -> its largest believable change in its unit per second."""
        return MappingProxyType({n: p.max_rate for n, p in self.properties.items() if p.max_rate})

    @cached_property
    def alerts_alone(self) -> bool:
        """Whether devices of this kind take rules down and alert without a network."""
        return any(c.name == "self_alert" for c in self.capabilities)

    @cached_property
    def can_vibrate(self) -> bool:
        return any(c.name == "haptics" for c in self.capabilities)

    @cached_property
    def can_sound(self) -> bool:
        return any(c.name == "sounder" for c in self.capabilities)


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    id: str
    kind: str
    name: str
    household: str
    cell: str = "main"
    via: str | None = None
    created_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """A device belongs to a person for an interval, never for ever."""

    device: str
    person: str
    since_at: datetime
    until_at: datetime | None = None


@made_often
@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """What a device last said of itself and what it has been asked to be."""

    reported: Mapping[str, Value] = field(default_factory=dict)
    reported_ms: Mapping[str, int] = field(default_factory=dict)
    """Device time of each reported value, ms since 1970 UTC."""
    reported_revision: int = 0
    desired: Mapping[str, object] = field(default_factory=dict)
    desired_ms: Mapping[str, int] = field(default_factory=dict)
    """Hub time at which each desired value was set, ms since 1970 UTC."""
    revision: int = 0
    """Counts changes of `desired`."""


class Connection(StrEnum):
    """What `up/status` says; `unknown` until it has said anything."""

    UNKNOWN = "unknown"
    READY = "ready"
    SLEEPING = "sleeping"
    DISCONNECTED = "disconnected"
    LOST = "lost"
