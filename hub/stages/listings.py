"""Offers garments at a market, and follows what the market says of them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import msgspec

from hub.errors import InvalidInputError, RefusedError, UnknownError
from hub.model import (
    Call,
    CallProgress,
    CallRetry,
    CallStatus,
    DealAnswer,
    Garment,
    Listing,
    ListingMode,
    ListingRequest,
    ListingStatus,
    ListingUpdate,
    ListingWithdrawal,
    Moment,
    Operation,
    PartnerWord,
    Service,
    ServiceKind,
)
from hub.model.calls import HOUR_MS, garment_fields, next_call
from hub.model.changes import Keep, MomentAnswered, MomentRaised
from hub.model.garments import offered, returned
from hub.model.listing_life import carried, deal_of, news, updated
from hub.model.order_life import heard_before, noted
from hub.model.order_steps import home_zone, withdrawn
from hub.model.order_words import word
from hub.model.view import View

ASKED_FOR_MS = 7 * 24 * HOUR_MS
"""How long somebody's interest waits for a yes on a device; in the app it waits on."""
OPERATIONS = {
    "accept": Operation.ACCEPT,
    "decline": Operation.DECLINE,
    "hand_over": Operation.HAND_OVER,
}

Told = Keep | MomentRaised


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    listing: Listing
    calls: tuple[Call, ...] = ()
    words: tuple[Moment, ...] = ()
    garment: Garment | None = None


def request(wish: ListingRequest, view: View) -> Iterable[Told]:
    """Offer a garment.

    Raises:
        UnknownError: there is no such market or garment.
        InvalidInputError: the service is no market, or the price is missing.
        RefusedError: the garment is away or bound, or the market is switched off.
    """
    listing = wish.listing
    if view.kept(Listing, listing.id) is not None:
        return
    _check_service(view, listing.service)
    if listing.mode is not ListingMode.SWAP and listing.price is None:
        message = "what is sold or lent has a price"
        raise InvalidInputError(message)
    garment = _garment(listing, view)
    if garment is None:
        raise UnknownError(what="garment", name=listing.garment)
    moved = offered(garment, listing=listing.id, at_ms=wish.now_ms, cause=f"{listing.id}:offered")
    listing = replace(listing, status=ListingStatus.OFFERING)
    listing = noted(listing, "asked", now_ms=wish.now_ms, source="person")
    call = next_call(listing, Operation.OFFER, _offer(listing, garment), now_ms=wish.now_ms)
    step = _Step(
        listing=replace(listing, calls=call.number),
        calls=(call,),
        garment=moved.garment if moved else garment,
    )
    yield from _follow(step, view, now_ms=wish.now_ms)


def withdraw(wish: ListingWithdrawal, view: View) -> Iterable[Told]:
    """Take an offer back; once a deal is agreed the market refuses that.

    Raises:
        UnknownError: there is no such listing, or it has ended.
    """
    listing = view.kept(Listing, wish.listing)
    if listing is None:
        raise UnknownError(what="listing", name=wish.listing)
    if listing.status is ListingStatus.WITHDRAWING:
        return
    if listing.status not in {ListingStatus.OFFERING, ListingStatus.OFFERED}:
        message = f"the listing is {listing.status}: too late to withdraw it"
        raise RefusedError(message)
    listing = noted(listing, "withdrawal_asked", now_ms=wish.now_ms, source="person")
    offer = _waiting(listing, view, Operation.OFFER)
    if offer is not None and offer.attempts == 0:
        yield from _never_offered(listing, view, now_ms=wish.now_ms)
        return
    yield from _withdrawing(listing, view, now_ms=wish.now_ms)


