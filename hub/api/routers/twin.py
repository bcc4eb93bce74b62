"""What a device says it is, and what it has been asked to be."""

import re
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Header, Response
from pydantic import Field

from hub.api.bodies import Body, Cursor, Limit, PageOf, Shown
from hub.api.gate import KnownDevice, Parts, SeenDevice
from hub.api.link_outcomes import link_names
from hub.api.link_rights import LinkRights
from hub.api.once import KeepingRoute, OnceOnly
from hub.api.problems import documented
from hub.api.routers.kinds import kind_of
from hub.api.times import moment
from hub.api.views import DeviceView
from hub.api.worker import submit
from hub.errors import InvalidInputError
from hub.model import Connection, DesiredRequest, Twin
from hub.model.settable import LARGEST, check_settable

router = APIRouter(prefix="/devices", tags=["twin"], route_class=KeepingRoute)


class Reported(Shown):
    value: float | int | bool | str
    at: datetime
    """The device's time."""


class TwinShown(Shown):
    reported: dict[str, Reported]
    desired: dict[str, object]
    """What the device has been asked to be; what the hub itself asks is in it too."""
    desired_at: dict[str, datetime]
    """When each was asked, by the hub's time."""
    pending: list[str]
    """What was asked and is not reported so yet; the device is told when it comes back."""
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


class TwinChangeShown(Shown):
    revision: int
    at: datetime
    author: str
    """The person who asked, or `link:` and the run that did."""
    link: str | None
    """The name of that link, where it is there and for you to see."""
    values: dict[str, object]
    """What was asked; null: taken back."""


@router.get(
    "/{device}/twin/history",
    summary="List what the device was asked to be",
    responses=documented(401, 403, 404),
)
async def list_twin_changes(
    view: KnownDevice, parts: Parts, limit: Limit = 100, cursor: Cursor = None
) -> PageOf[TwinChangeShown]:
    """Newest first. What the device reported is in its telemetry."""
    found = await view.twin_changes(limit=limit, cursor=cursor)
    names = await link_names(found.items, LinkRights(parts, view.reader))
    return PageOf(
        items=[
            TwinChangeShown(
                revision=change.revision,
                at=moment(change.at_ms),
                author=change.author,
                link=names.get(change.author),
                values=dict(change.values),
            )
            for change in found.items
        ],
        next_cursor=found.next_cursor,
    )


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
    for name, value in change.desired.items():
        check_settable(kind, name, value)
    request = DesiredRequest(
        device=view.device.id,
        values=change.desired,
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
        desired_at={name: moment(at_ms) for name, at_ms in twin.desired_ms.items()},
        pending=sorted(
            name
            for name in twin.desired_ms
            if name in twin.desired and twin.reported.get(name) != twin.desired[name]
        ),
        revision=twin.revision,
        connection=state.connection if state else Connection.UNKNOWN,
    )
