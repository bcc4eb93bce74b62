"""A repeated unsafe request has one effect: its answer is kept for its Idempotency-Key.

Routes whose answer holds a secret do not take part: what they answer is never stored.
"""

import base64
import hashlib
import logging
import secrets
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Header, Request, Response
from fastapi.routing import APIRoute

from hub.api.gate import SignedIn
from hub.api.parts import parts_of, state_of
from hub.errors import InvalidInputError, RefusedError, UnavailableError
from hub.ports import Answer

logger = logging.getLogger(__name__)


class Replayed(Exception):  # noqa: N818 - not an error: it cuts the way to the answer short
    """This request was answered before."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        super().__init__("answered before")


@dataclass(frozen=True, slots=True, kw_only=True)
class Once:
    """One unsafe request of one person."""

    person: str
    key: str | None
    request_hash: str

    def new_id(self, prefix: str) -> str:
        """Return an id for what the request makes; the same again for the same key.

        So a request repeated after a crash, whose answer was not kept, makes nothing twice.
        """
        if self.key is None:
            return f"{prefix}_{secrets.token_hex(12)}"
        digest = hashlib.sha256(f"{prefix}\n{self.person}\n{self.key}".encode()).digest()
        return f"{prefix}_{base64.b32encode(digest[:15]).decode().lower()}"


async def once(
    request: Request,
    reader: SignedIn,
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=200,
            pattern=r"^[\x21-\x7e]+$",
            description="Repeating a request with the same key repeats its answer, not its effect.",
            examples=["0f8c1f0e-5f0b-4f5d-9d0f-3f3a2b1c0d9e"],
        ),
    ] = None,
) -> AsyncIterator[Once]:
    """Let the first request of a key through and answer the others as that one was.

    Raises:
        InvalidInputError: the key was used for another request.
        RefusedError: the first one is still being handled.
    """
    found = Once(person=reader.person, key=idempotency_key, request_hash=await _hash_of(request))
    if found.key is None:
        yield found
        return
    in_flight = state_of(request).in_flight
    if (found.person, found.key) in in_flight:
        message = "the first request with this Idempotency-Key is still being handled"
        raise RefusedError(message)
    in_flight.add((found.person, found.key))
    try:
        await _replay(request, found)
        request.state.once = found
        yield found
    finally:
        in_flight.discard((found.person, found.key))


OnceOnly = Annotated[Once, Depends(once)]


async def _hash_of(request: Request) -> str:
    place = f"{request.method} {request.url.path}?{request.url.query}\n"
    return hashlib.sha256(place.encode() + await request.body()).hexdigest()


async def _replay(request: Request, found: Once) -> None:
    answer = await parts_of(request).records.answer(key=found.key or "", person=found.person)
    if answer is None:
        return
    if answer.request_hash != found.request_hash:
        message = "this Idempotency-Key was used for another request; make a new one"
        raise InvalidInputError(message)
    raise Replayed(answer)


class KeepingRoute(APIRoute):
    """A route that keeps its good answers for their Idempotency-Key; a problem had no effect."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def keeping(request: Request) -> Response:
            response = await handle(request)
            found: Once | None = getattr(request.state, "once", None)
            if found is not None and response.status_code < 300:  # noqa: PLR2004
                await _keep(request, found, response)
            return response

        return keeping


async def _keep(request: Request, found: Once, response: Response) -> None:
    parts = parts_of(request)
    answer = Answer(
        key=found.key or "",
        person=found.person,
        request_hash=found.request_hash,
        status=response.status_code,
        body=bytes(response.body),
        at_ms=parts.clock.now_ms(),
    )
    try:
        await parts.records.keep_answer(answer)
    except UnavailableError:
        # The effect is there and its id follows from the key: repeating it is harmless.
        logger.warning("An answer could not be kept", extra={"action": "answer_not_kept"})


async def replayed(_: Request, error: Exception) -> Response:
    """Answer as the first time."""
    if not isinstance(error, Replayed):
        raise error
    return Response(
        error.answer.body,
        error.answer.status,
        {"Idempotency-Replayed": "true"},
        "application/json" if error.answer.body else None,
    )
