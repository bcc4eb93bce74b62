"""What a property may hold, the same in every series store: it never changes its type."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache

from hub.errors import InvalidInputError
from hub.model import Sample, Value, ValueType
from hub.ports import RefusedSample, SeriesQuery

RESERVED = frozenset({"time", "device", "received", "quality"})
"""What a store keeps beside the properties of a point."""
EARLIEST_MS = -9_223_372_036_854
LATEST_MS = 9_223_372_036_854
"""The years 1677 to 2262: what 64 bits of nanoseconds hold, which is how InfluxDB counts."""

_NUMERIC = frozenset({"mean", "sum", "min", "max", "count", "first", "last"})
_FITTING = {
    ValueType.NUMBER: _NUMERIC,
    ValueType.INTEGER: _NUMERIC,
    ValueType.BOOLEAN: _NUMERIC - {"mean", "sum"},
    ValueType.STRING: frozenset({"count", "first", "last"}),
}
_CLASSES: Mapping[ValueType, type[Value]] = {
    ValueType.NUMBER: float,
    ValueType.INTEGER: int,
    ValueType.BOOLEAN: bool,
    ValueType.STRING: str,
}
_TYPES = {kept: value_type for value_type, kept in _CLASSES.items()}
# A backslash at the end of a name cannot be escaped in line protocol, and InfluxDB 2 keeps names
# that begin with an underscore for itself.
_NAME = re.compile(r"(?!_)[^\x00-\x1f\x7f\\]{1,200}\Z")


@lru_cache(maxsize=65_536)
def is_name(text: str) -> bool:
    """Return whether every store can carry `text` as the name of a device, kind or property."""
    return _NAME.match(text) is not None and _encodable(text)


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _fits_64_bits(value: int) -> bool:
    return -(2**63) <= value < 2**63


def _any(_value: bool) -> bool:  # noqa: FBT001 (called through the table below, on a value)
    return True


_BOUNDS: Mapping[type, Callable[..., bool]] = {
    float: math.isfinite,
    int: _fits_64_bits,
    bool: _any,
    str: _encodable,
}
_NOTHING: Mapping[str, tuple[type, Callable[..., bool]]] = {}


class FieldTypes:
    """The type of each property of each kind; the first value seen sets it."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, tuple[type, Callable[..., bool]]]] = {}
        self._folded: dict[tuple[str, str], tuple[str, str]] = {}
        self._learned: list[tuple[str, str, ValueType]] = []

    def __getitem__(self, name: tuple[str, str]) -> ValueType | None:
        """Return the type of (kind, property); None where nothing was ever stored."""
        kind, property_name = name
        known = self._known.get(kind, _NOTHING).get(property_name)
        return None if known is None else _TYPES[known[0]]

    def set(self, kind: str, property_name: str, value_type: ValueType) -> None:
        """Take over what a store says of a property."""
        kept = _CLASSES[value_type]
        self._known.setdefault(kind, {})[property_name] = (kept, _BOUNDS[kept])
        self._folded[kind.casefold(), property_name.casefold()] = (kind, property_name)

    def clear(self) -> None:
        self._known.clear()
        self._folded.clear()
        self._learned.clear()

    def take_learned(self) -> list[tuple[str, str, ValueType]]:
        """Return the (kind, property, type) that `fit` has learned since the last call."""
        learned, self._learned = self._learned, []
        return learned

    def fit(self, sample: Sample) -> tuple[Mapping[str, Value], list[RefusedSample]]:
        """Return the values that can be stored, and the others, one by one, with the reason."""
        known = self._known.get(sample.kind, _NOTHING)
        for name, value in sample.values.items():
            field = known.get(name)
            if field is None or field[0] is not type(value) or not field[1](value):
                return self._sort(sample)
        if not EARLIEST_MS <= sample.at_ms <= LATEST_MS or not is_name(sample.device):
            return self._sort(sample)
        return sample.values, []

    def _sort(self, sample: Sample) -> tuple[Mapping[str, Value], list[RefusedSample]]:
        reason = ""
        if not EARLIEST_MS <= sample.at_ms <= LATEST_MS:
            reason = "its time is not between the years 1677 and 2262"
        elif not is_name(sample.device):
            reason = "the device's id cannot be the name of a series"
        if reason:
            return {}, [RefusedSample(sample=sample, reason=reason)]
        fitting: dict[str, Value] = {}
        refused = []
        for name, value in sample.values.items():
            reason = self._fault(sample.kind, name, value)
            if reason:
                alone = replace(sample, values={name: value})
                refused.append(RefusedSample(sample=alone, reason=reason))
            else:
                fitting[name] = value
        return fitting, refused

    def _fault(self, kind: str, name: str, value: Value) -> str:
        """Return why the value cannot be stored; empty if it can, and then its type is known."""
        value_type = _TYPES[type(value)]
        if not _BOUNDS[type(value)](value):
            return f"not a storable {value_type}: not finite, beyond 64 bits or not Unicode"
        known = self[kind, name]
        if known is None:
            return self._learn(kind, name, value_type)
        if known is not value_type:
            return f"field type conflict: {name} is {known} for ever, this value is {value_type}"
        return ""

    def _learn(self, kind: str, name: str, value_type: ValueType) -> str:
        if name in RESERVED or not is_name(name) or not is_name(kind):
            return f"{kind}.{name} cannot be the name of a field"
        # SQLite tells columns apart without regard to case.
        namesake = self._folded.get((kind.casefold(), name.casefold()), (kind, name))
        if namesake != (kind, name):
            return f"{kind}.{name} differs from {'.'.join(namesake)} in capitals only"
        self.set(kind, name, value_type)
        self._learned.append((kind, name, value_type))
        return ""


def check_query(query: SeriesQuery, value_type: ValueType | None) -> None:
    """Refuse what cannot be asked of a property of this type; None: nothing is known of it.

    Raises:
        InvalidInputError: no such aggregate, none for this type, or a bucket of no width.
    """
    if query.every_ms is None:
        return
    if not 1 <= query.every_ms <= LATEST_MS:
        message = f"every_ms is {query.every_ms}; a bucket is 1 to {LATEST_MS} ms wide"
        raise InvalidInputError(message)
    fitting = _NUMERIC if value_type is None else _FITTING[value_type]
    if query.aggregate not in fitting:
        subject = "a series" if value_type is None else f"{query.property}, a {value_type},"
        message = f"{subject} has no {query.aggregate!r}; it has {', '.join(sorted(fitting))}"
        raise InvalidInputError(message)


def result_class(query: SeriesQuery, value_type: ValueType) -> type[Value]:
    """Return what the values of this query's answer are: a mean of integers is no integer."""
    if query.every_ms is not None and query.aggregate == "mean":
        return float
    if query.every_ms is not None and query.aggregate == "count":
        return int
    return _CLASSES[value_type]


def value_class(value_type: ValueType) -> type[Value]:
    return _CLASSES[value_type]
