"""A sandbox's business without its server, in a time that a drill steps through.

What happens to an order, and when, is the sandbox's own code; between it and the hub stand the
contract's documents, an unreliable way, and webhooks that come late, twice and out of order.
"""

import heapq
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

import msgspec

from hub.adapters.partner.contract import Contract, Question
from hub.adapters.partner.kinds import CONTRACTS
from hub.adapters.partner.needed import needed
from hub.errors import RefusedError, UnavailableError
from hub.model import Call, Operation, Service, ServiceKind, Update
from hub.ports import Clock
from simulators.partners.business import Business
from simulators.partners.wire import Problem

MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How unreliable the way between hub and partner is."""

    lost: float = 0.0
    """Share of answers that never arrive, with the thing done."""
    doubled: float = 0.0
    late: float = 0.0
    """Share of webhooks that take up to `latest_ms`; the others take up to a minute."""
    latest_ms: int = 45 * MINUTE_MS


@dataclass
class SteppedPartner:
    kind: ServiceKind
    business: Business[Any]
    clock: Clock
    rng: Random
    way: Way = field(default_factory=Way)
    away: list[tuple[int, int]] = field(default_factory=list)
    """When nothing gets through: (from ms, until ms)."""
    carried_out: list[tuple[Operation, str]] = field(default_factory=list)
    requests: int = 0
    _answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    _hooks: list[tuple[int, int, Update]] = field(default_factory=list)
    _number: int = 0

    # -- the port ------------------------------------------------------------------------------

    async def send(self, service: Service, call: Call) -> Update:
        if self.is_away:
            message = f"{service.id} is away"
            raise UnavailableError(message)
        self.requests += 1
        fields = needed(self.kind, call)
        status, body = self._answered(call, self._contract.ask(call.operation, fields))
        if self.rng.random() < self.way.lost:
            message = f"the answer of {service.id} is lost"
            raise UnavailableError(message)
        if status >= 400:
            about = str(fields.get("order") or fields.get("listing"))
            update = self._contract.nothing_there(call.operation, about, self.clock.now_ms())
            if status == 404 and update is not None:
                return update
            raise RefusedError(body.decode())
        return self._contract.understand(body)

    def heard(
        self, service: Service, headers: Mapping[str, str], body: bytes
    ) -> tuple[str, Update]:
        return self._contract.heard(service, headers, body, now_ms=self.clock.now_ms())

    async def close(self) -> None:
        """Nothing is open."""

    @property
    def is_away(self) -> bool:
        now_ms = self.clock.now_ms()
        return any(begin <= now_ms < end for begin, end in self.away)

    # -- its own life --------------------------------------------------------------------------

    def live(self) -> None:
        """Let everything happen that is due, and put webhooks of it on their way."""
        self.business.run_until(self.clock.now_ms())
        for change in self.business.take_changes():
            if change.tell:
                self._post(self._contract.understand(self._document(change.subject)))

    def arrived(self) -> list[Update]:
        """Return the webhooks that have arrived by now."""
        found = []
        while self._hooks and self._hooks[0][0] <= self.clock.now_ms():
            found.append(heapq.heappop(self._hooks)[2])
        return found

    def next_ms(self) -> int | None:
        """Return when something happens next by itself."""
        now_ms = self.clock.now_ms()
        back_ms = [until for begin, until in self.away if begin <= now_ms < until]
        times = [self.business.next_due_ms(), self._hooks[0][0] if self._hooks else None]
        next_ms = min((at for at in times if at is not None), default=None)
        return next_ms if next_ms is None else max(next_ms, *back_ms, next_ms)

    def _post(self, update: Update) -> None:
        for _ in range(2 if self.rng.random() < self.way.doubled else 1):
            late = self.rng.random() < self.way.late
            delay_ms = self.rng.randrange(self.way.latest_ms if late else MINUTE_MS)
            self._number += 1
            heapq.heappush(self._hooks, (self.clock.now_ms() + delay_ms, self._number, update))

    @property
    def _contract(self) -> Contract:
        return CONTRACTS[self.kind]

    def _answered(self, call: Call, question: Question) -> tuple[int, bytes]:
        if question.method != "GET" and call.id in self._answers:
            return self._answers[call.id]
        self.live()
        try:
            subject = self._carry_out(question)
            answer = (200, self._document(subject))
            if question.method != "GET":
                self.carried_out.append((call.operation, subject))
        except Problem as problem:
            answer = (problem.status, problem.code.encode())
        self._answers[call.id] = answer
        self.live()
        return answer

    def _carry_out(self, question: Question) -> str:
        for step in self.business.steps:
            pattern = re.sub(r"\{([a-z]+)\}", r"(?P<\1>[^/]+)", step.path)
            found = re.fullmatch(pattern, question.path)
            if found is None or step.method != question.method:
                continue
            asked = (
                msgspec.json.decode(question.body, type=step.body)
                if question.body
                else msgspec.convert(found.groupdict(), type=step.body)
            )
            return step.act(asked, self.clock.now_ms())
        raise AssertionError(question)

    def _document(self, subject: str) -> bytes:
        return json.dumps(self.business.document(subject)).encode()
