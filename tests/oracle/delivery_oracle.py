"""Delivery: which of the record's changes touch somebody, and what the wrist is told.

The hub of this oracle is ideal: what may be sent is sent at once. Everything that arrives at one
`received_ms` is one instant, so a touch is not yet sent when a newer one of its instant comes.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from tests.oracle.record_oracle import Entry, ReadingTuple, RuleParameters, expected_alarms

AHEAD_MS = 5 * 60_000
BEHIND_MS = 31 * 86_400_000
AMENDED_MS = 7 * 86_400_000
FELT = ("opened", "climbed", "repeated", "eased")


class Arrival(NamedTuple):
    """A reading as the hub received it; give them in the order of arrival."""

    received_ms: int
    at_ms: int
    value: float
    worn: bool = True


class Act(NamedTuple):
    """What a person did, in the hub's time, about the alarm that was active then."""

    now_ms: int
    until_ms: int | None = None
    """End of a snooze; None is an acknowledgement."""


class ExpectedCommand(NamedTuple):
    name: str
    """`alert` or `alert_end`."""
    device: str
    since_ms: int
    """Start of the alarm's crossing."""
    change: str
    at_ms: int
    """Time of the reading that caused it."""
    issued_ms: int
    """Hub time at which that reading was received."""
    status: str
    """`sent`, `cancelled` or `expired`."""
    sent_ms: int | None
    args: Mapping[str, Any]
    """`step` from 1, `haptic` and `sound` as the wrist feels and plays them; no id, no text."""


class Silence(NamedTuple):
    """An act, with the alarm it was about and the level that alarm had."""

    act: Act
    since_ms: int
    level: int


class Heard(NamedTuple):
    """A change caused by a reading that was the newest when it came."""

    received_ms: int
    since_ms: int
    entry: Entry


def answering(
    rule: RuleParameters, *, device: str, able: Sequence[str], of_person: Sequence[str]
) -> list[str]:
    """Return the devices that an alert goes to; `able` are those that can vibrate or sound."""
    if rule.get("responders"):
        return list(rule["responders"])
    if device in able:
        return [device]
    return [name for name in of_person if name in able]


def readings_that_count(arrivals: Iterable[Arrival]) -> list[ReadingTuple]:
    """Return what reaches the record: good, no far-off clocks, nothing more than a week late."""
    return [(a.at_ms, a.value, a.worn) for a in _counting(arrivals)]


def expected_commands(
    rule: RuleParameters,
    arrivals: Iterable[Arrival],
    *,
    acts: Sequence[Act] = (),
    responders: Sequence[str] = ("wrist",),
    touch_gap_s: float = 3.0,
) -> list[ExpectedCommand]:
    """Return every command in order of issue, those that were never sent included."""
    counting = _counting(arrivals)
    heard = _heard(rule, counting)
    silences = _silences(rule, counting, acts)
    commands: list[ExpectedCommand] = []
    for since_ms in dict.fromkeys(change.since_ms for change in heard):
        changes = [change for change in heard if change.since_ms == since_ms]
        about = [silence for silence in silences if silence.since_ms == since_ms]
        ends = [change for change in changes if change.entry.change == "cleared"]
        stops = [end.received_ms for end in ends] + [silence.act.now_ms for silence in about]
        touches = _touches(rule, changes, about)
        sent = _paced(rule, touches, stops=stops, gap_ms=touch_gap_s * 1000)
        commands += sent
        if any(command.status == "sent" for command in sent):
            commands += [_end(end) for end in ends]
        commands += [
            _answered(silence)
            for silence in about
            if any(c.status == "sent" and c.issued_ms <= silence.act.now_ms for c in sent)
        ]
    commands.sort(key=lambda command: command.issued_ms)
    return [command._replace(device=name) for command in commands for name in responders]


def _counting(arrivals: Iterable[Arrival]) -> list[Arrival]:
    counting: dict[int, Arrival] = {}
    newest_ms = 0
    for arrival in arrivals:
        right = -AHEAD_MS <= arrival.received_ms - arrival.at_ms <= BEHIND_MS
        in_time = newest_ms - arrival.at_ms <= AMENDED_MS
        if arrival.worn and right and in_time and arrival.at_ms not in counting:
            counting[arrival.at_ms] = arrival
            newest_ms = max(newest_ms, arrival.at_ms)
    return list(counting.values())


def _heard(rule: RuleParameters, counting: Sequence[Arrival]) -> list[Heard]:
    """Return the changes whose readings were the newest, as they looked at that moment."""
    heard: list[Heard] = []
    for known, stretch in _stretches(counting):
        received = {arrival.at_ms: arrival.received_ms for arrival in stretch}
        heard += [
            Heard(received[entry.at_ms], alarm.since_ms, entry)
            for alarm in expected_alarms(rule, [(a.at_ms, a.value, True) for a in known])
            for entry in alarm.entries
            if entry.at_ms in received
        ]
    return heard


