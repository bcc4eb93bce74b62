"""Whether a property may be set to a value: one check for people, links and scenes."""

from typing import TypeGuard

from hub.errors import InvalidInputError
from hub.model.devices import DeviceKind, Property, Value, ValueType

LARGEST = 2**53
"""The largest number that every reader of JSON keeps exactly."""


def check_settable(kind: DeviceKind, name: str, value: Value | None) -> None:
    """Do nothing where the kind's property may be set so; None takes a wish back.

    Raises:
        InvalidInputError: it cannot be set, or takes other values.
    """
    spec = kind.properties.get(name)
    if spec is None or not spec.settable:
        settable = ", ".join(sorted(p.name for p in kind.properties.values() if p.settable))
        message = f"{name[:64]!r} cannot be set on a {kind.name}; settable: {settable or 'nothing'}"
        raise InvalidInputError(message)
    if value is not None and not fits(spec, value):
        message = f"{name} takes {expected(spec)}"
        raise InvalidInputError(message)


def fits(spec: Property, value: Value) -> bool:
    """Return whether the property can have this value, type and range."""
    match spec.type:
        case ValueType.BOOLEAN:
            return isinstance(value, bool)
        case ValueType.STRING:
            return (
                isinstance(value, str)
                and len(value) <= spec.max_length
                and (not spec.choices or value in spec.choices)
            )
        case ValueType.INTEGER:
            return _is_number(value) and _is_whole(value) and _in_range(spec, value)
        case ValueType.NUMBER:
            return _is_number(value) and _in_range(spec, value)


def _is_number(value: Value) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_whole(value: float) -> bool:
    return isinstance(value, int) or value.is_integer()


def _in_range(spec: Property, value: float) -> bool:
    minimum = -LARGEST if spec.minimum is None else spec.minimum
    maximum = LARGEST if spec.maximum is None else spec.maximum
    # As it is: an integer may be larger than any float.
    return minimum <= value <= maximum


def expected(spec: Property) -> str:
    """Return in words which values the property takes."""
    if spec.choices:
        return "one of " + ", ".join(spec.choices)
    if spec.type is ValueType.STRING:
        return f"text of at most {spec.max_length} characters"
    if spec.type is ValueType.BOOLEAN:
        return "true or false"
    low = "" if spec.minimum is None else f" from {spec.minimum:g}"
    high = "" if spec.maximum is None else f" up to {spec.maximum:g}"
    return f"a{'n' if spec.type is ValueType.INTEGER else ''} {spec.type.value}{low}{high}"
