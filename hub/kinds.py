"""Finds device kinds through entry points, and publishes what each may send as JSON Schema."""

import importlib
import logging
import pkgutil
from collections.abc import Iterator, Mapping
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, RootModel, create_model

from hub.errors import InvalidInputError
from hub.model import DeviceKind, Property, ValueType

logger = logging.getLogger(__name__)

GROUP = "hub.devices"

MAX_SAMPLES = 5000
"""Elements of one `up/telemetry` array."""


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
    try:
        module = point.load()
        modules = [module, *_submodules(module)]
    except (ImportError, AttributeError, SyntaxError, TypeError, ValueError, InvalidInputError):
        logger.exception("Device plug-in %s = %s cannot be loaded", point.name, point.value)
        return
    for candidate in modules:
        kind = getattr(candidate, "KIND", None)
        if isinstance(kind, DeviceKind):
            yield kind


def _submodules(package: ModuleType) -> Iterator[ModuleType]:
    for found in pkgutil.iter_modules(getattr(package, "__path__", ())):
        yield importlib.import_module(f"{package.__name__}.{found.name}")


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
        ts=(Annotated[int, Field(ge=-(2**53), le=2**53)] | None, None),
        values=(values, ...),
        seq=(Annotated[int, Field(ge=1, le=2**53)] | None, None),
        boot=(Annotated[str, Field(max_length=64)] | None, None),
    )
    skipped = create_model(
        f"{kind.name}_skipped",
        __config__=strict,
        boot=(Annotated[str, Field(max_length=64)], ...),
        seq=(Annotated[int, Field(ge=1, le=2**53)], ...),
        skipped=(Literal[True], ...),
    )
    element: Any = sample | skipped | values
    return RootModel[element | Annotated[list[element], Field(max_length=MAX_SAMPLES)]]


def _annotation(spec: Property) -> Any:  # noqa: ANN401 - a type expression has no type of its own
    match spec.type:
        case ValueType.NUMBER:
            return Annotated[float, Field(ge=spec.minimum, le=spec.maximum)]
        case ValueType.INTEGER:
            return Annotated[int, BeforeValidator(_whole), Field(ge=spec.minimum, le=spec.maximum)]
        case ValueType.BOOLEAN:
            return bool
        case ValueType.STRING if spec.choices:
            return Literal[spec.choices]
        case ValueType.STRING:
            return Annotated[str, Field(max_length=spec.max_length)]


def _whole(value: object) -> object:
    """JSON has one number type: 131.0 is the integer 131."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
