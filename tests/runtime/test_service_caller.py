"""Calls leave the outbox in order, once for the partner, however often either side dies."""

import asyncio
from dataclasses import replace
from pathlib import Path

from hub.errors import UnavailableError
from hub.model import (
    Call,
    CallRetry,
    CallStatus,
    Disclosure,
    Garment,
    Moment,
    MomentAnswer,
    Operation,
    Order,
    OrderStatus,
    Place,
    Service,
    Update,
)
from hub.model.changes import MomentAnswered, OrderAsked
from hub.runtime.worker import Worker
from tests.runtime.small_shop import CLEANER, HOUR_MS, OpenShop, Shop

MINUTE = 1 / 60


async def test_an_order_goes_from_the_wish_to_the_wardrobe(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    async with shop.open() as hub:
        placed = await hub.placed()
        await hub.reaches("or-1", "picked_up")
        away = await hub.thing(Garment, "gm-silk")
        await hub.reaches("or-1", "cleaning", "ready", "out_for_delivery", "delivered")
        order = await hub.known()
        back = await hub.thing(Garment, "gm-silk")

    assert placed.promised_ms == placed.expected_ms
    assert away.place is Place.CLEANER
    assert order.status is OrderStatus.DELIVERED
    assert (back.place, back.order) == (Place.WARDROBE, None)
    assert [entry.what for entry in order.timeline] == [
        "asked",
        "quoted",
        "accepted",
        "placed",
        "picked_up",
        "cleaning",
        "ready",
        "out_for_delivery",
        "delivered",
    ]


async def test_the_partner_gets_the_fields_of_its_purpose_and_each_is_kept(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    async with shop.open() as hub:
        await hub.placed()
        page = await hub.records.things(Disclosure, subject="or-1", limit=100)

    kept = {(one.purpose, one.field): one.value for one in page.items}
    assert ("quote", "address") not in kept
    assert kept["place", "address"] == "12 Seoul Forest Road"
    assert kept["quote", "area"] == "Seongsu"
    assert kept["quote", "garments.0.garment"] == "gm-silk"
    assert ("quote", "garments.0.name") not in kept
    (quote, place) = shop.cleaner.received
    sent = {f"quote.{name}" for name in quote.fields} | {f"place.{name}" for name in place.fields}
    assert sent == {f"{purpose}.{field.partition('.')[0]}" for purpose, field in kept}


async def test_a_partner_that_is_down_gets_one_order_when_it_is_back(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    async with shop.open() as hub:
        await hub.order()
        await hub.status("or-1", OrderStatus.QUOTED)
        shop.cleaner.down = True
        await hub.accept()
        for _ in range(20):
            await hub.pass_time(MINUTE / 2)
        shop.cleaner.down, shop.cleaner.twice = False, True
        for _ in range(20):
            await hub.pass_time(MINUTE * 2)
        order = await hub.known()

    assert order.status is OrderStatus.PLACED
    assert shop.cleaner.done == [(Operation.QUOTE, "or-1"), (Operation.PLACE, "or-1")]
    assert len({call.id for call in shop.cleaner.received}) == 2


async def test_what_was_never_tried_is_cancelled_without_the_partner(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    async with shop.open() as hub:
        await hub.order()
        await hub.status("or-1", OrderStatus.QUOTED)
        await hub.worker.keep(_off())
        await hub.accept()
        await hub.cancel()
        order = await hub.known()
        garment = await hub.thing(Garment, "gm-silk")
        calls = await hub.calls()

    assert order.status is OrderStatus.CANCELLED
    assert garment.order is None
    assert calls == [(Operation.QUOTE, "done"), (Operation.PLACE, "withdrawn")]
    assert [operation for operation, _ in shop.cleaner.done] == [Operation.QUOTE]


async def test_what_may_have_got_through_is_cancelled_at_the_partner(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    async with shop.open() as hub:
        await hub.order()
        await hub.status("or-1", OrderStatus.QUOTED)
        shop.cleaner.down = True
        await hub.accept()
        await hub.until(lambda: any(c.attempts for c in _open(hub.worker, Operation.PLACE)))
        await hub.cancel()
        waiting = await hub.known()
        shop.cleaner.down = False
        for _ in range(10):
            await hub.pass_time(MINUTE)
        order = await hub.known()

    assert waiting.status is OrderStatus.CANCELLING
    assert order.status is OrderStatus.CANCELLED
    assert [operation for operation, _ in shop.cleaner.done] == [
        Operation.QUOTE,
        Operation.PLACE,
        Operation.CANCEL,
    ]
    assert shop.cleaner.orders["or-1"].stage == "cancelled"


async def test_too_late_to_cancel_is_told_and_the_order_goes_on(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    async with shop.open() as hub:
        await hub.placed()
        shop.cleaner.advance("or-1", "picked_up")
        await hub.cancel()
        await hub.settle()
        order = await hub.known()
        words = await hub.words()

    assert order.status is OrderStatus.PLACED
    assert "It is too late to cancel: the order goes on." in words


async def test_a_hub_killed_between_call_and_record_sends_the_same_call_again(
    tmp_path: Path,
) -> None:
    shop = Shop(tmp_path)
    deaf = _Deaf(shop)
    shop.partner = deaf
    async with shop.open() as hub:
        await hub.order()
        await hub.status("or-1", OrderStatus.QUOTED)
        deaf.killed_at = Operation.PLACE
        await hub.accept()
        await hub.until(lambda: deaf.cut)
        # Ended here, as by a kill: the partner answered, nothing of it is recorded.
    deaf.killed_at = None
    shop.clock.at_ms += 60_000
    async with shop.open() as hub:
        order = await hub.status("or-1", OrderStatus.PLACED)

    assert order.reference == "R-or-1"
    assert [operation for operation, _ in shop.cleaner.done].count(Operation.PLACE) == 1
    assert len([c for c in shop.cleaner.received if c.operation is Operation.PLACE]) == 2


async def test_a_partner_that_is_down_delays_no_other(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    async with shop.open() as hub:
        shop.cleaner.down = True
        for number in range(8):
            await hub.order(f"or-{number}", garment=f"gm-{number}")
        await hub.offer()
        await hub.until(lambda: "li-1" in shop.market.listings)
        for _ in range(3):
            await hub.pass_time(MINUTE / 10)
        breaker = hub.caller.breakers[CLEANER.id]

    assert breaker.state == "open"
    assert "down" in breaker.reason


async def test_a_call_that_is_too_old_is_given_up_and_told_and_can_be_sent_again(
    tmp_path: Path,
) -> None:
    shop = Shop(tmp_path)
    async with shop.open() as hub:
        shop.cleaner.down = True
        await hub.order()
        await hub.settle()
        await hub.pass_time(49)
        order = await hub.known()
        dead = (await hub.records.things(Call, subject=CLEANER.id)).items
        shop.cleaner.down = False
        await hub.worker.submit(_again(dead[0], order, hub.now_ms))
        await hub.pass_time(1)
        again = await hub.status("or-1", OrderStatus.QUOTED)
        words = await hub.words()

    assert [(call.operation, call.status) for call in dead] == [(Operation.QUOTE, CallStatus.DEAD)]
    assert order.status is OrderStatus.FAILED
    assert "The cleaner could not be reached; nothing was ordered." in words
    assert again.quote is not None
    assert len({call.id for call in shop.cleaner.received}) == 1


async def test_an_unconfirmed_order_is_cancelled_so_that_nothing_comes_twice(
    tmp_path: Path,
) -> None:
    shop = Shop(tmp_path)
    deaf = _Deaf(shop)
    shop.partner = deaf
    async with shop.open() as hub:
        await hub.order()
        await hub.status("or-1", OrderStatus.QUOTED)
        deaf.loses = Operation.PLACE
        await hub.accept()
        await hub.until(lambda: deaf.cut)
        for _ in range(8):
            await hub.pass_time(0.5)
        order = await hub.known()

    assert order.status is OrderStatus.CANCELLED
    assert shop.cleaner.orders["or-1"].stage == "cancelled"


async def test_an_order_is_taken_back_when_its_piece_is_washed_or_gone(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    async with shop.open() as hub:
        await hub.placed()
        await hub.worker.keep(dropped=[(Garment, "gm-silk")])
        order = await hub.status("or-1", OrderStatus.CANCELLED)
        words = await hub.words()

    assert order.reason == "garment_gone"
    assert shop.cleaner.orders["or-1"].stage == "cancelled"
    assert "The piece is gone, so the order is cancelled." in words


async def test_a_word_about_somebody_elses_order_is_not_taken(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    async with shop.open() as hub:
        await hub.placed()
        update = shop.cleaner.advance("or-1", "delivered")
        await hub.hear(update, service="sv-market")
        order = await hub.known()

    assert order.status is OrderStatus.PLACED


async def test_words_twice_and_out_of_order_leave_each_stage_once(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    async with shop.open() as hub:
        await hub.placed()
        said: list[Update] = []
        for stage in ("picked_up", "cleaning", "ready"):
            shop.clock.at_ms += HOUR_MS
            said.append(shop.cleaner.advance("or-1", stage))
        for update in (said[2], said[0], said[2], said[1], said[0]):
            await hub.hear(update, hook=f"hk-{hub.now_ms}-{update.version}")
            shop.clock.at_ms += 1
        order = await hub.known()

    assert order.stage == "ready"
    assert [entry.what for entry in order.timeline][-3:] == ["picked_up", "cleaning", "ready"]


async def test_a_word_overtaken_by_the_last_one_is_in_the_timeline_and_moves_nothing(
    tmp_path: Path,
) -> None:
    shop = Shop(tmp_path)
    async with shop.open() as hub:
        await hub.placed()
        said: list[Update] = []
        for stage in ("picked_up", "cleaning", "ready", "out_for_delivery", "delivered"):
            shop.clock.at_ms += HOUR_MS
            said.append(shop.cleaner.advance("or-1", stage))
        for update in (*said[::-1], *said):
            await hub.hear(update, hook=f"hk-{hub.now_ms}-{update.version}")
            shop.clock.at_ms += 1
        order = await hub.known()
        garment = await hub.thing(Garment, "gm-silk")

    assert order.status is OrderStatus.DELIVERED
    assert [entry.what for entry in order.timeline][-5:] == [
        "picked_up",
        "cleaning",
        "ready",
        "out_for_delivery",
        "delivered",
    ]
    assert (garment.place, garment.order) == (Place.WARDROBE, None)


async def test_only_the_persons_own_yes_takes_a_proposal_up(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    async with shop.open() as hub:
        await hub.garment()
        proposal = replace(await proposed(hub), address="12 Seoul Forest Road")
        asked = await asked_moment(hub, proposal.id)
        stranger = MomentAnswered(moment=asked, answer="yes", person="p-adam", now_ms=hub.now_ms)
        await hub.worker.tell([stranger])
        before = await hub.known(proposal.id)
        await answer(hub, asked)
        quoted = await hub.status(proposal.id, OrderStatus.QUOTED)

    assert before.status is OrderStatus.PROPOSED
    assert shop.cleaner.done == [(Operation.QUOTE, proposal.id)]
    assert quoted.quote is not None


async def test_a_proposal_tells_no_partner_anything_and_lapses(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    async with shop.open() as hub:
        await hub.garment()
        proposal = await proposed(hub)
        again = await proposed(hub, "or-again")
        await hub.pass_time(25)
        order = await hub.known(proposal.id)

    assert shop.cleaner.received == []
    assert order.status is OrderStatus.LAPSED
    assert (again.status, again.reason) == (
        OrderStatus.LAPSED,
        "an order for it is under way",
    )


async def test_a_yes_to_a_quote_without_an_address_asks_for_it_in_the_app(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    async with shop.open() as hub:
        await hub.order()
        await hub.status("or-1", OrderStatus.QUOTED)
        asked = await asked_moment(hub, "or-1")
        await answer(hub, asked)
        words = await hub.words()
        order = await hub.known()

    assert "9000 KRW" in asked.text["en"]
    assert words[-1] == "Please choose the pick-up time and address in the app."
    assert order.status is OrderStatus.QUOTED


async def test_a_proposal_goes_to_whom_the_piece_belongs(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    async with shop.open() as hub:
        made = await hub.garment()
        await hub.worker.keep(replace(made, owner="p-adam"))
        theirs = await proposed(hub)
        await hub.worker.keep(replace(made, id="gm-towel", owner=None))
        shared = await proposed(hub, "or-shared", garments=("gm-towel",))
        mixed = await proposed(hub, "or-mixed", garments=("gm-towel", "gm-silk"))

    assert (theirs.person, theirs.shared) == ("p-adam", False)
    assert (shared.person, shared.shared) == ("p-mina", True)
    assert mixed.status is OrderStatus.LAPSED


async def proposed(
    hub: OpenShop, name: str = "or-link", *, garments: tuple[str, ...] = ("gm-silk",)
) -> Order:
    """Have a link propose an order."""
    order = Order(
        id=name,
        household="h-home",
        person="p-mina",
        service=CLEANER.id,
        garments=garments,
        status=OrderStatus.PROPOSED,
        made_ms=hub.now_ms,
        cause="ru-1",
    )
    await hub.worker.tell([OrderAsked(order=order, now_ms=hub.now_ms)])
    return await hub.known(name)


async def asked_moment(hub: OpenShop, order: str) -> Moment:
    page = await hub.records.things(Moment, subject=order)
    (asked,) = (moment for moment in page.items if moment.ask)
    return asked


async def answer(hub: OpenShop, asked: Moment, said: str = "yes") -> None:
    wish = MomentAnswer(moment=asked.id, answer=said, author="p-mina", now_ms=hub.now_ms)
    await hub.worker.submit(wish)
    await hub.settle()


def _off() -> Service:
    return replace(CLEANER, enabled=False)


def _open(worker: Worker, operation: Operation) -> list[Call]:
    calls = worker.kept_in(Call, "h-home")
    return [call for call in calls if call.operation is operation]


def _again(call: Call, order: Order, now_ms: int) -> CallRetry:
    return CallRetry(call=call, about=order, now_ms=now_ms)


class _Deaf:
    """A way to the partner on which answers are lost."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self.killed_at: Operation | None = None
        """The answer to this never arrives: the hub is killed first."""
        self.loses: Operation | None = None
        self.cut = False

    async def send(self, service: Service, call: Call) -> Update:
        answer = await self._shop.cleaner.send(service, call)
        if call.operation is self.killed_at:
            self.cut = True
            await asyncio.Event().wait()
        if call.operation is self.loses:
            self.cut = True
            message = "the answer is lost"
            raise UnavailableError(message)
        return answer

    def heard(self, service: Service, headers: object, body: bytes) -> tuple[str, Update]:
        raise NotImplementedError

    async def close(self) -> None: ...
