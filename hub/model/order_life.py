"""How an order moves on by what its partner says: by versions, never backwards, nothing twice."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TypeVar

from hub.model.garments import Garment, Place, delivered, picked_up, released
from hub.model.orders import Listing, Order, OrderStatus, TimelineEntry
from hub.model.services import Milestone, OrderUpdate

MAX_TIMELINE = 200
"""Entries of one order that are kept, the newest: a partner may say as much as it likes."""
STAGES: Mapping[str, int] = MappingProxyType(
    {
        "quoted": 0,
        "placed": 1,
        "picked_up": 2,
        "cleaning": 3,
        "ready": 4,
        "out_for_delivery": 5,
        "delivered": 6,
    }
)
"""The partner's stages in their order; `cancelled` and `refused` end it from any of them."""
_ENDS: Mapping[str, OrderStatus] = MappingProxyType(
    {
        "delivered": OrderStatus.DELIVERED,
        "cancelled": OrderStatus.CANCELLED,
        "refused": OrderStatus.REFUSED,
    }
)
_BEFORE_PLACING = frozenset({OrderStatus.PROPOSED, OrderStatus.ASKING, OrderStatus.QUOTED})

T = TypeVar("T", Order, Listing)


def noted(  # noqa: PLR0913 - what an entry is made of
    about: T,
    what: str,
    *,
    now_ms: int,
    source: str = "hub",
    note: str = "",
    expected_ms: int | None = None,
) -> T:
    """Return the order or listing with one more entry in its timeline."""
    entry = TimelineEntry(
        at_ms=now_ms,
        noted_ms=now_ms,
        what=what,
        source=source,
        note=note,
        expected_ms=expected_ms,
    )
    return with_entry(about, entry)


def with_entry(about: T, entry: TimelineEntry) -> T:
    timeline = sorted((*about.timeline, entry), key=lambda one: one.at_ms)
    return replace(about, timeline=tuple(timeline[-MAX_TIMELINE:]))


def heard_before(about: Order | Listing, version: int) -> bool:
    return version == about.version or any(one.version == version for one in about.timeline)


def updated(order: Order, update: OrderUpdate, *, now_ms: int) -> Order:
    """Return the order after the partner's word; the same one if it says nothing new.

    A word that was overtaken by a newer one still has its place in the timeline.
    """
    if heard_before(order, update.version) or not _makes_sense(order, update):
        return order
    with_word = with_entry(order, _said(update, now_ms=now_ms))
    if order.status.final:
        return with_word
    if update.version < order.version:
        return _with_exact_promise(with_word, update)
    return _promised(_moved_on(with_word, update), update)


def _said(update: OrderUpdate, *, now_ms: int) -> TimelineEntry:
    return TimelineEntry(
        at_ms=update.at_ms,
        noted_ms=now_ms,
        what=update.stage,
        place=update.place,
        expected_ms=update.expected_ms,
        source="partner",
        note=update.reason,
        version=update.version,
    )


def _makes_sense(order: Order, update: OrderUpdate) -> bool:
    """Return whether the hub asked for what the partner says has begun."""
    began = STAGES.get(update.stage, 0) > 0
    return not (began and order.status in _BEFORE_PLACING)


def _moved_on(order: Order, update: OrderUpdate) -> Order:
    backwards = STAGES.get(update.stage, 99) < STAGES.get(order.stage, -1)
    stage = order.stage if backwards else update.stage
    asked = order.status is OrderStatus.ASKING and update.quote is not None
    return replace(
        order,
        version=update.version,
        stage=stage,
        status=status_of(order, stage),
        place=update.place or order.place,
        expected_ms=update.expected_ms or order.expected_ms,
        reference=update.reference or order.reference,
        milestones=update.milestones or order.milestones,
        quote=update.quote if asked else order.quote,
        price=update.quote.price if asked and update.quote else order.price,
        reason=update.reason or order.reason,
    )


def status_of(order: Order, stage: str) -> OrderStatus:
    """Return the status of an order that its partner has at this stage."""
    if stage in _ENDS:
        return _ENDS[stage]
    if stage == "quoted":
        return OrderStatus.QUOTED if order.status is OrderStatus.ASKING else order.status
    if order.status is OrderStatus.CANCELLING:
        return order.status
    return OrderStatus.PLACED if stage == "placed" else OrderStatus.UNDER_WAY


# ------------------------------------------------------------------------------------ the promise


def _promised(order: Order, update: OrderUpdate) -> Order:
    """Fix what was promised, once, when the order is first known to be placed."""
    if order.promised_ms is not None or STAGES.get(update.stage, 0) == 0:
        return order
    promised_ms = said_at_placing(update) or quoted_promise_ms(order)
    milestones = order.milestones or quoted_milestones(order)
    expected_ms = order.expected_ms or promised_ms
    return replace(order, promised_ms=promised_ms, milestones=milestones, expected_ms=expected_ms)


def _with_exact_promise(order: Order, update: OrderUpdate) -> Order:
    """Take the promise from the word on placing, where others came before it."""
    said_ms = said_at_placing(update)
    if said_ms is None or order.promised_ms != quoted_promise_ms(order):
        return order
    return replace(order, promised_ms=said_ms)


def said_at_placing(update: OrderUpdate) -> int | None:
    if update.stage != "placed":
        return None
    due = {one.stage: one.due_ms for one in update.milestones}
    return due.get("delivered", update.expected_ms)


def quoted_promise_ms(order: Order) -> int | None:
    """Return what the quote promised, moved with the slot that was chosen."""
    return None if order.quote is None else order.quote.promised_ms + _shift_ms(order)


def quoted_milestones(order: Order) -> tuple[Milestone, ...]:
    if order.quote is None:
        return ()
    shift_ms = _shift_ms(order)
    return tuple(replace(one, due_ms=one.due_ms + shift_ms) for one in order.quote.milestones)


def _shift_ms(order: Order) -> int:
    if order.quote is None or order.slot is None or not order.quote.slots:
        return 0
    return order.slot.end_ms - order.quote.slots[0].end_ms


# ----------------------------------------------------------------------------------- its garments


def carried(before: Order, after: Order, garment: Garment, *, at_ms: int) -> Garment:
    """Return a garment of the order as the partner's word leaves it."""
    if garment.order not in {None, after.id}:
        return garment
    was, now = STAGES.get(before.stage, 0), STAGES.get(after.stage, 0)
    gone = STAGES["picked_up"]
    if was < gone <= now < STAGES["delivered"]:
        moved = picked_up(garment, order=after.id, at_ms=at_ms, cause=f"{after.id}:picked_up")
        garment = moved.garment if moved else garment
    if now == STAGES["delivered"] > was:
        moved = delivered(garment, order=after.id, at_ms=at_ms, cause=f"{after.id}:delivered")
        garment = moved.garment if moved else garment
    return released(garment, order=after.id) if after.status.final else garment


def moot(order: Order, garments: Mapping[str, Garment]) -> str:
    """Return why there is no reason for the order any more; empty where there is."""
    for name in order.garments:
        garment = garments.get(name)
        if garment is None or garment.place is Place.GONE:
            return "garment_gone"
        if garment.place is not Place.CLEANER and _washed_since(garment, order.made_ms):
            return "washed_at_home"
    return ""


def _washed_since(garment: Garment, since_ms: int) -> bool:
    washed = any(
        moved.place is Place.WASHER and moved.at_ms > since_ms for moved in garment.history
    )
    return washed and garment.soil == 0
