"""The contract of `docs/partners/market.yaml`, spoken from the hub's side."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from hub.adapters.partner.contract import Contract, Question, path
from hub.adapters.partner.documents import (
    NEVER_KNOWN,
    Envelope,
    Fibres,
    Instant,
    Name,
    Received,
    Sent,
    SentPrice,
    Text,
    Version,
    read,
    write,
)
from hub.errors import InvalidInputError
from hub.model import DealUpdate, ListingUpdate, Operation, ServiceKind

# ----------------------------------------------------------------------------- what the hub sends


class _Garment(Sent):
    garment: Name
    name: Text | None = None
    fibres: Fibres | None = None
    colour: Text | None = None
    tags: tuple[Text, ...] = ()


class _Offer(Sent):
    listing: Name
    garment: _Garment
    mode: Literal["swap", "sell", "rent"]
    price: SentPrice | None = None
    area: Text
    nickname: Text

    @model_validator(mode="after")
    def has_its_price(self) -> "_Offer":
        if self.mode != "swap" and self.price is None:
            message = "what is sold or rented has a price"
            raise ValueError(message)
        return self


class _Listing(Sent):
    listing: Name


class _Deal(Sent):
    listing: Name
    deal: Name


_DEAL_PATHS = {
    Operation.ACCEPT: "accept",
    Operation.DECLINE: "decline",
    Operation.HAND_OVER: "hand-over",
}


def _ask(operation: Operation, fields: Mapping[str, object]) -> Question:
    listing = path("listings", fields.get("listing"))
    match operation:
        case Operation.OFFER:
            return Question(method="PUT", path=listing, body=write(_Offer, fields))
        case Operation.STATUS:
            write(_Listing, fields)
            return Question(method="GET", path=listing)
        case Operation.WITHDRAW:
            body = write(_Listing, fields)
            return Question(method="POST", path=f"{listing}/withdraw", body=body)
        case Operation.ACCEPT | Operation.DECLINE | Operation.HAND_OVER:
            body = write(_Deal, fields)
            step = path("deals", fields["deal"], _DEAL_PATHS[operation])
            return Question(method="POST", path=f"{listing}{step}", body=body)
        case _:
            message = f"a market is never asked to {operation}"
            raise InvalidInputError(message)


# ---------------------------------------------------------------------------- what the hub is told

_TAKEN = frozenset({"agreed", "handed_over", "returned"})
_STATUS_OF_DEAL = {"agreed": "reserved", "handed_over": "handed_over", "returned": "returned"}


class _DealDocument(Received):
    deal: Name
    other: Text
    other_area: Text = ""
    other_rating: Annotated[float, Field(ge=0, le=5)] | None = None
    terms: Text = ""
    ours: bool | None = None
    theirs: bool | None = None
    status: Literal["open", "agreed", "off", "handed_over", "returned"] = "open"

    @model_validator(mode="after")
    def agreed_by_both(self) -> "_DealDocument":
        if self.status in _TAKEN and not (self.ours and self.theirs):
            message = "a deal is agreed only where both sides accepted"
            raise ValueError(message)
        return self

    def to_update(self) -> DealUpdate:
        return DealUpdate(
            deal=self.deal,
            other=self.other,
            other_area=self.other_area,
            other_rating=self.other_rating,
            terms=self.terms,
            ours=self.ours,
            theirs=self.theirs,
            status=self.status,
        )


class _ListingDocument(Received):
    listing: Name
    version: Version
    status: Literal["offered", "reserved", "withdrawn", "handed_over", "returned"]
    at: Instant
    deals: Annotated[tuple[_DealDocument, ...], Field(max_length=500)] = ()
    reference: Text = ""
    reason: Text = ""

    @model_validator(mode="after")
    def at_most_one_deal(self) -> "_ListingDocument":
        taken = [deal for deal in self.deals if deal.status in _TAKEN]
        if len({deal.deal for deal in self.deals}) != len(self.deals):
            message = "each deal is there once"
            raise ValueError(message)
        if len(taken) > 1:
            message = "at most one deal of a listing is agreed"
            raise ValueError(message)
        expected = _STATUS_OF_DEAL[taken[0].status] if taken else None
        if self.status in {"offered", "withdrawn"} and not taken:
            return self
        if self.status != expected:
            message = "the listing's status follows from its deals"
            raise ValueError(message)
        if any(deal.status == "open" for deal in self.deals):
            message = "with one deal agreed, every other is off"
            raise ValueError(message)
        return self

    def to_update(self) -> ListingUpdate:
        return ListingUpdate(
            listing=self.listing,
            version=self.version,
            status=self.status,
            at_ms=self.at,
            deals=tuple(deal.to_update() for deal in self.deals),
            reference=self.reference,
            reason=self.reason,
        )


class _Hook(Envelope):
    type: Literal["listing.updated"]
    data: _ListingDocument


def _understand(body: bytes) -> ListingUpdate:
    return read(_ListingDocument, body).to_update()


def _hear(body: bytes) -> ListingUpdate:
    return read(_Hook, body).data.to_update()


def _nothing_there(operation: Operation, listing: str, now_ms: int) -> ListingUpdate | None:
    if operation is not Operation.WITHDRAW:
        return None
    return ListingUpdate(
        listing=listing,
        version=NEVER_KNOWN,
        status="withdrawn",
        at_ms=now_ms,
        reason="the market never knew this listing",
    )


MARKET = Contract(
    kind=ServiceKind.MARKET,
    ask=_ask,
    understand=_understand,
    hear=_hear,
    nothing_there=_nothing_there,
)
