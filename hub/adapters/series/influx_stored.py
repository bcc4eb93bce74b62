"""Which questions find out what a late sample's point holds already, in few and bounded answers."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from hub.adapters.series import influxql
from hub.adapters.series.fields import FieldTypes, value_class
from hub.adapters.series.influx_http import Rows
from hub.adapters.series.settling import QUALITY, PointKey, point_key
from hub.model import Sample, Value

WINDOW_MS = 60_000
_ROWS_PER_SERIES = 2000
# Measured on 1.6.7: a statement costs as much as 700 rows, that is twelve minutes at 1 Hz.
_WORTH_READING_WINDOWS = 12
_MOST_DEVICES = 100
_MOST_DEVICE_WINDOWS = 240
"""A statement's devices times minutes: 14,400 rows at 1 Hz."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """Some devices' points of one kind between two times, both inclusive."""

    kind: str
    devices: tuple[str, ...]
    first_ms: int
    last_ms: int


@dataclass(frozen=True, slots=True)
class _Window:
    kind: str
    number: int
    devices: tuple[str, ...]
    first_ms: int
    last_ms: int


def lookups(samples: Sequence[Sample]) -> Iterator[Lookup]:
    """Return questions that together cover every sample's point.

    Minutes in which the same devices speak are put together, because a device that comes back
    sends a stretch, and an outage makes many devices send the same one.
    """
    run: Lookup | None = None
    end = 0
    for window in sorted(_windows(samples), key=lambda each: (each.kind, each.number)):
        if run is not None and _continues(run, end, window):
            run = replace(run, last_ms=window.last_ms)
        else:
            yield from _split(run)
            run = Lookup(
                kind=window.kind,
                devices=window.devices,
                first_ms=window.first_ms,
                last_ms=window.last_ms,
            )
        end = window.number
    yield from _split(run)


def _windows(samples: Sequence[Sample]) -> Iterator[_Window]:
    grouped: dict[tuple[str, int], list[Sample]] = {}
    for sample in samples:
        grouped.setdefault((sample.kind, sample.at_ms // WINDOW_MS), []).append(sample)
    for (kind, number), inside in grouped.items():
        times = [sample.at_ms for sample in inside]
        devices = tuple(sorted({sample.device for sample in inside}))
        yield _Window(kind, number, devices, min(times), max(times))


def _continues(run: Lookup, end: int, window: _Window) -> bool:
    windows = window.number - run.first_ms // WINDOW_MS + 1
    return (
        (run.kind, run.devices) == (window.kind, window.devices)
        and window.number - end <= _WORTH_READING_WINDOWS
        and windows * len(run.devices) <= _MOST_DEVICE_WINDOWS
    )


def _split(run: Lookup | None) -> Iterator[Lookup]:
    if run is not None:
        for start in range(0, len(run.devices), _MOST_DEVICES):
            yield replace(run, devices=run.devices[start : start + _MOST_DEVICES])


async def stored_points(
    samples: Sequence[Sample],
    *,
    types: FieldTypes,
    query: Callable[[str], Awaitable[Sequence[Rows]]],
) -> Mapping[PointKey, Mapping[str, Value]]:
    """Return what the points of these samples hold already, as far as the samples touch it."""
    wanted = {point_key(sample) for sample in samples}
    fields: dict[str, set[str]] = {}
    for sample in samples:
        fields.setdefault(sample.kind, {"received", QUALITY}).update(sample.values)
    stored: dict[PointKey, Mapping[str, Value]] = {}
    pending = list(lookups(samples))
    while pending:
        lookup = pending.pop()
        for rows in await query(_statement(lookup, sorted(fields[lookup.kind]))):
            device = rows.tags["device"]
            for at_ms, values in _points(lookup.kind, rows, types):
                if (lookup.kind, device, at_ms) in wanted:
                    stored[lookup.kind, device, at_ms] = values
            if len(rows.values) == _ROWS_PER_SERIES:
                behind = rows.values[-1][0] + 1
                pending.append(replace(lookup, devices=(device,), first_ms=behind))
    return stored


def _statement(lookup: Lookup, fields: Sequence[str]) -> str:
    statement = influxql.select_points(
        kind=lookup.kind,
        devices=lookup.devices,
        fields=fields,
        first_ms=lookup.first_ms,
        last_ms=lookup.last_ms,
    )
    return f"{statement} LIMIT {_ROWS_PER_SERIES}"


def _points(kind: str, rows: Rows, types: FieldTypes) -> Iterator[tuple[int, Mapping[str, Value]]]:
    """Return each row's time and values; JSON says 131 of the float 131.0."""
    columns = [(name, types[kind, name]) for name in rows.columns[1:]]
    for at_ms, *row in rows.values:
        yield (
            at_ms,
            {
                name: value_class(value_type)(value) if value_type else value
                for (name, value_type), value in zip(columns, row, strict=True)
                if value is not None
            },
        )
