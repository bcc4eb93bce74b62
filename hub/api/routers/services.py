"""The partners of this installation: operators keep them, everybody sees who they are."""

import base64
import secrets
from dataclasses import replace
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import AfterValidator, Field, StringConstraints

from hub.api.bodies import Body, Cursor, Limit, Name, PageOf, Shown
from hub.api.gate import Operator, Parts, SignedIn, checked_id
from hub.api.once import KeepingRoute, OnceOnly
from hub.api.parts import ApiParts
from hub.api.problems import documented
from hub.api.service_urls import checked_url
from hub.api.times import moment, moment_or_none
from hub.api.worker import submit
from hub.errors import RefusedError, UnknownError
from hub.model import (
    Call,
    CallRetry,
    CallStatus,
    K,
    Listing,
    Operation,
    Order,
    Service,
    ServiceKind,
)
from hub.runtime.breaker import Breaker

router = APIRouter(prefix="/services", tags=["partners"], route_class=KeepingRoute)

SECRET_BYTES = 32
SCANNED = 20
"""Pages of calls that one request looks through at most."""

Url = Annotated[str, StringConstraints(max_length=300), AfterValidator(checked_url)]


class NewService(Body):
    kind: ServiceKind
    name: Name = Field(examples=["Han River Cleaners"])
    url: Url = Field(examples=["https://partner.example/api"])
    """Base address of the contract in `docs/partners/{kind}.yaml`."""


class ServiceChange(Body):
    name: Name | None = None
    url: Url | None = None
    enabled: bool | None = None
    """Switched off, its calls wait, and nobody can order there."""


class ServiceShown(Shown):
    id: str
    kind: ServiceKind
    name: str
    enabled: bool
    state: str
    """`closed`: all is well; `open`: left alone for a while after failures; `half_open`: being
    tried again."""
    failures: int
    """In a row."""
    url: str | None = None
    """For operators only."""
    reason: str | None = None
    """Of the newest failure; for operators only."""
    next_try_at: datetime | None = None


class ServiceWithSecret(ServiceShown):
    secret: str
    """Shown once; signs both ways. Give it to the partner."""


class CallShown(Shown):
    id: str
    operation: Operation
    about: str
    """The order or listing; operators see nothing of what it says."""
    status: CallStatus
    attempts: int
    queued_at: datetime
    expires_at: datetime
    next_at: datetime | None
    reason: str


@router.get("", summary="List partners", responses=documented(401))
async def list_services(reader: SignedIn, parts: Parts) -> PageOf[ServiceShown]:
    """All of them on one page."""
    page = await parts.records.things(Service, limit=500)
    items = [_shown(one, parts, operator=reader.is_operator) for one in page.items]
    return PageOf(items=items)


@router.post("", summary="Add a partner", status_code=201, responses=documented(401, 403, 409))
async def add_service(_: Operator, parts: Parts, wish: NewService) -> ServiceWithSecret:
    """Take a partner in; its secret is shown in this answer and never again."""
    secret = _new_secret()
    service = Service(
        id=f"sv_{secrets.token_hex(8)}",
        kind=wish.kind,
        name=wish.name,
        url=wish.url,
        secret=secret,
    )
    await parts.worker.keep(service)
    return _with_secret(service, parts, secret)


@router.patch("/{service}", summary="Change a partner", responses=documented(401, 403, 404))
async def change_service(
    _: Operator, parts: Parts, service: str, wish: ServiceChange, __: OnceOnly
) -> ServiceShown:
    found = await _service(service, parts)
    changed = replace(
        found,
        name=wish.name or found.name,
        url=wish.url or found.url,
        enabled=found.enabled if wish.enabled is None else wish.enabled,
    )
    await parts.worker.keep(changed)
    return _shown(changed, parts, operator=True)


@router.post(
    "/{service}/secret", summary="Give a partner a new secret", responses=documented(401, 403, 404)
)
async def rotate_secret(_: Operator, parts: Parts, service: str) -> ServiceWithSecret:
    """Make a new secret; the one before it is good until the next rotation."""
    found = await _service(service, parts)
    secret = _new_secret()
    changed = replace(found, secret=f"{secret} {found.secret.split(' ')[0]}")
    await parts.worker.keep(changed)
    return _with_secret(changed, parts, secret)


