"""What a device says it is, and what it has been asked to be."""

import re
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Header, Response
from pydantic import Field

from hub.api.bodies import Body, Shown
from hub.api.gate import Parts, SeenDevice
from hub.api.once import KeepingRoute, OnceOnly
from hub.api.problems import documented
from hub.api.routers.kinds import kind_of
from hub.api.times import moment
from hub.api.views import DeviceView
from hub.api.worker import submit
from hub.errors import InvalidInputError
from hub.model import Connection, DesiredRequest, DeviceKind, Property, Twin, Value, ValueType

router = APIRouter(prefix="/devices", tags=["twin"], route_class=KeepingRoute)

LARGEST = 2**53


class Reported(Shown):
    value: float | int | bool | str
    at: datetime
    """The device's time."""


class TwinShown(Shown):
    reported: dict[str, Reported]
    desired: dict[str, object]
    """What the device has been asked to be; what the hub itself asks is in it too."""
    revision: int
    """Counts changes of `desired`; also the `ETag`."""
    connection: Connection


class TwinChange(Body):
    desired: dict[str, float | int | bool | str | None] = Field(
        min_length=1, max_length=100, examples=[{"alert_volume": 0.4}]
    )
    """Settable properties; null takes one back, what is left out stays."""
    revision: int | None = Field(default=None, ge=0, le=LARGEST, examples=[13])
    """The revision you saw; a newer one is not overwritten. Or say it as `If-Match`."""


@router.get("/{device}/twin", summary="Show the twin", responses=documented(401, 403, 404))
async def show_twin(view: SeenDevice, response: Response) -> TwinShown:
    return await _shown(view, response)


@router.patch(
    "/{device}/twin",
    summary="Ask a device to be different",
    responses=documented(401, 403, 404, 409),
)
async def change_twin(
    view: SeenDevice,
    parts: Parts,
    change: TwinChange,
    response: Response,
    _: OnceOnly,
    if_match: Annotated[str | None, Header(max_length=40, examples=['"13"'])] = None,
) -> TwinShown:
    """Set desired properties; the device is told at once, or when it comes back.

    409 where `desired` has changed since the revision you saw.
    """
    kind = kind_of(parts, view.device.kind)
    values = {name: _checked(kind, name, value) for name, value in change.desired.items()}
    request = DesiredRequest(
        device=view.device.id,
        values=values,
        revision=_revision(if_match, change.revision),
        author=view.reader.person,
        now_ms=parts.clock.now_ms(),
    )
    await submit(parts.worker, request, answer=Twin)
    return await _shown(view, response)


def _revision(if_match: str | None, revision: int | None) -> int | None:
    if if_match is None or if_match.strip() == "*":
        return revision
    found = re.fullmatch(r'(?:W/)?"([0-9]{1,15})"', if_match.strip(), re.ASCII)
    if found is None:
        message = 'If-Match is the ETag of the twin, like "13"'
        raise InvalidInputError(message)
    if revision is not None and revision != int(found[1]):
        message = "If-Match and `revision` are not the same"
        raise InvalidInputError(message)
    return int(found[1])


def _checked(kind: DeviceKind, name: str, value: Value | None) -> Value | None:
    spec = kind.properties.get(name)
    if spec is None or not spec.settable:
        settable = ", ".join(sorted(p.name for p in kind.properties.values() if p.settable))
        message = f"{name[:64]!r} cannot be set on a {kind.name}; settable: {settable or 'nothing'}"
        raise InvalidInputError(message)
    if value is None or _fits(spec, value):
        return value
    message = f"{name} takes {_expected(spec)}"
    raise InvalidInputError(message)


def _fits(spec: Property, value: Value) -> bool:
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
            return _is_number(value) and float(value).is_integer() and _in_range(spec, value)
        case ValueType.NUMBER:
            return _is_number(value) and _in_range(spec, value)


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _in_range(spec: Property, value: Value) -> bool:
    minimum = -LARGEST if spec.minimum is None else spec.minimum
    maximum = LARGEST if spec.maximum is None else spec.maximum
    return minimum <= float(value) <= maximum


def _expected(spec: Property) -> str:
    if spec.choices:
        return "one of " + ", ".join(spec.choices)
    if spec.type is ValueType.STRING:
        return f"text of at most {spec.max_length} characters"
    if spec.type is ValueType.BOOLEAN:
        return "true or false"
    low = "" if spec.minimum is None else f" from {spec.minimum:g}"
    high = "" if spec.maximum is None else f" up to {spec.maximum:g}"
    return f"a{'n' if spec.type is ValueType.INTEGER else ''} {spec.type.value}{low}{high}"


async def _shown(view: DeviceView, response: Response) -> TwinShown:
    state = await view.now()
    twin = state.twin if state else Twin()
    response.headers["ETag"] = f'"{twin.revision}"'
    return TwinShown(
        reported={
            name: Reported(value=value, at=moment(twin.reported_ms.get(name, 0)))
            for name, value in twin.reported.items()
        },
        desired=dict(twin.desired),
        revision=twin.revision,
        connection=state.connection if state else Connection.UNKNOWN,
    )
