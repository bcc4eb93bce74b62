"""Links and scenes: what sets something off, under which conditions, and what then happens.

Triggers, conditions and actions are tagged unions: the tag `type` names the member in the API, in
the records and in the log.
"""

import base64
import hashlib
import math
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

from hub.errors import InvalidInputError
from hub.model.devices import Value
from hub.model.rules import Schedule

MAX_DEPTH = 8
"""Links that set each other off in a row before the last is stopped."""


class Comparison(StrEnum):
    ABOVE = "above"
    BELOW = "below"
    EQUALS = "equals"
    DIFFERS = "differs"


def holds(comparison: Comparison, value: Value | None, other: Value) -> bool:
    """Return whether the value stands so to the other; a missing one does not."""
    if value is None:
        return False
    match comparison:
        case Comparison.EQUALS:
            return value == other
        case Comparison.DIFFERS:
            return value != other
        case Comparison.ABOVE:
            return _number(value) > _number(other)
        case Comparison.BELOW:
            return _number(value) < _number(other)


def _number(value: Value) -> float:
    # An integer as it is: it may be larger than any float.
    return float("nan") if isinstance(value, str) else value


# -------------------------------------------------------------------------------------- triggers


class ReadingTrigger(msgspec.Struct, frozen=True, kw_only=True, tag="reading"):
    """A property comes to stand so, and stays so for `for_s`; it must have been otherwise before.

    With `differs` and no value: any change.
    """

    property: str
    device: str | None = None
    kind: str | None = None
    """Every device of this kind in the household; give either this or `device`."""
    comparison: Comparison = Comparison.EQUALS
    value: Value | None = None
    for_s: float = 0.0


class EventTrigger(msgspec.Struct, frozen=True, kw_only=True, tag="event"):
    event: str
    device: str | None = None
    kind: str | None = None


class AlarmTrigger(msgspec.Struct, frozen=True, kw_only=True, tag="alarm"):
    change: str = "opened"
    """`opened` or `cleared`."""
    rule: str | None = None
    """None: any rule of the household."""


class TimeTrigger(msgspec.Struct, frozen=True, kw_only=True, tag="time"):
    minute: int
    """Of the author's local day."""
    days: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)
    """Monday is 0."""


class PresenceTrigger(msgspec.Struct, frozen=True, kw_only=True, tag="presence"):
    change: str
    """`arrives` or `leaves` for one person; `first_in` or `last_out` for the household."""
    person: str | None = None
    """None with `arrives` and `leaves`: anybody of the household."""


Trigger = ReadingTrigger | EventTrigger | AlarmTrigger | TimeTrigger | PresenceTrigger


# ------------------------------------------------------------------------------------ conditions


class PropertyCondition(msgspec.Struct, frozen=True, kw_only=True, tag="property"):
    device: str
    property: str
    comparison: Comparison
    value: Value


class TimeCondition(msgspec.Struct, frozen=True, kw_only=True, tag="time"):
    schedule: Schedule


class PresenceCondition(msgspec.Struct, frozen=True, kw_only=True, tag="presence"):
    at_home: bool
    person: str | None = None
    """None: anybody at home, or nobody."""


class AlarmCondition(msgspec.Struct, frozen=True, kw_only=True, tag="alarm"):
    rule: str
    active: bool = True


class ExpressionCondition(msgspec.Struct, frozen=True, kw_only=True, tag="expression"):
    """A condition in CEL, over the facts that `docs/links.md` lists."""

    cel: str


LinkCondition = (
    PropertyCondition | TimeCondition | PresenceCondition | AlarmCondition | ExpressionCondition
)


# --------------------------------------------------------------------------------------- actions


class DesiredAction(msgspec.Struct, frozen=True, kw_only=True, tag="desired"):
    device: str
    values: Mapping[str, Value]


class CommandAction(msgspec.Struct, frozen=True, kw_only=True, tag="command"):
    device: str
    name: str
    args: Mapping[str, Value] = {}
    expires_s: float = 600.0


class SceneAction(msgspec.Struct, frozen=True, kw_only=True, tag="scene"):
    scene: str


class PresetAction(msgspec.Struct, frozen=True, kw_only=True, tag="preset"):
    """Tell the next machine which course the load of the trigger needs, from its labels."""

    device: str
    expires_s: float = 24 * 3600.0


class NeedAction(msgspec.Struct, frozen=True, kw_only=True, tag="need"):
    """Give a device what the person's body needs after the trigger's workout or night."""

    device: str


class OrderAction(msgspec.Struct, frozen=True, kw_only=True, tag="order"):
    """Propose an order for the garment of the trigger; nothing is ordered without the person."""

    service: str


