"""Puts the companion API together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import cache, partial

from fastapi import APIRouter, FastAPI
from prometheus_client import Counter
from starlette.routing import BaseRoute

from hub.api import docs, problems
from hub.api.access_notes import AccessNotes
from hub.api.boundary import BASE, Boundary
from hub.api.identity import Tokens
from hub.api.once import Replayed, replayed
from hub.api.parts import ApiParts, ApiState
from hub.api.routers import (
    access_log,
    alarms,
    auth,
    claims,
    commands,
    contacts,
    dead_letters,
    devices,
    disclosures,
    events,
    garments,
    hooks,
    households,
    kinds,
    links,
    listings,
    live,
    me,
    moments,
    operations,
    orders,
    presence,
    rules,
    scenes,
    services,
    stock,
    telemetry,
    twin,
)
from hub.api.tries import Tries

__all__ = ["ApiParts", "create_app"]

ROUTERS = (
    auth,
    me,
    kinds,
    claims,
    devices,
    telemetry,
    twin,
    commands,
    events,
    alarms,
    rules,
    links,
    scenes,
    households,
    presence,
    moments,
    stock,
    garments,
    services,
    orders,
    listings,
    disclosures,
    hooks,
    contacts,
    access_log,
    dead_letters,
    live,
)

DRAIN_S = 5.0


def create_app(parts: ApiParts) -> FastAPI:
    """Return the API over these parts; it opens and closes none of them."""
    app = FastAPI(routes=_routes(), lifespan=_writing_notes, docs_url=None, redoc_url=None)
    app.state.api = _state(parts)
    # FastAPI's own documented way to extend its document.
    app.openapi = partial(docs.describe, app)  # type: ignore[method-assign]
    app.add_middleware(Boundary, metrics=parts.metrics)
    app.add_exception_handler(Replayed, replayed)
    problems.install(app)
    return app


@cache
def _routes() -> list[BaseRoute]:
    """Return all routes, for every app the same: reading their signatures takes half a second."""
    api = APIRouter()
    for module in ROUTERS:
        api.include_router(module.router, prefix=BASE)
    api.include_router(operations.router)
    return api.routes


def _state(parts: ApiParts) -> ApiState:
    return ApiState(
        parts=parts,
        tokens=Tokens(
            key=parts.signing_key, clock=parts.clock, lifetime_s=parts.settings.access_token_s
        ),
        sign_ins=Tries(5, minutes=10),
        sign_ins_of_address=Tries(60, minutes=10),
        sign_ins_of_account=Tries(100, minutes=60),
        claims_made=Tries(200, minutes=10),
        claims=Tries(5, minutes=10),
        claims_of_code=Tries(5, minutes=10),
        hooks=Tries(3000, minutes=1),
        bad_hooks=Tries(60, minutes=1),
        hooks_refused=Counter(
            "hub_hooks_refused", "Webhooks that no known service signed", registry=parts.metrics
        ),
        notes=AccessNotes(log=parts.records, clock=parts.clock),
        hashing=asyncio.Semaphore(2),
        claiming=asyncio.Lock(),
        in_flight=set(),
    )


@asynccontextmanager
async def _writing_notes(app: FastAPI) -> AsyncIterator[None]:
    """Write the access log beside the answers, and what is left of it at the end."""
    notes: AccessNotes = app.state.api.notes
    async with asyncio.TaskGroup() as group:
        writer = group.create_task(notes.run())
        yield
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_S):
                await notes.drain()
        writer.cancel()
