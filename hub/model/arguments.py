"""Whether a command takes these arguments, as far as its description can tell."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from hub.errors import InvalidInputError
from hub.model.devices import CommandSpec


def check_arguments(spec: CommandSpec, args: Mapping[str, object]) -> None:
    """Do nothing where the command has these arguments, and they are of their types.

    A type that is the device's own word is not looked at.

    Raises:
        InvalidInputError: one is not known, or of another type.
    """
    types = {argument.name: argument.type for argument in spec.arguments}
    for name, value in args.items():
        if name not in types:
            known = ", ".join(types) or "no arguments"
            message = f"{spec.name} does not take {name[:64]!r}; it takes: {known}"
            raise InvalidInputError(message)
        fits = _FITS.get(types[name])
        if fits is not None and not fits(value):
            message = f"{name} of {spec.name} is of type {types[name]}, not {str(value)[:40]!r}"
            raise InvalidInputError(message)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_integer(value: object) -> bool:
    """JSON has one number type: 3.0 is the integer 3."""
    if isinstance(value, float):
        return value.is_integer()
    return isinstance(value, int) and not isinstance(value, bool)


_FITS: Mapping[str, Callable[[object], bool]] = MappingProxyType(
    {
        "string": lambda value: isinstance(value, str),
        "integer": _is_integer,
        "number": _is_number,
        "boolean": lambda value: isinstance(value, bool),
        "object": lambda value: isinstance(value, Mapping),
        "array": lambda value: isinstance(value, list | tuple),
    }
)
