"""Delivery, in the present: who is touched for a step of the ladder, and how strongly."""

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from hub.model import (
    Alarm,
    AlertMode,
    Change,
    Command,
    CommandProgress,
    CommandStatus,
    DeviceKind,
    DeviceState,
    Presence,
    RuleSpec,
    Threshold,
    Timer,
    TimerFired,
    Transition,
    presence_id,
)
from hub.model.changes import AlarmChanged, CommandQueued, Hush, TimerEnded, Touch
from hub.model.local_time import within
from hub.model.view import View

END_WITHIN_MS = 60_000
"""How long an `alert_end` is worth sending."""
CONTACT_WITHIN_MS = 15 * 60_000

Delivered = AlarmChanged | CommandQueued | Timer | TimerEnded


def deliver(touch: Touch, view: View) -> Iterable[Delivered]:
    """Answer a felt step with commands, if it is fresh and nobody asked for quiet."""
    threshold, transition = touch.threshold, touch.transition
    spec = threshold.spec
    state = view.state(threshold.device)
    alarm = state.alarms.get(touch.alarm) if state else None
    if state is None or alarm is None:
        return ()
    now_ms = touch.received_ms
    if now_ms - transition.at_ms > spec.freshness_s * 1000:
        return ()
    suppressed = spec.schedule is not None and not within(
        spec.schedule, now_ms, state.person.time_zone if state.person else "UTC"
    )
    if suppressed != alarm.suppressed:
        alarm = replace(alarm, suppressed=suppressed)
    responders = [
        responder
        for responder in responders_of(spec, state, view)
        if not _felt_it_alone(responder, threshold.device, transition.at_ms, view)
    ]
    if suppressed or not responders or _quiet(alarm, transition.level, now_ms):
        return (AlarmChanged(alarm),)
    key = _key(threshold.rule, threshold.device)
    not_before_ms = _slot(key, responders, view)
    if not_before_ms is None:
        # A touch in an hour's time was noted before the hub's clock was set back.
        touched_ms = min(alarm.touched_ms, now_ms + view.touch_gap_ms)
        not_before_ms = max(now_ms, touched_ms + view.touch_gap_ms)
    names = (responder.device.id for responder in responders)
    touched = replace(
        alarm,
        felt=True,
        touched_ms=not_before_ms,
        touched=tuple(dict.fromkeys((*alarm.touched, *names))),
    )
    timers: tuple[Timer, ...] = ()
    if _asks_for_an_answer(alarm, spec, transition):
        timer = _contact_timer(alarm, spec, now_ms)
        touched = replace(touched, contact_due_ms=timer.due_ms)
        timers = (timer,)
    commands = [
        CommandQueued(
            _touch(
                touch,
                alert=alarm.spoken_id,
                device=responder.device.id,
                not_before_ms=not_before_ms,
            )
        )
        for responder in responders
    ]
    return (AlarmChanged(touched), *commands, *timers)


def _touch(touch: Touch, *, alert: str, device: str, not_before_ms: int) -> Command:
    threshold, transition = touch.threshold, touch.transition
    spec, at_ms = threshold.spec, transition.at_ms
    text = words(threshold, transition.value)
    return Command(
        id=_command_id(touch.alarm, at_ms, device, "alert"),
        device=device,
        name="alert",
        args=alert_args(alert, spec, transition.step, text),
        issued_ms=touch.received_ms,
        expires_ms=at_ms + int(spec.freshness_s * 1000),
        not_before_ms=not_before_ms,
        key=_key(threshold.rule, threshold.device),
        cause=touch.alarm,
    )


def went_out(made: CommandProgress, view: View) -> Iterable[AlarmChanged]:
    """Count the time to the next touch from when this one went out, however long it waited."""
    state = view.state(made.device)
    command = state.commands.get(made.command) if state else None
    if made.status is not CommandStatus.SENT or command is None or command.name != "alert":
        return
    watched = view.state((command.key or "").rpartition(":")[2])
    alarm = watched.alarms.get(command.cause or "") if watched else None
    if alarm is not None and alarm.touched_ms < made.now_ms:
        yield AlarmChanged(replace(alarm, touched_ms=made.now_ms))


