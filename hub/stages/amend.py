"""Computes the record of one rule on one device anew, from readings in the order of their times."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from hub.model import (
    Alarm,
    Cause,
    Change,
    Checkpoint,
    Condition,
    DeviceState,
    Threshold,
    Transition,
    advance,
)
from hub.model.alarms import opened, recorded

CHECKPOINT_EVERY_MS = 15 * 60 * 1000


@dataclass(frozen=True, slots=True)
class Past:
    """What one instant said: the value, the word on what it needs, or both."""

    at_ms: int
    value: float | None
    present: bool | None
    """What the reading needs (`worn`), where the device spoke of it at this instant."""


@dataclass(slots=True, kw_only=True)
class Replay:
    """Takes the past in order, and has the record at the end."""

    threshold: Threshold
    household: str
    condition: Condition
    """At first the checkpoint from which is computed."""
    present: bool
    """Whether what the readings need was there at that time."""
    alarms: dict[str, Alarm]
    """By id; at first the one that was active at the checkpoint, its later entries cut off."""
    checkpoints: list[Checkpoint] = field(default_factory=list)

    def take(self, past: Iterable[Past]) -> None:
        for instant in past:
            if instant.present is not None:
                self.present = instant.present
            if instant.value is None or not self.present:
                continue
            if instant.at_ms > self.condition.head_ms:
                self._advance(instant.at_ms, instant.value)

    def _advance(self, at_ms: int, value: float) -> None:
        before = self.condition
        if (
            before.head_ms >= 0
            and at_ms // CHECKPOINT_EVERY_MS != before.head_ms // CHECKPOINT_EVERY_MS
        ):
            threshold = self.threshold
            checkpoint = Checkpoint(rule=threshold.rule, device=threshold.device, condition=before)
            self.checkpoints.append(checkpoint)
        self.condition, transitions = advance(self.threshold, before, at_ms=at_ms, value=value)
        for transition in transitions:
            self._enter(transition)

    def _enter(self, transition: Transition) -> None:
        if transition.change is Change.OPENED:
            alarm = opened(self.threshold, self.condition, transition, household=self.household)
        elif transition.alarm in self.alarms:
            known = self.alarms[transition.alarm]
            alarm = recorded(known, transition, peak=self.condition.peak)
        else:
            return
        self.alarms[alarm.id] = alarm


def cut(alarm: Alarm, condition: Condition) -> Alarm:
    """Return the alarm as its record stood when `condition` was the newest."""
    kept = tuple(entry for entry in alarm.transitions if entry.at_ms <= condition.head_ms)
    return replace(
        alarm,
        transitions=kept,
        cleared_ms=None,
        withdrawn=False,
        level=condition.level,
        step=condition.step,
        peak=condition.peak,
    )


def amended(
    replay: Replay, before: Mapping[str, Alarm], *, from_ms: int, state: DeviceState
) -> Iterator[Alarm]:
    """Yield the alarms whose record changed; what people did to them stays.

    Args:
        replay: after the whole past.
        before: the alarms on record that were active at `from_ms` or opened later, by id.
        from_ms: before the first reading of that past; what ended before stays as it was.
        state: of the device, for whom a new alarm concerns.
    """
    for alarm in replay.alarms.values():
        known = before.get(alarm.id)
        if known is None:
            person = state.person.id if state.person else None
            alone = state.alone.get(alarm.id, ())
            yield _inherit(replace(alarm, person=person, felt_alone=alone), before, replay)
        elif _record_of(known) != _record_of(alarm):
            yield _with_record(known, alarm)
    for identity, known in before.items():
        judged_anew = known.opened_ms > from_ms or known.active
        untrue = known.cause is Cause.THRESHOLD and judged_anew and not known.withdrawn
        if untrue and identity not in replay.alarms:
            yield replace(known, withdrawn=True)


def _record_of(alarm: Alarm) -> tuple[object, ...]:
    return (
        alarm.transitions,
        alarm.opened_ms,
        alarm.cleared_ms,
        alarm.peak,
        alarm.level,
        alarm.step,
        alarm.withdrawn,
    )


def _with_record(known: Alarm, computed: Alarm) -> Alarm:
    return replace(
        known,
        transitions=computed.transitions,
        opened_ms=computed.opened_ms,
        cleared_ms=computed.cleared_ms,
        peak=computed.peak,
        level=computed.level,
        step=computed.step,
        crossings=computed.crossings,
        withdrawn=False,
    )


def _inherit(alarm: Alarm, before: Mapping[str, Alarm], replay: Replay) -> Alarm:
    """Carry over what people did to a withdrawn alarm that this one takes the place of."""
    for known in before.values():
        gone = known.id not in replay.alarms and known.cause is Cause.THRESHOLD
        ends_ms = known.cleared_ms if known.cleared_ms is not None else alarm.opened_ms
        if (
            gone
            and known.opened_ms <= (alarm.cleared_ms or known.opened_ms)
            and (alarm.opened_ms <= ends_ms)
        ):
            return replace(
                alarm,
                acknowledged_ms=known.acknowledged_ms,
                acknowledged_by=known.acknowledged_by,
                acknowledged_level=known.acknowledged_level,
                snoozed_until_ms=known.snoozed_until_ms,
                snoozed_by=known.snoozed_by,
                felt=known.felt,
                felt_as=known.spoken_id if known.felt else None,
                touched_ms=known.touched_ms,
                contact_due_ms=known.contact_due_ms,
                contact_told_ms=known.contact_told_ms,
                touched=known.touched,
            )
    return alarm
