"""What people and wrists say to an alarm: acknowledged, snoozed, felt alone."""

from collections.abc import Iterable
from dataclasses import replace

from hub.errors import UnknownError
from hub.model import IDLE, AcknowledgeRequest, Alarm, DeviceEvent, DeviceState, SnoozeRequest
from hub.model.changes import AlarmChanged, Hush, Recorded, StateChanged
from hub.model.view import View

MAX_ALONE = 50
"""Alarms a device felt by itself of which no reading has arrived yet."""
MAX_FELT = 1000
MAX_SNOOZE_MIN = 24 * 60
MAX_ID = 64
"""Longest alarm id that is listened to, in characters."""


def acknowledge(request: AcknowledgeRequest, view: View) -> Iterable[AlarmChanged | Hush]:
    """Mark the alarm acknowledged; nobody is touched again before it rises to a higher level.

    Raises:
        UnknownError: no such active alarm on this device.
    """
    alarm = _active(view, request.device, request.alarm)
    answered = replace(
        alarm,
        acknowledged_ms=request.now_ms,
        acknowledged_by=request.author,
        acknowledged_level=max(_level(alarm, view), 0),
    )
    return _answered(answered, view, request.now_ms)


def snooze(request: SnoozeRequest, view: View) -> Iterable[AlarmChanged | Hush]:
    """Shelve the alarm until the given time.

    Raises:
        UnknownError: no such active alarm on this device.
    """
    alarm = _active(view, request.device, request.alarm)
    shelved = replace(alarm, snoozed_until_ms=request.until_ms, snoozed_by=request.author)
    return _answered(shelved, view, request.now_ms)


def _answered(alarm: Alarm, view: View, now_ms: int) -> Iterable[AlarmChanged | Hush]:
    # Whoever is told if nobody answers waits anew when the top step is felt again.
    alarm = replace(alarm, contact_due_ms=None)
    rule = view.rule(alarm.rule)
    spec = rule.spec if rule else None
    hush = (Hush(alarm=alarm, spec=spec, now_ms=now_ms),) if alarm.felt else ()
    return (AlarmChanged(alarm), *hush)


def _level(alarm: Alarm, view: View) -> int:
    """Return the level of the newest reading; the record has that of its newest entry."""
    state = view.state(alarm.device)
    condition = state.conditions.get(alarm.rule, IDLE) if state else IDLE
    return condition.level if condition.alarm == alarm.id else alarm.level


def _active(view: View, device: str, alarm: str) -> Alarm:
    state = view.state(device)
    known = state.alarms.get(alarm) if state else None
    if known is None:
        what = "active alarm"
        raise UnknownError(what, alarm)
    return known


def hear(recorded: Recorded, view: View) -> Iterable[StateChanged | AlarmChanged | Hush]:
    """Take what a wrist says of an alarm: felt alone, acknowledged, snoozed."""
    event = recorded.event
    state = view.state(event.device)
    alert = event.data.get("alert")
    if state is None or not isinstance(alert, str) or len(alert) > MAX_ID:
        return ()
    if event.type == "alert":
        return _felt_alone(event, alert, state)
    author = state.person.id if state.person else event.device
    alarm = _named(alert, state, view)
    if alarm is None or event.type not in {"acknowledge", "snooze"}:
        return ()
    if event.type == "acknowledge":
        request = AcknowledgeRequest(
            alarm=alarm.id, device=alarm.device, author=author, now_ms=event.received_ms
        )
        return acknowledge(request, view)
    minutes = event.data.get("minutes", 5)
    minutes = minutes if isinstance(minutes, int | float) else 5
    # A wrist whose clock is ahead must not be left alone for longer than it asked.
    from_ms = min(event.at_ms, event.received_ms)
    until_ms = from_ms + int(min(max(minutes, 0), MAX_SNOOZE_MIN) * 60_000)
    return snooze(
        SnoozeRequest(
            alarm=alarm.id,
            device=alarm.device,
            author=author,
            until_ms=until_ms,
            now_ms=event.received_ms,
        ),
        view,
    )


def _named(alert: str, speaker: DeviceState, view: View) -> Alarm | None:
    """Return the active alarm a wrist speaks of: the speaker's, or one that the speaker answers."""
    home = (view.state(device) for device in view.devices_in(speaker.device.household))
    for state in (speaker, *home):
        for alarm in state.alarms.values() if state is not None else ():
            if alarm.spoken_id == alert:
                return alarm
    return None


def _felt_alone(
    event: DeviceEvent, alarm: str, state: DeviceState
) -> Iterable[StateChanged | AlarmChanged]:
    step = event.data.get("step")
    felt = (event.at_ms, step if isinstance(step, int) else 0)
    known = state.alarms.get(alarm)
    if known is not None:
        return (AlarmChanged(replace(known, felt_alone=_added(known.felt_alone, felt))),)
    alone = {**state.alone, alarm: _added(state.alone.get(alarm, ()), felt)}
    while len(alone) > MAX_ALONE:
        del alone[next(iter(alone))]
    return (StateChanged(replace(state, alone=alone)),)


def _added(
    felt: tuple[tuple[int, int], ...], entry: tuple[int, int]
) -> tuple[tuple[int, int], ...]:
    return felt if entry in felt or len(felt) >= MAX_FELT else (*felt, entry)