def hush(ended: Hush, view: View) -> Iterable[Delivered]:
    """End what is felt, on every device that was touched."""
    state = view.state(ended.alarm.device)
    if state is None:
        return ()
    touched = list(_touched(ended, state, view))
    if ended.spec and ended.spec.contact and ended.alarm.contact_told_ms is not None:
        touched += _able(view.devices_of(ended.spec.contact), view)
    commands = [
        CommandQueued(
            Command(
                id=_command_id(ended.alarm.id, ended.now_ms, device, "alert_end"),
                device=device,
                name="alert_end",
                args={"alert": ended.alarm.spoken_id},
                issued_ms=ended.now_ms,
                expires_ms=ended.now_ms + END_WITHIN_MS,
                key=_key(ended.alarm.rule, ended.alarm.device),
                cause=ended.alarm.id,
            )
        )
        for device in dict.fromkeys(one.device.id for one in touched)
    ]
    return (*commands, TimerEnded(_contact_id(ended.alarm)))


def _touched(ended: Hush, state: DeviceState, view: View) -> Iterator[DeviceState]:
    """Yield those that were touched, wherever they are by now."""
    if ended.alarm.touched:
        return _able(ended.alarm.touched, view)
    # Raised by a hub that did not note them yet.
    return responders_of(ended.spec, state, view)


def _quiet(alarm: Alarm, level: int, now_ms: int) -> bool:
    if alarm.snoozed_until_ms is not None and now_ms < alarm.snoozed_until_ms:
        return True
    return alarm.acknowledged_level is not None and level <= alarm.acknowledged_level


def _slot(key: str, responders: Iterable[DeviceState], view: View) -> int | None:
    """Return when the touch that this one replaces was to go out; None where none waits."""
    waiting = (
        command.not_before_ms
        for responder in responders
        for command in responder.commands.values()
        if command.key == key
        and command.name == "alert"
        and command.status is CommandStatus.QUEUED
        and not view.on_its_way(command.id)
    )
    return min(waiting, default=None)


def _felt_it_alone(responder: DeviceState, watched: str, at_ms: int, view: View) -> bool:
    """A device that alerts alone has answered for what it measured before it came back."""
    alone = responder.device.id == watched and view.kind(responder.device.kind).alerts_alone
    return alone and at_ms < responder.ready_ms


def responders_of(spec: RuleSpec | None, state: DeviceState, view: View) -> Iterator[DeviceState]:
    """Yield those that answer: the named ones, the person's own, or those of whoever is at home."""
    named = spec.responders if spec else ()
    if named:
        candidates: Iterable[str] = named
    elif state.person is None:
        candidates = _at_home(state, view)
    elif _can_answer(view.kind(state.device.kind)):
        candidates = (state.device.id,)
    else:
        candidates = view.devices_of(state.person.id)
    for responder in _able(candidates, view):
        if responder.device.household == state.device.household:
            yield responder


def _at_home(state: DeviceState, view: View) -> Iterator[str]:
    """Yield a device of the home and what people there wear; others of the home if it is mute.

    Somebody of whom nothing is known counts as at home.
    """
    home = state.device.household
    mute = not _can_answer(view.kind(state.device.kind))
    for device in view.devices_in(home):
        other = view.state(device)
        if other is None:
            continue
        if other.person is None:
            if mute or device == state.device.id:
                yield device
            continue
        presence = view.kept(Presence, presence_id(home, other.person.id))
        if presence is None or presence.at_home:
            yield device


def _able(devices: Iterable[str], view: View) -> Iterator[DeviceState]:
    for device in devices:
        state = view.state(device)
        if state is not None and _can_answer(view.kind(state.device.kind)):
            yield state


def _can_answer(kind: DeviceKind) -> bool:
    return kind.can_vibrate or kind.can_sound


