"""A series store that forgets everything at the end; for tests and trials."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, islice

from hub.adapters.series.fields import FieldTypes, check_query, result_class
from hub.adapters.series.settling import QUALITY, FirstWins, Settled, point_key
from hub.model import Quality, Sample, Value
from hub.ports import RefusedSample, SeriesPoint, SeriesQuery


@dataclass(slots=True)
class _Point:
    received_ms: int
    values: dict[str, Value] = field(default_factory=dict)


def _mean(values: Sequence[Value]) -> float:
    return sum(float(value) for value in values) / len(values)


_AGGREGATES: Mapping[str, Callable[[Sequence[Value]], Value]] = {
    "mean": _mean,
    "min": min,
    "max": max,
    "sum": lambda values: sum(value for value in values if not isinstance(value, str)),
    "count": len,
    "first": lambda values: values[0],
    "last": lambda values: values[-1],
}


class MemorySeries:
    def __init__(self) -> None:
        self._types = FieldTypes()
        self._points: dict[tuple[str, str], dict[int, _Point]] = {}

    async def open(self) -> None:
        """Nothing is missing."""

    async def write(self, samples: Sequence[Sample]) -> Sequence[RefusedSample]:
        refused: list[RefusedSample] = []
        for sample in samples:
            values, misfits = self._types.fit(sample)
            refused += misfits
            if values:
                settled = self._settle(sample, values)
                self._store(sample, settled)
                refused += [settled.refused] if settled.refused else []
        return refused

    def _settle(self, sample: Sample, values: Mapping[str, Value]) -> Settled:
        first_wins = FirstWins()
        stored = self._points.get((sample.kind, sample.device), {}).get(sample.at_ms)
        if stored is not None:
            first_wins.remember({point_key(sample): stored.values})
        return first_wins.settle(sample, values)

    def _store(self, sample: Sample, settled: Settled) -> None:
        series = self._points.setdefault((sample.kind, sample.device), {})
        point = series.setdefault(sample.at_ms, _Point(sample.received_ms))
        point.values.update(settled.values)
        if settled.quality is not Quality.GOOD:
            point.values[QUALITY] = settled.quality.value

    async def read(self, query: SeriesQuery) -> Sequence[SeriesPoint]:
        value_type = self._types[query.kind, query.property]
        check_query(query, value_type)
        if value_type is None:
            return ()
        points = self._raw(query)
        if query.every_ms is not None:
            points = _buckets(query, points, every_ms=query.every_ms)
        kept = result_class(query, value_type)
        return tuple(
            SeriesPoint(point.at_ms, kept(point.value), point.received_ms)
            for point in islice(points, max(query.limit, 0))
        )

    def _raw(self, query: SeriesQuery) -> Iterable[SeriesPoint]:
        series = self._points.get((query.kind, query.device), {})
        for at_ms in sorted(at for at in series if query.start_ms <= at < query.end_ms):
            value = series[at_ms].values.get(query.property)
            if value is not None:
                yield SeriesPoint(at_ms, value, series[at_ms].received_ms)

    async def delete(self, device: str, *, kind: str, start_ms: int, end_ms: int) -> None:
        series = self._points.get((kind, device), {})
        for at_ms in [at for at in series if start_ms <= at < end_ms]:
            del series[at_ms]

    async def close(self) -> None:
        """Nothing is held."""


def _buckets(
    query: SeriesQuery, points: Iterable[SeriesPoint], *, every_ms: int
) -> Iterable[SeriesPoint]:
    aggregate = _AGGREGATES[query.aggregate]
    for start_ms, bucket in groupby(points, lambda point: point.at_ms // every_ms * every_ms):
        yield SeriesPoint(start_ms, aggregate([point.value for point in bucket]))
