"""What is heard of orders: answers to calls, webhooks, and time that passes without either."""

from collections.abc import Iterator
from dataclasses import replace

from hub.model import (
    Call,
    CallProgress,
    CallStatus,
    Garment,
    Moment,
    Operation,
    Order,
    OrderStatus,
    OrderUpdate,
    PartnerWord,
    TimerFired,
)
from hub.model.calls import next_call
from hub.model.changes import Keep, TimerEnded
from hub.model.garments import released
from hub.model.order_life import carried, heard_before, noted, quoted_promise_ms, status_of, updated
from hub.model.order_steps import TIMER, Step, Told, follow, home_zone, wound
from hub.model.order_watch import HOUR_MS, due_ms, judged, told, watched
from hub.model.order_words import word
from hub.model.view import View

_SAID = frozenset({"placed", "picked_up", "out_for_delivery", "delivered", "refused", "cancelled"})
"""Stages that a person wants to hear of."""
_BEGUN_BY = {Operation.QUOTE: {OrderStatus.ASKING}, Operation.PLACE: {OrderStatus.PLACING}}
"""Status that an answer to the call must have ended."""


def hear(said: PartnerWord, view: View) -> Iterator[Told]:
    """Take a partner's webhook, of its own orders only."""
    if not isinstance(said.update, OrderUpdate):
        return
    order = view.kept(Order, said.update.order) or said.ended
    if order is None or order.service != said.service:
        return
    if heard_before(order, said.update.version):
        return
    if order.status.final:
        # It moves nothing any more, and has its place in the timeline all the same.
        yield Keep(updated(order, said.update, now_ms=said.now_ms))
        return
    yield from _taken(order, said.update, view, now_ms=said.now_ms)


def progress(step: CallProgress, view: View) -> Iterator[Told]:
    """Take how a call about an order ended."""
    call = view.kept(Call, step.call)
    order = view.kept(Order, call.key) if call is not None and call.open else None
    if call is None or order is None:
        return
    match step.status:
        case CallStatus.DONE if isinstance(step.update, OrderUpdate):
            yield from _answered(order, call, step.update, view, now_ms=step.now_ms)
        case CallStatus.REFUSED:
            yield from _refused(order, call, step, view)
        case CallStatus.DEAD:
            yield from _given_up(order, call, step, view)
        case _:
            return


def fire(fired: TimerFired, view: View) -> Iterator[Told]:
    """Let a proposal or a quote lapse; ask how an order stands, and tell what must be told."""
    if fired.kind != TIMER:
        return
    order = view.kept(Order, fired.subject)
    if order is None:
        yield TimerEnded(fired.id)
        return
    look_ms = due_ms(order)
    if look_ms is None or fired.now_ms < look_ms:
        yield wound(order)
    elif not watched(order):
        lapsed = noted(replace(order, status=OrderStatus.LAPSED), "lapsed", now_ms=fired.now_ms)
        yield from _over(lapsed, (), view, now_ms=fired.now_ms)
    elif order.asked_ms is not None:
        quiet = told(order, "no_news", now_ms=fired.now_ms)
        yield from _spoken(quiet, "no_news", view, now_ms=fired.now_ms)
    else:
        yield from _ask_how_it_stands(order, view, now_ms=fired.now_ms)


# ---------------------------------------------------------------------------------------- answers


def _answered(
    order: Order, call: Call, update: OrderUpdate, view: View, *, now_ms: int
) -> Iterator[Told]:
    if call.operation is Operation.STATUS:
        order = replace(order, asked_ms=None)
    if call.operation is Operation.CANCEL and update.stage == "cancelled":
        # Whatever else was heard: nothing of it is left at the partner.
        update = replace(update, version=max(update.version, order.version + 1))
    if (
        call.operation in _BEGUN_BY
        and updated(order, update, now_ms=now_ms).status in _BEGUN_BY[call.operation]
    ):
        yield from _misunderstood(order, call, view, now_ms=now_ms)
        return
    yield from _taken(order, update, view, now_ms=now_ms, answered=call.id)