def alert_args(
    alarm: str, spec: RuleSpec, step: int, text: Mapping[str, str]
) -> Mapping[str, object]:
    """Return the arguments of the `alert` command of one step (from 0), mode and caps applied."""
    rung = spec.ladder.steps[step]
    args: dict[str, object] = {"alert": alarm, "step": step + 1}
    if spec.mode is not AlertMode.SOUND:
        args["haptic"] = {
            "pattern": rung.haptic.pattern,
            "amplitude": min(rung.haptic.amplitude, spec.max_amplitude),
            "repeat": rung.haptic.repeat,
        }
    if spec.mode is not AlertMode.TOUCH:
        volume = min(rung.sound.volume, spec.max_volume)
        args["sound"] = {"tone": rung.sound.tone, "volume": volume}
    args["text"] = dict(text)
    return args


def words(threshold: Threshold, value: float) -> Mapping[str, str]:
    """Return what happened, with the number and the limit, in both languages."""
    name = threshold.spec.name
    return {
        "en": f"{name}: {value:g}, limit {threshold.limit:g}",
        "ko": f"{name}: {value:g}, 한계 {threshold.limit:g}",
    }


# ------------------------------------------------------------------------------------ the contact


def _contact_id(alarm: Alarm) -> str:
    return f"contact:{alarm.id}"


def _on_top(spec: RuleSpec, step: int) -> bool:
    return step == len(spec.ladder.steps) - 1


def _asks_for_an_answer(alarm: Alarm, spec: RuleSpec, transition: Transition) -> bool:
    """Whether the wait for an answer begins: on the top step, anew whenever it is climbed."""
    told = spec.contact is None or alarm.contact_told_ms is not None
    if told or not _on_top(spec, transition.step):
        return False
    return alarm.contact_due_ms is None or transition.change is Change.CLIMBED


def _contact_timer(alarm: Alarm, spec: RuleSpec, now_ms: int) -> Timer:
    return Timer(
        id=_contact_id(alarm),
        due_ms=now_ms + int(spec.contact_after_s * 1000),
        kind="contact",
        device=alarm.device,
        subject=alarm.id,
    )


def tell_contact(fired: TimerFired, view: View) -> Iterable[Delivered]:
    """Tell the contact, once, if the top step still stands unanswered."""
    if fired.kind != "contact":
        return ()
    state = view.state(fired.device)
    alarm = state.alarms.get(fired.subject) if state else None
    rule = view.rule(alarm.rule) if alarm else None
    if alarm is None or rule is None or rule.spec.contact is None:
        return (TimerEnded(fired.id),)
    answered = _quiet(alarm, alarm.level, fired.now_ms) or not _on_top(rule.spec, alarm.step)
    agreed = alarm.person is not None and view.has_agreed(
        person=alarm.person, contact=rule.spec.contact
    )
    if answered or not agreed or alarm.contact_told_ms is not None:
        return (AlarmChanged(replace(alarm, contact_due_ms=None)), TimerEnded(fired.id))
    name = state.person.name if state and state.person else fired.device
    text = {
        "en": f"{name} does not answer: {rule.spec.name}",
        "ko": f"{name}님이 응답하지 않습니다: {rule.spec.name}",
    }
    commands = [
        CommandQueued(
            Command(
                id=_command_id(alarm.id, fired.now_ms, device, "contact"),
                device=device,
                name="alert",
                args=alert_args(alarm.id, rule.spec, 0, text),
                issued_ms=fired.now_ms,
                expires_ms=fired.now_ms + CONTACT_WITHIN_MS,
                key=_key(alarm.rule, alarm.device),
                cause=alarm.id,
            )
        )
        for device in (able.device.id for able in _able(view.devices_of(rule.spec.contact), view))
    ]
    told = replace(alarm, contact_told_ms=fired.now_ms)
    return (AlarmChanged(told), *commands, TimerEnded(fired.id))


def _key(rule: str, device: str) -> str:
    return f"alert:{rule}:{device}"


def _command_id(alarm: str, at_ms: int, device: str, name: str) -> str:
    digest = hashlib.sha256(f"{alarm}\n{at_ms}\n{device}\n{name}".encode()).digest()
    return "cm_" + base64.b32encode(digest[:15]).decode().lower()
