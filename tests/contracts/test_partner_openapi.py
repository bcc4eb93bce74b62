"""The written contracts, and that hub, sandbox and memory partner all keep to them."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import httpx2
import pytest

from hub.adapters.partner.kinds import CONTRACTS
from hub.adapters.partner.memory import MemoryPartner
from hub.adapters.partner.needed import needed
from hub.model import FIELDS, GARMENT_FIELDS, Call, Operation, OrderUpdate, Price, ServiceKind, Slot
from simulators.clock import real_now_ms
from simulators.partners.wire import sign
from tests.contracts.openapi_checks import CHECKS, WORDS, Contract
from tests.contracts.partner_sites import (
    SECRET,
    SandboxSite,
    a_business,
    a_call,
    a_service,
    another,
    sandbox_site,
)

T0 = 1_795_000_000_000
GARMENT = {
    "garment": "gm_1",
    "name": "scarf",
    "fibres": {"silk": 60, "wool": 40},
    "label": {"washing": "none", "dry_cleaning": "P"},
    "colour": "light",
    "tags": ["warm"],
}
ORDER = {
    "order": "or_1",
    "garments": [GARMENT],
    "area": "Mapo-gu",
    "slot": Slot(start_ms=T0, end_ms=T0 + 1000),
    "address": "Wausan-ro 1",
    "name": "Mina",
    "quote": "q-1",
    "reason": "washed",
}
LISTING = {
    "listing": "ls_1",
    "deal": "dl_1",
    "garment": GARMENT,
    "mode": "sell",
    "price": Price(amount="9000", currency="KRW"),
    "area": "Mapo-gu",
    "nickname": "moon",
}
ASKED = [(kind, operation) for kind, fields in FIELDS.items() for operation in fields]


def call(kind: ServiceKind, operation: Operation) -> Call:
    fields = ORDER if kind is ServiceKind.DRY_CLEANER else LISTING
    return another(a_call(operation, order="or_1", listing="ls_1"), **fields)


@pytest.fixture(params=list(ServiceKind))
def kind(request: pytest.FixtureRequest) -> ServiceKind:
    kind: ServiceKind = request.param
    return kind


def keywords(node: object) -> Iterator[str]:
    """Yield the schema keywords used anywhere within a schema."""
    if not isinstance(node, Mapping):
        return
    for name, value in node.items():
        yield name
        if name == "properties":
            for one in value.values():
                yield from keywords(one)
        elif name == "allOf":
            for one in value:
                yield from keywords(one)
        else:
            yield from keywords(value)


def references(node: object) -> Iterator[str]:
    if isinstance(node, Mapping):
        yield from [node["$ref"]] if "$ref" in node else []
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def test_every_kind_of_service_has_its_document(kind: ServiceKind) -> None:
    document = Contract(kind).document
    assert document["openapi"] == "3.1.0"
    assert {"info", "paths", "webhooks", "components"} <= set(document)


def test_every_reference_leads_somewhere_and_every_part_is_used(kind: ServiceKind) -> None:
    contract = Contract(kind)
    used = set(references(contract.document))
    for reference in used:
        assert contract.resolved({"$ref": reference})
    for part, named in contract.document["components"].items():
        for name in named:
            assert f"#/components/{part}/{name}" in used, name


def test_every_schema_is_of_words_that_the_checks_know(kind: ServiceKind) -> None:
    for schema in Contract(kind).document["components"]["schemas"].values():
        assert set(keywords(schema)) <= {*CHECKS, *WORDS, "$ref"}


def test_every_operation_is_named_once_signed_and_declines_with_a_problem(
    kind: ServiceKind,
) -> None:
    contract = Contract(kind)
    names = [operation["operationId"] for _, _, operation in contract.operations()]
    assert len(set(names)) == len(names)
    for _, path, operation in contract.operations():
        parameters = [contract.resolved(one)["name"] for one in operation["parameters"]]
        assert parameters[-4:] == [
            "Idempotency-Key",
            "webhook-id",
            "webhook-timestamp",
            "webhook-signature",
        ]
        assert parameters[:-4] == [part[1:-1] for part in path.split("/") if part.startswith("{")]
        problem = contract.resolved(operation["responses"]["default"])
        assert set(problem["content"]) == {"application/problem+json"}


@pytest.mark.parametrize(("kind", "operation"), ASKED, ids=str)
def test_what_the_hub_asks_is_in_the_contract(kind: ServiceKind, operation: Operation) -> None:
    contract = Contract(kind)
    asked = call(kind, operation)
    question = CONTRACTS[kind].ask(operation, needed(kind, asked))
    written = contract.operation(question.method, question.path)
    if question.method == "GET":
        assert "requestBody" not in written
        return
    schema = written["requestBody"]["content"]["application/json"]["schema"]
    contract.check(json.loads(question.body), schema)
    assert set(contract.resolved(schema)["properties"]) == FIELDS[kind][operation]


def test_a_garment_has_the_fields_that_the_hub_may_send(kind: ServiceKind) -> None:
    garment = Contract(kind).schema("Garment")
    assert set(garment["properties"]) == GARMENT_FIELDS[kind]
    assert garment["additionalProperties"] is False


def test_the_hub_asks_for_everything_in_the_contract(kind: ServiceKind) -> None:
    contract = Contract(kind)
    asked = {
        contract.operation(question.method, question.path)["operationId"]
        for operation in FIELDS[kind]
        for question in [CONTRACTS[kind].ask(operation, needed(kind, call(kind, operation)))]
    }
    assert asked == {operation["operationId"] for _, _, operation in contract.operations()}


def test_the_sandbox_serves_what_the_contract_says(kind: ServiceKind) -> None:
    served = {(step.method, step.path) for step in a_business(kind).steps}
    assert served == {(method, path) for method, path, _ in Contract(kind).operations()}


def test_what_the_memory_partner_tells_is_in_the_contract() -> None:
    update = OrderUpdate(order="or_1", version=1, stage="ready", at_ms=T0, expected_ms=T0)
    partner = MemoryPartner(ServiceKind.DRY_CLEANER)
    _, body = partner.webhook(a_service(ServiceKind.DRY_CLEANER, "http://x"), update)
    contract = Contract(ServiceKind.DRY_CLEANER)
    contract.check(json.loads(body), contract.schema("OrderUpdated"))


# --------------------------------------------------------------------- the sandbox's own answers


class Asker:
    """Asks the sandbox as the contract says, without the hub's adapter, and checks each answer."""

    def __init__(self, kind: ServiceKind, site: SandboxSite) -> None:
        self._contract = Contract(kind)
        self._client = httpx2.AsyncClient(base_url=site.service.url, trust_env=False)
        self._count = 0

    async def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        self._count += 1
        content = b"" if body is None else json.dumps(body).encode()
        key = f"key-{self._count}"
        signed = sign(SECRET, message=key, at_ms=real_now_ms(), body=content)
        answer = await self._client.request(
            method, path, content=content, headers={"idempotency-key": key, **signed}
        )
        operation = self._contract.operation(method, path)
        said = answer.json()
        self._contract.check(said, self._contract.answer_schema(operation, answer.status_code))
        return answer.status_code, said

    async def close(self) -> None:
        await self._client.aclose()


