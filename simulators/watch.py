"""A sports watch: what its wrist feels, and what it does alone."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from devices.watch import KIND
from hub.model import Change, Condition, Value
from simulators.alone import Own, SelfAlert
from simulators.appliance import NOBODY, ORDINARY, Appliance
from simulators.messages import Habits, Note, Witnesses
from simulators.signals import Signals, Touch

MAX_TEXT = 256
"""Longest string a property takes."""


class Watch(Appliance):
    """The state of one watch."""

    def __init__(
        self,
        device: str,
        base: str,
        *,
        boot: str,
        witnesses: Witnesses = NOBODY,
        habits: Habits = ORDINARY,
    ) -> None:
        super().__init__(device, base, kind=KIND, boot=boot, witnesses=witnesses, habits=habits)
        self.alone = SelfAlert(device, zone=habits.zone)

    @property
    def wrist(self) -> Signals:
        return self.signals

    def measure(self, at_ms: int, values: Mapping[str, Value]) -> None:
        """Keep and send one measurement, and feel what it asks for if nobody else can say."""
        changes = self.alone.judge(self.own_ms(at_ms), values)
        super().measure(at_ms, values)
        if not self.connected:
            self._alert_alone(changes, at_ms)

    def obey(self, name: str, args: Mapping[str, object], now_ms: int) -> tuple[str, str]:
        status = super().obey(name, args, now_ms)
        if name == "alert":
            self.alone.felt_elsewhere(str(args["alert"]), at_ms=self.own_ms(now_ms))
        elif name == "alert_end":
            self.alone.forget(str(args["alert"]))
        return status

    def acknowledge(self, now_ms: int) -> bool:
        touch = self.signals.felt(now_ms)
        if touch is not None:
            self.alone.acknowledge(touch.alert)
        return super().acknowledge(now_ms)

    def snooze(self, now_ms: int, *, minutes: int = 5) -> bool:
        touch = self.signals.felt(now_ms)
        if touch is not None:
            self.alone.snooze(touch.alert, until_ms=self.own_ms(now_ms) + minutes * 60_000)
        return super().snooze(now_ms, minutes=minutes)

    def desired_changed(self, values: Mapping[str, object], now_ms: int) -> None:
        """Take the limits over.

        Raises:
            InvalidInputError: they are none; those it has stay.
        """
        del now_ms
        self.alone.set_rules(values.get("alert_rules", []))

    def reported(self) -> Mapping[str, Value]:
        limits = self.alone.thresholds.values()
        text = ",".join(f"{limit.rule}={limit.limit:g}" for limit in limits)
        return {"alert_rules": text[:MAX_TEXT]}

    def noted_with_reading(self) -> Note:
        if not self.alone.conditions:
            return {}
        return {"conditions": msgspec.to_builtins(self.alone.conditions)}

    def restorers(self) -> dict[str, Callable[[Any], object]]:
        return super().restorers() | {"conditions": self._restore_conditions}

    def snapshot(self) -> Iterator[Note]:
        notes = super().snapshot()
        # After the rules that they are conditions of, which are desired.
        yield next(notes)
        yield next(notes)
        yield {"conditions": msgspec.to_builtins(self.alone.conditions)}
        yield from notes

    def _restore_desired(self, desired: Note) -> None:
        super()._restore_desired(desired)
        self.alone.set_rules(desired["values"].get("alert_rules", []))

    def _restore_conditions(self, conditions: Note) -> None:
        self.alone.conditions |= msgspec.convert(conditions, dict[str, Condition])

    def _alert_alone(self, changes: list[Own], at_ms: int) -> None:
        for own in changes:
            if own.transition.change is Change.CLEARED:
                self.end(own.transition.alarm, at_ms)
        for own in self.alone.felt(changes, at_ms=self.own_ms(at_ms)):
            self._touch_alone(own.touch, str(own.transition.change), at_ms)

    def _touch_alone(self, touch: Touch, change: str, at_ms: int) -> None:
        self.feel(touch, at_ms, by="watch")
        data = {"alert": touch.alert, "step": touch.step, "change": change}
        self.happen("alert", at_ms, identity=f"{touch.alert}-{change}-{at_ms}", data=data)
