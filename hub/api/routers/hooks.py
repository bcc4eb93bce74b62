"""Where partners say what happened: signed on the raw body, taken once."""

import base64
import logging

from fastapi import APIRouter, Depends, Request, Response

from hub.api.gate import Parts, public
from hub.api.parts import state_of
from hub.api.problems import SignInError, TooLargeError, documented
from hub.api.tries import address_of
from hub.errors import RefusedError, UnavailableError, UnknownError
from hub.model import PartnerWord, Service, ServiceKind

logger = logging.getLogger(__name__)

router = APIRouter(tags=["partners"])

MAX_WEBHOOK = 64 * 1024
NOBODY = Service(
    id="nobody",
    kind=ServiceKind.DRY_CLEANER,
    name="",
    url="",
    secret="whsec_" + base64.b64encode(bytes(32)).decode(),
)
"""Checked in place of a service that is not there, so that it takes as long."""


@router.post(
    "/hooks/{service}",
    summary="Tell the hub what happened",
    status_code=204,
    response_class=Response,
    dependencies=[Depends(public)],
    responses=documented(401, 404, 429),
    openapi_extra={"requestBody": {"content": {"application/json": {}}, "required": True}},
)
async def hear(request: Request, parts: Parts, service: str) -> None:
    """Take a webhook of a partner's, as its contract in `docs/partners` has it.

    204 once it is durable, the same for one that was taken before; any other answer: send it
    again, later and later.
    """
    state = state_of(request)
    address = address_of(request)
    await state.bad_hooks.check(address)
    known = parts.worker.kept(Service, service[:64])
    if known is not None:
        await state.hooks.count(known.id)
    body = await _raw(request)
    try:
        hook, update = parts.partner.heard(known or NOBODY, request.headers, body)
    except RefusedError as error:
        state.hooks_refused.inc()
        await state.bad_hooks.count(address)
        if known is None:
            raise UnknownError(what="service", name=service[:64]) from None
        raise SignInError(str(error)) from None
    if known is None:
        raise UnknownError(what="service", name=service[:64])
    if not known.enabled:
        message = f"{known.name} is switched off"
        raise UnavailableError(message, retry_after_s=300)
    word = PartnerWord(service=known.id, hook=hook, update=update, now_ms=parts.clock.now_ms())
    await parts.worker.hear(word)


async def _raw(request: Request) -> bytes:
    """Return the body, at most `MAX_WEBHOOK` bytes of it ever held."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_WEBHOOK:
            raise TooLargeError(limit=MAX_WEBHOOK)
    return bytes(body)
