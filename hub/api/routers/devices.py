"""The devices of the reader's households: list, show, rename, renew, bind, shut out."""

from dataclasses import replace
from datetime import datetime

from fastapi import APIRouter, Response
from pydantic import Field

from hub.api.bodies import Body, Cursor, Id, Limit, Name, PageOf, Shown
from hub.api.gate import AdministeredDevice, KnownDevice, ManagedDevice, Parts, People
from hub.api.link_care import pause_links_on
from hub.api.once import KeepingRoute, OnceOnly
from hub.api.problems import documented
from hub.api.shutting_out import shut_out
from hub.api.times import moment
from hub.api.views import DeviceView
from hub.errors import RefusedError
from hub.model import Binding, Connection, Device

router = APIRouter(prefix="/devices", tags=["devices"], route_class=KeepingRoute)


class DeviceShown(Shown):
    id: str = Field(examples=["w-7f3a9c01d2e4"])
    kind: str = Field(examples=["watch"])
    name: str
    household: str
    person: str | None
    """Whom it is bound to."""
    created_at: datetime
    revoked_at: datetime | None
    connection: Connection | None
    """What it last said of itself; null where that is not yours to see."""
    heard_at: datetime | None


class Rename(Body):
    name: Name = Field(examples=["Mina's watch"])


class NewToken(Shown):
    """Shown this once; the hub keeps only its hash."""

    device: str
    token: str
    """The MQTT password; the user name and client id are the device's id."""
    base: str
    """What every topic of the device begins with."""


class Bind(Body):
    person: Id = Field(examples=["me"])
    """A member of the device's household, or `me`."""


@router.get("", summary="List devices", responses=documented(401))
async def list_devices(
    view: People,
    limit: Limit = 100,
    cursor: Cursor = None,
    *,
    revoked: bool = False,
) -> PageOf[DeviceShown]:
    """The devices of your households; those shut out only if `revoked` asks for them."""
    page = await view.devices(limit=limit, cursor=cursor)
    wanted = [found for found in page.items if revoked or found.device.revoked_at is None]
    return PageOf(items=[await _shown(found) for found in wanted], next_cursor=page.next_cursor)


@router.get("/{device}", summary="Show one device", responses=documented(401, 404))
async def show_device(view: KnownDevice) -> DeviceShown:
    return await _shown(view)


@router.patch("/{device}", summary="Rename a device", responses=documented(401, 403, 404, 409))
async def rename_device(
    view: AdministeredDevice, parts: Parts, change: Rename, _: OnceOnly
) -> DeviceShown:
    await parts.records.rename(view.device.id, change.name)
    await parts.worker.refresh(view.device.id)
    return await _shown(view, renamed=change.name)


@router.delete(
    "/{device}",
    summary="Shut a device out",
    status_code=204,
    response_class=Response,
    responses=documented(401, 403, 404, 409),
)
async def revoke_device(view: AdministeredDevice, parts: Parts, _: OnceOnly) -> None:
    """Its token is void and its session cut within five seconds; its history stays."""
    await shut_out(parts, view.device.id)


@router.post(
    "/{device}/token", summary="Renew a device's token", responses=documented(401, 403, 404, 409)
)
async def renew_token(view: ManagedDevice, parts: Parts) -> NewToken:
    """Give a new token once; the old one is void at once and its session cut.

    Takes no Idempotency-Key: a stored answer would be a stored token.
    """
    _still_in(view.device)
    token = parts.new_token()
    credential = parts.hash_token(token, view.device.id)
    await parts.records.set_credential(credential)
    await parts.gatekeeper.revoke(view.device.id)
    await parts.gatekeeper.admit([replace(credential, token=token)])
    return NewToken(device=view.device.id, token=token, base=parts.topics.base(view.device.id))


@router.put(
    "/{device}/binding",
    summary="Bind a device to a person",
    responses=documented(401, 403, 404, 409),
)
async def bind_device(
    view: ManagedDevice, people: People, parts: Parts, wish: Bind, _: OnceOnly
) -> DeviceShown:
    """From now on the device speaks of this person; what it said before stays whose it was."""
    _still_in(view.device)
    person = view.reader.person if wish.person == "me" else wish.person
    await people.member(person, household=view.device.household)
    if view.ownership.now.person != person:
        await parts.records.bind(
            Binding(device=view.device.id, person=person, since_at=moment(parts.clock.now_ms()))
        )
        await parts.worker.refresh(view.device.id)
        await pause_links_on(parts, view.device.id)
    return await _shown(await view.again())


def _still_in(device: Device) -> None:
    if device.revoked_at is not None:
        message = f"{device.id} is shut out; claim it anew"
        raise RefusedError(message)


async def _shown(view: DeviceView, *, renamed: str | None = None) -> DeviceShown:
    device = view.device
    state = await view.now() if view.visible else None
    return DeviceShown(
        id=device.id,
        kind=device.kind,
        name=renamed or device.name,
        household=device.household,
        person=view.ownership.now.person,
        created_at=device.created_at,
        revoked_at=device.revoked_at,
        connection=state.connection if state else None,
        heard_at=moment(state.heard_ms) if state and state.heard_ms else None,
    )
