"""Raises the no-data alarm: silence is judged in the hub's time."""

from collections.abc import Iterable
from dataclasses import replace

from hub.model import IDLE, Alarm, Cause, Timer, TimerFired, alarm_id
from hub.model.changes import AlarmChanged, AlarmTurned, StateChanged, TimerEnded
from hub.model.view import View


def fall_silent(
    fired: TimerFired, view: View
) -> Iterable[StateChanged | AlarmChanged | AlarmTurned | Timer | TimerEnded]:
    """Raise the no-data alarm, or wind the timer again if something was heard meanwhile."""
    if fired.kind != "no_data":
        return ()
    state = view.state(fired.device)
    threshold = view.threshold(fired.device, fired.subject)
    if state is None or threshold is None or threshold.spec.no_data_s is None:
        return (TimerEnded(fired.id),)
    head_ms = state.conditions.get(threshold.rule, IDLE).head_ms
    # By the hub's clock: the device's may be minutes off.
    due_ms = state.last_heard_ms.get(threshold.rule, head_ms) + int(threshold.spec.no_data_s * 1000)
    if fired.now_ms < due_ms:
        return (_again(fired, due_ms),)
    if threshold.rule in state.silent:
        return (TimerEnded(fired.id),)
    identity = alarm_id(
        rule=threshold.rule, device=fired.device, since_ms=head_ms, cause=Cause.NO_DATA
    )
    alarm = Alarm(
        id=identity,
        rule=threshold.rule,
        device=fired.device,
        household=state.device.household,
        person=state.person.id if state.person else None,
        property_name=threshold.spec.property,
        cause=Cause.NO_DATA,
        limit=None,
        since_ms=head_ms,
        opened_ms=fired.now_ms,
    )
    silent = {**state.silent, threshold.rule: identity}
    changed = replace(state, silent=silent, alarms={**state.alarms, identity: alarm})
    return (
        StateChanged(changed),
        AlarmChanged(alarm),
        AlarmTurned(alarm=alarm, change="opened", now_ms=fired.now_ms),
        TimerEnded(fired.id),
    )


def _again(fired: TimerFired, due_ms: int) -> Timer:
    return Timer(
        id=fired.id, due_ms=due_ms, kind=fired.kind, device=fired.device, subject=fired.subject
    )
