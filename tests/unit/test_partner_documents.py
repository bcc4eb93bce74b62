"""What a partner's documents may say, and what of a call is written into the hub's."""

import json
from collections.abc import Mapping

import msgspec
import pytest

from hub.adapters.partner.documents import from_rfc3339, rfc3339
from hub.adapters.partner.dry_cleaner import DRY_CLEANER
from hub.adapters.partner.kinds import CONTRACTS
from hub.adapters.partner.market import MARKET
from hub.adapters.partner.needed import needed
from hub.errors import InvalidInputError
from hub.model import (
    FIELDS,
    GARMENT_FIELDS,
    Call,
    ListingUpdate,
    Operation,
    OrderUpdate,
    Price,
    ServiceKind,
    Slot,
)
from hub.model.care import CareLabel, Composition, DryCleaning, Fibre, Washing

AT = "2026-11-23T09:00:00Z"
ORDER: Mapping[str, object] = {"order": "or_1", "version": 3, "stage": "cleaning", "at": AT}
DEAL = {"deal": "dl_1", "other": "bora", "status": "open"}
AGREED = {**DEAL, "ours": True, "theirs": True, "status": "agreed"}
LISTING: Mapping[str, object] = {"listing": "ls_1", "version": 1, "status": "offered", "at": AT}
QUOTE = {
    "id": "q-1",
    "price": {"amount": "12.50", "currency": "EUR"},
    "slots": [{"start": AT, "end": "2026-11-23T11:00:00Z"}],
    "promised": "2026-11-25T09:00:00Z",
    "valid_until": "2026-11-23T12:00:00Z",
}


def order(**changes: object) -> OrderUpdate:
    update = DRY_CLEANER.understand(json.dumps({**ORDER, **changes}).encode())
    assert isinstance(update, OrderUpdate)
    return update


def listing(**changes: object) -> ListingUpdate:
    update = MARKET.understand(json.dumps({**LISTING, **changes}).encode())
    assert isinstance(update, ListingUpdate)
    return update


@pytest.mark.parametrize(
    ("written", "at_ms"),
    [
        ("2026-11-23T09:00:00Z", 1_795_424_400_000),
        ("2026-11-23T18:00:00+09:00", 1_795_424_400_000),
        ("2026-11-23t09:00:00.123456789z", 1_795_424_400_123),
        ("2026-11-23T00:00:00.5-09:00", 1_795_424_400_500),
    ],
)
def test_times_are_read_with_their_zone(written: str, at_ms: int) -> None:
    assert from_rfc3339(written) == at_ms
    assert from_rfc3339(rfc3339(at_ms)) == at_ms


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-23T09:00:00",
        "2026-11-23 09:00:00Z",
        "2026-11-23",
        "2026-02-30T00:00:00Z",
        "1795424400",
        1_795_424_400_000,
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        None,
        "",
    ],
)
def test_times_without_a_zone_or_out_of_reach_are_none(written: object) -> None:
    with pytest.raises(InvalidInputError):
        order(at=written)


def test_a_partner_may_say_more_than_it_promised() -> None:
    assert order(mood="fine", extra={"deep": [1]}) == order()


def test_an_order_with_everything_is_understood() -> None:
    update = order(stage="quoted", quote=QUOTE, expected_at=AT, place="works", reason="dust")
    assert update.quote is not None
    assert update.quote.price == Price(amount="12.50", currency="EUR")
    assert update.quote.slots == (Slot(start_ms=1_795_424_400_000, end_ms=1_795_431_600_000),)
    assert (update.expected_ms, update.place) == (1_795_424_400_000, "works")


@pytest.mark.parametrize(
    "changes",
    [
        {"version": "3"},
        {"version": 0},
        {"version": 3.5},
        {"version": True},
        {"version": 2**31},
        {"stage": "lost"},
        {"stage": "quoted"},
        {"order": ""},
        {"order": "../or"},
        {"order": 7},
        {"place": "x" * 501},
        {"milestones": [{"stage": "ready", "due": "soon"}]},
        {
            "milestones": [
                {"stage": "ready", "due": "2026-11-24T09:00:00Z"},
                {"stage": "delivered", "due": AT},
            ]
        },
        {"milestones": [{"stage": "ready", "due": AT}] * 21},
        {"quote": {**QUOTE, "slots": []}},
        {"quote": {**QUOTE, "slots": [{"start": AT, "end": AT}]}},
        {"quote": {**QUOTE, "price": {"amount": 12.5, "currency": "EUR"}}},
        {"quote": {**QUOTE, "price": {"amount": "-1", "currency": "EUR"}}},
        {"quote": {**QUOTE, "price": {"amount": "1", "currency": "euro"}}},
    ],
)
def test_an_order_that_makes_no_sense_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(InvalidInputError):
        order(**changes)


@pytest.mark.parametrize("name", ["order", "version", "stage", "at"])
def test_an_order_that_lacks_what_it_must_say_is_refused(name: str) -> None:
    body = json.dumps({key: value for key, value in ORDER.items() if key != name})
    with pytest.raises(InvalidInputError, match=name):
        DRY_CLEANER.understand(body.encode())


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b'"or_1"', b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_document_is_refused(body: bytes) -> None:
    for contract in CONTRACTS.values():
        with pytest.raises(InvalidInputError):
            contract.understand(body)
        with pytest.raises(InvalidInputError):
            contract.hear(body)