def answer(wish: DealAnswer, view: View) -> Iterable[Told]:
    """Tell the market a person's word on a deal; what comes of it the market says.

    Raises:
        UnknownError: there is no such listing or deal.
        RefusedError: the deal is not at that point.
    """
    listing = view.kept(Listing, wish.listing)
    deal = deal_of(listing, wish.deal) if listing is not None else None
    if listing is None or deal is None:
        raise UnknownError(what="deal", name=wish.deal)
    needed = "agreed" if wish.answer == "hand_over" else "open"
    if deal.status != needed:
        message = f"the deal is {deal.status}"
        raise RefusedError(message)
    yield from _say(listing, wish, view)


def hear_moment(answered: MomentAnswered, view: View) -> Iterable[Told]:
    """Take the yes or no to somebody's interest; only the person's own counts."""
    listing = view.kept(Listing, answered.moment.cause)
    if listing is None or answered.person != listing.person:
        return
    for deal in listing.deals:
        asked = word(
            listing, "interest", now_ms=0, zone="UTC", occasion=deal.deal, other="", piece=""
        )
        if asked.id == answered.moment.id and deal.status == "open":
            said = DealAnswer(
                listing=listing.id,
                deal=deal.deal,
                answer="accept" if answered.answer == "yes" else "decline",
                author=listing.person,
                now_ms=answered.now_ms,
            )
            yield from _say(listing, said, view)


def hear(said: PartnerWord, view: View) -> Iterable[Told]:
    """Take a market's webhook, of its own listings only."""
    if not isinstance(said.update, ListingUpdate):
        return
    listing = view.kept(Listing, said.update.listing)
    if listing is None or listing.service != said.service:
        return
    if not heard_before(listing, said.update.version):
        yield from _taken(listing, said.update, view, now_ms=said.now_ms)


def progress(step: CallProgress, view: View) -> Iterable[Told]:
    """Take how a call about a listing ended."""
    call = view.kept(Call, step.call)
    listing = view.kept(Listing, call.key) if call is not None and call.open else None
    if call is None or listing is None:
        return
    match step.status:
        case CallStatus.DONE if isinstance(step.update, ListingUpdate):
            update = step.update
            if call.operation is Operation.WITHDRAW and update.status == "withdrawn":
                # Whatever else was heard: nothing of it is left at the market.
                update = replace(update, version=max(update.version, listing.version + 1))
            yield from _taken(listing, update, view, now_ms=step.now_ms, answered=call.id)
        case CallStatus.REFUSED:
            yield from _refused(listing, call, step, view)
        case CallStatus.DEAD:
            yield from _given_up(listing, call, step, view)
        case _:
            return


def retry(wish: CallRetry, view: View) -> Iterable[Told]:
    """Bring a listing back to where the dead call that is sent again left it.

    Raises:
        RefusedError: nothing waits for the call any more.
    """
    if not isinstance(wish.about, Listing):
        return
    listing = view.kept(Listing, wish.about.id) or wish.about
    withdrawing = wish.call.operation is Operation.WITHDRAW
    if listing.status is ListingStatus.FAILED and withdrawing:
        listing = replace(listing, status=ListingStatus.WITHDRAWING)
    elif not listing.open or wish.call.operation is Operation.OFFER:
        message = f"the listing is {listing.status}; nothing waits for this call"
        raise RefusedError(message)
    yield Keep(noted(listing, "sent_again", now_ms=wish.now_ms))


# ---------------------------------------------------------------------------------- what is said


def _say(listing: Listing, said: DealAnswer, view: View) -> Iterator[Told]:
    operation = OPERATIONS[said.answer]
    before = _waiting(listing, view, Operation.ACCEPT, deal=said.deal)
    if operation is Operation.ACCEPT and before is not None:
        return
    listing = noted(
        listing, f"{said.answer}_said", now_ms=said.now_ms, source="person", note=said.deal
    )
    taken_back: tuple[Call, ...] = ()
    if operation is Operation.DECLINE and before is not None and before.attempts == 0:
        taken_back = (replace(before, status=CallStatus.WITHDRAWN, reason="declined instead"),)
    fields = {"listing": listing.id, "deal": said.deal}
    call = next_call(listing, operation, fields, now_ms=said.now_ms)
    step = _Step(listing=replace(listing, calls=call.number), calls=(*taken_back, call))
    yield from _follow(step, view, now_ms=said.now_ms)


