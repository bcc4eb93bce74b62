"""Orders and listings as people send and see them."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from hub.api.bodies import Body, Id, Shown, printable
from hub.api.times import Instant, moment, moment_or_none
from hub.model import (
    Disclosure,
    Listing,
    ListingMode,
    ListingStatus,
    Order,
    OrderStatus,
    Price,
    Slot,
    TimelineEntry,
)
from hub.model.order_words import entry_text

Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=200),
    AfterValidator(printable),
]


class SlotBody(Body):
    start: Instant
    end: Instant

    def slot(self) -> Slot:
        return Slot(start_ms=self.start, end_ms=self.end)


class PriceBody(Body):
    amount: str = Field(pattern=r"^[0-9]{1,9}(\.[0-9]{1,2})?$", examples=["12000"])
    currency: str = Field(pattern=r"^[A-Z]{3}$", examples=["KRW"])

    def price(self) -> Price:
        return Price(amount=self.amount, currency=self.currency)


class NewOrder(Body):
    service: Id
    """A dry cleaner of `GET /services`."""
    household: Id
    garments: list[Id] = Field(min_length=1, max_length=20)
    area: Line = Field(default="", examples=["Seongsu-dong"])
    """Part of town: all that the partner learns of where you live before you accept."""
    address: Line = ""
    """Leaves the hub only when the order is placed."""


class Acceptance(Body):
    slot: SlotBody | None = None
    """Of the quote; left out: the first."""
    address: Line = ""
    """Where it is picked up; needed to accept a quote."""
    area: Line = ""
    """Part of town, where a proposal is accepted."""


class CancelWish(Body):
    reason: Line = ""
    """The partner is told it; keep it short, or leave it out."""


class SlotShown(Shown):
    start: datetime
    end: datetime


class PriceShown(Shown):
    amount: str
    currency: str


class OrderShown(Shown):
    id: str
    household: str
    person: str
    service: str
    garments: list[str]
    status: OrderStatus
    stage: str
    """The partner's own word: `picked_up`, `cleaning`, …"""
    place: str
    made_at: datetime
    cause: str
    """The link's run that proposed it; empty where a person asked."""
    price: PriceShown | None
    slots: list[SlotShown]
    """That the quote offers."""
    valid_until: datetime | None
    """Of the quote."""
    slot: SlotShown | None
    """When it is picked up."""
    reference: str
    """The partner's own number."""
    promised_at: datetime | None
    """What was promised when it was placed; it never moves."""
    expected_at: datetime | None
    """The newest honest estimate."""
    told: str
    """What was last said of the promise: `slipped`, `at_risk`, `no_news`; empty: all is well."""
    reason: str
    shared: bool
    """Of pieces that belong to nobody in particular: every adult of the home sees it."""


class EntryShown(Shown):
    at: datetime
    noted_at: datetime
    """When the hub heard of it."""
    what: str
    text: dict[str, str]
    """By language: `ko`, `en`."""
    place: str
    expected_at: datetime | None
    source: str
    """`hub`, `person` or `partner`."""
    note: str


class Timeline(Shown):
    id: str
    promised_at: datetime | None
    expected_at: datetime | None
    entries: list[EntryShown]
    """Oldest first."""


class NewListing(Body):
    service: Id
    """A market of `GET /services`."""
    household: Id
    garment: Id
    mode: ListingMode
    price: PriceBody | None = None
    """Of what is sold or lent."""
    area: Line = Field(min_length=1, examples=["Seongsu-dong"])
    """Part of town; the market never learns an address."""
    nickname: Line = Field(min_length=1, examples=["mina_s"])
    """What others see instead of your name."""


class DealShown(Shown):
    deal: str
    other: str
    """Their nickname."""
    other_area: str
    other_rating: float | None
    terms: str
    ours: bool | None
    """Whether you accepted, as the market has it."""
    theirs: bool | None
    status: str
    """`open`, `agreed`, `off`, `handed_over` or `returned`."""


class ListingShown(Shown):
    id: str
    household: str
    person: str
    service: str
    garment: str
    mode: ListingMode
    status: ListingStatus
    made_at: datetime
    price: PriceShown | None
    area: str
    nickname: str
    deals: list[DealShown]
    reference: str
    reason: str


class DisclosureShown(Shown):
    service: str
    """The partner."""
    about: str
    """The order or listing."""
    purpose: str
    """What it was needed for."""
    field: str
    value: object
    at: datetime


def shown(order: Order) -> OrderShown:
    quote = order.quote if order.status is OrderStatus.QUOTED else None
    return OrderShown(
        id=order.id,
        household=order.household,
        person=order.person,
        service=order.service,
        garments=list(order.garments),
        status=order.status,
        stage=order.stage,
        place=order.place,
        made_at=moment(order.made_ms),
        cause=order.cause,
        price=_price(order.price),
        slots=[_slot(slot) for slot in quote.slots] if quote else [],
        valid_until=moment(quote.valid_until_ms) if quote else None,
        slot=_slot(order.slot) if order.slot else None,
        reference=order.reference,
        promised_at=moment_or_none(order.promised_ms),
        expected_at=moment_or_none(order.expected_ms),
        told=order.told,
        reason=order.reason,
        shared=order.shared,
    )


def timeline(about: Order | Listing) -> Timeline:
    promised_ms = about.promised_ms if isinstance(about, Order) else None
    expected_ms = about.expected_ms if isinstance(about, Order) else None
    return Timeline(
        id=about.id,
        promised_at=moment_or_none(promised_ms),
        expected_at=moment_or_none(expected_ms),
        entries=[_entry(entry) for entry in about.timeline],
    )


def shown_listing(listing: Listing) -> ListingShown:
    return ListingShown(
        id=listing.id,
        household=listing.household,
        person=listing.person,
        service=listing.service,
        garment=listing.garment,
        mode=listing.mode,
        status=listing.status,
        made_at=moment(listing.made_ms),
        price=_price(listing.price),
        area=listing.area,
        nickname=listing.nickname,
        deals=[
            DealShown(
                deal=deal.deal,
                other=deal.other,
                other_area=deal.other_area,
                other_rating=deal.other_rating,
                terms=deal.terms,
                ours=deal.ours,
                theirs=deal.theirs,
                status=deal.status,
            )
            for deal in listing.deals
        ],
        reference=listing.reference,
        reason=listing.reason,
    )


def shown_disclosure(disclosure: Disclosure) -> DisclosureShown:
    return DisclosureShown(
        service=disclosure.service,
        about=disclosure.subject,
        purpose=disclosure.purpose,
        field=disclosure.field,
        value=disclosure.value,
        at=moment(disclosure.at_ms),
    )


def _entry(entry: TimelineEntry) -> EntryShown:
    return EntryShown(
        at=moment(entry.at_ms),
        noted_at=moment(entry.noted_ms),
        what=entry.what,
        text=entry_text(entry.what),
        place=entry.place,
        expected_at=moment_or_none(entry.expected_ms),
        source=entry.source,
        note=entry.note,
    )


def _slot(slot: Slot) -> SlotShown:
    return SlotShown(start=moment(slot.start_ms), end=moment(slot.end_ms))


def _price(price: Price | None) -> PriceShown | None:
    return PriceShown(amount=price.amount, currency=price.currency) if price else None
