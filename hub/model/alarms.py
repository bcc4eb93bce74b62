"""An alarm: a condition that holds or held, and what people did about it."""

from dataclasses import dataclass, replace
from enum import StrEnum

from hub.model.condition import Change, Condition, Threshold, Transition

MAX_TRANSITIONS = 1000
"""Entries of an alarm's record beyond which repeats are left out."""
MOST_TRANSITIONS = 5000
"""Entries beyond which only the clearing is still written: the record is stored as one."""


class Cause(StrEnum):
    THRESHOLD = "threshold"
    NO_DATA = "no_data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Active or cleared, acknowledged or not, shelved by a person, suppressed by design.

    `transitions`, `opened_ms`, `cleared_ms`, `peak` are the record in event time; the rest is what
    people and silence decided, in the hub's time.
    """

    id: str
    rule: str
    device: str
    household: str
    person: str | None
    property_name: str
    cause: Cause
    limit: float | None
    since_ms: int
    opened_ms: int
    cleared_ms: int | None = None
    peak: float | None = None
    """The value furthest beyond the limit."""
    level: int = 0
    step: int = 0
    transitions: tuple[Transition, ...] = ()
    acknowledged_ms: int | None = None
    acknowledged_by: str | None = None
    acknowledged_level: int | None = None
    snoozed_until_ms: int | None = None
    snoozed_by: str | None = None
    suppressed: bool = False
    felt: bool = False
    """Somebody was touched because of it."""
    touched: tuple[str, ...] = ()
    """The devices that were told to, to tell them when it is over."""
    felt_as: str | None = None
    """The id under which a wrist feels it, where a late reading gave the alarm another one."""
    touched_ms: int = 0
    """Hub time at which the newest touch goes out, to keep touches apart; one that replaces a
    touch still to come goes out in its place."""
    crossings: int = 0
    felt_alone: tuple[tuple[int, int], ...] = ()
    """(device time ms, step) at which the device alerted by itself."""
    contact_due_ms: int | None = None
    """When the contact is told if nobody answers."""
    contact_told_ms: int | None = None
    withdrawn: bool = False
    """A late reading showed that it never was."""

    @property
    def spoken_id(self) -> str:
        """The id by which commands name it."""
        return self.felt_as or self.id

    @property
    def active(self) -> bool:
        return self.cleared_ms is None and not self.withdrawn


def opened(
    threshold: Threshold, condition: Condition, transition: Transition, *, household: str
) -> Alarm:
    """Return the alarm that `transition` opens; `condition` is the one after it."""
    return Alarm(
        id=transition.alarm,
        rule=threshold.rule,
        device=threshold.device,
        household=household,
        person=None,
        property_name=threshold.spec.property,
        cause=Cause.THRESHOLD,
        limit=threshold.limit,
        since_ms=condition.since_ms if condition.since_ms is not None else transition.at_ms,
        opened_ms=transition.at_ms,
        peak=transition.value,
        level=transition.level,
        step=transition.step,
        crossings=condition.crossings,
        transitions=(transition,),
    )


def recorded(alarm: Alarm, transition: Transition, *, peak: float) -> Alarm:
    """Return the alarm with one more entry in its record."""
    transitions = alarm.transitions
    cleared = transition.change is Change.CLEARED
    repeated = transition.change is Change.REPEATED
    if cleared or len(transitions) < (MAX_TRANSITIONS if repeated else MOST_TRANSITIONS):
        transitions = (*transitions, transition)
    return replace(
        alarm,
        transitions=transitions,
        peak=peak,
        level=alarm.level if cleared else transition.level,
        step=transition.step,
        cleared_ms=transition.at_ms if cleared else alarm.cleared_ms,
    )