def _misunderstood(order: Order, call: Call, view: View, *, now_ms: int) -> Iterator[Told]:
    """Give up a call whose answer leaves the order where it was."""
    step = CallProgress(
        call=call.id,
        status=CallStatus.DEAD,
        attempts=call.attempts,
        next_ms=0,
        reason="the partner answered about something else",
        update=None,
        now_ms=now_ms,
    )
    yield from _given_up(order, call, step, view)


def _refused(order: Order, call: Call, step: CallProgress, view: View) -> Iterator[Told]:
    match call.operation:
        case Operation.QUOTE | Operation.PLACE:
            ended = OrderStatus.REFUSED
            if order.status is OrderStatus.CANCELLING:
                ended = OrderStatus.CANCELLED
            order = noted(
                replace(order, status=ended, reason=step.reason),
                ended.value,
                now_ms=step.now_ms,
                source="partner",
                note=step.reason,
            )
            yield from _over(order, (ended.value,), view, now_ms=step.now_ms, answered=call.id)
        case Operation.CANCEL:
            yield from _not_cancelled(order, "too_late_to_cancel", call, step, view)
        case _:
            yield from _unknown_there(order, call, step, view)


def _given_up(order: Order, call: Call, step: CallProgress, view: View) -> Iterator[Told]:
    """Go on after a call that was never answered well."""
    match call.operation:
        case Operation.PLACE if order.status is OrderStatus.CANCELLING:
            return
        case Operation.PLACE if step.attempts:
            yield from _unsure(order, call, view, now_ms=step.now_ms)
        case Operation.CANCEL if order.promised_ms is not None:
            yield from _not_cancelled(order, "cancel_unanswered", call, step, view)
        case Operation.STATUS:
            yield from _unknown_there(order, call, step, view)
        case _:
            what = "cancel_unanswered" if call.operation is Operation.CANCEL else "failed"
            failed = replace(order, status=OrderStatus.FAILED, reason=step.reason)
            failed = noted(failed, what, now_ms=step.now_ms, note=step.reason)
            yield from _over(failed, (what,), view, now_ms=step.now_ms, answered=call.id)


def _unsure(order: Order, call: Call, view: View, *, now_ms: int) -> Iterator[Told]:
    """Have cancelled what the partner may or may not have taken."""
    order = noted(order, "unsure", now_ms=now_ms)
    fields = {"order": order.id, "reason": "never confirmed"}
    cancel = next_call(order, Operation.CANCEL, fields, now_ms=now_ms)
    order = replace(order, status=OrderStatus.CANCELLING, calls=cancel.number)
    words = (_word(order, "unsure", view, now_ms=now_ms),)
    step = Step(order=order, calls=(cancel,), words=words)
    yield from follow(step, view, now_ms=now_ms, answered=call.id)


def _not_cancelled(
    order: Order, what: str, call: Call, step: CallProgress, view: View
) -> Iterator[Told]:
    """Let an order go on that could not be cancelled, and say so."""
    promised_ms = order.promised_ms or quoted_promise_ms(order)
    going_on = replace(order, status=OrderStatus.PLACED, promised_ms=promised_ms)
    going_on = replace(going_on, status=status_of(going_on, order.stage or "placed"))
    going_on = noted(going_on, what, now_ms=step.now_ms, source="partner", note=step.reason)
    words = (_word(going_on, what, view, now_ms=step.now_ms, occasion=call.id),)
    ask = Step(order=going_on, words=words)
    yield from follow(ask, view, now_ms=step.now_ms, answered=call.id)


def _unknown_there(order: Order, call: Call, step: CallProgress, view: View) -> Iterator[Told]:
    """Say that there is no news: the question was answered by nobody, or with a no."""
    order = replace(order, asked_ms=None)
    if not watched(order) or order.told:
        yield from follow(Step(order=order), view, now_ms=step.now_ms, answered=call.id)
        return
    quiet = told(order, "no_news", now_ms=step.now_ms)
    yield from _spoken(quiet, "no_news", view, now_ms=step.now_ms, answered=call.id)


