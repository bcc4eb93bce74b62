"""Turns topic and payload into messages, or into a `Rejected` with its reason.

Untrusted bytes end here. The forms are those of the contract; `hub.kinds.payload_model` says the
same in pydantic, and a property test holds the two equal.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from hub.errors import InvalidInputError
from hub.kinds import MAX_INTEGER, MAX_NAME, MAX_SAMPLES, bounds, is_name
from hub.model import (
    Connection,
    Description,
    DeviceEvent,
    DeviceKind,
    Property,
    Rejected,
    Reply,
    Sample,
    Skipped,
    StateReport,
    StatusReport,
    Topics,
    Value,
    ValueType,
    described_kind,
    fingerprint,
)
from hub.model.made_often import made_often

MAX_PAYLOAD = 128 * 1024
MAX_KEPT = 4096
"""A refused payload up to this size is kept whole, so that it can be tried again."""
MAX_DEPTH = 16
"""Levels of an event's data: what nests deeper could be kept and never be read again."""
DEVICE_SAYS = frozenset({"delivered", "accepted", "succeeded", "rejected", "failed"})
CONNECTIONS = {
    "ready": Connection.READY,
    "sleeping": Connection.SLEEPING,
    "disconnected": Connection.DISCONNECTED,
    "lost": Connection.LOST,
}

_decode = msgspec.json.Decoder().decode

Message = (
    Sample | Skipped | DeviceEvent | StateReport | StatusReport | Reply | Description | Rejected
)
Check = Callable[[Any], Value | None]
"""Returns the value as the property keeps it, or None if it does not fit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """What a device of one kind may say, made ready for the hot path."""

    kind: str
    checks: Mapping[str, Check]
    events: frozenset[str]


def speech(kind: DeviceKind) -> Speech:
    checks = {name: _check(spec) for name, spec in kind.properties.items()}
    return Speech(kind=kind.name, checks=checks, events=kind.events)


@made_often
@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One message of the broker with what intake has to know about its sender."""

    topic: str
    payload: bytes
    retained: bool
    received_ms: int


def decode(
    arrival: Arrival, *, topics: Topics, speech_of: Callable[[str], Speech | None]
) -> Iterable[Message]:
    """Return what the device said; anything that does not fit comes back as `Rejected`.

    `speech_of` gives a device's kind, None for a device that does not exist or was revoked.
    """
    try:
        device, leaf = topics.parse_up(arrival.topic)
    except InvalidInputError as error:
        return (_rejected(arrival, "", str(error)),)
    if not arrival.payload and leaf in _RETAINED:
        # Also of a device revoked a moment ago, whose retained messages the gatekeeper clears.
        return ()
    says = speech_of(device)
    if says is None:
        return (_rejected(arrival, device, "no such device, or it was revoked"),)
    if len(arrival.payload) > MAX_PAYLOAD:
        size = len(arrival.payload)
        reason = f"{size} bytes; a message has at most {MAX_PAYLOAD}"
        return (_rejected(arrival, device, reason),)
    try:
        content = _decode(arrival.payload)
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        return (_rejected(arrival, device, f"not JSON: {error}"),)
    return _LEAVES[leaf](arrival, device, says, content)


def _rejected(
    arrival: Arrival, device: str, reason: str, *, boot: str | None = None, seq: int | None = None
) -> Rejected:
    return Rejected(
        device=device,
        topic=_visible(arrival.topic[:200]),
        received_ms=arrival.received_ms,
        reason=reason[:300],
        payload_hash=hashlib.sha256(arrival.payload).hexdigest(),
        excerpt=_visible(arrival.payload[:200].decode("utf-8", "backslashreplace"))[:200],
        payload=arrival.payload if len(arrival.payload) <= MAX_KEPT else b"",
        boot=boot,
        seq=seq,
    )


def _visible(text: str) -> str:
    """Escape what a terminal or a page would act on instead of showing it."""
    if text.isprintable():
        return text
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text
    )


# ------------------------------------------------------------------------------------- telemetry


def _telemetry(arrival: Arrival, device: str, says: Speech, content: object) -> Iterable[Message]:
    if isinstance(content, dict):
        return _element(arrival, device, says, content)
    if isinstance(content, list):
        if len(content) > MAX_SAMPLES:
            reason = f"{len(content)} samples; an array has at most {MAX_SAMPLES}"
            return (_rejected(arrival, device, reason),)
        return _elements(arrival, device, says, content)
    return (_rejected(arrival, device, "neither an object nor an array of objects"),)


def _elements(
    arrival: Arrival, device: str, says: Speech, content: list[object]
) -> Iterator[Message]:
    for element in content:
        if isinstance(element, dict):
            yield from _element(arrival, device, says, element)
        else:
            yield _rejected(arrival, device, "an element of the array is not an object")


