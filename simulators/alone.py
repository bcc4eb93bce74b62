"""A watch that keeps its limits by itself: the hub's own rules on its own readings."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo

import msgspec

from devices.watch import KIND
from hub.errors import InvalidInputError
from hub.model import (
    FELT,
    IDLE,
    AlertMode,
    Change,
    Condition,
    RuleSpec,
    Schedule,
    Threshold,
    Transition,
    Value,
    advance,
)
from simulators.signals import Touch

TOUCH_GAP_MS = 3000
"""Least time between two touches of one alarm, as in the hub."""
REMEMBERED = 3600
"""Measurements that a limit is tried on when it arrives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """A change of one of the watch's own alarms."""

    threshold: Threshold
    transition: Transition

    @property
    def touch(self) -> Touch:
        """Return the touch that belongs to it, within the rule's mode and caps."""
        spec = self.threshold.spec
        step = spec.ladder.steps[self.transition.step]
        haptic = replace(step.haptic, amplitude=min(step.haptic.amplitude, spec.max_amplitude))
        sound = replace(step.sound, volume=min(step.sound.volume, spec.max_volume))
        return Touch(
            alert=self.transition.alarm,
            step=self.transition.step + 1,
            haptic=None if spec.mode is AlertMode.SOUND else haptic,
            sound=None if spec.mode is AlertMode.TOUCH else sound,
            text=self._words(),
        )

    def _words(self) -> dict[str, str]:
        spec = KIND.properties[self.threshold.spec.property]
        value, limit = f"{self.transition.value:g}", f"{self.threshold.limit:g}"
        return {
            "en": f"{spec.title_en} {value}, limit {limit}",
            "ko": f"{spec.title_ko} {value}, 한도 {limit}",
        }


@dataclass(frozen=True, slots=True)
class _Measured:
    at_ms: int
    values: Mapping[str, Value]
    worn: bool

    def good(self, name: str) -> float | None:
        """Return the value if it counts: within its range, and worn where that is needed."""
        spec, value = KIND.properties[name], self.values.get(name)
        if value is None or isinstance(value, str) or (spec.needs == "worn" and not self.worn):
            return None
        low = spec.minimum if spec.minimum is not None else value
        high = spec.maximum if spec.maximum is not None else value
        return float(value) if low <= value <= high else None


@dataclass(slots=True)
class _Hush:
    """What the wearer did about one alarm, and when it was last felt."""

    level: int = -1
    """Highest level acknowledged."""
    until_ms: int = -1
    """End of a snooze."""
    felt_ms: int = -TOUCH_GAP_MS
    held: Own | None = None
    """A touch that came too soon after the one before."""


