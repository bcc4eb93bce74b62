"""What the API is built of; the composition root gives it."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from prometheus_client import CollectorRegistry, Counter
from starlette.requests import HTTPConnection

from hub.api.access_notes import AccessNotes
from hub.api.identity import Tokens
from hub.api.tries import Tries
from hub.api.worker import HubWorker
from hub.model import DeviceKind, Topics
from hub.ports import (
    Clock,
    Credential,
    ExpressionLanguage,
    Gatekeeper,
    Partner,
    RecordStore,
    SeriesStore,
)
from hub.runtime.breaker import Breaker
from hub.settings import Http


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiParts:
    settings: Http
    records: RecordStore
    series: SeriesStore
    gatekeeper: Gatekeeper
    kinds: Mapping[str, DeviceKind]
    worker: HubWorker
    clock: Clock
    topics: Topics
    broker_url: str | Callable[[], str]
    """Where a device finds the broker; asked at each claim, as an embedded one may move."""
    signing_key: bytes
    """Signs access tokens; at least 32 random bytes."""
    new_token: Callable[[], str]
    hash_token: Callable[[str, str], Credential]
    """(token, device) -> what is kept of it."""
    payload_schema: Callable[[DeviceKind], dict[str, Any]]
    metrics: CollectorRegistry
    partner: Partner
    breakers: Callable[[], Mapping[str, Breaker]]
    """How the partners that were called are doing, by service."""
    expressions: ExpressionLanguage
    live_recheck_s: float = 5.0
    """A listener who signed out, or lost a role, hears nothing more after this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiState:
    """What one running API has beside its parts."""

    parts: ApiParts
    tokens: Tokens
    sign_ins: Tries
    sign_ins_of_address: Tries
    sign_ins_of_account: Tries
    claims_made: Tries
    claims: Tries
    claims_of_code: Tries
    hooks: Tries
    """Webhooks of one service."""
    bad_hooks: Tries
    """Webhooks from one address that nobody signed."""
    hooks_refused: Counter
    notes: AccessNotes
    hashing: asyncio.Semaphore
    """Password checks at one time: each takes 64 MiB."""
    claiming: asyncio.Lock
    """One claim at a time, so that tries at once do not outrun their count."""
    in_flight: set[tuple[str, str]]
    """(person, Idempotency-Key) of requests being handled now."""


def state_of(connection: HTTPConnection) -> ApiState:
    state: ApiState = connection.app.state.api
    return state


def parts_of(connection: HTTPConnection) -> ApiParts:
    return state_of(connection).parts
