"""What a device measured over time."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from hub.api.bodies import Shown
from hub.api.gate import KnownDevice, Parts
from hub.api.parts import ApiParts
from hub.api.problems import documented
from hub.api.routers.kinds import kind_of
from hub.api.times import Instant, Span, moment_or_none
from hub.errors import InvalidInputError, UnknownError
from hub.model import Device, Property, ValueType
from hub.ports import SeriesPoint, SeriesQuery

router = APIRouter(prefix="/devices", tags=["telemetry"])

HOUR_MS = 3_600_000
MAX_POINTS = 10_000

Aggregate = Literal["mean", "min", "max", "sum", "count", "first", "last"]


class Telemetry(Shown):
    property: str
    unit: str
    """UCUM code."""
    points: list[tuple[int, float | int | bool | str]]
    """(ms since 1970, value), oldest first; of a bucket: its start."""
    tier: str = Field(examples=["raw"])
    """Which roll-up the points came from."""
    next_from: int | None
    """Where more points lie beyond `limit`: give it as `from`."""
    stale_since: datetime | None
    """Since when the series store lags behind what the hub has; null where it keeps up."""


@router.get("/{device}/telemetry", summary="Read a series", responses=documented(401, 403, 404))
async def read_telemetry(  # noqa: PLR0913 - one argument a query parameter
    view: KnownDevice,
    parts: Parts,
    *,
    property_name: Annotated[str, Query(alias="property", max_length=64, examples=["heart_rate"])],
    start_ms: Annotated[
        Instant | None, Query(alias="from", description="Inclusive; an hour before `to` if absent.")
    ] = None,
    end_ms: Annotated[
        Instant | None, Query(alias="to", description="Exclusive; a minute from now if absent.")
    ] = None,
    every: Annotated[
        Span | None, Query(description="Width of a bucket; raw points if absent.")
    ] = None,
    agg: Annotated[Aggregate, Query(description="Of each bucket; for `every`.")] = "mean",
    limit: Annotated[int, Query(ge=1, le=MAX_POINTS)] = MAX_POINTS,
) -> Telemetry:
    """Give what the device measured in [from, to), as far as it is yours to see.

    Of a device that was bound to several people in turn, each sees their own time.
    """
    spec = _property(parts, view.device, property_name)
    # A device's clock may be a little ahead of ours.
    end = parts.clock.now_ms() + 60_000 if end_ms is None else end_ms
    start = end - HOUR_MS if start_ms is None else start_ms
    if start >= end:
        message = "`from` is before `to`"
        raise InvalidInputError(message)
    _check_aggregate(spec, every=every, agg=agg)
    query = SeriesQuery(
        device=view.device.id,
        kind=view.device.kind,
        property=spec.name,
        start_ms=start,
        end_ms=end,
        every_ms=every,
        aggregate=agg,
        limit=limit,
    )
    points = await view.points(query)
    return Telemetry(
        property=spec.name,
        unit=spec.unit,
        points=[(point.at_ms, point.value) for point in points],
        tier="raw",
        next_from=_next_from(points, query),
        stale_since=moment_or_none(await view.stale_since_ms()),
    )


def _property(parts: ApiParts, device: Device, name: str) -> Property:
    spec = kind_of(parts, device.kind).properties.get(name)
    if spec is None:
        raise UnknownError(what=f"property of a {device.kind}", name=name)
    return spec


def _check_aggregate(spec: Property, *, every: int | None, agg: Aggregate) -> None:
    counted = agg in ("count", "first", "last")
    if every is not None and spec.type is ValueType.STRING and not counted:
        message = f"{spec.name} is text; ask for count, first or last"
        raise InvalidInputError(message)


def _next_from(points: list[SeriesPoint], query: SeriesQuery) -> int | None:
    if len(points) < query.limit:
        return None
    if query.every_ms is None:
        return points[-1].at_ms + 1
    return (points[-1].at_ms // query.every_ms + 1) * query.every_ms
