"""One rule on one device, in event time: when it holds, at which level, on which step.

The same code runs in the hub and in a watch that is without a network, which is why both arrive
at the same alarm. `docs/alarms.md` states the rules in words.
"""

import base64
import hashlib
from dataclasses import dataclass, replace
from enum import StrEnum

from hub.model.made_often import made_often
from hub.model.rules import Direction, RuleSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """A rule made concrete for one device: the limit is a number and the steps are counted."""

    rule: str
    device: str
    spec: RuleSpec
    limit: float
    max_rate: float | None = None
    """Largest believable change of the property, in its unit per second."""
    since_ms: int = 0
    """Readings before this are not judged: the rule was another one, or none."""

    def excess(self, value: float) -> float:
        """Return how far `value` is beyond the limit, in the property's unit; negative inside."""
        beyond = value - self.limit
        return beyond if self.spec.direction is Direction.ABOVE else -beyond

    def level(self, excess: float) -> int:
        """Return the index of the level that `excess` reaches; -1 inside the limit."""
        if excess <= 0:
            return -1
        reached = 0
        for index, level in enumerate(self.spec.levels):
            if excess >= level.offset:
                reached = index
        return reached


class Change(StrEnum):
    OPENED = "opened"
    """The alarm is raised and the first step is felt."""
    CLIMBED = "climbed"
    REPEATED = "repeated"
    """The top step again."""
    EASED = "eased"
    """A step lower, still beyond the limit."""
    QUIETED = "quieted"
    """A step lower inside the hysteresis; nothing is felt."""
    CLEARED = "cleared"


