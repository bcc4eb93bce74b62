"""What the `Partner` port promises, in memory and over a socket to the sandbox."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from hub.errors import InvalidInputError, RefusedError, UnavailableError
from hub.model import (
    Call,
    ListingUpdate,
    Operation,
    OrderUpdate,
    Price,
    ServiceKind,
    Slot,
)
from tests.contracts.partner_sites import (
    OTHER_SECRET,
    SECRET,
    MemorySite,
    Site,
    a_call,
    another,
    sandbox_site,
)

SILK = {
    "garment": "gm_1",
    "fibres": {"silk": 100},
    "label": {"washing": "none", "dry_cleaning": "P", "wet_cleaning": None},
    "colour": "light",
    "owner": "pe-1",
    "soil": 0.4,
}


@pytest.fixture(params=["memory", "sandbox"])
async def cleaner(request: pytest.FixtureRequest) -> AsyncIterator[Site]:
    if request.param == "memory":
        yield MemorySite(ServiceKind.DRY_CLEANER)
        return
    async with sandbox_site(ServiceKind.DRY_CLEANER) as site:
        yield site


@pytest.fixture(params=["memory", "sandbox"])
async def market(request: pytest.FixtureRequest) -> AsyncIterator[Site]:
    if request.param == "memory":
        yield MemorySite(ServiceKind.MARKET)
        return
    async with sandbox_site(ServiceKind.MARKET) as site:
        yield site


# ----------------------------------------------------------------------------------- the cleaner


def quote_call(order: str = "or_1") -> Call:
    return a_call(Operation.QUOTE, order=order, garments=[SILK], area="Mapo-gu")


async def quoted(site: Site, order: str = "or_1") -> OrderUpdate:
    return await told_order(site, quote_call(order))


async def told_order(site: Site, call: Call) -> OrderUpdate:
    update = await site.partner.send(site.service, call)
    assert isinstance(update, OrderUpdate)
    return update


async def place_call(site: Site, order: str = "or_1") -> Call:
    update = await quoted(site, order)
    assert update.quote is not None
    return a_call(
        Operation.PLACE,
        order=order,
        garments=[SILK],
        slot=update.quote.slots[0],
        address="Wausan-ro 1, Seoul",
        name="Mina",
        quote=update.quote.id,
    )


async def test_a_quote_says_price_slots_and_what_is_promised(cleaner: Site) -> None:
    update = await quoted(cleaner)
    assert (update.order, update.stage, update.version) == ("or_1", "quoted", 1)
    quote = update.quote
    assert quote is not None
    assert quote.price == Price(amount="9000", currency="KRW")
    assert all(slot.start_ms < slot.end_ms for slot in quote.slots)
    assert [one.stage for one in quote.milestones][-1] == "delivered"
    assert quote.promised_ms == quote.milestones[-1].due_ms


async def test_a_placed_order_has_a_number_an_estimate_and_milestones(cleaner: Site) -> None:
    update = await told_order(cleaner, await place_call(cleaner))
    assert (update.stage, update.version) == ("placed", 2)
    assert update.reference
    assert update.expected_ms == update.milestones[-1].due_ms


async def test_the_same_call_twice_is_one_order_and_one_answer(cleaner: Site) -> None:
    call = await place_call(cleaner)
    first = await told_order(cleaner, call)
    assert await told_order(cleaner, call) == first
    status = await told_order(cleaner, a_call(Operation.STATUS, order="or_1"))
    assert status.version == 2


async def test_a_call_whose_answer_was_lost_is_answered_the_second_time(cleaner: Site) -> None:
    call = await place_call(cleaner)
    await cleaner.twice()
    with pytest.raises(UnavailableError):
        await told_order(cleaner, call)
    assert (await told_order(cleaner, call)).version == 2


async def test_many_sending_one_call_at_once_place_one_order(cleaner: Site) -> None:
    call = await place_call(cleaner)
    updates = await asyncio.gather(*(told_order(cleaner, call) for _ in range(8)))
    assert {update.version for update in updates} == {2}


async def test_the_same_key_with_something_else_in_it_is_refused(cleaner: Site) -> None:
    call = await place_call(cleaner)
    await told_order(cleaner, call)
    with pytest.raises(RefusedError):
        await told_order(cleaner, another(call, name="Jun"))


async def test_a_second_key_does_not_place_a_placed_order_again(cleaner: Site) -> None:
    call = await place_call(cleaner)
    await told_order(cleaner, call)
    with pytest.raises(RefusedError):
        await told_order(cleaner, replace(call, id="another-key"))


async def test_a_slot_that_is_none_never_leaves(cleaner: Site) -> None:
    call = await place_call(cleaner)
    with pytest.raises(InvalidInputError, match="slot"):
        await told_order(cleaner, another(call, slot="soon"))
    assert len(await cleaner.fields()) == 1


async def test_a_quote_that_is_not_this_orders_is_refused(cleaner: Site) -> None:
    call = await place_call(cleaner)
    with pytest.raises(RefusedError):
        await told_order(cleaner, another(call, quote="q-other"))
    assert (await told_order(cleaner, a_call(Operation.STATUS, order="or_1"))).stage == "quoted"


async def test_a_partner_that_is_down_is_unavailable_and_then_back(cleaner: Site) -> None:
    await cleaner.down()
    for _ in range(3):
        with pytest.raises(UnavailableError):
            await quoted(cleaner)
    await cleaner.up()
    assert (await quoted(cleaner)).stage == "quoted"


async def test_asking_how_it_stands_is_never_answered_from_memory(cleaner: Site) -> None:
    await told_order(cleaner, await place_call(cleaner))
    ask = a_call(Operation.STATUS, order="or_1")
    assert (await told_order(cleaner, ask)).stage == "placed"
    await cleaner.happen("stage", order="or_1", stage="picked_up")
    assert (await told_order(cleaner, ask)).stage == "picked_up"


async def test_an_order_is_cancelled_before_it_is_picked_up_however_often(cleaner: Site) -> None:
    await told_order(cleaner, await place_call(cleaner))
    call = a_call(Operation.CANCEL, order="or_1", reason="washed at home")
    first = await told_order(cleaner, call)
    again = await told_order(cleaner, replace(call, id="another-key"))
    assert (first.stage, again.stage, again.version) == ("cancelled", "cancelled", first.version)


async def test_it_is_too_late_to_cancel_what_was_picked_up(cleaner: Site) -> None:
    await told_order(cleaner, await place_call(cleaner))
    await cleaner.happen("stage", order="or_1", stage="picked_up")
    with pytest.raises(RefusedError):
        await told_order(cleaner, a_call(Operation.CANCEL, order="or_1"))


async def test_cancelling_what_the_partner_never_saw_leaves_nothing(cleaner: Site) -> None:
    update = await told_order(cleaner, a_call(Operation.CANCEL, order="or_9"))
    assert (update.order, update.stage, update.version) == ("or_9", "cancelled", 0)


async def test_asking_after_what_the_partner_never_saw_is_refused(cleaner: Site) -> None:
    with pytest.raises(RefusedError):
        await told_order(cleaner, a_call(Operation.STATUS, order="or_9"))


async def test_no_field_leaves_that_the_purpose_does_not_need(cleaner: Site) -> None:
    await told_order(cleaner, another(quote_call(), address="Wausan-ro 1", heart_rate=61))
    (fields,) = await cleaner.fields()
    known = {"order", "area", "garments.0.garment", "garments.0.colour"}
    label = {path for path in fields if path.startswith("garments.0.label.")}
    assert fields - label == known | {"garments.0.fibres.silk"}


async def test_a_slot_may_come_as_it_is_kept(cleaner: Site) -> None:
    call = await place_call(cleaner)
    slot = call.fields["slot"]
    assert isinstance(slot, Slot)
    kept = {"start_ms": slot.start_ms, "end_ms": slot.end_ms}
    assert (await told_order(cleaner, another(call, slot=kept))).stage == "placed"


async def test_a_call_that_lacks_a_field_never_leaves(cleaner: Site) -> None:
    with pytest.raises(InvalidInputError, match="area"):
        await told_order(cleaner, a_call(Operation.QUOTE, order="or_1", garments=[SILK]))
    assert not await cleaner.fields()


async def test_what_a_cleaner_is_never_asked_never_leaves(cleaner: Site) -> None:
    with pytest.raises(InvalidInputError):
        await told_order(cleaner, a_call(Operation.OFFER, order="or_1"))
    assert not await cleaner.fields()


@pytest.mark.parametrize("order", ["..", "a/b", "a b", "", "x" * 200, "a?b"])
async def test_an_id_that_is_none_never_reaches_a_path(cleaner: Site, order: str) -> None:
    with pytest.raises(InvalidInputError):
        await told_order(cleaner, a_call(Operation.STATUS, order=order))
    assert not await cleaner.fields()


# -------------------------------------------------------------------------------------- webhooks


async def test_a_webhook_is_heard_with_its_id_and_newer_than_the_answer(cleaner: Site) -> None:
    placed = await told_order(cleaner, await place_call(cleaner))
    headers, body = await cleaner.happen("stage", order="or_1", stage="picked_up")
    hook, update = cleaner.partner.heard(cleaner.service, headers, body)
    assert hook == headers["webhook-id"]
    assert isinstance(update, OrderUpdate)
    assert (update.order, update.stage) == ("or_1", "picked_up")
    assert update.version == placed.version + 1


async def test_a_webhook_altered_in_any_one_byte_is_refused(cleaner: Site) -> None:
    await told_order(cleaner, await place_call(cleaner))
    headers, body = await cleaner.happen("stage", order="or_1", stage="picked_up")
    for place in range(0, len(body), 7):
        altered = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
        with pytest.raises(RefusedError):
            cleaner.partner.heard(cleaner.service, headers, altered)


@pytest.mark.parametrize("header", ["webhook-id", "webhook-timestamp", "webhook-signature"])
async def test_a_webhook_without_a_header_or_with_another_is_refused(
    cleaner: Site, header: str
) -> None:
    await told_order(cleaner, await place_call(cleaner))
    headers, body = await cleaner.happen("stage", order="or_1", stage="picked_up")
    without = {name: value for name, value in headers.items() if name != header}
    for given in (without, {**without, header: f"{headers[header]}0"}, {**without, header: ""}):
        with pytest.raises(RefusedError):
            cleaner.partner.heard(cleaner.service, given, body)


async def test_a_webhook_holds_for_either_secret_while_one_replaces_the_other(
    cleaner: Site,
) -> None:
    await told_order(cleaner, await place_call(cleaner))
    headers, body = await cleaner.happen("stage", order="or_1", stage="picked_up")
    rotating = replace(cleaner.service, secret=f"{OTHER_SECRET} {SECRET}")
    hook, _ = cleaner.partner.heard(rotating, headers, body)
    assert hook == headers["webhook-id"]
    with pytest.raises(RefusedError):
        cleaner.partner.heard(replace(cleaner.service, secret=OTHER_SECRET), headers, body)


async def test_a_call_is_taken_while_the_hub_signs_with_both_secrets(cleaner: Site) -> None:
    rotating = replace(cleaner.service, secret=f"{OTHER_SECRET} {SECRET}")
    update = await cleaner.partner.send(rotating, quote_call())
    assert isinstance(update, OrderUpdate)


# ------------------------------------------------------------------------------------ the market

SHIRT = {
    "garment": "gm_2",
    "name": "blue shirt",
    "fibres": {"cotton": 100},
    "colour": "bright",
    "tags": ["casual"],
    "label": {"washing": "40"},
}


def offer_call(mode: str = "swap", *, price: Price | None = None) -> Call:
    return a_call(
        Operation.OFFER,
        listing="ls_1",
        garment=SHIRT,
        mode=mode,
        price=price,
        area="Mapo-gu",
        nickname="moon",
    )


async def told_listing(site: Site, call: Call) -> ListingUpdate:
    update = await site.partner.send(site.service, call)
    assert isinstance(update, ListingUpdate)
    return update


def deal_call(operation: Operation, deal: str = "dl_1", **more: str) -> Call:
    named = f"cl-{operation}-{deal}"
    return a_call(operation, call=named, listing="ls_1", deal=deal, **more)


async def with_interest(site: Site, *deals: str, mode: str = "swap") -> None:
    price = None if mode == "swap" else Price(amount="5000", currency="KRW")
    await told_listing(site, offer_call(mode, price=price))
    for deal in deals:
        await site.happen("interest", listing="ls_1", deal=deal)


async def standing(site: Site) -> ListingUpdate:
    return await told_listing(site, a_call(Operation.STATUS, listing="ls_1"))


async def test_a_garment_is_offered_once_however_often_the_call_comes(market: Site) -> None:
    first = await told_listing(market, offer_call())
    assert (first.status, first.version, first.deals) == ("offered", 1, ())
    assert await told_listing(market, offer_call()) == first


async def test_the_market_gets_no_care_label_and_no_address(market: Site) -> None:
    await told_listing(market, another(offer_call(), address="Wausan-ro 1"))
    (fields,) = await market.fields()
    names = {path.split(".")[0] for path in fields}
    assert names == {"listing", "garment", "mode", "area", "nickname"}
    assert not [path for path in fields if "label" in path or "address" in path]


async def test_a_sale_without_a_price_never_leaves(market: Site) -> None:
    with pytest.raises(InvalidInputError):
        await told_listing(market, offer_call("sell"))


async def test_interest_is_heard_by_webhook(market: Site) -> None:
    await told_listing(market, offer_call())
    headers, body = await market.happen("interest", listing="ls_1", deal="dl_1")
    _, update = market.partner.heard(market.service, headers, body)
    assert isinstance(update, ListingUpdate)
    assert [deal.deal for deal in update.deals] == ["dl_1"]
    assert (update.deals[0].ours, update.deals[0].theirs) == (None, None)


async def test_a_deal_is_agreed_once_both_said_yes_and_every_other_is_off(market: Site) -> None:
    await with_interest(market, "dl_1", "dl_2", "dl_3")
    ours = await told_listing(market, deal_call(Operation.ACCEPT, "dl_2"))
    assert ours.status == "offered"
    await market.happen("accept", listing="ls_1", deal="dl_2")
    update = await standing(market)
    assert update.status == "reserved"
    assert [deal.status for deal in update.deals] == ["off", "agreed", "off"]


async def test_our_yes_after_theirs_agrees_it_in_the_answer(market: Site) -> None:
    await with_interest(market, "dl_1")
    await market.happen("accept", listing="ls_1", deal="dl_1")
    update = await told_listing(market, deal_call(Operation.ACCEPT))
    assert (update.status, update.deals[0].status) == ("reserved", "agreed")
    assert await told_listing(market, deal_call(Operation.ACCEPT)) == update


async def test_yes_to_two_deals_leaves_one(market: Site) -> None:
    await with_interest(market, "dl_1", "dl_2")
    for deal in ("dl_1", "dl_2"):
        await told_listing(market, deal_call(Operation.ACCEPT, deal))
    await market.happen("accept", listing="ls_1", deal="dl_1")
    with pytest.raises(RefusedError):
        await told_listing(market, deal_call(Operation.HAND_OVER, "dl_2"))
    assert [deal.status for deal in (await standing(market)).deals] == ["agreed", "off"]


async def test_a_yes_to_somebody_who_withdrew_is_refused(market: Site) -> None:
    await with_interest(market, "dl_1")
    await market.happen("withdraw", listing="ls_1", deal="dl_1")
    with pytest.raises(RefusedError):
        await told_listing(market, deal_call(Operation.ACCEPT))
    assert (await standing(market)).status == "offered"


async def test_accepting_and_withdrawing_at_once_leave_one_deal_or_none(market: Site) -> None:
    await with_interest(market, "dl_1")
    await market.happen("accept", listing="ls_1", deal="dl_1")
    ends = await asyncio.gather(
        told_listing(market, deal_call(Operation.ACCEPT)),
        told_listing(market, a_call(Operation.WITHDRAW, listing="ls_1")),
        return_exceptions=True,
    )
    assert sum(isinstance(end, RefusedError) for end in ends) == 1
    update = await standing(market)
    assert (update.status, update.deals[0].status) in {("reserved", "agreed"), ("withdrawn", "off")}


async def test_a_listing_is_withdrawn_with_its_open_deals_however_often(market: Site) -> None:
    await with_interest(market, "dl_1")
    call = a_call(Operation.WITHDRAW, listing="ls_1")
    first = await told_listing(market, call)
    assert (first.status, first.deals[0].status) == ("withdrawn", "off")
    assert (await told_listing(market, replace(call, id="another"))).version == first.version


async def test_an_agreed_deal_is_neither_withdrawn_nor_declined(market: Site) -> None:
    await with_interest(market, "dl_1")
    await told_listing(market, deal_call(Operation.ACCEPT))
    await market.happen("accept", listing="ls_1", deal="dl_1")
    for call in (a_call(Operation.WITHDRAW, listing="ls_1"), deal_call(Operation.DECLINE)):
        with pytest.raises(RefusedError):
            await told_listing(market, call)
    assert (await standing(market)).status == "reserved"


async def test_our_yes_can_be_taken_back_before_theirs(market: Site) -> None:
    await with_interest(market, "dl_1")
    await told_listing(market, deal_call(Operation.ACCEPT))
    update = await told_listing(market, deal_call(Operation.DECLINE))
    assert (update.status, update.deals[0].status) == ("offered", "off")


async def test_withdrawing_what_the_market_never_saw_leaves_nothing(market: Site) -> None:
    update = await told_listing(market, a_call(Operation.WITHDRAW, listing="ls_9"))
    assert (update.listing, update.status, update.version) == ("ls_9", "withdrawn", 0)


async def test_a_rental_is_handed_over_once_and_comes_back(market: Site) -> None:
    await with_interest(market, "dl_1", mode="rent")
    await told_listing(market, deal_call(Operation.ACCEPT))
    await market.happen("accept", listing="ls_1", deal="dl_1")
    first = await told_listing(market, deal_call(Operation.HAND_OVER))
    assert (first.status, first.deals[0].status) == ("handed_over", "handed_over")
    again = await told_listing(market, replace(deal_call(Operation.HAND_OVER), id="another"))
    assert again.version == first.version
    headers, body = await market.happen("return", listing="ls_1", deal="dl_1")
    _, update = market.partner.heard(market.service, headers, body)
    assert isinstance(update, ListingUpdate)
    assert (update.status, update.deals[0].status) == ("returned", "returned")


async def test_nothing_is_handed_over_that_was_not_agreed(market: Site) -> None:
    await with_interest(market, "dl_1")
    with pytest.raises(RefusedError):
        await told_listing(market, deal_call(Operation.HAND_OVER))
