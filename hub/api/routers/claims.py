"""A new device comes in: a code made by a person, changed by the device for its token."""

import asyncio
import secrets
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field

from hub.api.bodies import Body, Id, Name, Shown
from hub.api.bulk import BulkDevice, parse_bulk, written
from hub.api.gate import Operator, Parts, People, SignedIn, public
from hub.api.identity import hash_of
from hub.api.parts import ApiParts, state_of
from hub.api.problems import documented
from hub.api.registration import NewDevice, register
from hub.api.routers.kinds import kind_of
from hub.api.times import moment
from hub.api.tries import address_of
from hub.errors import NotPermittedError, UnknownError
from hub.model import GUARDIANS, Role
from hub.ports import Claim

router = APIRouter(prefix="/devices", tags=["claims"])

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Nothing that looks like something else: no 0 and O, no 1, I and L."""
GROUP = 5
CLAIM_MS = 600_000


class NewClaim(Body):
    kind: str = Field(max_length=64, examples=["watch"])
    name: Name = Field(examples=["Mina's watch"])
    household: Id = Field(examples=["h_5d0c"])
    person: Id | None = Field(default=None, examples=["me"])
    """Whom the device will be bound to: `me` or a member; null for a device of the home."""


class ClaimCode(Shown):
    code: str = Field(examples=["K7MPQ-4WXTZ"])
    """Type it into the device; good for one device."""
    expires_at: datetime


class ClaimTaken(Body):
    code: str = Field(min_length=1, max_length=40, examples=["K7MPQ-4WXTZ"])


class BrokerAddress(Shown):
    url: str = Field(examples=["mqtt://192.168.1.10:1883"])


class Admission(Shown):
    """Shown this once; the hub keeps only the token's hash."""

    device: str = Field(examples=["w-7f3a9c01d2e4"])
    """User name and client id at the broker."""
    token: str
    """Password at the broker."""
    base: str = Field(examples=["cx/1/main/w-7f3a9c01d2e4"])
    """What every topic of the device begins with; opaque."""
    broker: BrokerAddress


_BULK_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-ndjson": {
                "schema": {"type": "string"},
                "example": '{"kind": "watch", "name": "Watch 1", "household": "h_5d0c"}\n',
            },
            "text/csv": {
                "schema": {"type": "string"},
                "example": "kind,name,household,person\nwatch,Watch 1,h_5d0c,\n",
            },
        },
    }
}


@router.post(
    "/claims",
    summary="Make a claim code",
    status_code=201,
    responses=documented(401, 403, 404, 429),
)
async def make_claim(
    request: Request, reader: SignedIn, people: People, parts: Parts, wish: NewClaim
) -> ClaimCode:
    """Make a code that one device may change for its token within ten minutes.

    Takes no Idempotency-Key: a stored answer would be a stored code.
    """
    kind_of(parts, wish.kind)
    _guardian(reader.roles.get(wish.household), household=wish.household)
    person = reader.person if wish.person == "me" else wish.person
    if person is not None:
        await people.member(person, household=wish.household)
    await state_of(request).claims_made.count(reader.person)
    code = "".join(secrets.choice(ALPHABET) for _ in range(2 * GROUP))
    expires_ms = parts.clock.now_ms() + CLAIM_MS
    claim = Claim(
        code_hash=hash_of(code),
        kind=wish.kind,
        household=wish.household,
        person=person,
        name=wish.name,
        created_by=reader.person,
        expires_ms=expires_ms,
    )
    await parts.records.add_claims([claim])
    return ClaimCode(code=f"{code[:GROUP]}-{code[GROUP:]}", expires_at=moment(expires_ms))


@router.post(
    "/claim",
    summary="Change a claim code for a token",
    status_code=201,
    dependencies=[Depends(public)],
    responses=documented(404, 429),
)
async def take_claim(request: Request, parts: Parts, wish: ClaimTaken) -> Admission:
    """Take the code once; the device asks this itself, so nobody need be signed in.

    Five wrong codes from one address, or five that begin with the same group, and no more are
    taken from there, or of that group, for ten minutes.
    """
    code = "".join(sign for sign in wish.code.upper() if sign in ALPHABET)
    claim = await _take(request, code)
    device = NewDevice(
        kind=kind_of(parts, claim.kind),
        name=claim.name,
        household=claim.household,
        person=claim.person,
    )
    (admitted,) = await register([device], parts=parts)
    url = parts.broker_url if isinstance(parts.broker_url, str) else parts.broker_url()
    return Admission(
        device=admitted.device,
        token=admitted.token,
        base=admitted.base,
        broker=BrokerAddress(url=url),
    )


@router.post(
    "/claims/bulk",
    summary="Admit many devices at once",
    responses={
        200: {
            "description": "One line a device, in the order of the file; its token only this once.",
            "content": {
                "application/x-ndjson": {
                    "schema": {"type": "string"},
                    "example": '{"device": "w-7f3a…", "token": "…", "base": "cx/1/main/w-7f3a…"}\n',
                }
            },
        },
        **documented(401, 403, 404),
    },
    response_class=Response,
    openapi_extra=_BULK_BODY,
)
async def admit_many(request: Request, _: Operator, parts: Parts) -> Response:
    """Take up to 10,000 devices as JSON lines or CSV; all come in or none does."""
    wanted = parse_bulk(await request.body(), request.headers.get("content-type", ""))
    devices = await _checked(wanted, parts=parts)
    admitted = await register(devices, parts=parts)
    body = await asyncio.to_thread(written, admitted)
    return Response(body, media_type="application/x-ndjson")


async def _take(request: Request, code: str) -> Claim:
    state = state_of(request)
    address, group = address_of(request), code[:GROUP]
    async with state.claiming:
        await state.claims.check(address)
        await state.claims_of_code.check(group)
        claim = await state.parts.records.take_claim(
            hash_of(code), now_ms=state.parts.clock.now_ms()
        )
        if claim is None:
            await state.claims.count(address)
            await state.claims_of_code.count(group)
            raise UnknownError(what="claim code", name=f"{group}-…")
    return claim


def _guardian(role: Role | None, *, household: str) -> None:
    if role is None:
        raise UnknownError(what="household", name=household)
    if role not in GUARDIANS:
        message = "only an owner or adult of the household may claim devices for it"
        raise NotPermittedError(message)


async def _checked(wanted: list[BulkDevice], *, parts: ApiParts) -> list[NewDevice]:
    """Return the devices; every kind, household and person of them is there."""
    members: dict[str, set[str]] = {}
    for household in {new.household for new in wanted}:
        if await parts.records.household(household) is None:
            raise UnknownError(what="household", name=household)
        memberships = await parts.records.memberships(household=household)
        members[household] = {m.person for m in memberships if m.role is not Role.GUEST}
    for new in wanted:
        if new.person is not None and new.person not in members[new.household]:
            raise UnknownError(what="person in the household", name=new.person)
    return [
        NewDevice(
            kind=kind_of(parts, new.kind),
            name=new.name,
            household=new.household,
            person=new.person,
        )
        for new in wanted
    ]
