"""Things with an identity, each class on a shelf of its own: to rows and back."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from sqlalchemy import Table, select

from hub.adapters.records.database import OnDatabase
from hub.adapters.records.pages import Order as PageOrder
from hub.adapters.records.payloads import Payload
from hub.adapters.records.shelf_tables import SHELF_TABLES, hooks
from hub.model import (
    Call,
    DescribedKind,
    Disclosure,
    Garment,
    Group,
    K,
    Kept,
    Link,
    LinkRun,
    Listing,
    Moment,
    Order,
    Presence,
    Scene,
    Service,
    StockItem,
    TwinChange,
)
from hub.ports import Page


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where one class is kept, and what of it is looked up."""

    of: type[Kept]
    table: Table
    subject: str
    """The attribute that says what it is about."""
    at: str
    """The attribute with its time, ms since 1970 UTC; empty: it has none."""
    payload: Payload[Any]

    def row(self, thing: Kept) -> dict[str, Any]:
        return {
            "id": thing.id,
            "household": thing.household,
            "subject": str(getattr(thing, self.subject, "") or ""),
            "person": getattr(thing, "person", None),
            "open": thing.open,
            "at_ms": getattr(thing, self.at) if self.at else 0,
            "payload": self.payload.encode(thing),
        }


def _shelf(of: type[Kept], table: str, *, subject: str, at: str = "") -> Shelf:
    return Shelf(of, SHELF_TABLES[table], subject, at, Payload(of))


SHELVES: Final = {
    shelf.of: shelf
    for shelf in (
        _shelf(Link, "links", subject="author", at="since_ms"),
        _shelf(Scene, "scenes", subject="author"),
        _shelf(LinkRun, "link_runs", subject="link", at="at_ms"),
        _shelf(Presence, "presences", subject="person", at="since_ms"),
        _shelf(Moment, "moments", subject="cause", at="at_ms"),
        _shelf(TwinChange, "twin_changes", subject="device", at="at_ms"),
        _shelf(DescribedKind, "described_kinds", subject="fingerprint", at="at_ms"),
        _shelf(StockItem, "stock", subject="device", at="added_ms"),
        _shelf(Garment, "garments", subject="owner"),
        _shelf(Service, "services", subject="kind"),
        _shelf(Order, "orders", subject="service", at="made_ms"),
        _shelf(Listing, "listings", subject="garment", at="made_ms"),
        _shelf(Call, "calls", subject="service", at="queued_ms"),
        _shelf(Disclosure, "disclosures", subject="subject", at="at_ms"),
    )
}


def of_group(group: Group) -> Iterator[tuple[str, list[Any]]]:
    """Return (statement's name, its rows) of all that the group keeps and drops."""
    for of, shelf in SHELVES.items():
        gone = [{"id": identity} for kind, identity in group.dropped if kind is of]
        yield f"drop_{shelf.table.name}", gone
        yield f"keep_{shelf.table.name}", [shelf.row(t) for t in group.kept if type(t) is of]
    yield (
        "add_hook",
        [{"service": service, "id": hook, "at_ms": at_ms} for service, hook, at_ms in group.hooks],
    )
    named = [{"device": device, "of_kind": kind} for device, kind in group.kinds.items()]
    yield "set_kind", named


class SqlShelves(OnDatabase):
    async def open_things(self) -> Sequence[Kept]:
        things: list[Kept] = []
        for shelf in SHELVES.values():
            row = shelf.table.c
            query = select(row.payload).where(row.open).order_by(row.number)
            found = await self._database.all(query)
            things += [shelf.payload.decode(one.payload) for one in found]
        return things

    async def thing(self, kind: type[K], identity: str) -> K | None:
        shelf = SHELVES[kind]
        row = shelf.table.c
        found = await self._database.first(select(row.payload).where(row.id == identity))
        return None if found is None else cast("K", shelf.payload.decode(found.payload))

    async def things(  # noqa: PLR0913 - what a list may be narrowed by
        self,
        kind: type[K],
        *,
        households: Collection[str] | None = None,
        subject: str | None = None,
        person: str | None = None,
        is_open: bool | None = None,
        limit: int = 100,
        cursor: str | None = None,
    ) -> Page[K]:
        shelf = SHELVES[kind]
        row = shelf.table.c
        query = select(row.payload)
        if households is not None:
            query = query.where(row.household.in_(households))
        if subject is not None:
            query = query.where(row.subject == subject)
        if person is not None:
            query = query.where(row.person == person)
        if is_open is not None:
            query = query.where(row.open if is_open else ~row.open)
        order = PageOrder((row.number,))
        found = await self._database.all(order.select(query, limit=limit, cursor=cursor))
        return order.page(found, limit=limit, make=lambda one: shelf.payload.decode(one.payload))

    async def known_hook(self, service: str, hook: str) -> bool:
        query = select(hooks.c.id).where(hooks.c.service == service, hooks.c.id == hook)
        return await self._database.first(query) is not None
