"""Finds device kinds through entry points, and publishes what each may send as JSON Schema."""

import importlib
import logging
import pkgutil
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, RootModel, create_model

from hub.model import DeviceKind, Property, ValueType

logger = logging.getLogger(__name__)

GROUP = "hub.devices"

MAX_SAMPLES = 5000
"""Elements of one `up/telemetry` array."""
MAX_INTEGER = 2**53
"""Largest integer that every JSON reader keeps exactly."""
MAX_NUMBER = 1.7e308
"""Bound of a number without one of its own: what is larger turns infinite on its way."""
MAX_NAME = 64
"""Longest boot id, event id and command id, in characters."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def find_kinds() -> Mapping[str, DeviceKind]:
    """Return the kinds of every entry point of the group `hub.devices`, by name.

    An entry point is a package whose modules each export a `KIND`, or one such module. A broken
    one is named in the log and skipped, so that one bad plug-in does not stop a home.
    """
    kinds: dict[str, DeviceKind] = {}
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        for kind in _kinds_of(point):
            if kind.name in kinds:
                logger.error("Device kind %s is there twice; %s ignored", kind.name, point.value)
            else:
                kinds[kind.name] = kind
    return kinds


def _kinds_of(point: EntryPoint) -> Iterator[DeviceKind]:
    package = _loaded(point.value, point.load)
    if package is None:
        return
    names = [found.name for found in pkgutil.iter_modules(getattr(package, "__path__", ()))]
    paths = [f"{package.__name__}.{name}" for name in names]
    for module in (
        package,
        *(_loaded(path, partial(importlib.import_module, path)) for path in paths),
    ):
        kind = getattr(module, "KIND", None)
        if isinstance(kind, DeviceKind):
            yield kind


def _loaded(name: str, load: Callable[[], ModuleType]) -> ModuleType | None:
    """Return the module, or None where it cannot be loaded: others' code may fail in any way."""
    try:
        return load()
    except Exception:
        logger.exception("Device plug-in %s cannot be loaded; left out", name)
        return None


def is_name(value: object) -> bool:
    """Whether `value` can be a boot, event or command id: short, without control characters."""
    return (
        isinstance(value, str)
        and len(value) <= MAX_NAME
        and (value.isprintable() or not _CONTROL.search(value))
    )


def payload_schema(kind: DeviceKind) -> dict[str, Any]:
    """Return the JSON Schema of what a device of this kind may publish on `up/telemetry`."""
    return payload_model(kind).model_json_schema()


def payload_model(kind: DeviceKind) -> type[RootModel[Any]]:
    """Return the pydantic model of `up/telemetry`; it agrees with the fast decoder of intake."""
    fields: dict[str, Any] = {
        name: (_annotation(spec) | None, Field(default=None, title=spec.title_en or name))
        for name, spec in kind.properties.items()
    }
    strict = ConfigDict(extra="forbid", allow_inf_nan=False, strict=True)
    values = create_model(f"{kind.name}_values", __config__=strict, **fields)
    sample = create_model(
        f"{kind.name}_sample",
        __config__=strict,
        ts=(_Time | None, None),
        values=(values, ...),
        seq=(_Number | None, None),
        boot=(_Name | None, None),
    )
    skipped = create_model(
        f"{kind.name}_skipped",
        __config__=strict,
        boot=(_Name, ...),
        seq=(_Number, ...),
        skipped=(Annotated[Literal[True], BeforeValidator(_boolean)], ...),
    )
    element: Any = sample | skipped | values
    return RootModel[element | Annotated[list[element], Field(max_length=MAX_SAMPLES)]]


def bounds(spec: Property) -> tuple[float, float]:
    """Return the least and the greatest value of a number or an integer, both inclusive."""
    largest = MAX_INTEGER if spec.type is ValueType.INTEGER else MAX_NUMBER
    low = -largest if spec.minimum is None else spec.minimum
    return low, largest if spec.maximum is None else spec.maximum


def _annotation(spec: Property) -> Any:  # noqa: ANN401 - a type expression has no type of its own
    low, high = bounds(spec)
    match spec.type:
        case ValueType.NUMBER:
            return Annotated[float, Field(ge=low, le=high)]
        case ValueType.INTEGER:
            return Annotated[int, BeforeValidator(_whole), Field(ge=low, le=high)]
        case ValueType.BOOLEAN:
            return bool
        case ValueType.STRING if spec.choices:
            return Literal[spec.choices]
        case ValueType.STRING:
            return Annotated[str, Field(max_length=spec.max_length)]


def _whole(value: object) -> object:
    """JSON has one number type: 131.0 is the integer 131."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _boolean(value: object) -> object:
    """Python holds 1 and True equal, JSON does not."""
    if isinstance(value, bool):
        return value
    message = "a boolean"
    raise ValueError(message)


def _named(value: str) -> str:
    if is_name(value):
        return value
    message = f"at most {MAX_NAME} characters, none of them a control character"
    raise ValueError(message)


_Name = Annotated[
    str,
    AfterValidator(_named),
    Field(max_length=MAX_NAME, json_schema_extra={"pattern": r"^[^\u0000-\u001f\u007f]*$"}),
]
_Number = Annotated[int, Field(ge=1, le=MAX_INTEGER)]
_Time = Annotated[int, Field(ge=-MAX_INTEGER, le=MAX_INTEGER)]
