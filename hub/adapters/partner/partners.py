"""The `Partner` port over HTTP: every kind of service through one door."""

from collections.abc import Mapping

from hub.adapters.partner.contract import subject
from hub.adapters.partner.http import DeclinedError, PartnerHttp
from hub.adapters.partner.kinds import CONTRACTS
from hub.adapters.partner.needed import needed
from hub.errors import InvalidInputError
from hub.model import Call, Service, ServiceKind, Update
from hub.ports import Clock, Partner

UNKNOWN = "unknown"
"""The contracts' word for an order or listing that the partner never had."""


class HttpPartner:
    """Speaks one contract, chosen by kind."""

    def __init__(self, kind: ServiceKind, http: PartnerHttp, *, clock: Clock) -> None:
        self._contract = CONTRACTS[kind]
        self._http = http
        self._clock = clock

    async def send(self, service: Service, call: Call) -> Update:
        fields = needed(self._contract.kind, call)
        question = self._contract.ask(call.operation, fields)
        about = str(fields.get("order") or fields.get("listing"))
        try:
            body = await self._http.ask(service, question, key=call.id)
        except DeclinedError as error:
            if error.code != UNKNOWN:
                raise
            update = self._contract.nothing_there(call.operation, about, self._clock.now_ms())
            if update is None:
                raise
            return update
        update = self._contract.understand(body)
        if subject(update) != about:
            message = f"{service.id} answers about something it was not asked about"
            raise InvalidInputError(message)
        return update

    def heard(
        self, service: Service, headers: Mapping[str, str], body: bytes
    ) -> tuple[str, Update]:
        return self._contract.heard(service, headers, body, now_ms=self._clock.now_ms())

    async def close(self) -> None:
        await self._http.close()


class Partners:
    """Any partner as one: each service is spoken to as its kind is."""

    def __init__(self, by_kind: Mapping[ServiceKind, Partner]) -> None:
        self._by_kind = by_kind

    async def send(self, service: Service, call: Call) -> Update:
        return await self._by_kind[service.kind].send(service, call)

    def heard(
        self, service: Service, headers: Mapping[str, str], body: bytes
    ) -> tuple[str, Update]:
        return self._by_kind[service.kind].heard(service, headers, body)

    async def close(self) -> None:
        for partner in self._by_kind.values():
            await partner.close()


def http_partners(http: PartnerHttp, *, clock: Clock) -> Partners:
    """Return the door to all kinds of partners over this client."""
    return Partners({kind: HttpPartner(kind, http, clock=clock) for kind in CONTRACTS})