def _stretches(
    counting: Sequence[Arrival],
) -> Iterator[tuple[Sequence[Arrival], Sequence[Arrival]]]:
    """Return (all known at its end, arrivals each newer than all before) for every such stretch.

    A reading changes no entry older than itself, so one look at the end of a stretch shows what
    every look inside it would have.
    """
    newest_ms = -1
    stretch: list[Arrival] = []
    for index, arrival in enumerate(counting):
        if arrival.at_ms > newest_ms:
            stretch.append(arrival)
            newest_ms = arrival.at_ms
        elif stretch:
            yield counting[:index], stretch
            stretch = []
    if stretch:
        yield counting, stretch


def _silences(
    rule: RuleParameters, counting: Sequence[Arrival], acts: Sequence[Act]
) -> list[Silence]:
    def known_at(now_ms: int) -> list[ReadingTuple]:
        return [(a.at_ms, a.value, True) for a in counting if a.received_ms <= now_ms]

    return [
        Silence(act, alarm.since_ms, max(alarm.entries[-1].level, 0))
        for act in acts
        for alarm in expected_alarms(rule, known_at(act.now_ms))[-1:]
        if alarm.cleared_ms is None
    ]


def _touches(
    rule: RuleParameters, changes: Sequence[Heard], silences: Sequence[Silence]
) -> list[Heard]:
    freshness_ms = rule.get("freshness_s", 30) * 1000
    return [
        change
        for place, change in enumerate(changes)
        if change.entry.change in FELT
        and change.received_ms - change.entry.at_ms <= freshness_ms
        and _within(rule.get("schedule"), rule.get("time_zone", "UTC"), change.received_ms)
        and not any(_silent(silence, changes[: place + 1]) for silence in silences)
    ]


def _silent(silence: Silence, changes: Sequence[Heard]) -> bool:
    """Say whether the last of the changes falls into the silence."""
    now_ms = changes[-1].received_ms
    if now_ms < silence.act.now_ms:
        return False
    if silence.act.until_ms is not None:
        return now_ms < silence.act.until_ms
    return changes[-1].entry.level <= silence.level


def _within(schedule: Mapping[str, Any] | None, time_zone: str, now_ms: int) -> bool:
    if schedule is None:
        return True
    local = datetime.fromtimestamp(now_ms / 1000, ZoneInfo(time_zone))
    minute, days = local.hour * 60 + local.minute, schedule["days"]
    start, end = schedule["start_minute"], schedule["end_minute"]
    if start <= end:
        return local.weekday() in days and start <= minute < end
    this_evening = local.weekday() in days and minute >= start
    since_last_evening = (local.weekday() - 1) % 7 in days and minute < end
    return this_evening or since_last_evening


def _paced(
    rule: RuleParameters, touches: Sequence[Heard], *, stops: Sequence[int], gap_ms: float
) -> list[ExpectedCommand]:
    """Return the touches of one alarm with what became of each."""
    commands: list[ExpectedCommand] = []
    due_from_ms = 0.0
    for place, touch in enumerate(touches):
        due_ms = max(touch.received_ms, due_from_ms)
        stale_ms = touch.entry.at_ms + rule.get("freshness_s", 30) * 1000
        newer = [later.received_ms for later in touches[place + 1 : place + 2]]
        stopped = [stop for stop in stops if stop >= touch.received_ms]
        if min([*newer, *stopped], default=due_ms + 1) <= min(due_ms, stale_ms):
            status = "cancelled"
        else:
            status = "sent" if due_ms <= stale_ms else "expired"
        if status == "sent":
            due_from_ms = due_ms + gap_ms
        commands.append(_alert(rule, touch, status=status, sent_ms=int(due_ms)))
    return commands


def _alert(rule: RuleParameters, touch: Heard, *, status: str, sent_ms: int) -> ExpectedCommand:
    step = rule["ladder"]["steps"][touch.entry.step]
    haptic, sound = dict(step["haptic"]), dict(step["sound"])
    haptic["amplitude"] = min(haptic["amplitude"], rule.get("max_amplitude", 1))
    sound["volume"] = min(sound["volume"], rule.get("max_volume", 1))
    args: dict[str, Any] = {"step": touch.entry.step + 1}
    mode = rule.get("mode", "both")
    args |= {} if mode == "sound" else {"haptic": haptic}
    args |= {} if mode == "touch" else {"sound": sound}
    sent = sent_ms if status == "sent" else None
    return _command("alert", touch, status=status, sent_ms=sent, args=args)


def _end(change: Heard) -> ExpectedCommand:
    return _command("alert_end", change, status="sent", sent_ms=change.received_ms, args={})


def _answered(silence: Silence) -> ExpectedCommand:
    """Return the end of what is felt, when a person acknowledges or snoozes."""
    act = silence.act
    return ExpectedCommand(
        name="alert_end",
        device="",
        since_ms=silence.since_ms,
        change="acknowledged" if act.until_ms is None else "snoozed",
        at_ms=act.now_ms,
        issued_ms=act.now_ms,
        status="sent",
        sent_ms=act.now_ms,
        args={},
    )


def _command(
    name: str, change: Heard, *, status: str, sent_ms: int | None, args: Mapping[str, Any]
) -> ExpectedCommand:
    return ExpectedCommand(
        name=name,
        device="",
        since_ms=change.since_ms,
        change=change.entry.change,
        at_ms=change.entry.at_ms,
        issued_ms=change.received_ms,
        status=status,
        sent_ms=sent_ms,
        args=args,
    )