def test_a_refusal_never_quotes_what_the_partner_said() -> None:
    with pytest.raises(InvalidInputError) as caught:
        order(stage="Mina lives at Wausan-ro 1")
    assert "Wausan" not in str(caught.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"deals": [{**DEAL, "status": "agreed"}], "status": "reserved"},
        {"deals": [{**AGREED, "theirs": False}], "status": "reserved"},
        {"deals": [AGREED], "status": "offered"},
        {"deals": [AGREED], "status": "withdrawn"},
        {"deals": [AGREED], "status": "handed_over"},
        {"deals": [], "status": "reserved"},
        {"deals": [AGREED, {**AGREED, "deal": "dl_2"}], "status": "reserved"},
        {"deals": [AGREED, {**DEAL, "deal": "dl_2"}], "status": "reserved"},
        {"deals": [DEAL, DEAL]},
        {"deals": [{**DEAL, "other_rating": 5.1}]},
        {"deals": [{**DEAL, "ours": "yes"}]},
        {"status": "sold"},
    ],
)
def test_a_half_deal_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(InvalidInputError):
        listing(**changes)


def test_an_agreed_deal_is_understood() -> None:
    update = listing(status="reserved", deals=[AGREED, {**DEAL, "deal": "dl_2", "status": "off"}])
    assert [deal.status for deal in update.deals] == ["agreed", "off"]


@pytest.mark.parametrize("kind", ["listing.updated", "order.deleted", 1])
def test_a_webhook_of_another_type_is_refused(kind: object) -> None:
    body = json.dumps({"type": kind, "timestamp": AT, "data": ORDER}).encode()
    with pytest.raises(InvalidInputError):
        DRY_CLEANER.hear(body)


# ---------------------------------------------------------------------------------- what is sent

EVERYTHING: Mapping[str, object] = {
    "order": "or_1",
    "listing": "ls_1",
    "deal": "dl_1",
    "garments": [],
    "garment": {},
    "area": "Mapo-gu",
    "slot": Slot(start_ms=1_795_424_400_000, end_ms=1_795_431_600_000),
    "address": "Wausan-ro 1",
    "name": "Mina",
    "quote": "q-1",
    "reason": "washed",
    "mode": "sell",
    "price": Price(amount="9", currency="KRW"),
    "nickname": "moon",
    "heart_rate": 61,
    "person": "pe-1",
}
GARMENT = {
    "garment": "gm_1",
    "name": "scarf",
    "fibres": Composition.of({Fibre.SILK: 70, Fibre.WOOL: 30}),
    "label": CareLabel(washing=Washing.NONE, dry_cleaning=DryCleaning.P),
    "colour": "light",
    "tags": ["warm"],
    "owner": "pe-1",
    "place": "wardrobe",
}


def call(operation: Operation) -> Call:
    return Call(
        id="cl-1",
        service="sv-1",
        household="ho-1",
        person="pe-1",
        key="or_1",
        operation=operation,
        fields={**EVERYTHING, "garments": [GARMENT], "garment": GARMENT},
        queued_ms=0,
        expires_ms=1,
    )


ASKED = [(kind, operation) for kind, fields in FIELDS.items() for operation in fields]


@pytest.mark.parametrize(("kind", "operation"), ASKED, ids=str)
def test_a_body_has_the_fields_of_its_purpose_and_no_other(
    kind: ServiceKind, operation: Operation
) -> None:
    fields = needed(kind, call(operation))
    question = CONTRACTS[kind].ask(operation, fields)
    assert set(fields) == FIELDS[kind][operation]
    if question.method == "GET":
        assert not question.body
        return
    body = json.loads(question.body)
    assert set(body) == FIELDS[kind][operation]
    garments = [*body.get("garments", []), *([body["garment"]] if "garment" in body else [])]
    assert all(set(garment) == GARMENT_FIELDS[kind] for garment in garments)


def test_the_contracts_write_no_field_that_was_not_filtered_first() -> None:
    unfiltered = msgspec.to_builtins(call(Operation.QUOTE).fields)
    question = DRY_CLEANER.ask(Operation.QUOTE, unfiltered)
    assert set(json.loads(question.body)) == {"order", "garments", "area"}


def test_fibres_and_label_are_written_as_the_contract_says() -> None:
    question = DRY_CLEANER.ask(
        Operation.QUOTE, needed(ServiceKind.DRY_CLEANER, call(Operation.QUOTE))
    )
    (garment,) = json.loads(question.body)["garments"]
    assert garment["fibres"] == {"silk": 70, "wool": 30}
    assert garment["label"]["dry_cleaning"] == "P"
    assert "wet_cleaning" not in garment["label"]


def test_a_slot_is_written_in_times_of_rfc_3339() -> None:
    question = DRY_CLEANER.ask(
        Operation.PLACE, needed(ServiceKind.DRY_CLEANER, call(Operation.PLACE))
    )
    slot = json.loads(question.body)["slot"]
    assert slot == {"start": "2026-11-23T09:00:00.000Z", "end": "2026-11-23T11:00:00.000Z"}


@pytest.mark.parametrize("garments", ["gm_1", 7, ["gm_1"]])
def test_garments_that_are_no_objects_are_not_sent(garments: object) -> None:
    odd = Call(
        id="cl-1",
        service="sv-1",
        household="ho-1",
        person=None,
        key="or_1",
        operation=Operation.QUOTE,
        fields={"order": "or_1", "area": "x", "garments": garments},
        queued_ms=0,
        expires_ms=1,
    )
    with pytest.raises(InvalidInputError):
        needed(ServiceKind.DRY_CLEANER, odd)
