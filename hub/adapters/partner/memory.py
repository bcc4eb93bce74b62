"""A partner in memory, for tests and trials: same port, same rules, and it can be made to fail."""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace

from hub.adapters.clock.manual import ManualClock
from hub.adapters.partner.contract import subject
from hub.adapters.partner.documents import rfc3339
from hub.adapters.partner.kinds import CONTRACTS
from hub.adapters.partner.memory_cleaner import MemoryCleaner, UnknownHereError
from hub.adapters.partner.memory_market import MemoryMarket
from hub.adapters.partner.needed import needed
from hub.adapters.partner.signature import sign
from hub.errors import RefusedError, UnavailableError
from hub.model import (
    Call,
    DealUpdate,
    ListingUpdate,
    Operation,
    OrderUpdate,
    Service,
    ServiceKind,
    Update,
)
from hub.ports import Clock

T0_MS = 1_795_000_000_000


class MemoryPartner:
    """One partner of one kind, whatever service it is called as.

    Everything it does follows from what it is asked and from the clock; without one its time
    stands still.
    """

    def __init__(self, kind: ServiceKind, *, clock: Clock | None = None) -> None:
        self.down = False
        """Nothing gets through."""
        self.twice = False
        """Does what it is asked and the first answer to each call is lost, so it is sent again."""
        self.declines: dict[Operation, str] = {}
        """What it will not do, and why."""
        self.received: list[Call] = []
        """Every attempt that got through, with the fields that left the hub."""
        self.done: list[tuple[Operation, str]] = []
        """(operation, order or listing), once for each call that was carried out."""
        self._contract = CONTRACTS[kind]
        self._clock: Clock = clock or ManualClock(T0_MS)
        self._cleaner = MemoryCleaner()
        self._market = MemoryMarket()
        self._answers: dict[str, tuple[Operation, Mapping[str, object], Update | RefusedError]] = {}
        self._hooks = 0

    @property
    def orders(self) -> Mapping[str, OrderUpdate]:
        return self._cleaner.orders

    @property
    def listings(self) -> Mapping[str, ListingUpdate]:
        return self._market.listings

    async def send(self, service: Service, call: Call) -> Update:
        fields = needed(self._contract.kind, call)
        self._contract.ask(call.operation, fields)
        if self.down:
            message = f"{service.id} in memory is down"
            raise UnavailableError(message)
        self.received.append(replace(call, fields=fields))
        fresh = call.id not in self._answers
        if fresh:
            answer = self._carried_out(call, fields)
            self._answers[call.id] = (call.operation, fields, answer)
        operation, before, answer = self._answers[call.id]
        if (operation, before) != (call.operation, fields):
            message = f"{service.id} in memory knows this key with another request"
            raise RefusedError(message)
        if self.twice and fresh:
            message = f"the answer of {service.id} in memory is lost"
            raise UnavailableError(message)
        if isinstance(answer, RefusedError):
            raise answer
        return self._current(answer) if call.operation is Operation.STATUS else answer

    def heard(
        self, service: Service, headers: Mapping[str, str], body: bytes
    ) -> tuple[str, Update]:
        return self._contract.heard(service, headers, body, now_ms=self._clock.now_ms())

    async def close(self) -> None:
        """Keep everything: the partner is not the hub's."""

    def advance(
        self,
        order: str,
        stage: str,
        *,
        place: str = "",
        expected_ms: int | None = None,
        reason: str = "",
    ) -> OrderUpdate:
        """Have an order reach a stage; without `expected_ms` the estimate stays as it was."""
        expected = expected_ms or self._cleaner.known(order).expected_ms
        return self._cleaner.change(
            order,
            stage,
            at_ms=self._clock.now_ms(),
            place=place,
            expected_ms=expected,
            reason=reason,
        )

    def interest(
        self, listing: str, *, deal: str, other: str = "someone", terms: str = ""
    ) -> ListingUpdate:
        made = DealUpdate(deal=deal, other=other, terms=terms)
        return self._market.show_interest(listing, made, at_ms=self._clock.now_ms())

    def accept(self, listing: str, deal: str) -> ListingUpdate:
        """Have the other side say yes."""
        return self._market.say(listing, deal, theirs=True, at_ms=self._clock.now_ms())

    def withdraw(self, listing: str, deal: str) -> ListingUpdate:
        """Have the other side say no."""
        return self._market.say(listing, deal, theirs=False, at_ms=self._clock.now_ms())

    def give_back(self, listing: str) -> ListingUpdate:
        return self._market.give_back(listing, at_ms=self._clock.now_ms())

    def webhook(self, service: Service, update: Update) -> tuple[dict[str, str], bytes]:
        """Return headers and body of a webhook that says this, each with an id of its own."""
        self._hooks += 1
        kind = "order" if isinstance(update, OrderUpdate) else "listing"
        now_ms = self._clock.now_ms()
        said = {
            "type": f"{kind}.updated",
            "timestamp": rfc3339(now_ms),
            "data": _document(asdict(update)),
        }
        body = json.dumps(said).encode()
        message = f"hk-{subject(update)}-{self._hooks}"
        return sign(service.secret, message=message, at_ms=now_ms, body=body), body

    def _carried_out(self, call: Call, fields: Mapping[str, object]) -> Update | RefusedError:
        if call.operation in self.declines:
            return RefusedError(self.declines[call.operation])
        part = self._cleaner if self._contract.kind is ServiceKind.DRY_CLEANER else self._market
        now_ms = self._clock.now_ms()
        try:
            answer: Update = part.carry_out(call.operation, fields, now_ms=now_ms)
        except UnknownHereError as error:
            name = str(fields.get("order") or fields.get("listing"))
            return self._contract.nothing_there(call.operation, name, now_ms) or error
        except RefusedError as error:
            return error
        self.done.append((call.operation, subject(answer)))
        return answer

    def _current(self, answer: Update) -> Update:
        """Return what is so now; asking how things stand is never answered from memory."""
        if isinstance(answer, OrderUpdate):
            return self._cleaner.known(answer.order)
        return self._market.known(answer.listing)


_TIMES = {
    "at_ms": "at",
    "expected_ms": "expected_at",
    "promised_ms": "promised",
    "valid_until_ms": "valid_until",
    "due_ms": "due",
    "start_ms": "start",
    "end_ms": "end",
}


def _document(value: object) -> object:
    """Return an update as its contract writes it: no field that is None, times of RFC 3339."""
    if isinstance(value, dict):
        return {
            _TIMES.get(name, name): rfc3339(one) if name in _TIMES else _document(one)
            for name, one in value.items()
            if one is not None
        }
    if isinstance(value, list | tuple):
        return [_document(one) for one in value]
    return value
