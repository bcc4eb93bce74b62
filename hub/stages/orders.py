"""What people and links wish of orders: propose, ask, accept, place, take back."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import msgspec

from hub.errors import InvalidInputError, RefusedError, UnknownError
from hub.model import (
    Call,
    CallRetry,
    CallStatus,
    Garment,
    Moment,
    Operation,
    Order,
    OrderAcceptance,
    OrderCancellation,
    OrderRequest,
    OrderStatus,
    Service,
    ServiceKind,
    Slot,
)
from hub.model.calls import CALL_LIFETIME_MS, HARMLESS, garment_fields, next_call
from hub.model.changes import Keep, MomentAnswered, MomentRaised, OrderAsked
from hub.model.garments import promised, released
from hub.model.order_life import noted
from hub.model.order_steps import Step, Told, follow, home_zone
from hub.model.order_watch import PROPOSAL_MS
from hub.model.order_words import word
from hub.model.view import View

MIN_PLACING_MS = 10 * 60_000
"""A placing is tried for at least so long, however near its slot is."""
_REVIVED = {
    Operation.QUOTE: OrderStatus.ASKING,
    Operation.PLACE: OrderStatus.PLACING,
    Operation.CANCEL: OrderStatus.CANCELLING,
}


def request(wish: OrderRequest, view: View) -> Iterable[Told]:
    """Begin an order that a person asked for: a quote is asked of the partner."""
    if view.kept(Order, wish.order.id) is not None:
        return
    _check_service(view, wish.order.service)
    order = replace(wish.order, status=OrderStatus.ASKING)
    order = noted(order, "asked", now_ms=wish.now_ms, source="person")
    yield from _ask(order, view, now_ms=wish.now_ms)


def propose(asked: OrderAsked, view: View) -> Iterable[Told]:
    """Take a link's proposal to the person; where nothing can come of it, say so in its record."""
    if view.kept(Order, asked.order.id) is not None:
        return
    order = replace(asked.order, status=OrderStatus.PROPOSED, made_ms=asked.now_ms)
    order, reason = _for_its_owner(order, view)
    reason = reason or _hindrance(order, view)
    if reason:
        lapsed = replace(order, status=OrderStatus.LAPSED, reason=reason)
        yield Keep(noted(lapsed, "lapsed", now_ms=asked.now_ms, note=reason))
        return
    order = noted(order, "proposed", now_ms=asked.now_ms)
    pieces = ", ".join(garment.name for garment in _garments(order, view))
    moment = word(
        order,
        "proposed",
        now_ms=asked.now_ms,
        zone=home_zone(view, order),
        until_ms=asked.now_ms + PROPOSAL_MS,
        piece=pieces,
    )
    yield from follow(Step(order=order, words=(moment,)), view, now_ms=asked.now_ms)


def accept(wish: OrderAcceptance, view: View) -> Iterable[Told]:
    """Take a person's yes to a proposal or a quote.

    Raises:
        UnknownError: there is no such order, or it has ended.
        InvalidInputError: no address, or a slot that was not quoted.
        RefusedError: nothing is waiting for a yes, or the quote is too old.
    """
    order = view.kept(Order, wish.order)
    if order is None:
        raise UnknownError(what="order", name=wish.order)
    order = replace(
        order,
        address=wish.address or order.address,
        name=wish.name or order.name,
        area=wish.area or order.area,
    )
    if order.status is OrderStatus.PROPOSED:
        yield from _take_up(order, view, now_ms=wish.now_ms)
    elif order.status is OrderStatus.QUOTED:
        yield from _place(order, wish.slot, view, now_ms=wish.now_ms)
    elif order.status not in {OrderStatus.PLACING, OrderStatus.PLACED}:
        message = f"the order is {order.status}; nothing waits for a yes"
        raise RefusedError(message)


def cancel(wish: OrderCancellation, view: View) -> Iterable[Told]:
    """Take an order back, at any time before its end; the partner hears of it only if it must."""
    order = view.kept(Order, wish.order)
    if order is None or order.status is OrderStatus.CANCELLING or not order.open:
        return
    source = "hub" if wish.author == "hub" else "person"
    order = noted(order, "cancel_asked", now_ms=wish.now_ms, source=source, note=wish.reason[:200])
    words: tuple[Moment, ...] = ()
    if source == "hub":
        zone = home_zone(view, order)
        words = (word(order, wish.reason, now_ms=wish.now_ms, zone=zone),)
    step = Step(order=replace(order, reason=wish.reason), words=words)
    yield from _taken_back(step, view, now_ms=wish.now_ms)


