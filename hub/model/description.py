"""What a device that nobody wrote a file for says of itself, read into a `DeviceKind`.

The text comes from a device: every name is checked, every list is bounded.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence

import msgspec

from hub.errors import InvalidInputError
from hub.model.devices import (
    Argument,
    Capability,
    CommandSpec,
    DeviceKind,
    Property,
    ValueType,
)

UNDESCRIBED = "described"
"""The kind of a device that has yet to say what it is."""
MAX_CAPABILITIES = 30
MAX_PROPERTIES = 100
"""Fields of one measurement."""
MAX_EVENTS = 100
MAX_COMMANDS = 50
MAX_CHOICES = 64
MAX_TEXT = 256
RESERVED = frozenset({"received", "quality", "time", "device"})
"""What the series keeps beside the properties."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}\Z", re.ASCII)
_UNIT = re.compile(r"[!-~]{0,32}\Z", re.ASCII)


class _Title(msgspec.Struct, forbid_unknown_fields=True):
    en: str = ""
    ko: str = ""


class _Property(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    type: ValueType = ValueType.NUMBER
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    choices: list[str] = []
    max_length: int = MAX_TEXT
    settable: bool = False
    max_rate: float | None = None
    needs: str | None = None
    title: _Title = msgspec.field(default_factory=_Title)


class _Argument(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    type: str = "string"
    description: str = ""


class _Command(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    description: str = ""
    arguments: list[_Argument] = []


class _Capability(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    properties: list[_Property] = []
    events: list[str] = []
    commands: list[_Command] = []


class _Form(msgspec.Struct, forbid_unknown_fields=True):
    kind: str
    capabilities: list[_Capability]
    title: _Title = msgspec.field(default_factory=_Title)


def described_kind(content: object) -> DeviceKind:
    """Return the kind that the description, plain JSON values, speaks of.

    Raises:
        InvalidInputError: what is wrong with it, and where.
    """
    try:
        form = msgspec.convert(content, _Form)
    except msgspec.ValidationError as error:
        message = f"the description does not fit: {error}"
        raise InvalidInputError(message) from None
    _bound(form)
    kind = DeviceKind(
        name=_name(form.kind, "kind"),
        title_en=_text(form.title.en) or form.kind,
        title_ko=_text(form.title.ko) or _text(form.title.en) or form.kind,
        capabilities=tuple(_capability(one) for one in form.capabilities),
    )
    _needs_are_there(kind)
    return kind


def fingerprint(kind: DeviceKind) -> str:
    """Return the same for the same description, whatever the order of its JSON: 64 hex digits."""
    canonical = msgspec.json.encode(kind, order="sorted")
    return hashlib.sha256(canonical).hexdigest()


def fits_series_of(newer: DeviceKind, older: DeviceKind) -> bool:
    """Return whether `newer` has all of `older`, each property with its old type and unit.

    Then the readings of both can be one measurement: a field never changes its type.
    """
    kept = all(
        name in newer.properties and _field(newer.properties[name]) == _field(spec)
        for name, spec in older.properties.items()
    )
    return kept and older.events <= newer.events and older.commands.keys() <= newer.commands.keys()


def _field(spec: Property) -> tuple[ValueType, str]:
    return spec.type, spec.unit


def _bound(form: _Form) -> None:
    capabilities = form.capabilities
    _most(capabilities, MAX_CAPABILITIES, "capabilities")
    properties = [one for capability in capabilities for one in capability.properties]
    events = [event for capability in capabilities for event in capability.events]
    commands = [command for capability in capabilities for command in capability.commands]
    _most(properties, MAX_PROPERTIES, "properties")
    _most(events, MAX_EVENTS, "events")
    _most(commands, MAX_COMMANDS, "commands")
    _once((one.name for one in capabilities), "capability")
    _once((one.name for one in properties), "property")
    _once(events, "event")
    _once((one.name for one in commands), "command")
    if form.kind == UNDESCRIBED:
        message = f"kind: {UNDESCRIBED!r} is the name of what has not described itself"
        raise InvalidInputError(message)


def _capability(form: _Capability) -> Capability:
    return Capability(
        name=_name(form.name, "capability"),
        properties=tuple(_property(one) for one in form.properties),
        events=tuple(_name(event, "event") for event in form.events),
        commands=tuple(_command(one) for one in form.commands),
    )


def _command(form: _Command) -> CommandSpec:
    _most(form.arguments, MAX_CHOICES, f"arguments of {form.name}")
    return CommandSpec(
        name=_name(form.name, "command"),
        description=_text(form.description),
        arguments=tuple(
            Argument(
                name=_name(one.name, "argument"),
                type=_text(one.type),
                description=_text(one.description),
            )
            for one in form.arguments
        ),
    )


def _property(form: _Property) -> Property:
    name = _name(form.name, "property")
    _most(form.choices, MAX_CHOICES, f"choices of {name}")
    if name in RESERVED:
        message = f"property {name!r}: the series keeps something else under this name"
    elif not _UNIT.match(form.unit):
        message = f"property {name}: the unit is a UCUM code of up to 32 characters"
    elif None not in (form.minimum, form.maximum) and not form.minimum <= form.maximum:  # type: ignore[operator]  # mypy does not see through the tuple
        message = f"property {name}: its minimum is above its maximum"
    elif form.choices and form.type is not ValueType.STRING:
        message = f"property {name}: only a string has choices"
    elif not 1 <= form.max_length <= MAX_TEXT:
        message = f"property {name}: max_length is between 1 and {MAX_TEXT}"
    elif form.max_rate is not None and form.max_rate <= 0:
        message = f"property {name}: max_rate is above 0"
    else:
        return Property(
            name=name,
            type=form.type,
            unit=form.unit,
            minimum=form.minimum,
            maximum=form.maximum,
            choices=tuple(_text(choice) for choice in form.choices),
            max_length=form.max_length,
            settable=form.settable,
            max_rate=form.max_rate,
            needs=form.needs,
            title_en=_text(form.title.en),
            title_ko=_text(form.title.ko),
        )
    raise InvalidInputError(message)


def _needs_are_there(kind: DeviceKind) -> None:
    for name, needed in kind.needs.items():
        spec = kind.properties.get(needed)
        if spec is None or spec.type is not ValueType.BOOLEAN:
            message = f"property {name}: it needs {needed[:40]!r}, which is no boolean of this kind"
            raise InvalidInputError(message)


def _name(text: str, what: str) -> str:
    if _NAME.match(text):
        return text
    message = (
        f"{what} {text[:40]!r}: a name is a lower-case letter, then up to 39 lower-case letters, "
        "digits and _"
    )
    raise InvalidInputError(message)


def _text(text: str) -> str:
    if len(text) <= MAX_TEXT and (not text or text.isprintable()):
        return text
    message = f"{text[:40]!r}: texts have up to {MAX_TEXT} characters, none a control character"
    raise InvalidInputError(message)


def _most(items: Sequence[object], limit: int, what: str) -> None:
    if len(items) > limit:
        message = f"{len(items)} {what}; a description has at most {limit}"
        raise InvalidInputError(message)


def _once(names: Iterable[str], what: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            message = f"{what} {name[:40]!r} is there twice"
            raise InvalidInputError(message)
        seen.add(name)
