"""Orders at partners: quote, place, follow, take back."""

from typing import Annotated

from fastapi import APIRouter, Query

from hub.api.bodies import Cursor, Limit, PageOf
from hub.api.gate import Errands, Parts, checked_id
from hub.api.once import KeepingRoute, OnceOnly
from hub.api.order_bodies import (
    Acceptance,
    CancelWish,
    DisclosureShown,
    NewOrder,
    OrderShown,
    Timeline,
    shown,
    shown_disclosure,
    timeline,
)
from hub.api.parts import ApiParts
from hub.api.problems import documented
from hub.api.worker import submit
from hub.errors import RefusedError
from hub.model import Order, OrderAcceptance, OrderCancellation, OrderRequest, OrderStatus

router = APIRouter(prefix="/orders", tags=["partners"], route_class=KeepingRoute)


@router.get("", summary="List orders", responses=documented(401))
async def list_orders(
    view: Errands,
    limit: Limit = 100,
    cursor: Cursor = None,
    is_open: Annotated[
        bool | None, Query(alias="open", description="Only those under way, or only ended ones.")
    ] = None,
) -> PageOf[OrderShown]:
    """Newest first: yours, your children's, and those of your home's own pieces."""
    page = await view.errands(Order, is_open=is_open, limit=limit, cursor=cursor)
    return PageOf(items=[shown(order) for order in page.items], next_cursor=page.next_cursor)


@router.post(
    "", summary="Ask for a quote", status_code=201, responses=documented(401, 403, 404, 409)
)
async def make_order(view: Errands, parts: Parts, wish: NewOrder, once: OnceOnly) -> OrderShown:
    """Begin an order; nothing is ordered before you accept its quote."""
    garments = await view.of_garments(wish.household, wish.garments)
    name = once.new_id("or")
    known = await parts.records.thing(Order, name)
    if known is not None:
        return shown(known)
    order = Order(
        id=name,
        household=wish.household,
        person=view.reader.person,
        service=wish.service,
        garments=tuple(dict.fromkeys(garment.id for garment in garments)),
        status=OrderStatus.ASKING,
        made_ms=parts.clock.now_ms(),
        area=wish.area,
        address=wish.address,
        name=await _name_of(view.reader.person, parts),
        shared=all(garment.owner is None for garment in garments),
    )
    request = OrderRequest(order=order, now_ms=order.made_ms)
    return shown(await submit(parts.worker, request, answer=Order))


@router.get("/{order}", summary="Show one order", responses=documented(401, 404))
async def show_order(view: Errands, order: str) -> OrderShown:
    return shown(await view.errand(Order, checked_id(order, what="order")))


@router.get(
    "/{order}/timeline", summary="Where is it and when will it come", responses=documented(401, 404)
)
async def show_timeline(view: Errands, order: str) -> Timeline:
    """Everything that happened, with places and times, as told by whom it says."""
    return timeline(await view.errand(Order, checked_id(order, what="order")))


@router.get(
    "/{order}/disclosures", summary="What the partner was told", responses=documented(401, 404)
)
async def list_disclosures(
    view: Errands, order: str, limit: Limit = 100, cursor: Cursor = None
) -> PageOf[DisclosureShown]:
    """Every field that left the hub for this order, newest first."""
    found = await view.errand(Order, checked_id(order, what="order"))
    page = await view.disclosures(about=found.id, limit=limit, cursor=cursor)
    items = [shown_disclosure(one) for one in page.items]
    return PageOf(items=items, next_cursor=page.next_cursor)


@router.post("/{order}/accept", summary="Accept", responses=documented(401, 403, 404, 409))
async def accept_order(
    view: Errands, parts: Parts, order: str, wish: Acceptance, _: OnceOnly
) -> OrderShown:
    """Accept a proposal, for which a quote is then asked, or a quote, which places the order."""
    found = _open(await view.decided(Order, checked_id(order, what="order")))
    request = OrderAcceptance(
        order=found.id,
        author=view.reader.person,
        now_ms=parts.clock.now_ms(),
        slot=wish.slot.slot() if wish.slot else None,
        address=wish.address,
        name=found.name or await _name_of(view.reader.person, parts),
        area=wish.area,
    )
    return shown(await submit(parts.worker, request, answer=Order))


@router.post(
    "/{order}/cancel", summary="Take an order back", responses=documented(401, 403, 404, 409)
)
async def cancel_order(
    view: Errands, parts: Parts, order: str, wish: CancelWish, _: OnceOnly
) -> OrderShown:
    """Cancel it; the partner is asked only if it may know of it, and may find it too late."""
    found = _open(await view.decided(Order, checked_id(order, what="order")))
    request = OrderCancellation(
        order=found.id,
        author=view.reader.person,
        now_ms=parts.clock.now_ms(),
        reason=wish.reason,
    )
    return shown(await submit(parts.worker, request, answer=Order))


def _open(order: Order) -> Order:
    if not order.open:
        message = f"the order is {order.status}"
        raise RefusedError(message)
    return order


async def _name_of(person: str, parts: ApiParts) -> str:
    known = await parts.records.person(person)
    return known.name if known else ""
