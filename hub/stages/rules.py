"""Judges readings against thresholds in event time, and keeps the alarms' record."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from hub.model import (
    FELT,
    IDLE,
    Amendment,
    Change,
    Checkpoint,
    Condition,
    DeviceState,
    Quality,
    Sample,
    Threshold,
    Timer,
    Transition,
    advance,
)
from hub.model.alarms import opened, recorded
from hub.model.changes import Admitted, AlarmChanged, AlarmTurned, Hush, StateChanged, Touch
from hub.model.view import View

AMEND_WITHIN_MS = 7 * 24 * 3600 * 1000
"""Readings later than this change no record."""
CHECKPOINT_EVERY_MS = 15 * 60 * 1000
TURNS = frozenset({Change.OPENED, Change.CLEARED})

Judged = StateChanged | AlarmChanged | AlarmTurned | Touch | Hush | Amendment | Checkpoint | Timer


def judge(admitted: Admitted, view: View) -> Iterable[Judged]:
    sample = admitted.sample
    thresholds = view.thresholds(sample.device)
    if not thresholds or sample.quality is Quality.CLOCK:
        return ()
    state = view.state(sample.device)
    if state is None:
        return ()
    case = _Case(sample, state, view.kind(sample.kind).needs)
    for name, watching in thresholds.items():
        if name in sample.values:
            for threshold in watching:
                case.judge(name, threshold)
    if sample.late:
        case.amend_for_needs(thresholds)
    return case.answers


class _Case:
    """One sample before the rules: the state as it grows, and the answers so far."""

    __slots__ = ("answers", "needs", "sample", "state")

    def __init__(self, sample: Sample, state: DeviceState, needs: Mapping[str, str]) -> None:
        self.sample = sample
        self.state = state
        self.needs = needs
        self.answers: list[Judged] = []

    def judge(self, name: str, threshold: Threshold) -> None:
        sample = self.sample
        if sample.at_ms < threshold.since_ms:
            return
        condition = self.state.conditions.get(threshold.rule, IDLE)
        if sample.at_ms <= condition.head_ms or self._unsure(name):
            self._amend(threshold)
            return
        if not self._present(name):
            return
        if _next_span(condition, sample.at_ms):
            checkpoint = Checkpoint(rule=threshold.rule, device=sample.device, condition=condition)
            self.answers.append(checkpoint)
        value = float(sample.values[name])
        moved, transitions = advance(threshold, condition, at_ms=sample.at_ms, value=value)
        self._become(self.state.judged(threshold.rule, moved))
        if threshold.spec.no_data_s is not None:
            self._heard(threshold, condition)
        for transition in transitions:
            self._enter(threshold, moved, transition)

    def amend_for_needs(self, thresholds: Mapping[str, Sequence[Threshold]]) -> None:
        """A late word on `worn` changes what the readings after it meant."""
        for name, needed in self.needs.items():
            if needed not in self.sample.values:
                continue
            for threshold in thresholds.get(name, ()):
                head_ms = self.state.conditions.get(threshold.rule, IDLE).head_ms
                if self.sample.at_ms <= head_ms:
                    self._amend(threshold)

    def _become(self, state: DeviceState) -> None:
        self.state = state
        self.answers.append(StateChanged(state))

    def _amend(self, threshold: Threshold) -> None:
        sample = self.sample
        judged = sample.at_ms >= threshold.since_ms
        if judged and sample.received_ms - sample.at_ms <= AMEND_WITHIN_MS:
            amendment = Amendment(rule=threshold.rule, device=sample.device, from_ms=sample.at_ms)
            self.answers.append(amendment)

    def _unsure(self, name: str) -> bool:
        """Whether there is a newer word on what the reading needs: only history knows then."""
        needed = self.needs.get(name)
        if needed is None or needed in self.sample.values:
            return False
        return self.state.twin.reported_ms.get(needed, -1) > self.sample.at_ms

    def _present(self, name: str) -> bool:
        needed = self.needs.get(name)
        if needed is None:
            return True
        reported = self.state.twin.reported.get(needed)
        return self.sample.values.get(needed, reported) is not False

    def _enter(self, threshold: Threshold, condition: Condition, transition: Transition) -> None:
        """Write the transition into its alarm and say who may have to feel it."""
        if transition.change is Change.OPENED:
            device = self.state.device
            alarm = opened(threshold, condition, transition, household=device.household)
            person = self.state.person.id if self.state.person else None
            alone = self.state.alone.get(alarm.id, ())
            alarm = replace(alarm, person=person, felt_alone=alone)
        elif transition.alarm in self.state.alarms:
            alarm = recorded(self.state.alarms[transition.alarm], transition, peak=condition.peak)
        else:
            return
        alarms = {**self.state.alarms, alarm.id: alarm}
        self.answers.append(AlarmChanged(alarm))
        received_ms = self.sample.received_ms
        if transition.change in TURNS:
            turned = AlarmTurned(alarm=alarm, change=transition.change.value, now_ms=received_ms)
            self.answers.append(turned)
        if transition.change is Change.CLEARED:
            del alarms[alarm.id]
            if alarm.felt:
                self.answers.append(Hush(alarm=alarm, spec=threshold.spec, now_ms=received_ms))
        elif transition.change in FELT:
            touch = Touch(
                alarm=alarm.id,
                threshold=threshold,
                transition=transition,
                received_ms=received_ms,
            )
            self.answers.append(touch)
        self.state = replace(self.state, alarms=alarms)

    def _heard(self, threshold: Threshold, before: Condition) -> None:
        """Note the time, clear a no-data alarm, and wind its timer when there is none yet."""
        received_ms = self.sample.received_ms
        last_heard_ms = {**self.state.last_heard_ms, threshold.rule: received_ms}
        self._become(replace(self.state, last_heard_ms=last_heard_ms))
        state = self.state
        silent = state.silent.get(threshold.rule)
        if silent is None and before.head_ms >= 0:
            return
        self.answers.append(silence_timer(threshold, received_ms))
        if silent is None:
            return
        rest = {rule: alarm for rule, alarm in state.silent.items() if rule != threshold.rule}
        alarms = {k: v for k, v in state.alarms.items() if k != silent}
        self._become(replace(state, silent=rest, alarms=alarms))
        if silent in state.alarms:
            ended = replace(state.alarms[silent], cleared_ms=received_ms)
            self.answers.append(AlarmChanged(ended))
            turned = AlarmTurned(alarm=ended, change=Change.CLEARED.value, now_ms=received_ms)
            self.answers.append(turned)


def _next_span(condition: Condition, at_ms: int) -> bool:
    head_ms = condition.head_ms
    return head_ms >= 0 and at_ms // CHECKPOINT_EVERY_MS != head_ms // CHECKPOINT_EVERY_MS


def silence_timer(threshold: Threshold, heard_ms: int) -> Timer:
    """Return the timer that looks whether anything was heard since `heard_ms`."""
    return Timer(
        id=f"no_data:{threshold.rule}:{threshold.device}",
        due_ms=heard_ms + int((threshold.spec.no_data_s or 0) * 1000),
        kind="no_data",
        device=threshold.device,
        subject=threshold.rule,
    )