def _element(arrival: Arrival, device: str, says: Speech, element: dict[str, Any]) -> list[Message]:
    if "values" not in element and "skipped" not in element:
        return _sample(arrival, device, says, element, at_ms=None, boot=None, seq=None)
    boot, seq = element.get("boot"), element.get("seq")
    problem = _numbering_problem(boot, seq)
    if problem is not None:
        return [_rejected(arrival, device, problem)]
    if "skipped" in element:
        if (
            element["skipped"] is True
            and boot is not None
            and seq is not None
            and element.keys() == _SKIP_KEYS
        ):
            return [Skipped(device=device, boot=boot, seq=seq)]
        reason = 'to skip is {"boot": "…", "seq": n, "skipped": true}'
        return [_rejected(arrival, device, reason, boot=boot, seq=seq)]
    values, at_ms = element["values"], element.get("ts")
    if not isinstance(values, dict) or not element.keys() <= _ELEMENT_KEYS:
        reason = 'expected {"ts", "values": {…}, "seq", "boot"} and nothing else'
    elif at_ms is not None and not _is_integer(at_ms):
        reason = "ts is not an integer of ms since 1970"
    else:
        return _sample(arrival, device, says, values, at_ms=at_ms, boot=boot, seq=seq)
    return [_rejected(arrival, device, reason, boot=boot, seq=seq)]


def _sample(  # noqa: PLR0913 - the hot path; an object for these would cost what it saves
    arrival: Arrival,
    device: str,
    says: Speech,
    values: dict[str, Any],
    *,
    at_ms: int | None,
    boot: str | None,
    seq: int | None,
) -> list[Message]:
    """Check each value by itself: one bad value is rejected alone."""
    if at_ms is None and arrival.retained:
        reason = "a copy that the broker had kept, without a time: nobody knows how old it is"
        return [_rejected(arrival, device, reason, boot=boot, seq=seq)]
    checks = says.checks
    kept: dict[str, Value] = {}
    messages: list[Message] = []
    for name, value in values.items():
        check = checks.get(name)
        fitting = None if check is None else check(value)
        if fitting is not None:
            kept[name] = fitting
        elif check is None or value is not None:
            reason = _why_not(says, name, value)
            messages.append(_rejected(arrival, device, reason, boot=boot, seq=seq))
    if kept or (seq is not None and not messages):
        received_ms = arrival.received_ms
        timed = at_ms is not None
        taken_ms = received_ms if at_ms is None else at_ms
        # Before what was refused of it: whatever comes first of a numbered element is its receipt.
        messages.insert(
            0, Sample(device, says.kind, taken_ms, received_ms, kept, boot or "", seq, timed)
        )
    return messages


_ELEMENT_KEYS = {"ts", "values", "seq", "boot"}
_SKIP_KEYS = {"boot", "seq", "skipped"}


def _is_integer(value: object) -> bool:
    return value.__class__ is int and -MAX_INTEGER <= value <= MAX_INTEGER


def _numbering_problem(boot: object, seq: object) -> str | None:
    if boot is not None and not is_name(boot):
        return f"boot is not a string of at most {MAX_NAME} characters without control characters"
    if seq is not None and not (_is_integer(seq) and seq > 0):  # type: ignore[operator]
        return "seq is not an integer from 1"
    return None


def _why_not(says: Speech, name: str, value: object) -> str:
    if name not in says.checks:
        return f"a {says.kind} has no property {name[:64]!r}"
    return f"{name} does not take {_short(value)}; see its type and range in /kinds"


def _short(value: object) -> str:
    """Name a value without walking a deep one or printing a huge one."""
    if isinstance(value, str):
        return repr(value[:64])
    if isinstance(value, float | bool) or (isinstance(value, int) and abs(value) < 1 << 64):
        return str(value)
    return f"this {type(value).__name__}"


def _check(spec: Property) -> Check:
    match spec.type:
        case ValueType.NUMBER:
            return _number_check(spec)
        case ValueType.INTEGER:
            return _integer_check(spec)
        case ValueType.BOOLEAN:
            return _boolean
        case ValueType.STRING:
            return _string_check(spec)


def _number_check(spec: Property) -> Check:
    low, high = bounds(spec)

    def check(value: Any) -> float | None:  # noqa: ANN401 - anything may arrive
        kind = value.__class__
        if (kind is float or kind is int) and low <= value <= high:
            return float(value)
        return None

    return check


def _integer_check(spec: Property) -> Check:
    low, high = bounds(spec)

    def check(value: Any) -> int | None:  # noqa: ANN401 - anything may arrive
        if value.__class__ is float and value.is_integer():
            value = int(value)
        return value if value.__class__ is int and low <= value <= high else None

    return check