def answer(answered: MomentAnswered, view: View) -> Iterable[Told]:
    """Take the yes or no to what a moment asked; only the person's own counts."""
    moment = answered.moment
    order = view.kept(Order, moment.cause)
    if order is None or answered.person != order.person:
        return
    waiting = {OrderStatus.PROPOSED: "proposed", OrderStatus.QUOTED: "quoted"}.get(order.status)
    if waiting is None or moment.id != _asked_moment(order, waiting):
        return
    if answered.answer != "yes":
        refused = noted(order, "declined", now_ms=answered.now_ms, source="person")
        refused = replace(refused, status=OrderStatus.CANCELLED, reason="declined")
        yield from _ended(Step(order=refused), view, now_ms=answered.now_ms)
    elif order.status is OrderStatus.PROPOSED:
        yield from _take_up(order, view, now_ms=answered.now_ms)
    elif order.address and order.quote and answered.now_ms <= order.quote.valid_until_ms:
        yield from _place(order, None, view, now_ms=answered.now_ms)
    else:
        zone = home_zone(view, order)
        details = word(order, "details", now_ms=answered.now_ms, zone=zone)
        yield MomentRaised(moment=details, now_ms=answered.now_ms)


def retry(wish: CallRetry, view: View) -> Iterable[Told]:
    """Bring an order back to where the dead call that is sent again left it.

    Raises:
        RefusedError: sending it again could lead to a second order, or the order has ended.
    """
    if not isinstance(wish.about, Order):
        return
    order = view.kept(Order, wish.about.id) or wish.about
    status = _revived(order, wish.call)
    order = noted(replace(order, status=status), "sent_again", now_ms=wish.now_ms)
    garments: tuple[Garment, ...] = ()
    if wish.call.operation in {Operation.QUOTE, Operation.PLACE}:
        garments = tuple(promised(one, order=order.id) for one in _garments(order, view))
    yield from follow(Step(order=order, garments=garments), view, now_ms=wish.now_ms)


def _revived(order: Order, call: Call) -> OrderStatus:
    """Return the status the order has again while the call waits."""
    if call.operation is Operation.STATUS and order.open:
        return order.status
    if call.operation is Operation.PLACE and call.attempts:
        message = "the partner may have heard of it, and was asked to cancel; order anew"
        raise RefusedError(message)
    # A cancellation that nobody answered left the order as it was.
    waits = order.status is OrderStatus.FAILED or (
        order.open and call.operation is Operation.CANCEL
    )
    if not waits or call.operation not in _REVIVED:
        message = f"the order is {order.status}; nothing waits for this call"
        raise RefusedError(message)
    return _REVIVED[call.operation]


# ------------------------------------------------------------------------------------- its steps


def _ask(order: Order, view: View, *, now_ms: int) -> Iterator[Told]:
    """Bind the garments and ask for a quote."""
    garments = _garments(order, view)
    bound = tuple(promised(garment, order=order.id) for garment in garments)
    fields = {"order": order.id, "garments": _told_of(garments), "area": order.area}
    call = next_call(order, Operation.QUOTE, fields, now_ms=now_ms)
    step = Step(order=replace(order, calls=call.number), calls=(call,), garments=bound)
    yield from follow(step, view, now_ms=now_ms)


def _take_up(order: Order, view: View, *, now_ms: int) -> Iterator[Told]:
    reason = _hindrance(order, view)
    if reason:
        lapsed = replace(order, status=OrderStatus.LAPSED, reason=reason)
        yield from _ended(Step(order=lapsed), view, now_ms=now_ms)
        return
    taken = noted(order, "accepted", now_ms=now_ms, source="person")
    yield from _ask(replace(taken, status=OrderStatus.ASKING), view, now_ms=now_ms)


