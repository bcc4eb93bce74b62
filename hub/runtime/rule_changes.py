"""What follows when a rule, a limit or the owner of a device changed, or the device is no more."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from hub.flow import Draft, alert_rules
from hub.model import Checkpoint, CommandStatus, DeviceState, Rule
from hub.model.changes import AlarmChanged, CommandChanged, Hush, StateChanged
from hub.stages.commands import moved
from hub.stages.rules import silence_timer
from hub.stages.twin import RulesChanged

NO_RULES: Mapping[str, Rule] = {}
SHUT_OUT = "the device was shut out"


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
    if len(kept) != len(state.conditions) or len(silent) != len(state.silent):
        draft.run(StateChanged(replace(state, conditions=kept, silent=silent)))
    for alarm in state.alarms.values():
        if alarm.rule in watching:
            continue
        draft.run(AlarmChanged(replace(alarm, cleared_ms=now_ms)))
        rule = former.get(alarm.rule) or draft.rule(alarm.rule)
        if alarm.felt:
            spec = rule.spec if rule else None
            draft.run(Hush(alarm=alarm, spec=spec, now_ms=now_ms))
    if draft.kind(state.device.kind).alerts_alone:
        draft.run(RulesChanged(device=device, alert_rules=alert_rules(thresholds)))


def _begin(draft: Draft, state: DeviceState, *, now_ms: int) -> None:
    """Have the past end here, and wait for the first reading."""
    for some in draft.thresholds(state.device.id).values():
        for threshold in some:
            condition = state.conditions.get(threshold.rule)
            if condition is not None:
                draft.run(
                    Checkpoint(rule=threshold.rule, device=threshold.device, condition=condition)
                )
            if threshold.spec.no_data_s is not None:
                draft.run(silence_timer(threshold, now_ms))


def part_with(draft: Draft, gone: DeviceState, *, now_ms: int) -> None:
    """End what is open of a device that was shut out and is no longer in memory."""
    for command in gone.commands.values():
        revoked = moved(command, CommandStatus.CANCELLED, SHUT_OUT, now_ms)
        draft.run(CommandChanged(revoked))
    for alarm in gone.alarms.values():
        draft.run(AlarmChanged(replace(alarm, cleared_ms=now_ms)))