def _withdrawing(listing: Listing, view: View, *, now_ms: int) -> Iterator[Told]:
    fields = {"listing": listing.id}
    call = next_call(listing, Operation.WITHDRAW, fields, now_ms=now_ms)
    unsaid = tuple(
        replace(one, status=CallStatus.WITHDRAWN, reason="the listing is withdrawn")
        for one in view.kept_in(Call, listing.household)
        if one.key == listing.id and one.open and one.attempts == 0
    )
    going = replace(listing, status=ListingStatus.WITHDRAWING, calls=call.number)
    yield from _follow(_Step(listing=going, calls=(*unsaid, call)), view, now_ms=now_ms)


def _never_offered(listing: Listing, view: View, *, now_ms: int) -> Iterator[Told]:
    ended = noted(replace(listing, status=ListingStatus.WITHDRAWN), "withdrawn", now_ms=now_ms)
    yield from _ended(ended, (), view, now_ms=now_ms)


def _check_status(listing: Listing, *, now_ms: int) -> tuple[Listing, Call]:
    call = next_call(
        listing,
        Operation.STATUS,
        {"listing": listing.id},
        now_ms=now_ms,
        expires_ms=now_ms + 6 * HOUR_MS,
    )
    return replace(listing, calls=call.number), call


# --------------------------------------------------------------------------------- what is heard


def _taken(
    before: Listing, update: ListingUpdate, view: View, *, now_ms: int, answered: str = ""
) -> Iterator[Told]:
    after = updated(before, update, now_ms=now_ms)
    words = tuple(
        _word(after, what, view, now_ms=now_ms, deal=deal.deal, other=deal.other)
        for what, deal in news(before, after)
    )
    if after.status is not before.status and after.status.value in {"handed_over", "returned"}:
        words = (*words, _word(after, after.status.value, view, now_ms=now_ms))
    garment = _garment(after, view)
    if garment is not None:
        garment = carried(before, after, garment, at_ms=update.at_ms)
    step = _Step(listing=after, words=words, garment=garment)
    yield from _follow(step, view, now_ms=now_ms, answered=answered)


def _refused(listing: Listing, call: Call, step: CallProgress, view: View) -> Iterator[Told]:
    if call.operation is Operation.OFFER:
        ended = replace(listing, status=ListingStatus.REFUSED, reason=step.reason)
        ended = noted(ended, "refused", now_ms=step.now_ms, source="partner", note=step.reason)
        said = ("listing_refused",)
        yield from _ended(ended, said, view, now_ms=step.now_ms, answered=call.id)
        return
    if call.operation is Operation.STATUS:
        return
    # The market knows better: ask it how things stand.
    listing = noted(
        _back_to_market(listing), "too_late", now_ms=step.now_ms, source="partner", note=step.reason
    )
    listing, status = _check_status(listing, now_ms=step.now_ms)
    said_too_late = _word(listing, "too_late", view, now_ms=step.now_ms, deal=call.id)
    done = _Step(listing=listing, calls=(status,), words=(said_too_late,))
    yield from _follow(done, view, now_ms=step.now_ms, answered=call.id)


