"""Pieces offered at a market, and the deals about them."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from hub.api.bodies import Cursor, Limit, PageOf
from hub.api.errand_views import ErrandView
from hub.api.gate import Errands, Parts, checked_id
from hub.api.once import KeepingRoute, OnceOnly
from hub.api.order_bodies import (
    DisclosureShown,
    ListingShown,
    NewListing,
    Timeline,
    shown_disclosure,
    shown_listing,
    timeline,
)
from hub.api.parts import ApiParts
from hub.api.problems import documented
from hub.api.worker import submit
from hub.errors import RefusedError
from hub.model import DealAnswer, Listing, ListingRequest, ListingStatus, ListingWithdrawal

router = APIRouter(prefix="/listings", tags=["partners"], route_class=KeepingRoute)

Deal = Annotated[str, Path(pattern=r"^[A-Za-z0-9_:~-][A-Za-z0-9_.:~-]{0,127}$")]
"""The market's own name for it."""


@router.get("", summary="List what is on offer", responses=documented(401))
async def list_listings(
    view: Errands,
    limit: Limit = 100,
    cursor: Cursor = None,
    is_open: Annotated[bool | None, Query(alias="open")] = None,
) -> PageOf[ListingShown]:
    """Newest first: yours and your children's."""
    page = await view.errands(Listing, is_open=is_open, limit=limit, cursor=cursor)
    items = [shown_listing(listing) for listing in page.items]
    return PageOf(items=items, next_cursor=page.next_cursor)


@router.post("", summary="Offer a piece", status_code=201, responses=documented(401, 403, 404, 409))
async def make_listing(
    view: Errands, parts: Parts, wish: NewListing, once: OnceOnly
) -> ListingShown:
    """Offer it under a nickname and a part of town; name and address never leave the hub."""
    (garment,) = await view.of_garments(wish.household, [wish.garment])
    name = once.new_id("li")
    known = await parts.records.thing(Listing, name)
    if known is not None:
        return shown_listing(known)
    listing = Listing(
        id=name,
        household=wish.household,
        person=view.reader.person,
        service=wish.service,
        garment=garment.id,
        mode=wish.mode,
        status=ListingStatus.OFFERING,
        made_ms=parts.clock.now_ms(),
        price=wish.price.price() if wish.price else None,
        area=wish.area,
        nickname=wish.nickname,
    )
    request = ListingRequest(listing=listing, now_ms=listing.made_ms)
    return shown_listing(await submit(parts.worker, request, answer=Listing))


@router.get("/{listing}", summary="Show one listing", responses=documented(401, 404))
async def show_listing(view: Errands, listing: str) -> ListingShown:
    return shown_listing(await view.errand(Listing, checked_id(listing, what="listing")))


@router.get("/{listing}/timeline", summary="What happened to it", responses=documented(401, 404))
async def show_timeline(view: Errands, listing: str) -> Timeline:
    return timeline(await view.errand(Listing, checked_id(listing, what="listing")))


@router.get(
    "/{listing}/disclosures", summary="What the market was told", responses=documented(401, 404)
)
async def list_disclosures(
    view: Errands, listing: str, limit: Limit = 100, cursor: Cursor = None
) -> PageOf[DisclosureShown]:
    """Every field that left the hub for this listing, newest first."""
    found = await view.errand(Listing, checked_id(listing, what="listing"))
    page = await view.disclosures(about=found.id, limit=limit, cursor=cursor)
    items = [shown_disclosure(one) for one in page.items]
    return PageOf(items=items, next_cursor=page.next_cursor)


@router.post(
    "/{listing}/withdraw", summary="Take an offer back", responses=documented(401, 403, 404, 409)
)
async def withdraw_listing(view: Errands, parts: Parts, listing: str, _: OnceOnly) -> ListingShown:
    """Withdraw it; once a deal is agreed it is too late."""
    found = await _open(view, listing)
    request = ListingWithdrawal(
        listing=found.id, author=view.reader.person, now_ms=parts.clock.now_ms()
    )
    return shown_listing(await submit(parts.worker, request, answer=Listing))


@router.post(
    "/{listing}/deals/{deal}/accept",
    summary="Say yes to a deal",
    responses=documented(401, 403, 404, 409),
)
async def accept_deal(
    view: Errands, parts: Parts, listing: str, deal: Deal, _: OnceOnly
) -> ListingShown:
    """Say yes; it is agreed once both sides did, and the market says so."""
    return await _answered(view, parts, listing, deal, "accept")


@router.post(
    "/{listing}/deals/{deal}/decline",
    summary="Say no to a deal",
    responses=documented(401, 403, 404, 409),
)
async def decline_deal(
    view: Errands, parts: Parts, listing: str, deal: Deal, _: OnceOnly
) -> ListingShown:
    return await _answered(view, parts, listing, deal, "decline")


@router.post(
    "/{listing}/deals/{deal}/hand-over",
    summary="Say that it changed hands",
    responses=documented(401, 403, 404, 409),
)
async def hand_over(
    view: Errands, parts: Parts, listing: str, deal: Deal, _: OnceOnly
) -> ListingShown:
    return await _answered(view, parts, listing, deal, "hand_over")


async def _answered(
    view: ErrandView, parts: ApiParts, listing: str, deal: str, answer: str
) -> ListingShown:
    found = await _open(view, listing)
    request = DealAnswer(
        listing=found.id,
        deal=deal,
        answer=answer,
        author=view.reader.person,
        now_ms=parts.clock.now_ms(),
    )
    return shown_listing(await submit(parts.worker, request, answer=Listing))


async def _open(view: ErrandView, name: str) -> Listing:
    found = await view.decided(Listing, checked_id(name, what="listing"))
    if not found.open:
        message = f"the listing is {found.status}"
        raise RefusedError(message)
    return found
