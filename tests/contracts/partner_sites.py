"""A partner to be asked, in memory or behind a socket, and a hand on what happens there."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Protocol

import httpx2
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.adapters.clock.system import SystemClock
from hub.adapters.partner.guard import Guard
from hub.adapters.partner.http import PartnerHttp
from hub.adapters.partner.memory import MemoryPartner
from hub.adapters.partner.partners import HttpPartner
from hub.model import Call, Operation, Service, ServiceKind, Update
from hub.ports import Partner
from simulators.clock import SimulatedClock
from simulators.partners.business import Business
from simulators.partners.dry_cleaner import DryCleaner
from simulators.partners.market import Market
from simulators.partners.plan import Odds
from simulators.partners.sandbox import Course, Sandbox
from simulators.partners.serving import serving
from tests.contracts.free_ports import free_port

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="
OTHER_SECRET = "whsec_b3RoZXItc2VjcmV0LW90aGVyLXNlY3JldC1vdGhlcg=="
LOOPBACK = (ip_network("127.0.0.0/8"),)
TIMEOUT_S = 2.0
LATE_S = 2.5

Webhook = tuple[Mapping[str, str], bytes]


class Site(Protocol):
    partner: Partner
    service: Service

    async def down(self) -> None: ...

    async def up(self) -> None: ...

    async def twice(self) -> None:
        """From now on the first answer to each call comes too late."""

    async def happen(self, what: str, **words: str) -> Webhook:
        """Have the partner do something by itself; return the webhook that tells of it."""

    async def fields(self) -> Sequence[set[str]]:
        """Return the paths of the fields of every request that arrived."""


class MemorySite:
    def __init__(self, kind: ServiceKind) -> None:
        self._memory = MemoryPartner(kind, clock=SystemClock())
        self.partner: Partner = self._memory
        self.service = a_service(kind, "http://127.0.0.1:1")

    async def down(self) -> None:
        self._memory.down = True

    async def up(self) -> None:
        self._memory.down = False

    async def twice(self) -> None:
        self._memory.twice = True

    async def happen(self, what: str, **words: str) -> Webhook:
        return self._memory.webhook(self.service, self._happened(what, words))

    def _happened(self, what: str, words: Mapping[str, str]) -> Update:
        memory = self._memory
        match what:
            case "stage":
                return memory.advance(words["order"], words["stage"])
            case "interest":
                return memory.interest(words["listing"], deal=words["deal"])
            case "accept":
                return memory.accept(words["listing"], words["deal"])
            case "withdraw":
                return memory.withdraw(words["listing"], words["deal"])
            case _:
                return memory.give_back(words["listing"])

    async def fields(self) -> Sequence[set[str]]:
        return [set(_paths(call.fields, "")) for call in self._memory.received]


class SandboxSite:
    """The real adapter against the sandbox, over TCP on the loopback address."""

    def __init__(self, kind: ServiceKind, url: str, caught: "Catcher") -> None:
        self.http = PartnerHttp(
            Guard(allowed_networks=LOOPBACK), clock=SystemClock(), timeout_s=TIMEOUT_S
        )
        self.partner: Partner = HttpPartner(kind, self.http, clock=SystemClock())
        self.service = a_service(kind, url)
        self.caught = caught
        self._hand = httpx2.AsyncClient(base_url=url, trust_env=False)

    async def down(self) -> None:
        await self.mode("down")

    async def up(self) -> None:
        await self.mode("ok")

    async def twice(self) -> None:
        await self.mode("twice")

    async def mode(self, mode: str, **more: str) -> None:
        answer = await self._hand.post("/_sandbox/mode", json={"mode": mode, **more})
        answer.raise_for_status()

    async def happen(self, what: str, **words: str) -> Webhook:
        before = len(self.caught.webhooks)
        answer = await self._hand.post(f"/_sandbox/{what}", json=words)
        answer.raise_for_status()
        async with asyncio.timeout(10):
            while len(self.caught.webhooks) == before:  # noqa: ASYNC110 - any number of them
                await asyncio.sleep(0.01)
        return self.caught.webhooks[-1]

    async def fields(self) -> Sequence[set[str]]:
        return [set(one["fields"]) for one in (await self.ledger())["requests"]]

    async def ledger(self) -> dict[str, list[dict[str, Any]]]:
        """Return every request and webhook, as the sandbox noted them."""
        found: dict[str, list[dict[str, Any]]] = (await self._hand.get("/_sandbox/ledger")).json()
        return found

    async def truth(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self._hand.get("/_sandbox/truth")).json()
        return found

    async def close(self) -> None:
        await self._hand.aclose()
        await self.partner.close()


class Catcher:
    """Where a sandbox's webhooks arrive; answers with what it is told to."""

    def __init__(self) -> None:
        self.webhooks: list[Webhook] = []
        self.statuses: list[int] = []
        """Answers to give first; then 204."""

    def route(self) -> Route:
        return Route("/hook", self._take, methods=["POST"])

    async def _take(self, request: Request) -> Response:
        status = self.statuses.pop(0) if self.statuses else 204
        self.webhooks.append((dict(request.headers), await request.body()))
        return Response(status_code=status)


def a_business(kind: ServiceKind) -> Business[Any]:
    """Return a partner that does nothing by itself but what was ordered."""
    if kind is ServiceKind.DRY_CLEANER:
        return DryCleaner(seed=1, odds=Odds())
    return Market(seed=1, others=0)


@contextlib.asynccontextmanager
async def sandbox_site(
    kind: ServiceKind,
    *,
    business: Business[Any] | None = None,
    state: Path | None = None,
    rate: float = 1.0,
) -> AsyncIterator[SandboxSite]:
    caught, port = Catcher(), free_port()
    course = Course(
        clock=SimulatedClock(rate=rate),
        secret=SECRET,
        hook=f"http://127.0.0.1:{port}/hook",
        late_s=LATE_S,
        slow_s=0.1,
        state=state,
    )
    app = Sandbox(business or a_business(kind), course).app()
    app.routes.append(caught.route())
    async with serving(app, port=port) as url:
        site = SandboxSite(kind, url, caught)
        yield site
        await site.close()


def a_service(kind: ServiceKind, url: str) -> Service:
    return Service(id="sv-1", kind=kind, name="Hanbit", url=url, secret=SECRET)


def a_call(operation: Operation, /, *, call: str = "", **fields: object) -> Call:
    about = str(fields.get("order") or fields.get("listing"))
    return Call(
        id=call or f"cl-{about}-{operation}",
        service="sv-1",
        household="ho-1",
        person="pe-1",
        key=about,
        operation=operation,
        fields=fields,
        queued_ms=0,
        expires_ms=2**40,
    )


def another(call: Call, **fields: object) -> Call:
    """Return the same call with other fields."""
    return replace(call, fields={**call.fields, **fields})


def _paths(value: object, path: str) -> Sequence[str]:
    if isinstance(value, Mapping):
        named = value.items()
    elif isinstance(value, list | tuple):
        named = {str(number): one for number, one in enumerate(value)}.items()
    else:
        return [path]
    return [
        found
        for name, one in named
        for found in _paths(one, f"{path}.{name}" if path else str(name))
    ]
