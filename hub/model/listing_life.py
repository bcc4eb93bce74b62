"""How a listing moves on by what its market says: the market alone decides of a deal."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from hub.model.garments import Garment, handed_over, returned
from hub.model.order_life import heard_before, with_entry
from hub.model.orders import Listing, ListingMode, ListingStatus, TimelineEntry
from hub.model.services import DealUpdate, ListingUpdate

_STATUSES: Mapping[str, ListingStatus] = MappingProxyType(
    {
        "offered": ListingStatus.OFFERED,
        "reserved": ListingStatus.RESERVED,
        "withdrawn": ListingStatus.WITHDRAWN,
        "handed_over": ListingStatus.HANDED_OVER,
        "returned": ListingStatus.RETURNED,
    }
)


def updated(listing: Listing, update: ListingUpdate, *, now_ms: int) -> Listing:
    """Return the listing after the market's word; the same one if it says nothing new."""
    if heard_before(listing, update.version):
        return listing
    entry = TimelineEntry(
        at_ms=update.at_ms,
        noted_ms=now_ms,
        what=_happened(listing, update),
        source="partner",
        note=update.reason,
        version=update.version,
    )
    with_word = with_entry(listing, entry)
    if update.version < listing.version:
        return with_word
    status = _STATUSES.get(update.status, listing.status)
    if listing.status is ListingStatus.WITHDRAWING and status is ListingStatus.OFFERED:
        status = listing.status
    return replace(
        with_word,
        version=update.version,
        status=status,
        deals=update.deals,
        reference=update.reference or listing.reference,
        reason=update.reason or listing.reason,
    )


def _happened(listing: Listing, update: ListingUpdate) -> str:
    """Return a word for the change: a deal's where the listing itself stands as it stood."""
    known = {deal.deal: deal for deal in listing.deals}
    if update.status == listing.status.value and update.version > listing.version:
        for deal in update.deals:
            before = known.get(deal.deal)
            if before is None:
                return "interest"
            if before.status != deal.status:
                return deal.status
            if before != deal:
                return "answered"
    return update.status


def news(before: Listing, after: Listing) -> Iterator[tuple[str, DealUpdate]]:
    """Yield what a person wants to hear of the deals: (`interest`, `agreed` or `off`, deal)."""
    known = {deal.deal: deal for deal in before.deals}
    for deal in after.deals:
        was = known.get(deal.deal)
        if was is None and deal.status == "open":
            yield "interest", deal
        if deal.status == "agreed" and (was is None or was.status != "agreed"):
            yield "agreed", deal
        # Of somebody whom the person turned down themselves they need not hear.
        if deal.status == "off" and was is not None and was.status == "open" and was.ours:
            yield "off", deal


def deal_of(listing: Listing, deal: str) -> DealUpdate | None:
    return next((one for one in listing.deals if one.deal == deal), None)


def carried(before: Listing, after: Listing, garment: Garment, *, at_ms: int) -> Garment:
    """Return the listing's garment as the market's word leaves it."""
    if garment.listing != after.id or before.status is after.status:
        return garment
    lent = after.mode is ListingMode.RENT
    cause = f"{after.id}:{after.status}"
    moved = None
    if after.status is ListingStatus.HANDED_OVER:
        moved = handed_over(garment, listing=after.id, at_ms=at_ms, cause=cause, lent=lent)
    elif not after.open:
        if after.status is ListingStatus.RETURNED and not garment.lent:
            # The hand-over was never heard of: the piece was away all the same.
            gone = handed_over(garment, listing=after.id, at_ms=at_ms, cause=f"{cause}:before")
            garment = gone.garment if gone else garment
        moved = returned(garment, listing=after.id, at_ms=at_ms, cause=cause)
    return moved.garment if moved else garment
