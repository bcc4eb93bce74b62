"""What is in the fridge, as it says; what makes no sense is noted and changes nothing."""

import hashlib
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from hub.errors import InvalidInputError
from hub.model import MAX_STOCK, DeadLetter, DeviceEvent, StockItem
from hub.model.changes import Drop, Keep, Recorded
from hub.model.view import View

MOST = 1_000_000.0
"""Of one thing, in its unit."""
LITTLE = 1e-6
"""Less than this is nothing: what is left of 0.3 after three times 0.1."""
FIRST_YEAR, LAST_YEAR = 2000, 2200
ZERO_WIDTH_JOINER = "\u200d"

Noted = Keep | Drop | DeadLetter
T = TypeVar("T")

_Item = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
_Quantity = Annotated[float, Meta(gt=0, le=MOST)]


class _Added(msgspec.Struct, frozen=True):
    item: _Item
    name: Annotated[str, Meta(min_length=1, max_length=80)]
    quantity: _Quantity
    unit: Annotated[str, Meta(pattern=r"^[!-~]{1,16}$")]
    """UCUM knows no spaces."""
    expires: date | None = None


class _Taken(msgspec.Struct, frozen=True):
    item: _Item
    quantity: _Quantity | None = None
    """None: all of it."""


class _Counted(msgspec.Struct, frozen=True):
    items: Annotated[list[Any], Meta(max_length=MAX_STOCK)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shelf:
    """One fridge's stock as one event finds it."""

    event: DeviceEvent
    household: str
    stock: Mapping[str, StockItem]
    """By item."""

    def holding(self, added: _Added) -> StockItem:
        """Return the item as it is put in.

        Raises:
            InvalidInputError: its name cannot be shown, or its date is not of this time.
        """
        name = added.name.strip()
        if not name or not all(sign.isprintable() or sign == ZERO_WIDTH_JOINER for sign in name):
            message = "name is empty or has signs that cannot be shown"
            raise InvalidInputError(message)
        if added.expires is not None and not FIRST_YEAR <= added.expires.year < LAST_YEAR:
            message = f"expires is not between {FIRST_YEAR} and {LAST_YEAR}"
            raise InvalidInputError(message)
        return StockItem(
            id=f"{self.event.device}:{added.item}",
            household=self.household,
            device=self.event.device,
            item=added.item,
            name=name,
            quantity=added.quantity,
            unit=added.unit,
            expires=added.expires,
            added_ms=min(self.event.at_ms, self.event.received_ms),
        )

    def note(self, reason: str, *, place: object = "") -> DeadLetter:
        event = self.event
        content = repr(sorted(event.data.items()))
        name = hashlib.sha256(f"{event.device}\n{event.id}\n{place}\nstock".encode()).hexdigest()
        return DeadLetter(
            id=f"s-{name[:16]}",
            device=event.device,
            source="stock",
            topic=f"event {event.type}",
            at_ms=event.received_ms,
            reason=reason[:300],
            payload_hash=hashlib.sha256(content.encode("utf-8", "backslashreplace")).hexdigest(),
            excerpt="",
        )


def hear(recorded: Recorded, view: View) -> Iterable[Noted]:
    """Take what was put in, taken out, or counted."""
    event = recorded.event
    answer = _ANSWERS.get(event.type)
    state = view.state(event.device)
    if answer is None or state is None:
        return ()
    household = state.device.household
    stock = {
        one.item: one for one in view.kept_in(StockItem, household) if one.device == event.device
    }
    shelf = _Shelf(event=event, household=household, stock=stock)
    try:
        return tuple(answer(shelf))
    except InvalidInputError as error:
        return (shelf.note(str(error)),)


def _added(shelf: _Shelf) -> Iterator[Noted]:
    """Put it in; more of what is there is added to it."""
    put_in = shelf.holding(_read(shelf.event.data, _Added))
    there = shelf.stock.get(put_in.item)
    if there is None:
        if len(shelf.stock) >= MAX_STOCK:
            message = f"{MAX_STOCK} things are in it already"
            raise InvalidInputError(message)
        yield Keep(put_in)
        return
    if there.unit != put_in.unit:
        message = "unit is not that of what is there already"
        raise InvalidInputError(message)
    quantity = min(there.quantity + put_in.quantity, MOST)
    yield Keep(replace(put_in, quantity=quantity, added_ms=there.added_ms))


def _taken(shelf: _Shelf) -> Iterator[Noted]:
    """Take it out; what is taken beyond what was there was there all the same."""
    taken = _read(shelf.event.data, _Taken)
    there = shelf.stock.get(taken.item)
    if there is None:
        message = "takes out what nobody put in"
        raise InvalidInputError(message)
    left = 0.0 if taken.quantity is None else there.quantity - taken.quantity
    yield Keep(replace(there, quantity=left)) if left > LITTLE else Drop(StockItem, there.id)


def _counted(shelf: _Shelf) -> Iterator[Noted]:
    """Put the count in place of what was there; what is counted and unreadable stays as it was."""
    counted: set[str] = set()
    for place, one in enumerate(_read(shelf.event.data, _Counted).items):
        try:
            item = _once(shelf.holding(_read(one, _Added)), counted)
        except InvalidInputError as error:
            yield shelf.note(f"items[{place}]: {error}", place=place)
            counted.add(_name_of(one))
            continue
        counted.add(item.item)
        there = shelf.stock.get(item.item)
        yield Keep(item if there is None else replace(item, added_ms=there.added_ms))
    for name in shelf.stock.keys() - counted:
        yield Drop(StockItem, shelf.stock[name].id)


def _once(item: StockItem, counted: Container[str]) -> StockItem:
    if item.item in counted:
        message = "is counted twice"
        raise InvalidInputError(message)
    return item


def _name_of(one: object) -> str:
    name = one.get("item") if isinstance(one, dict) else None
    return name if isinstance(name, str) else ""


def _read(data: object, form: type[T]) -> T:
    """Return the data in this form.

    Raises:
        InvalidInputError: it has another one; the reason repeats nothing of it.
    """
    try:
        return msgspec.convert(data, form)
    except msgspec.ValidationError as error:
        raise InvalidInputError(str(error)) from None


_ANSWERS: Mapping[str, Callable[[_Shelf], Iterator[Noted]]] = MappingProxyType(
    {"stock_added": _added, "stock_taken": _taken, "stock_counted": _counted}
)
