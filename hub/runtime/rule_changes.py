"""What follows when a rule, a limit or the owner of a device changed, or the device is no more."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from hub.flow import Draft, alert_rules
from hub.model import Alarm, Checkpoint, CommandStatus, Condition, DeviceState, Rule
from hub.model.changes import AlarmChanged, CommandChanged, Hush, StateChanged
from hub.stages.commands import moved
from hub.stages.rules import silence_timer
from hub.stages.twin import RulesChanged

NO_RULES: Mapping[str, Rule] = {}
SHUT_OUT = "the device was shut out"
HANDED_ON = "the device belongs to somebody else now"


def follow(
    draft: Draft, devices: Iterable[str], *, now_ms: int, former: Mapping[str, Rule] = NO_RULES
) -> None:
    """Bring the devices in line with the rules in memory.

    Args:
        draft: of the commit that changes them.
        devices: those whose thresholds may have changed.
        now_ms: the hub's time.
        former: the changed rules as they were, by id.
    """
    for device in devices:
        settle(draft, device, now_ms=now_ms, former=former)
        state = draft.state(device)
        if state is not None:
            _begin(draft, state, now_ms=now_ms)


def settle(
    draft: Draft, device: str, *, now_ms: int, former: Mapping[str, Rule] = NO_RULES
) -> None:
    """End what no rule asks for any more; changes nothing where everything is in line."""
    state = draft.state(device)
    if state is None:
        return
    thresholds = draft.thresholds(device)
    watching = {threshold.rule for some in thresholds.values() for threshold in some}
    kept = {rule: value for rule, value in state.conditions.items() if rule in watching}
    silent = {rule: alarm for rule, alarm in state.silent.items() if rule in watching}
    heard = {rule: at_ms for rule, at_ms in state.last_heard_ms.items() if rule in watching}
    if (kept, silent, heard) != (state.conditions, state.silent, state.last_heard_ms):
        draft.run(StateChanged(replace(state, conditions=kept, silent=silent, last_heard_ms=heard)))
    for alarm in state.alarms.values():
        if alarm.rule not in watching:
            _end(draft, alarm, former.get(alarm.rule) or draft.rule(alarm.rule), now_ms=now_ms)
    if draft.kind(state.device.kind).alerts_alone:
        draft.run(RulesChanged(device=device, alert_rules=alert_rules(thresholds)))


def _end(draft: Draft, alarm: Alarm, rule: Rule | None, *, now_ms: int) -> None:
    draft.run(AlarmChanged(replace(alarm, cleared_ms=now_ms)))
    if alarm.felt:
        draft.run(Hush(alarm=alarm, spec=rule.spec if rule else None, now_ms=now_ms))


def _begin(draft: Draft, state: DeviceState, *, now_ms: int) -> None:
    """Have the past end here, and wait for the first reading.

    What a rule that was not in force, or another's, left behind must not come back when a late
    reading has the record computed anew: so a new one leaves a blank.
    """
    for some in draft.thresholds(state.device.id).values():
        for threshold in some:
            blank = Condition(head_ms=now_ms - 1) if threshold.since_ms == now_ms else None
            condition = state.conditions.get(threshold.rule, blank)
            if condition is not None:
                draft.run(
                    Checkpoint(rule=threshold.rule, device=threshold.device, condition=condition)
                )
            if threshold.spec.no_data_s is not None:
                draft.run(silence_timer(threshold, now_ms))


def reload(draft: Draft, known: DeviceState, loaded: DeviceState, *, now_ms: int) -> None:
    """Take in what the registry says of a device now.

    What its new owner, or an owner with new limits, measured before is not judged by them.
    """
    memory, device = draft.memory, known.device.id
    before = _limits(draft, device)
    same_owner = _owner(known) == _owner(loaded)
    state = replace(known, device=loaded.device, person=loaded.person)
    if not same_owner:
        for alarm in known.alarms.values():
            _end(draft, alarm, draft.rule(alarm.rule), now_ms=now_ms)
        for command in known.commands.values():
            if command.status is CommandStatus.QUEUED and not draft.on_its_way(command.id):
                # Words that wait are for the eyes of whose the device was.
                cancelled = moved(command, CommandStatus.CANCELLED, HANDED_ON, now_ms)
                draft.run(CommandChanged(cancelled))
            elif command.insistent:
                draft.run(CommandChanged(replace(command, insistent=False)))
        state = replace(state, conditions={}, silent={}, last_heard_ms={}, alone={})
        # What the device said of its former owner is no fact about the new one.
        twin = replace(state.twin, reported={}, reported_ms={})
        state = replace(state, twin=twin, linked={}, echoes={})
    memory.put_state(state)
    if same_owner and _limits(draft, device) == before:
        return
    state = replace(state, judged_from_ms=now_ms)
    memory.put_state(state)
    draft.run(StateChanged(state))


def _owner(state: DeviceState) -> str | None:
    return state.person.id if state.person else None


def _limits(draft: Draft, device: str) -> Mapping[str, float]:
    thresholds = draft.thresholds(device).values()
    return {threshold.rule: threshold.limit for some in thresholds for threshold in some}


def part_with(draft: Draft, gone: DeviceState, *, now_ms: int) -> None:
    """End what is open of a device that was shut out and is no longer in memory."""
    for command in gone.commands.values():
        revoked = moved(command, CommandStatus.CANCELLED, SHUT_OUT, now_ms)
        draft.run(CommandChanged(revoked))
    for alarm in gone.alarms.values():
        draft.run(AlarmChanged(replace(alarm, cleared_ms=now_ms)))
