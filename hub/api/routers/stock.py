"""What is in a fridge, and until when."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import Field

from hub.api.bodies import Body, Name, PageOf, Shown
from hub.api.gate import Parts, SeenDevice, checked_id
from hub.api.once import KeepingRoute, OnceOnly
from hub.api.parts import ApiParts
from hub.api.problems import documented
from hub.api.routers.kinds import kind_of
from hub.api.times import moment
from hub.api.views import DeviceView
from hub.errors import InvalidInputError, RefusedError, UnknownError
from hub.model import MAX_STOCK, StockItem

router = APIRouter(prefix="/devices", tags=["home"], route_class=KeepingRoute)

Item = Annotated[str, Path(description="The item's id.", examples=["it-3f"])]


class StockWish(Body):
    name: Name = Field(examples=["Milk"])
    quantity: float = Field(gt=0, le=1_000_000, examples=[900])
    unit: str = Field(pattern=r"^[!-~]{1,16}$", examples=["mL"])
    """UCUM code: `g`, `mL`, `{piece}`."""
    expires: date | None = Field(
        default=None, ge=date(2000, 1, 1), lt=date(2200, 1, 1), examples=["2026-12-01"]
    )


class StockShown(Shown):
    item: str
    name: str
    quantity: float
    unit: str
    expires: date | None
    added_at: datetime


@router.get("/{device}/stock", summary="List what is in it", responses=documented(401, 403, 404))
async def list_stock(view: SeenDevice, parts: Parts) -> PageOf[StockShown]:
    """All of it on one page; what expires first comes first."""
    items = sorted(_stock(view, parts), key=lambda one: (one.expires or date.max, one.name))
    return PageOf(items=[_shown(one) for one in items])


@router.put(
    "/{device}/stock/{item}",
    summary="Put right what is in it",
    responses=documented(401, 403, 404, 409),
)
async def put_item(
    view: SeenDevice, parts: Parts, item: Item, wish: StockWish, _: OnceOnly
) -> StockShown:
    """What you say stands until the fridge says otherwise."""
    name = checked_id(item, what="item")
    _check_keeps_stock(view, parts)
    stock = {one.item: one for one in _stock(view, parts)}
    if name not in stock and len(stock) >= MAX_STOCK:
        message = f"{MAX_STOCK} things are in it already"
        raise RefusedError(message)
    known = stock.get(name)
    kept = StockItem(
        id=f"{view.device.id}:{name}",
        household=view.device.household,
        device=view.device.id,
        item=name,
        name=wish.name,
        quantity=wish.quantity,
        unit=wish.unit,
        expires=wish.expires,
        added_ms=known.added_ms if known else parts.clock.now_ms(),
    )
    await parts.worker.keep(kept)
    return _shown(kept)


@router.delete(
    "/{device}/stock/{item}",
    summary="It is not in there",
    status_code=204,
    response_class=Response,
    responses=documented(401, 403, 404, 409),
)
async def end_item(view: SeenDevice, parts: Parts, item: Item, _: OnceOnly) -> None:
    name = f"{view.device.id}:{checked_id(item, what='item')}"
    if parts.worker.kept(StockItem, name) is None:
        raise UnknownError(what="item", name=item)
    await parts.worker.keep(dropped=((StockItem, name),))


def _check_keeps_stock(view: DeviceView, parts: ApiParts) -> None:
    if "stock_added" not in kind_of(parts, view.device.kind).events:
        message = f"a {view.device.kind} keeps no stock"
        raise InvalidInputError(message)


def _stock(view: DeviceView, parts: ApiParts) -> list[StockItem]:
    home = parts.worker.kept_in(StockItem, view.device.household)
    return [one for one in home if one.device == view.device.id]


def _shown(found: StockItem) -> StockShown:
    return StockShown(
        item=found.item,
        name=found.name,
        quantity=found.quantity,
        unit=found.unit,
        expires=found.expires,
        added_at=moment(found.added_ms),
    )