def _boolean(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _string_check(spec: Property) -> Check:
    choices = frozenset(spec.choices)
    longest = spec.max_length

    def check(value: object) -> str | None:
        fits = isinstance(value, str) and (value in choices if choices else len(value) <= longest)
        return value if fits else None  # type: ignore[return-value]

    return check


# ------------------------------------------------------------------------------- everything else


def _event(arrival: Arrival, device: str, says: Speech, content: object) -> Iterable[Message]:
    if not isinstance(content, dict):
        return (_rejected(arrival, device, "an event is an object"),)
    identity, kind = content.get("id"), content.get("type")
    at_ms, data = content.get("ts"), content.get("data", {})
    if not identity or not is_name(identity):
        reason = f"an event needs an id of at most {MAX_NAME} characters, none a control character"
    elif not isinstance(kind, str) or kind not in says.events:
        reason = f"a {says.kind} has no event {_short(kind)}"
    elif at_ms is not None and not _is_integer(at_ms):
        reason = "ts is not an integer of ms since 1970"
    elif not isinstance(data, dict) or _deeper_than(MAX_DEPTH, data):
        reason = f"an event's data is an object of at most {MAX_DEPTH} levels"
    else:
        return (
            DeviceEvent(
                device=device,
                id=identity,
                at_ms=arrival.received_ms if at_ms is None else at_ms,
                received_ms=arrival.received_ms,
                type=kind,
                data=data,
            ),
        )
    return (_rejected(arrival, device, reason),)


def _deeper_than(levels: int, value: object) -> bool:
    level = [value]
    for _ in range(levels):
        nested = [item for item in level if isinstance(item, dict | list)]
        if not nested:
            return False
        level = [
            child
            for item in nested
            for child in (item.values() if isinstance(item, dict) else item)
        ]
    return any(isinstance(item, dict | list) for item in level)


def _state(arrival: Arrival, device: str, says: Speech, content: object) -> Iterable[Message]:
    values = content.get("values") if isinstance(content, dict) else None
    revision = content.get("revision", 0) if isinstance(content, dict) else None
    if not isinstance(values, dict) or not _is_integer(revision):
        return (_rejected(arrival, device, 'expected {"values": {…}, "revision": n}'),)
    kept: dict[str, Value] = {}
    messages: list[Message] = []
    for name, value in values.items():
        check = says.checks.get(name)
        fitting = None if check is None else check(value)
        if fitting is None:
            messages.append(_rejected(arrival, device, _why_not(says, name, value)))
        else:
            kept[name] = fitting
    messages.append(
        StateReport(
            device=device,
            values=kept,
            revision=revision,  # type: ignore[arg-type]
            received_ms=arrival.received_ms,
            retained=arrival.retained,
        )
    )
    return messages


def _status(arrival: Arrival, device: str, _: Speech, content: object) -> Iterable[Message]:
    word = content.get("status") if isinstance(content, dict) else None
    connection = CONNECTIONS.get(word) if isinstance(word, str) else None
    if connection is None:
        return (_rejected(arrival, device, f"status is one of {', '.join(CONNECTIONS)}"),)
    return (
        StatusReport(
            device=device,
            connection=connection,
            received_ms=arrival.received_ms,
            retained=arrival.retained,
        ),
    )


def _reply(arrival: Arrival, device: str, _: Speech, content: object) -> Iterable[Message]:
    if not isinstance(content, dict):
        return (_rejected(arrival, device, "a reply is an object"),)
    command, status, why = content.get("id"), content.get("status"), content.get("reason", "")
    if not command or not is_name(command):
        return (_rejected(arrival, device, "a reply names the command's id"),)
    if not (isinstance(status, str) and status in DEVICE_SAYS and isinstance(why, str)):
        reason = f"a reply's status is one of {', '.join(sorted(DEVICE_SAYS))}"
        return (_rejected(arrival, device, reason),)
    return (
        Reply(
            device=device,
            command=command,
            status=status,
            reason=why[:300],
            received_ms=arrival.received_ms,
        ),
    )


def _description(arrival: Arrival, device: str, _: Speech, content: object) -> Iterable[Message]:
    try:
        kind = described_kind(content)
    except InvalidInputError as error:
        return (_rejected(arrival, device, str(error)),)
    return (
        Description(
            device=device,
            kind=kind,
            fingerprint=fingerprint(kind),
            received_ms=arrival.received_ms,
        ),
    )


_RETAINED = frozenset({"state", "status", "description"})
_LEAVES = {
    "telemetry": _telemetry,
    "event": _event,
    "state": _state,
    "status": _status,
    "reply": _reply,
    "description": _description,
}