# ------------------------------------------------------------------------------------------- news


def _taken(
    before: Order, update: OrderUpdate, view: View, *, now_ms: int, answered: str = ""
) -> Iterator[Told]:
    """Take the partner's word, move what it moves, and tell what has to be told."""
    after = updated(before, update, now_ms=now_ms)
    words: tuple[Moment, ...] = ()
    what = _worth_saying(before, after)
    if what:
        until_ms = after.quote.valid_until_ms if after.quote and what == "quoted" else None
        words = (_word(after, what, view, now_ms=now_ms, until_ms=until_ms),)
    judgement = ""
    if update.version > before.version or answered:
        after, judgement = judged(after, now_ms=now_ms)
    garments = tuple(
        carried(before, after, garment, at_ms=update.at_ms) for garment in _garments(after, view)
    )
    step = Step(order=after, words=words, garments=garments)
    if judgement:
        yield from _judged(step, judgement, view, now_ms=now_ms, answered=answered)
    else:
        yield from follow(step, view, now_ms=now_ms, answered=answered)


def _worth_saying(before: Order, after: Order) -> str:
    """Return which of the partner's stages the person wants to hear of now; mostly none."""
    if after.status is OrderStatus.QUOTED and before.status is not after.status:
        return "quoted"
    if after.status is OrderStatus.CANCELLING or after.stage == before.stage:
        return ""
    return after.stage if after.stage in _SAID else ""


def _judged(step: Step, what: str, view: View, *, now_ms: int, answered: str) -> Iterator[Told]:
    order = noted(step.order, what, now_ms=now_ms, expected_ms=step.order.expected_ms)
    said = _word(order, what, view, now_ms=now_ms, occasion=now_ms)
    step = replace(step, order=order, words=(*step.words, said))
    yield from follow(step, view, now_ms=now_ms, answered=answered)


def _spoken(
    order: Order, what: str, view: View, *, now_ms: int, answered: str = ""
) -> Iterator[Told]:
    yield from _judged(Step(order=order), what, view, now_ms=now_ms, answered=answered)


def _ask_how_it_stands(order: Order, view: View, *, now_ms: int) -> Iterator[Told]:
    expires_ms = max(order.promised_ms or now_ms, now_ms) + HOUR_MS
    call = next_call(
        order, Operation.STATUS, {"order": order.id}, now_ms=now_ms, expires_ms=expires_ms
    )
    asked = replace(order, asked_ms=now_ms, looked_ms=now_ms, calls=call.number)
    yield from follow(Step(order=asked, calls=(call,)), view, now_ms=now_ms)


def _over(
    order: Order, said: tuple[str, ...], view: View, *, now_ms: int, answered: str = ""
) -> Iterator[Told]:
    """End an order, free its garments and say why."""
    free = tuple(released(garment, order=order.id) for garment in _garments(order, view))
    words = tuple(_word(order, what, view, now_ms=now_ms) for what in said)
    step = Step(order=order, words=words, garments=free)
    yield from follow(step, view, now_ms=now_ms, answered=answered)


def _garments(order: Order, view: View) -> Iterator[Garment]:
    for name in order.garments:
        garment = view.kept(Garment, name)
        if garment is not None and garment.household == order.household:
            yield garment


def _word(  # noqa: PLR0913 - as `word`
    order: Order,
    what: str,
    view: View,
    *,
    now_ms: int,
    occasion: object = "",
    until_ms: int | None = None,
) -> Moment:
    if what == "quoted" and order.quote is not None:
        occasion = order.quote.id
    zone = home_zone(view, order)
    return word(order, what, now_ms=now_ms, zone=zone, occasion=occasion, until_ms=until_ms)