def _place(order: Order, slot: Slot | None, view: View, *, now_ms: int) -> Iterator[Told]:
    quote = order.quote
    if quote is None or now_ms > quote.valid_until_ms:
        message = "the quote is not valid any more; ask for a new one"
        raise RefusedError(message)
    chosen = slot or quote.slots[0]
    if chosen not in quote.slots:
        message = "this slot was not quoted; take one of the quote's"
        raise InvalidInputError(message)
    if not order.address:
        message = "an address is needed: where is it picked up?"
        raise InvalidInputError(message)
    placing = replace(order, status=OrderStatus.PLACING, slot=chosen)
    placing = noted(placing, "accepted", now_ms=now_ms, source="person")
    fields = {
        "order": order.id,
        "garments": _told_of(_garments(order, view)),
        "slot": msgspec.to_builtins(chosen),
        "address": order.address,
        "name": order.name,
        "quote": quote.id,
    }
    # Of no use once its slot has begun, and of none after its lifetime.
    latest_ms = max(chosen.start_ms, now_ms + MIN_PLACING_MS)
    expires_ms = min(latest_ms, now_ms + CALL_LIFETIME_MS)
    call = next_call(placing, Operation.PLACE, fields, now_ms=now_ms, expires_ms=expires_ms)
    step = Step(order=replace(placing, calls=call.number), calls=(call,))
    yield from follow(step, view, now_ms=now_ms)


def _taken_back(step: Step, view: View, *, now_ms: int) -> Iterator[Told]:
    """Cancel at the partner if it may know of a placed order, else only here."""
    order = step.order
    attempted = [call for call in _open_calls(order, view) if call.operation not in HARMLESS]
    placing = next((c for c in attempted if c.operation is Operation.PLACE), None)
    known_there = order.promised_ms is not None or bool(placing and placing.attempts)
    if order.status in {OrderStatus.PLACING, OrderStatus.PLACED, OrderStatus.UNDER_WAY} and (
        known_there
    ):
        fields = {"order": order.id, "reason": order.reason}
        call = next_call(order, Operation.CANCEL, fields, now_ms=now_ms)
        order = replace(order, status=OrderStatus.CANCELLING, calls=call.number)
        yield from follow(replace(step, order=order, calls=(call,)), view, now_ms=now_ms)
        return
    ended = replace(order, status=OrderStatus.CANCELLED)
    yield from _ended(replace(step, order=ended), view, now_ms=now_ms)


def _ended(step: Step, view: View, *, now_ms: int) -> Iterator[Told]:
    """End an order of which the partner holds nothing."""
    order = noted(step.order, step.order.status.value, now_ms=now_ms)
    free = tuple(released(garment, order=order.id) for garment in _garments(order, view))
    yield from follow(replace(step, order=order, garments=free), view, now_ms=now_ms)


# ------------------------------------------------------------------------------------ look-ups


def _check_service(view: View, name: str) -> None:
    service = view.kept(Service, name)
    if service is None:
        raise UnknownError(what="service", name=name)
    if service.kind is not ServiceKind.DRY_CLEANER:
        message = f"{service.name} takes no orders: it is a {service.kind}"
        raise InvalidInputError(message)
    if not service.enabled:
        message = f"{service.name} is switched off"
        raise RefusedError(message)


def _for_its_owner(order: Order, view: View) -> tuple[Order, str]:
    """Return the order as its garments' owner's, whoever's link proposed it."""
    found = (view.kept(Garment, name) for name in order.garments)
    owners = {garment.owner for garment in found if garment is not None}
    if owners <= {None}:
        return replace(order, shared=True), ""
    if len(owners) > 1:
        return order, "the pieces belong to different people"
    return replace(order, person=owners.pop() or order.person), ""


def _hindrance(order: Order, view: View) -> str:
    """Return why nothing can come of a proposal; empty where something can."""
    try:
        _check_service(view, order.service)
        for garment in _garments(order, view):
            promised(garment, order=order.id)
    except (InvalidInputError, RefusedError) as error:
        return str(error)
    others = [one for one in view.kept_in(Order, order.household) if one.id != order.id]
    if any(set(one.garments) & set(order.garments) for one in others if one.open):
        return "an order for it is under way"
    return ""


def _garments(order: Order, view: View) -> list[Garment]:
    """Return its garments.

    Raises:
        UnknownError: one of them is none of the household's.
    """
    found = []
    for name in order.garments:
        garment = view.kept(Garment, name)
        if garment is None or garment.household != order.household:
            if order.status.final:
                continue
            raise UnknownError(what="garment", name=name)
        found.append(garment)
    return found


def _told_of(garments: Iterable[Garment]) -> list[dict[str, object]]:
    return [garment_fields(garment, kind=ServiceKind.DRY_CLEANER) for garment in garments]


def _open_calls(order: Order, view: View) -> list[Call]:
    calls = view.kept_in(Call, order.household)
    return [c for c in calls if c.key == order.id and c.status is CallStatus.QUEUED]


def _asked_moment(order: Order, what: str) -> str:
    occasion = order.quote.id if what == "quoted" and order.quote else ""
    return word(order, what, now_ms=0, zone="UTC", occasion=occasion, piece="").id