def _given_up(listing: Listing, call: Call, step: CallProgress, view: View) -> Iterator[Told]:
    if call.operation is Operation.STATUS:
        return
    if call.operation is Operation.OFFER:
        if listing.status is ListingStatus.WITHDRAWING:
            return
        if step.attempts:
            listing = noted(listing, "unsure", now_ms=step.now_ms)
            yield from _withdrawing(listing, view, now_ms=step.now_ms)
            return
    if call.operation in {Operation.OFFER, Operation.WITHDRAW}:
        failed = replace(listing, status=ListingStatus.FAILED, reason=step.reason)
        failed = noted(failed, "failed", now_ms=step.now_ms, note=step.reason)
        said = ("listing_failed",)
        yield from _ended(failed, said, view, now_ms=step.now_ms, answered=call.id)
        return
    listing = noted(listing, "unanswered", now_ms=step.now_ms, note=step.reason)
    unreached = _word(listing, "listing_failed", view, now_ms=step.now_ms, deal=call.id)
    done = _Step(listing=listing, words=(unreached,))
    yield from _follow(done, view, now_ms=step.now_ms, answered=call.id)


def _back_to_market(listing: Listing) -> Listing:
    """Return a listing that cannot be withdrawn as the market last had it."""
    if listing.status is not ListingStatus.WITHDRAWING:
        return listing
    agreed = any(deal.status == "agreed" for deal in listing.deals)
    status = ListingStatus.RESERVED if agreed else ListingStatus.OFFERED
    return replace(listing, status=status)


def _ended(
    listing: Listing, said: tuple[str, ...], view: View, *, now_ms: int, answered: str = ""
) -> Iterator[Told]:
    """End a listing that came to nothing; its garment is free again."""
    garment = _garment(listing, view)
    if garment is not None and garment.listing == listing.id:
        moved = returned(
            garment, listing=listing.id, at_ms=now_ms, cause=f"{listing.id}:{listing.status}"
        )
        garment = moved.garment if moved else garment
    words = tuple(_word(listing, what, view, now_ms=now_ms) for what in said)
    step = _Step(listing=listing, words=words, garment=garment)
    yield from _follow(step, view, now_ms=now_ms, answered=answered)


def _follow(step: _Step, view: View, *, now_ms: int, answered: str = "") -> Iterator[Told]:
    if step.garment is not None:
        yield Keep(step.garment)
    for call in step.calls:
        yield Keep(call)
    if not step.listing.open:
        yield from withdrawn(step.listing, view, but=answered)
    yield Keep(step.listing)
    for moment in step.words:
        yield MomentRaised(moment=moment, now_ms=now_ms)


# ------------------------------------------------------------------------------------ look-ups


def _check_service(view: View, name: str) -> None:
    service = view.kept(Service, name)
    if service is None:
        raise UnknownError(what="service", name=name)
    if service.kind is not ServiceKind.MARKET:
        message = f"{service.name} is no market: it is a {service.kind}"
        raise InvalidInputError(message)
    if not service.enabled:
        message = f"{service.name} is switched off"
        raise RefusedError(message)


def _garment(listing: Listing, view: View) -> Garment | None:
    garment = view.kept(Garment, listing.garment)
    return garment if garment and garment.household == listing.household else None


def _offer(listing: Listing, garment: Garment) -> dict[str, object]:
    fields: dict[str, object] = {
        "listing": listing.id,
        "garment": garment_fields(garment, kind=ServiceKind.MARKET),
        "mode": listing.mode.value,
        "area": listing.area,
        "nickname": listing.nickname,
    }
    if listing.price is not None:
        fields["price"] = msgspec.to_builtins(listing.price)
    return fields


def _waiting(listing: Listing, view: View, operation: Operation, *, deal: str = "") -> Call | None:
    for call in view.kept_in(Call, listing.household):
        same = call.key == listing.id and call.open and call.operation is operation
        if same and (not deal or call.fields.get("deal") == deal):
            return call
    return None


def _word(  # noqa: PLR0913 - as `word`
    listing: Listing, what: str, view: View, *, now_ms: int, deal: str = "", other: str = ""
) -> Moment:
    garment = _garment(listing, view)
    until_ms = now_ms + ASKED_FOR_MS if what == "interest" else None
    return word(
        listing,
        what,
        now_ms=now_ms,
        zone=home_zone(view, listing),
        occasion=deal,
        until_ms=until_ms,
        other=other,
        piece=garment.name if garment else "",
    )