class SayAction(msgspec.Struct, frozen=True, kw_only=True, tag="say"):
    """A word to one person, or to whoever is at home."""

    text: Mapping[str, str]
    """By language: `ko`, `en`."""
    person: str | None = None
    private: bool = False
    """True: only on what that person wears or carries, or in front of them alone."""


LinkAction = (
    DesiredAction
    | CommandAction
    | SceneAction
    | PresetAction
    | NeedAction
    | OrderAction
    | SayAction
)


# ----------------------------------------------------------------------------------------- links


MAX_ACTIONS = 20
MAX_CONDITIONS = 20
LONGEST_S = 31 * 24 * 3600.0
"""The longest wait, in seconds."""
Words = Mapping[str, str]
"""One sentence by language: `ko`, `en`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSpec:
    """What a link does, and when.

    Raises:
        InvalidInputError: no action, too many, a trigger without a value or a device, or a number
            that makes no sense.
    """

    name: str
    trigger: Trigger
    conditions: tuple[LinkCondition, ...] = ()
    """All of them must hold."""
    actions: tuple[LinkAction, ...]
    wait_s: float = 0.0
    """Between the trigger and the actions; conditions are looked at after it. Survives restarts."""
    most: int = 30
    """Runs within `per_s` beyond which the link is paused: something has run away."""
    per_s: float = 60.0
    enabled: bool = True

    def __post_init__(self) -> None:
        if not 1 <= len(self.actions) <= MAX_ACTIONS:
            message = f"a link has 1 to {MAX_ACTIONS} actions"
            raise InvalidInputError(message)
        if len(self.conditions) > MAX_CONDITIONS:
            message = f"a link has at most {MAX_CONDITIONS} conditions"
            raise InvalidInputError(message)
        if not 0 <= self.wait_s <= LONGEST_S:
            message = "wait_s is from 0 to 31 days"
            raise InvalidInputError(message)
        if not (1 <= self.most <= MOST_RUNS and 1 <= self.per_s <= LONGEST_PER_S):
            message = f"most is 1 to {MOST_RUNS}, per_s 1 to {LONGEST_PER_S:.0f} seconds"
            raise InvalidInputError(message)
        _check_trigger(self.trigger)


MOST_RUNS = 100
LONGEST_PER_S = 24 * 3600.0


def _check_trigger(trigger: Trigger) -> None:
    match trigger:
        case ReadingTrigger():
            _check_source(trigger.device, trigger.kind)
            _check_reading(trigger)
        case EventTrigger():
            _check_source(trigger.device, trigger.kind)
        case TimeTrigger():
            if not (0 <= trigger.minute < MINUTES and trigger.days and set(trigger.days) <= WEEK):
                message = "a time is a minute of the day, 0 to 1439, on days 0 (Monday) to 6"
                raise InvalidInputError(message)
        case AlarmTrigger():
            _check_word(trigger.change, ("opened", "cleared"))
        case PresenceTrigger():
            _check_word(trigger.change, ("arrives", "leaves", "first_in", "last_out"))
            if trigger.person is not None and trigger.change in {"first_in", "last_out"}:
                message = f"{trigger.change} is said of the household, not of one person"
                raise InvalidInputError(message)


MINUTES = 24 * 60
WEEK = frozenset(range(7))


def _check_source(device: str | None, kind: str | None) -> None:
    if (device is None) == (kind is None):
        message = "name either the trigger's device or a kind: not both, not neither"
        raise InvalidInputError(message)


def _check_reading(trigger: ReadingTrigger) -> None:
    compared = trigger.comparison
    if trigger.value is None and compared is not Comparison.DIFFERS:
        message = "a trigger on a reading needs a value, except for `differs`"
        raise InvalidInputError(message)
    if isinstance(trigger.value, str) and compared in {Comparison.ABOVE, Comparison.BELOW}:
        message = f"a text is never {compared} another; use `equals` or `differs`"
        raise InvalidInputError(message)
    if not 0 <= trigger.for_s <= LONGEST_S:
        message = "for_s is from 0 to 31 days"
        raise InvalidInputError(message)
    if trigger.for_s and trigger.value is None:
        message = "any change lasts no time: give a value, or leave for_s out"
        raise InvalidInputError(message)


def _check_word(word: str, allowed: tuple[str, ...]) -> None:
    if word not in allowed:
        message = f"{word[:40]!r} is none of {', '.join(allowed)}"
        raise InvalidInputError(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A `LinkSpec` that a person made for their household."""

    id: str
    household: str
    author: str
    """Whose it is: personal readings set it off only where they are the author's own."""
    spec: LinkSpec
    revision: int = 1
    since_ms: int = 0
    """When it was made or changed."""
    time_zone: str = "UTC"
    """The author's, for times and schedules."""
    personal: bool = False
    """It looks at or acts on what is somebody's own: only its author, or the guardians of a child
    that is its author, may see it."""
    paused: Words = field(default_factory=dict)
    """Why the hub stopped it; empty while it runs. Switching it on again clears it."""
    recent_ms: tuple[int, ...] = ()
    """Hub times of its newest runs, to know when it runs away."""
    told: Mapping[str, int] = field(default_factory=dict)
    """Devices that it told a need, and until when, ms since 1970 UTC; ended ones are left out."""

    @property
    def open(self) -> bool:
        return True

    @property
    def runs(self) -> bool:
        """Whether something may set it off."""
        return self.spec.enabled and not self.paused


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Desired values without a trigger."""

    id: str
    household: str
    author: str
    name: str
    desired: Mapping[str, Mapping[str, Value]]
    """By device, then property."""
    revision: int = 1

    @property
    def open(self) -> bool:
        return True


class RunOutcome(StrEnum):
    DONE = "done"
    WAITING = "waiting"
    """Set off; its wait is not over yet."""
    NOT_NOW = "not_now"
    """A condition did not hold, or what set it off was over before the wait was."""
    STOPPED = "stopped"
    """It would have run in a circle, or too often."""
    FAILED = "failed"
    """An action was refused; those before it stand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRun:
    """One time that a link was set off: what came of it, and why."""

    id: str
    """Derived from the link and its cause: the same cause gives the same run."""
    link: str
    household: str
    at_ms: int
    outcome: RunOutcome
    trigger: Mapping[str, object]
    """What set it off: device, property, value, event, …"""
    cause: str = ""
    """The occasion, as `Triggered` names it."""
    reason: Words = field(default_factory=dict)
    """For people: which condition did not hold and what it saw, why it was stopped."""
    checked: tuple[Mapping[str, object], ...] = ()
    """Each condition with what it saw and whether it held."""
    did: tuple[Mapping[str, object], ...] = ()
    """Each action with the command, order or moment it led to, or why it failed."""
    chain: tuple[str, ...] = ()
    """The links that led here, the first cause first."""
    person: str | None = None
    """Who alone may see it, with the guardians of a child: it touched what was their own when it
    ran. None: all who live there."""

    @property
    def open(self) -> bool:
        """Whether it waits, and is looked at again."""
        return self.outcome is RunOutcome.WAITING