class SelfAlert:
    """Follows every reading, so that it is where the hub is when the network goes."""

    def __init__(self, device: str, *, zone: tzinfo = UTC) -> None:
        self._device = device
        self._zone = zone
        self._thresholds: dict[str, Threshold] = {}
        self._hushed: dict[str, _Hush] = {}
        self._worn = True
        self._past: deque[_Measured] = deque(maxlen=REMEMBERED)
        self.conditions: dict[str, Condition] = {}

    @property
    def thresholds(self) -> Mapping[str, Threshold]:
        return self._thresholds

    def set_rules(self, rules: object) -> None:
        """Take the limits of the desired state; a rule that stays keeps where it stands.

        A new one judges what was measured since it was made: in the hub it does too, and an alarm's
        id is made from the start of the crossing.

        Raises:
            InvalidInputError: not a list of thresholds on properties of a watch.
        """
        try:
            thresholds = msgspec.convert(rules, list[Threshold])
        except msgspec.ValidationError as error:
            message = f"alert_rules are not thresholds: {error}"
            raise InvalidInputError(message) from error
        for threshold in thresholds:
            if threshold.spec.property not in KIND.properties:
                message = f"a watch has no property {threshold.spec.property!r}"
                raise InvalidInputError(message)
        self._thresholds = {threshold.rule: threshold for threshold in thresholds}
        self.conditions = {
            rule: _fitting(self.conditions[rule], threshold.spec)
            if rule in self.conditions
            else self._judged_past(threshold)
            for rule, threshold in self._thresholds.items()
        }

    def judge(self, at_ms: int, values: Mapping[str, Value]) -> list[Own]:
        """Return what the measurement changes, rule by rule; nothing is felt by this."""
        worn = values.get("worn")
        if isinstance(worn, bool):
            self._worn = worn
        measured = _Measured(at_ms, values, self._worn)
        self._past.append(measured)
        changes: list[Own] = []
        for rule, threshold in self._thresholds.items():
            self.conditions[rule], transitions = _judge(threshold, self.conditions[rule], measured)
            changes += [Own(threshold=threshold, transition=change) for change in transitions]
        for own in changes:
            if own.transition.change is Change.CLEARED:
                self.forget(own.transition.alarm)
        return changes

    def felt(self, changes: list[Own], *, at_ms: int) -> Iterator[Own]:
        """Return what the wrist is to feel now, of these changes and of those held back."""
        for own in changes:
            if own.transition.change in FELT and self._answers(own, at_ms):
                self._hush(own.transition.alarm).held = own
        for hush in self._hushed.values():
            if hush.held is not None and at_ms - hush.felt_ms >= TOUCH_GAP_MS:
                own, hush.held, hush.felt_ms = hush.held, None, at_ms
                yield own

    def felt_elsewhere(self, alarm: str, *, at_ms: int) -> None:
        """Take note that the hub touched the wrist for this alarm."""
        hush = self._hush(alarm)
        hush.felt_ms, hush.held = at_ms, None

    def acknowledge(self, alarm: str) -> None:
        levels = [c.level for c in self.conditions.values() if c.alarm == alarm]
        self._hush(alarm).level = max(levels, default=0)

    def snooze(self, alarm: str, *, until_ms: int) -> None:
        self._hush(alarm).until_ms = until_ms

    def forget(self, alarm: str) -> None:
        """The alarm is over: what was done about it no longer matters."""
        self._hushed.pop(alarm, None)

    def _hush(self, alarm: str) -> _Hush:
        return self._hushed.setdefault(alarm, _Hush())

    def _judged_past(self, threshold: Threshold) -> Condition:
        condition = IDLE
        for measured in self._past:
            condition, _ = _judge(threshold, condition, measured)
        return condition

    def _answers(self, own: Own, at_ms: int) -> bool:
        spec, hush = own.threshold.spec, self._hush(own.transition.alarm)
        mine = not spec.responders or self._device in spec.responders
        awake = spec.schedule is None or within(spec.schedule, at_ms, self._zone)
        return mine and awake and at_ms >= hush.until_ms and own.transition.level > hush.level


def within(schedule: Schedule, at_ms: int, zone: tzinfo) -> bool:
    """Return whether the moment lies in the window; the day is the one on which it starts."""
    local = datetime.fromtimestamp(at_ms / 1000, zone)
    minute = local.hour * 60 + local.minute
    if schedule.start_minute < schedule.end_minute:
        return (
            local.weekday() in schedule.days
            and schedule.start_minute <= minute < schedule.end_minute
        )
    yesterday = (local - timedelta(days=1)).weekday()
    return (minute >= schedule.start_minute and local.weekday() in schedule.days) or (
        minute < schedule.end_minute and yesterday in schedule.days
    )


def _judge(
    threshold: Threshold, condition: Condition, measured: _Measured
) -> tuple[Condition, Sequence[Transition]]:
    value = measured.good(threshold.spec.property)
    if value is None or measured.at_ms <= condition.head_ms or measured.at_ms < threshold.since_ms:
        return condition, ()
    return advance(threshold, condition, at_ms=measured.at_ms, value=value)


def _fitting(condition: Condition, spec: RuleSpec) -> Condition:
    """Return the condition with a step that the rule's ladder has."""
    return replace(condition, step=min(condition.step, len(spec.ladder.steps) - 1))
