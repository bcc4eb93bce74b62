"""What a market is asked, and what it keeps of it."""

from typing import Annotated, Literal

import msgspec

from simulators.partners.business import Name, Record, Request, Text


class Price(Request):
    amount: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,12}(\.[0-9]{1,4})?$")]
    currency: Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{3}$")]


class Garment(Request):
    garment: Name
    name: Text | None = None
    fibres: dict[str, Annotated[float, msgspec.Meta(gt=0, le=100)]] | None = None
    colour: Text | None = None
    tags: list[Text] = msgspec.field(default_factory=list)


class OfferRequest(Request):
    listing: Name
    garment: Garment
    mode: Literal["swap", "sell", "rent"]
    area: Text
    nickname: Text
    price: Price | None = None


class ListingRequest(Request):
    listing: Name


class DealRequest(Request):
    listing: Name
    deal: Name


class InterestRequest(Request):
    """Of a drill: somebody shows interest."""

    listing: Name
    deal: Name
    other: Text = "haneul"
    terms: Text = ""


class Deal(msgspec.Struct):
    deal: str
    other: str
    area: str = ""
    rating: float | None = None
    terms: str = ""
    ours: bool | None = None
    theirs: bool | None = None
    status: str = "open"


class Turn(msgspec.Struct):
    """Something that another person will do."""

    at_ms: int
    what: str
    """`interest`, `accept`, `withdraw` or `return`."""
    deal: str


class Listing(Record):
    status: str
    mode: str
    deals: list[Deal] = msgspec.field(default_factory=list)
    turns: list[Turn] = msgspec.field(default_factory=list)