FELT = frozenset({Change.OPENED, Change.CLIMBED, Change.REPEATED, Change.EASED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """One entry of an alarm's record."""

    alarm: str
    change: Change
    at_ms: int
    value: float
    level: int
    step: int
    """From 0."""


@made_often
@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What is remembered between two readings; everything in event time."""

    head_ms: int = -1
    """Time of the newest reading seen."""
    value: float | None = None
    """The newest believed value."""
    value_ms: int = -1
    doubted: float | None = None
    """A jump that a second reading has not confirmed yet."""
    doubted_ms: int = -1
    since_ms: int | None = None
    """When the value went beyond the limit; None inside."""
    alarm: str | None = None
    """The raised alarm's id; None while none is active."""
    opened_ms: int = -1
    level: int = -1
    step: int = 0
    step_ms: int = -1
    """When the step was last set or repeated."""
    felt_excess: float = 0.0
    """The excess at that moment."""
    peak: float = 0.0
    """The value furthest beyond the limit since `since_ms` of the active alarm."""
    crossings: int = 0
    """Alarms before this one whose clearing is within the recurrence time, one after the other."""
    cleared_ms: int | None = None

    def settled(self, value: float, *, at_ms: int) -> "Condition":
        """Return the condition with a believed value; written out, as it runs for each reading."""
        return Condition(
            head_ms=at_ms,
            value=value,
            value_ms=at_ms,
            since_ms=self.since_ms,
            alarm=self.alarm,
            opened_ms=self.opened_ms,
            level=self.level,
            step=self.step,
            step_ms=self.step_ms,
            felt_excess=self.felt_excess,
            peak=self.peak,
            crossings=self.crossings,
            cleared_ms=self.cleared_ms,
        )


IDLE = Condition()


def alarm_id(*, rule: str, device: str, since_ms: int, cause: str = "threshold") -> str:
    """Return the id that hub and watch both give the alarm that began at `since_ms`."""
    digest = hashlib.sha256(f"{rule}\n{device}\n{cause}\n{since_ms}".encode()).digest()
    return "al_" + base64.b32encode(digest[:15]).decode().lower()


def advance(
    threshold: Threshold, condition: Condition, *, at_ms: int, value: float
) -> tuple[Condition, tuple[Transition, ...]]:
    """Return the condition after one good reading newer than `condition.head_ms`."""
    before_ms = condition.value_ms
    condition, believed = _believe(threshold, condition, at_ms=at_ms, value=value)
    transitions: list[Transition] = []
    if believed:
        condition, transitions = _judge(
            threshold, condition, at_ms=at_ms, value=value, before_ms=before_ms
        )
    return condition, tuple(transitions)


def _believe(
    threshold: Threshold, condition: Condition, *, at_ms: int, value: float
) -> tuple[Condition, bool]:
    """Hold back an implausible jump until a second reading agrees; a single spike is forgotten."""
    rate, before, doubted = threshold.max_rate, condition.value, condition.doubted
    if (
        rate is None
        or before is None
        or abs(value - before) <= rate * max((at_ms - condition.value_ms) / 1000, 1.0)
    ):
        return condition.settled(value, at_ms=at_ms), True
    if doubted is not None:
        elapsed_s = max((at_ms - condition.doubted_ms) / 1000, 1.0)
        if abs(value - doubted) <= rate * elapsed_s:
            return condition.settled(value, at_ms=at_ms), True
    return replace(condition, head_ms=at_ms, doubted=value, doubted_ms=at_ms), False


def _judge(
    threshold: Threshold, condition: Condition, *, at_ms: int, value: float, before_ms: int
) -> tuple[Condition, list[Transition]]:
    """Judge a believed reading; the believed one before it was at `before_ms`."""
    excess = threshold.excess(value)
    if condition.alarm is not None:
        return _carry_on(threshold, condition, at_ms=at_ms, value=value, excess=excess)
    if excess <= 0:
        return condition if condition.since_ms is None else replace(condition, since_ms=None), []
    since_ms = condition.since_ms
    if since_ms is None or at_ms - before_ms > threshold.spec.gap_s * 1000:
        since_ms = at_ms
    if since_ms != condition.since_ms:
        condition = replace(condition, since_ms=since_ms)
    if at_ms - since_ms < threshold.spec.dwell_s * 1000:
        return condition, []
    return _open(threshold, condition, at_ms=at_ms, value=value, excess=excess)


def _open(
    threshold: Threshold, condition: Condition, *, at_ms: int, value: float, excess: float
) -> tuple[Condition, list[Transition]]:
    spec = threshold.spec
    since_ms = condition.since_ms if condition.since_ms is not None else at_ms
    cleared_ms = condition.cleared_ms
    again = cleared_ms is not None and since_ms - cleared_ms <= spec.recurrence_s * 1000
    crossings = condition.crossings + 1 if again else 0
    level = threshold.level(excess)
    top = len(spec.ladder.steps) - 1
    step = min(spec.levels[level].first_step + crossings, top)
    alarm = alarm_id(rule=threshold.rule, device=threshold.device, since_ms=since_ms)
    opened = replace(
        condition,
        alarm=alarm,
        opened_ms=at_ms,
        level=level,
        step=step,
        step_ms=at_ms,
        felt_excess=excess,
        peak=value,
        crossings=crossings,
    )
    return opened, [_transition(opened, Change.OPENED, at_ms=at_ms, value=value)]


def _carry_on(
    threshold: Threshold, condition: Condition, *, at_ms: int, value: float, excess: float
) -> tuple[Condition, list[Transition]]:
    """Move an active alarm: clear it, quiet it inside the hysteresis, or climb, ease, repeat."""
    if excess <= 0 and excess <= -threshold.spec.hysteresis:
        inside = replace(condition, level=-1, cleared_ms=at_ms)
        cleared = _transition(inside, Change.CLEARED, at_ms=at_ms, value=value)
        return replace(inside, alarm=None, since_ms=None, opened_ms=-1), [cleared]
    peak = value if excess > threshold.excess(condition.peak) else condition.peak
    condition = replace(condition, level=threshold.level(excess), peak=peak)
    change, step = _next_step(threshold, condition, at_ms=at_ms, excess=excess)
    if change is None:
        return condition, []
    moved = replace(condition, step=step, step_ms=at_ms, felt_excess=excess)
    return moved, [_transition(moved, change, at_ms=at_ms, value=value)]


def _next_step(
    threshold: Threshold, condition: Condition, *, at_ms: int, excess: float
) -> tuple[Change | None, int]:
    spec = threshold.spec
    top = len(spec.ladder.steps) - 1
    step = condition.step
    waited = at_ms - condition.step_ms >= spec.ladder.steps[step].wait_s * 1000
    if excess <= 0:
        return (Change.QUIETED, step - 1) if waited and step > 0 else (None, step)
    floor = min(spec.levels[condition.level].first_step + condition.crossings, top)
    if floor > step:
        return Change.CLIMBED, floor
    if not waited:
        return None, step
    if excess < condition.felt_excess and condition.felt_excess - excess >= spec.hysteresis:
        return Change.EASED, max(step - 1, floor)
    if step < top:
        return Change.CLIMBED, step + 1
    return Change.REPEATED, top


def _transition(condition: Condition, change: Change, *, at_ms: int, value: float) -> Transition:
    return Transition(
        alarm=condition.alarm or "",
        change=change,
        at_ms=at_ms,
        value=value,
        level=condition.level,
        step=condition.step,
    )