@dataclass(frozen=True, slots=True, kw_only=True)
class Echo:
    """A property of a device is about to change because of these links."""

    chain: tuple[str, ...]
    """Links, the first cause first."""
    until_ms: int
    """Hub time after which a change is no longer theirs."""


@dataclass(frozen=True, slots=True)
class LinkLimits:
    """Links by a limit, lowest first: two tuples, so that looking one up costs next to nothing."""

    limits: tuple[float, ...] = ()
    links: tuple[str, ...] = ()

    def between(self, low: float, below: float) -> tuple[str, ...]:
        """Return the links with limits from `low` up to but not including `below`."""
        limits = self.limits
        return self.links[bisect_left(limits, low) : bisect_left(limits, below)]


NO_LIMITS = LinkLimits()


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyLinks:
    """The links on one property of a device, by what a step between two values can set off."""

    above: LinkLimits = NO_LIMITS
    below: LinkLimits = NO_LIMITS
    equals: Mapping[Value, tuple[str, ...]] = field(default_factory=dict)
    differs: Mapping[Value, tuple[str, ...]] = field(default_factory=dict)
    changes: tuple[str, ...] = ()
    """Those that any change sets off."""

    def crossed(self, before: Value, now: Value) -> tuple[str, ...]:
        """Return the links whose trigger holds at `now` and did not at `before`.

        Costs what it finds, however many limits there are.
        """
        if before == now:
            return ()
        found = self.equals.get(now, ()) + self.differs.get(before, ()) + self.changes
        if isinstance(before, str) or isinstance(now, str):
            return found
        if before < now:
            return found + self.above.between(before, now)
        if not self.below.limits:
            return found
        # Below, the limit itself is outside: what leaves 5 for 4 comes below 5.
        low, high = math.nextafter(now, math.inf), math.nextafter(before, math.inf)
        return found + self.below.between(low, high)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinksOn:
    """The links on one device."""

    properties: Mapping[str, PropertyLinks] = field(default_factory=dict)
    events: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


NO_LINKS = LinksOn()


def derived_id(prefix: str, *cause: object) -> str:
    """Return the id of what this cause leads to: the same for the same cause."""
    digest = hashlib.sha256("\n".join(map(str, cause)).encode()).digest()
    return f"{prefix}_" + base64.b32encode(digest[:15]).decode().lower()
