"""The JSON in which the records keep what no column is needed for.

Fields are kept by name and those with a default may be missing, so that a database of an older
hub opens. JSON and not msgpack: a number of any size and a NUL in a string survive, in SQLite and
in PostgreSQL, and an operator can read it.
"""

import heapq
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, replace
from typing import Any, Final, Generic, TypeVar, get_type_hints

import msgspec

from hub.model import (
    Alarm,
    Command,
    Condition,
    DeadLetter,
    Device,
    DeviceEvent,
    DeviceState,
    Ladder,
    Person,
    Rule,
)

T = TypeVar("T")

BOOTS_KEPT: Final = 8
"""Boots of a device whose sequences are remembered: the most recently seen."""

_ELSEWHERE: Final = frozenset({"device", "person", "alarms", "commands"})
"""What a device's state takes from tables of its own."""


def _plain(value: object) -> object:
    """Return a mapping of any make as the `dict` that msgspec knows."""
    if isinstance(value, Mapping):
        return dict(value)
    message = f"{type(value).__name__} has no place in the records"
    raise NotImplementedError(message)


_encoder: Final = msgspec.json.Encoder(enc_hook=_plain)


class Payload(Generic[T]):
    """Writes and reads the values of one class."""

    def __init__(self, of: type[T]) -> None:
        self._decoder = msgspec.json.Decoder(of)

    def encode(self, value: T) -> str:
        return _encoder.encode(value).decode()

    def decode(self, text: str) -> T:
        return self._decoder.decode(text)


alarm: Final = Payload(Alarm)
command: Final = Payload(Command)
condition: Final = Payload(Condition)
dead_letter: Final = Payload(DeadLetter)
event: Final = Payload(DeviceEvent)
rule: Final = Payload(Rule)


def _kept_field(field: Field[Any], kind: object) -> tuple[str, Any, Any]:
    if field.default_factory is MISSING:
        return field.name, kind, field.default
    return field.name, kind, msgspec.field(default_factory=field.default_factory)


_kept: Final = [field for field in fields(DeviceState) if field.name not in _ELSEWHERE]
_hints: Final = get_type_hints(DeviceState)
_Kept: Final = msgspec.defstruct(
    "Kept", [_kept_field(field, _hints[field.name]) for field in _kept]
)
_names: Final = tuple(field.name for field in _kept)
_state_decoder: Final = msgspec.json.Decoder(_Kept)


def encode_state(state: DeviceState) -> str:
    """Return what must survive of the state and has no table of its own."""
    kept = {name: getattr(state, name) for name in _names}
    if len(state.sequences) > BOOTS_KEPT:
        newest = heapq.nlargest(BOOTS_KEPT, state.sequences.items(), key=lambda s: s[1].seen_ms)
        kept["sequences"] = dict(newest)
    return _encoder.encode(kept).decode()


def decode_state(
    text: str | None,
    *,
    device: Device,
    person: Person | None,
    alarms: Mapping[str, Alarm],
    commands: Mapping[str, Command],
) -> DeviceState:
    """Return the whole state again; `text` is None for a device that was never heard."""
    kept = {} if text is None else msgspec.structs.asdict(_state_decoder.decode(text))
    if "twin" in kept:
        _share(kept["twin"].desired)
    return DeviceState(device=device, person=person, alarms=alarms, commands=commands, **kept)


def decode_rule(text: str) -> Rule:
    """Return the rule, with one ladder for all that have the same: nearly all have."""
    made = rule.decode(text)
    ladder = _ladders.setdefault(made.spec.ladder, made.spec.ladder)
    return replace(made, spec=replace(made.spec, ladder=ladder))


def _share(desired: Mapping[str, Any]) -> None:
    """Let the equal ladders that devices are asked to keep be one object, as in `decode_rule`."""
    for value in desired.values():
        for item in value if isinstance(value, list) else ():
            spec: dict[str, Any] = item.get("spec", {}) if isinstance(item, dict) else {}
            for name in _SHARED & spec.keys():
                spec[name] = _plain_parts.setdefault(_encoder.encode(spec[name]), spec[name])


_SHARED: Final = frozenset({"ladder", "levels"})
_ladders: Final[dict[Ladder, Ladder]] = {}
_plain_parts: Final[dict[bytes, object]] = {}