@router.delete(
    "/{service}",
    summary="Remove a partner",
    status_code=204,
    response_class=Response,
    responses=documented(401, 403, 404, 409),
)
async def remove_service(_: Operator, parts: Parts, service: str, __: OnceOnly) -> None:
    """Part with it once nothing is under way there; until then switch it off."""
    found = await _service(service, parts)
    await _refuse_if_busy(found, parts)
    await parts.worker.keep(dropped=[(Service, found.id)])
    try:
        await _refuse_if_busy(found, parts)
    except RefusedError:
        # Something was asked of it just before it went.
        await parts.worker.keep(found)
        raise


async def _refuse_if_busy(service: Service, parts: Parts) -> None:
    for kind in (Order, Listing, Call):
        if await _any_open(kind, service.id, parts):
            message = f"{service.name} still has work under way; switch it off instead"
            raise RefusedError(message)


@router.get(
    "/{service}/calls", summary="List calls to a partner", responses=documented(401, 403, 404)
)
async def list_calls(
    _: Operator,
    parts: Parts,
    service: str,
    limit: Limit = 100,
    cursor: Cursor = None,
    status: Annotated[CallStatus | None, Query(description="Only such, `dead` for one.")] = None,
) -> PageOf[CallShown]:
    """Newest first; what they say is not shown."""
    found = await _service(service, parts)
    is_open = None if status is None else status is CallStatus.QUEUED
    items: list[CallShown] = []
    for _page in range(SCANNED):
        page = await parts.records.things(
            Call, subject=found.id, is_open=is_open, limit=limit, cursor=cursor
        )
        items += [_shown_call(call) for call in page.items if status in (None, call.status)]
        cursor = page.next_cursor
        if items or cursor is None:
            break
    return PageOf(items=items, next_cursor=cursor)


@router.post(
    "/calls/{call}/retry",
    summary="Send a dead call again",
    responses=documented(401, 403, 404, 409),
)
async def retry_call(_: Operator, parts: Parts, call: str, __: OnceOnly) -> CallShown:
    """Under its own id, so that a partner that had it all the same does nothing twice."""
    found = await parts.records.thing(Call, checked_id(call, what="call"))
    about: Order | Listing | None = None
    if found is not None:
        about = await parts.records.thing(Order, found.key)
        about = about or await parts.records.thing(Listing, found.key)
    if found is None or about is None:
        raise UnknownError(what="call", name=call)
    wish = CallRetry(call=found, about=about, now_ms=parts.clock.now_ms())
    return _shown_call(await submit(parts.worker, wish, answer=Call))


async def _service(name: str, parts: ApiParts) -> Service:
    found = parts.worker.kept(Service, checked_id(name, what="service"))
    if found is None:
        raise UnknownError(what="service", name=name)
    return found


async def _any_open(kind: type[K], service: str, parts: ApiParts) -> bool:
    cursor: str | None = None
    while True:
        page = await parts.records.things(kind, is_open=True, limit=500, cursor=cursor)
        if any(getattr(one, "service", "") == service for one in page.items):
            return True
        cursor = page.next_cursor
        if cursor is None:
            return False


def _new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def _shown(service: Service, parts: ApiParts, *, operator: bool) -> ServiceShown:
    breaker = parts.breakers().get(service.id, Breaker())
    return ServiceShown(
        id=service.id,
        kind=service.kind,
        name=service.name,
        enabled=service.enabled,
        state=breaker.state,
        failures=breaker.failures,
        url=service.url if operator else None,
        reason=breaker.reason if operator else None,
        next_try_at=moment_or_none(breaker.open_until_ms or None),
    )


def _with_secret(service: Service, parts: ApiParts, secret: str) -> ServiceWithSecret:
    plain = _shown(service, parts, operator=True)
    return ServiceWithSecret(**plain.model_dump(), secret=secret)


def _shown_call(call: Call) -> CallShown:
    return CallShown(
        id=call.id,
        operation=call.operation,
        about=call.key,
        status=call.status,
        attempts=call.attempts,
        queued_at=moment(call.queued_ms),
        expires_at=moment(call.expires_ms),
        next_at=moment_or_none(call.next_ms or None),
        reason=call.reason,
    )
