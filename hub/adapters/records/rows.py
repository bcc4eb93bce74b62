"""From the vocabulary to rows and back."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, fields
from typing import Any, Final

from sqlalchemy import Row

from hub.adapters.records import payloads, shelves, spool
from hub.model import (
    Alarm,
    Amendment,
    Checkpoint,
    Command,
    DeadLetter,
    Device,
    DeviceEvent,
    Group,
    Person,
    Rule,
    Sample,
    Timer,
)
from hub.ports import Credential

Record = Mapping[str, Any]

CHECKPOINTS_KEPT_MS: Final = 8 * 86_400_000
"""Records are computed again up to seven days back; a checkpoint before that is of no use."""


def group(
    written: Group, *, revisions: Mapping[tuple[str, str], int]
) -> Iterator[tuple[str, list[Record]]]:
    """Return (statement's name, its rows) of everything but samples and states, in order.

    What is ended comes first, so that a timer ended and set in one group is set. `revisions`:
    (rule, device) -> revision of the amendment that was handed out for work.
    """
    yield "end_rule", [{"id": rule} for rule in written.ended_rules]
    yield "put_rule", [of_rule(rule) for rule in written.rules]
    yield "end_timer", [{"id": timer} for timer in written.ended_timers]
    yield "put_timer", [of_timer(timer) for timer in written.timers]
    yield "end_amendment", [_ended(done, revisions=revisions) for done in written.ended_amendments]
    yield "put_amendment", [of_amendment(amendment) for amendment in written.amendments]
    yield "void_checkpoints", [_voided(checkpoint) for checkpoint in written.checkpoints]
    yield "put_checkpoint", [of_checkpoint(kept) for kept in _lasting(written.checkpoints)]
    yield "put_alarm", [of_alarm(alarm) for alarm in written.alarms]
    yield "put_command", [of_command(command) for command in written.commands]
    yield "add_event", [of_event(event) for event in written.events]
    yield "add_dead_letter", [of_dead_letter(letter) for letter in written.dead_letters]
    yield from shelves.of_group(written)


def states(written: Group) -> list[tuple[str, str]]:
    """Return (device, payload) of every state."""
    return [(device, payloads.encode_state(state)) for device, state in written.states.items()]


def of_alarm(alarm: Alarm) -> Record:
    return {
        "id": alarm.id,
        "rule": alarm.rule,
        "device": alarm.device,
        "opened_ms": alarm.opened_ms,
        "cleared_ms": alarm.cleared_ms,
        "active": alarm.active,
        "withdrawn": alarm.withdrawn,
        "payload": payloads.alarm.encode(alarm),
    }


def of_command(command: Command) -> Record:
    return {
        "id": command.id,
        "device": command.device,
        "final": command.status.final,
        "payload": payloads.command.encode(command),
    }


def of_event(event: DeviceEvent) -> Record:
    return {
        "device": event.device,
        "id": event.id,
        "at_ms": event.at_ms,
        "payload": payloads.event.encode(event),
    }


def of_dead_letter(letter: DeadLetter) -> Record:
    return {
        "id": letter.id,
        "device": letter.device,
        "at_ms": letter.at_ms,
        "payload": payloads.dead_letter.encode(letter),
    }


def of_rule(rule: Rule) -> Record:
    return {
        "id": rule.id,
        "household": rule.household,
        "payload": payloads.rule.encode(rule),
    }


def of_timer(timer: Timer) -> Record:
    return asdict(timer)


def of_amendment(amendment: Amendment) -> Record:
    return asdict(amendment) | {"revision": 1}


def of_checkpoint(checkpoint: Checkpoint) -> Record:
    return {
        "rule": checkpoint.rule,
        "device": checkpoint.device,
        "head_ms": checkpoint.condition.head_ms,
        "payload": payloads.condition.encode(checkpoint.condition),
    }


def of_samples(samples: tuple[Sample, ...]) -> Record:
    payload, crc32 = spool.encode(samples)
    return {
        "samples": len(samples),
        "received_ms": min(sample.received_ms for sample in samples),
        "crc32": crc32,
        "payload": payload,
    }


def _ended(done: Amendment, *, revisions: Mapping[tuple[str, str], int]) -> Record:
    return asdict(done) | {"revision": revisions.get((done.rule, done.device), _ANY_REVISION)}


def _voided(checkpoint: Checkpoint) -> Record:
    head_ms = checkpoint.condition.head_ms
    return {
        "rule": checkpoint.rule,
        "device": checkpoint.device,
        "head_ms": head_ms,
        "kept_from_ms": head_ms - CHECKPOINTS_KEPT_MS,
    }


def _lasting(checkpoints: tuple[Checkpoint, ...]) -> list[Checkpoint]:
    """Leave out those that a later one of the same group makes void."""
    lasting: dict[tuple[str, str], list[Checkpoint]] = {}
    for checkpoint in checkpoints:
        kept = lasting.setdefault((checkpoint.rule, checkpoint.device), [])
        while kept and kept[-1].condition.head_ms >= checkpoint.condition.head_ms:
            kept.pop()
        kept.append(checkpoint)
    return [checkpoint for kept in lasting.values() for checkpoint in kept]


def of_credential(credential: Credential) -> Record:
    """Return what is kept of the credential: never the token it may carry."""
    return {
        "device": credential.device,
        "salt": credential.salt,
        "iterations": credential.iterations,
        "hash": credential.hash,
    }


def device(row: Row[Any]) -> Device:
    return Device(
        id=row.id,
        kind=row.kind,
        name=row.name,
        household=row.household,
        cell=row.cell,
        via=row.via,
        created_at=row.created_at,
        revoked_at=row.revoked_at,
    )


def person(row: Row[Any], *, key: Callable[[str], str] = str) -> Person:
    """Return the person in the row; `key` names the columns where they have other names."""
    return Person(**{name: getattr(row, key(name)) for name in _PERSON})


_PERSON: Final = tuple(field.name for field in fields(Person))
_ANY_REVISION: Final = 2**63 - 1