async def test_the_cleaners_answers_and_webhooks_are_in_the_contract() -> None:
    kind = ServiceKind.DRY_CLEANER
    garments = [{"garment": "gm_1", "fibres": {"silk": 100}}]
    async with sandbox_site(kind) as site:
        asker = Asker(kind, site)
        ask = asker.ask
        order = {"order": "or_1", "garments": garments}
        status, said = await ask("POST", "/quotes", {**order, "area": "Mapo-gu"})
        assert status == 200
        quote = said["quote"]
        place = {**order, "slot": quote["slots"][1], "address": "x", "name": "Mina"}
        assert (await ask("POST", "/orders", {**place, "quote": "old"}))[0] == 409
        assert (await ask("POST", "/orders", {**place, "quote": quote["id"]}))[0] == 201
        assert (await ask("GET", "/orders/or_1"))[0] == 200
        assert (await ask("GET", "/orders/or_2"))[0] == 404
        assert (await ask("POST", "/quotes", {**order, "area": "x", "phone": "1"}))[0] == 422
        assert (await ask("POST", "/orders/or_1/cancel", {"order": "or_2"}))[0] == 422
        _, body = await site.happen("stage", order="or_1", stage="picked_up")
        contract = Contract(kind)
        contract.check(json.loads(body), contract.schema("OrderUpdated"))
        status, said = await ask("POST", "/orders/or_1/cancel", {"order": "or_1"})
        assert (status, said["code"]) == (409, "too_late")
        await asker.close()


async def test_the_markets_answers_and_webhooks_are_in_the_contract() -> None:
    kind = ServiceKind.MARKET
    offer = {
        "listing": "ls_1",
        "garment": {"garment": "gm_1", "tags": ["warm"]},
        "mode": "swap",
        "area": "Mapo-gu",
        "nickname": "moon",
    }
    deal = {"listing": "ls_1", "deal": "dl_1"}
    async with sandbox_site(kind) as site:
        asker = Asker(kind, site)
        ask = asker.ask
        assert (await ask("PUT", "/listings/ls_1", offer))[0] == 200
        assert (await ask("PUT", "/listings/ls_1", {**offer, "mode": "sell"}))[0] == 422
        _, body = await site.happen("interest", **deal)
        contract = Contract(kind)
        contract.check(json.loads(body), contract.schema("ListingUpdated"))
        assert (await ask("POST", "/listings/ls_1/deals/dl_1/accept", deal))[0] == 200
        await site.happen("accept", **deal)
        assert (await ask("POST", "/listings/ls_1/deals/dl_1/decline", deal))[0] == 409
        assert (await ask("POST", "/listings/ls_1/withdraw", {"listing": "ls_1"}))[0] == 409
        status, said = await ask("POST", "/listings/ls_1/deals/dl_1/hand-over", deal)
        assert (status, said["status"]) == (200, "handed_over")
        assert (await ask("GET", "/listings/ls_2"))[0] == 404
        await asker.close()
