"""Pieces at a market: what both sides say, in any order, ends in no deal or one."""

from pathlib import Path

import pytest

from hub.errors import RefusedError
from hub.model import (
    Call,
    DealAnswer,
    Garment,
    Listing,
    ListingMode,
    ListingStatus,
    ListingWithdrawal,
    Moment,
    MomentAnswer,
    Operation,
    Place,
)
from tests.runtime.small_shop import OpenShop, Shop

MINUTE = 1 / 60


async def say(hub: OpenShop, answer: str, *, deal: str = "dl-1") -> None:
    wish = DealAnswer(listing="li-1", deal=deal, answer=answer, author="p-mina", now_ms=hub.now_ms)
    await hub.worker.submit(wish)


async def withdraw(hub: OpenShop) -> None:
    wish = ListingWithdrawal(listing="li-1", author="p-mina", now_ms=hub.now_ms)
    await hub.worker.submit(wish)


async def wanted(hub: OpenShop, *, mode: ListingMode = ListingMode.SWAP) -> None:
    """Have a piece on offer that one person wants."""
    await hub.offer(mode=mode)
    await hub.settle()
    await hub.hear(hub.shop.market.interest("li-1", deal="dl-1", other="haneul"))


async def listing(hub: OpenShop) -> Listing:
    return await hub.thing(Listing, "li-1")


async def piece(hub: OpenShop) -> Garment:
    return await hub.thing(Garment, "gm-li-1")


async def test_a_yes_alone_is_no_deal(tmp_path: Path) -> None:
    async with Shop(tmp_path).open() as hub:
        await wanted(hub)
        await say(hub, "accept")
        await hub.settle()
        found = await listing(hub)

    assert found.status is ListingStatus.OFFERED
    assert [(deal.ours, deal.theirs, deal.status) for deal in found.deals] == [(True, None, "open")]


async def test_both_accepting_at_once_is_one_deal(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    async with shop.open() as hub:
        await wanted(hub)
        theirs = shop.market.accept("li-1", "dl-1")
        await say(hub, "accept")
        await hub.settle()
        await hub.hear(theirs)
        found = await listing(hub)
        words = await hub.words()

    assert found.status is ListingStatus.RESERVED
    assert [deal.status for deal in found.deals] == ["agreed"]
    assert words.count("The deal with haneul is agreed.") == 1


async def test_our_yes_after_their_withdrawal_is_no_deal_and_told(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    async with shop.open() as hub:
        await wanted(hub)
        shop.market.withdraw("li-1", "dl-1")
        await say(hub, "accept")
        await hub.settle()
        found = await listing(hub)
        words = await hub.words()

    assert found.status is ListingStatus.OFFERED
    assert [deal.status for deal in found.deals] == ["off"]
    assert "Too late: what the market says holds." in words


async def test_a_withdrawal_that_crosses_an_agreement_leaves_the_deal(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    async with shop.open() as hub:
        await wanted(hub)
        await say(hub, "accept")
        await hub.settle()
        shop.market.accept("li-1", "dl-1")
        await withdraw(hub)
        await hub.settle()
        found = await listing(hub)
        kept = await piece(hub)

    assert found.status is ListingStatus.RESERVED
    assert kept.place is Place.MARKET


async def test_a_yes_not_sent_yet_is_taken_back_by_a_no(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    async with shop.open() as hub:
        await wanted(hub)
        shop.market.down = True
        for _ in range(3):
            # The market is left alone from here on: nothing more is tried.
            await hub.offer(f"li-away-{_}")
        for _ in range(12):
            await hub.pass_time(MINUTE / 4)
        await say(hub, "accept")
        await say(hub, "decline")
        calls = await hub.calls("li-1")
        shop.market.down = False
        for _ in range(20):
            await hub.pass_time(MINUTE)
        found = await listing(hub)

    assert calls[-2:] == [(Operation.ACCEPT, "withdrawn"), (Operation.DECLINE, "queued")]
    assert [deal.status for deal in found.deals] == ["off"]
    assert (Operation.ACCEPT, "li-1") not in shop.market.done


async def test_what_was_never_offered_is_withdrawn_without_the_market(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    async with shop.open() as hub:
        shop.market.down = True
        for number in range(6):
            await hub.offer(f"li-away-{number}")
        for _ in range(12):
            await hub.pass_time(MINUTE / 4)
        await hub.offer()
        await withdraw(hub)
        found = await listing(hub)
        back = await piece(hub)

    assert found.status is ListingStatus.WITHDRAWN
    assert (back.place, back.listing) == (Place.WARDROBE, None)


async def test_what_is_lent_is_gone_and_comes_back(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    async with shop.open() as hub:
        await wanted(hub, mode=ListingMode.RENT)
        await say(hub, "accept")
        await hub.settle()
        await hub.hear(shop.market.accept("li-1", "dl-1"))
        await say(hub, "hand_over")
        await hub.settle()
        away = await piece(hub)
        await hub.hear(shop.market.give_back("li-1"))
        back = await piece(hub)
        found = await listing(hub)

    assert (away.place, away.lent) == (Place.GONE, True)
    assert (back.place, back.listing, back.lent) == (Place.BASKET, None, False)
    assert found.status is ListingStatus.RETURNED


async def test_a_yes_on_a_device_accepts_the_deal_that_it_was_asked_about(
    tmp_path: Path,
) -> None:
    shop = Shop(tmp_path)
    async with shop.open() as hub:
        await wanted(hub)
        await hub.hear(shop.market.interest("li-1", deal="dl-2", other="bada"))
        page = await hub.records.things(Moment, subject="li-1")
        (asked,) = (one for one in page.items if "bada" in one.text["en"])
        wish = MomentAnswer(moment=asked.id, answer="yes", author="p-mina", now_ms=hub.now_ms)
        await hub.worker.submit(wish)
        await hub.settle()
        found = await listing(hub)

    assert [(deal.deal, deal.ours) for deal in found.deals] == [("dl-1", None), ("dl-2", True)]


async def test_a_deal_that_is_off_cannot_be_accepted(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    async with shop.open() as hub:
        await wanted(hub)
        await hub.hear(shop.market.withdraw("li-1", "dl-1"))
        with pytest.raises(RefusedError):
            await say(hub, "accept")
        waiting = hub.worker.kept_in(Call, "h-home")

    assert waiting == ()
