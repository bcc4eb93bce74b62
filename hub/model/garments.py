"""A garment: one identity and one label from wardrobe to washer to cleaner to market."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from hub.errors import RefusedError
from hub.model.care import CareLabel, Colour, Composition
from hub.model.messages import DeviceEvent

MAX_HISTORY = 100
"""Moves of one garment that are kept with it, the newest."""
WORN_HOURS_TO_DIRTY = 40.0
"""Hours on the body after which a garment counts as wholly soiled; assumed."""


class Place(StrEnum):
    WARDROBE = "wardrobe"
    WORN = "worn"
    BASKET = "basket"
    WASHER = "washer"
    DRYER = "dryer"
    STYLER = "styler"
    LINE = "line"
    CLEANER = "cleaner"
    MARKET = "market"
    """Set aside for whoever takes it; still in the home."""
    GONE = "gone"


AWAY = frozenset({Place.CLEANER, Place.GONE})
"""Out of the home: nobody can hang, wash or offer it."""
MACHINES: Mapping[str, Place] = MappingProxyType(
    {"washer": Place.WASHER, "dryer": Place.DRYER, "styler": Place.STYLER}
)
"""By device kind."""
_TAKEN_TO: Mapping[Place, Place] = MappingProxyType(
    {Place.WASHER: Place.LINE, Place.DRYER: Place.WARDROBE, Place.STYLER: Place.WARDROBE}
)
"""Where it goes from a machine if no other machine says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """One entry of a garment's history."""

    place: Place
    at_ms: int
    cause: str
    """The event, order, listing or person's request it came from; the same cause moves it once."""
    device: str | None = None
    conflict: str = ""
    """What the records said otherwise: what was seen wins, and the contradiction is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Garment:
    """What a household knows of one piece."""

    id: str
    household: str
    name: str
    owner: str | None = None
    fibres: Composition | None = None
    label: CareLabel | None = None
    """None: nobody has read it; it is then treated as delicate."""
    colour: Colour | None = None
    tags: tuple[str, ...] = ()
    """Free words; `sport` asks for the sportswear courses."""
    place: Place = Place.WARDROBE
    soil: float = 0.0
    """0 clean to 1 dirty."""
    device: str | None = None
    """The machine it is in."""
    order: str | None = None
    """The open order it belongs to."""
    listing: str | None = None
    """Under which it is offered or went away."""
    lent: bool = False
    """Gone for rent: it comes back."""
    history: tuple[Moved, ...] = ()
    """Oldest first."""

    @property
    def open(self) -> bool:
        return self.place is not Place.GONE or self.lent

    @property
    def at_home(self) -> bool:
        return self.place not in AWAY


@dataclass(frozen=True, slots=True, kw_only=True)
class GarmentMoved:
    """A garment is elsewhere, or was, or its soil or papers changed."""

    garment: Garment
    before: Place
    moved: Moved


def seen_by(garment: Garment, event: DeviceEvent, *, kind: str) -> GarmentMoved | None:
    """Return what a machine's event says of a garment that it concerns; None: nothing new.

    A machine that holds a garment is right, whatever the records say. `load_taken` names no
    garments: ask for those whose `device` is the event's. `kind` is the device's.
    """
    place = MACHINES.get(kind)
    if place is None:
        return None
    move = Moved(place=place, at_ms=event.at_ms, cause=event.id, device=event.device)
    match event.type:
        case "load_added" | "garments_hung":
            return _move(garment, move)
        case "cycle_finished":
            return _move(garment, move, soil=0.0 if place is Place.WASHER else garment.soil)
        case "load_taken" | "garments_taken" if garment.device == event.device:
            return _move(garment, replace(move, place=_TAKEN_TO[place], device=None))
    return None


def put(
    garment: Garment, place: Place, *, at_ms: int, cause: str, soil: float | None = None
) -> GarmentMoved | None:
    """Return a person's own move: worn, into the basket, onto the line, back into the wardrobe.

    Raises:
        RefusedError: it is away, or `place` is not a person's to say.
    """
    if place in MACHINES.values() or place in {Place.CLEANER, Place.MARKET, Place.GONE}:
        message = f"{place} is said by a machine, an order or a listing, not by a person"
        raise RefusedError(message)
    _must_be_home(garment)
    move = Moved(place=place, at_ms=at_ms, cause=cause)
    return _move(garment, move, soil=garment.soil if soil is None else soil)


def worn(garment: Garment, *, hours: float) -> float:
    """Return the soil after so many hours on the body, 0 to 1."""
    return min(1.0, garment.soil + hours / WORN_HOURS_TO_DIRTY)


def promised(garment: Garment, *, order: str) -> Garment:
    """Return the garment bound to an order, so that nothing else is begun with it.

    Raises:
        RefusedError: it is away, or belongs to another order or a listing.
    """
    if garment.order == order:
        return garment
    _must_be_home(garment)
    _must_be_free(garment)
    return replace(garment, order=order)


def released(garment: Garment, *, order: str) -> Garment:
    """Return the garment free of an order that came to nothing."""
    return replace(garment, order=None) if garment.order == order else garment


def picked_up(garment: Garment, *, order: str, at_ms: int, cause: str) -> GarmentMoved | None:
    """Return the garment at the cleaner; who carried it off is believed, even from a drum.

    Raises:
        RefusedError: it belongs to another order.
    """
    _must_be_of(garment, order)
    conflict = ""
    if garment.place in MACHINES.values() or garment.place is Place.GONE:
        conflict = f"picked up while recorded in {garment.place}"
    move = Moved(place=Place.CLEANER, at_ms=at_ms, cause=cause, conflict=conflict)
    return _move(replace(garment, order=order), move)


def delivered(garment: Garment, *, order: str, at_ms: int, cause: str) -> GarmentMoved | None:
    """Return the garment clean in the wardrobe and free of its order.

    Raises:
        RefusedError: it belongs to another order.
    """
    if any(moved.cause == cause for moved in garment.history):
        return None
    _must_be_of(garment, order)
    conflict = "" if garment.place is Place.CLEANER else f"delivered while in {garment.place}"
    move = Moved(place=Place.WARDROBE, at_ms=at_ms, cause=cause, conflict=conflict)
    return _move(replace(garment, order=None), move, soil=0.0)


def offered(garment: Garment, *, listing: str, at_ms: int, cause: str) -> GarmentMoved | None:
    """Return the garment set aside for the market.

    Raises:
        RefusedError: it is away, in a machine, or belongs to an order or another listing.
    """
    if garment.listing == listing:
        return None
    _must_be_home(garment)
    _must_be_free(garment)
    if garment.place in MACHINES.values():
        message = f"{garment.name} is in the {garment.place}; offer it when it is out"
        raise RefusedError(message)
    move = Moved(place=Place.MARKET, at_ms=at_ms, cause=cause)
    return _move(replace(garment, listing=listing), move)


def handed_over(
    garment: Garment, *, listing: str, at_ms: int, cause: str, lent: bool = False
) -> GarmentMoved | None:
    """Return the garment gone, to whoever the deal was with; one that is `lent` comes back.

    Raises:
        RefusedError: it is not offered under this listing.
    """
    _must_be_listed(garment, listing)
    seen = garment.place in MACHINES.values() or garment.place is Place.CLEANER
    conflict = f"handed over while recorded in {garment.place}" if seen else ""
    move = Moved(place=Place.GONE, at_ms=at_ms, cause=cause, conflict=conflict)
    return _move(replace(garment, lent=lent), move)


def returned(garment: Garment, *, listing: str, at_ms: int, cause: str) -> GarmentMoved | None:
    """Return the garment back from a rental, or from an offer that was withdrawn.

    Raises:
        RefusedError: it is not offered under this listing.
    """
    if any(moved.cause == cause for moved in garment.history):
        return None
    _must_be_listed(garment, listing)
    # Whoever wore it: it was, and goes into the wash.
    home = Place.BASKET if garment.place is Place.GONE else Place.WARDROBE
    in_use = garment.at_home and garment.place is not Place.MARKET
    place = garment.place if in_use else home
    move = Moved(place=place, at_ms=at_ms, cause=cause, device=garment.device)
    soil = max(garment.soil, 0.5) if home is Place.BASKET else garment.soil
    return _move(replace(garment, listing=None, lent=False), move, soil=soil)


def _move(garment: Garment, move: Moved, *, soil: float | None = None) -> GarmentMoved | None:
    """Put a move where it belongs in time; only the newest says where the garment is."""
    if any(moved.cause == move.cause for moved in garment.history):
        return None
    if garment.place in AWAY and move.place in MACHINES.values() and not move.conflict:
        move = replace(move, conflict=f"seen in {move.place} while recorded at {garment.place}")
    index = bisect_right(garment.history, move.at_ms, key=lambda moved: moved.at_ms)
    newest = index == len(garment.history)
    history = (*garment.history[:index], move, *garment.history[index:])[-MAX_HISTORY:]
    after = replace(garment, history=history)
    if newest:
        after = replace(after, place=move.place, device=move.device)
        after = after if soil is None else replace(after, soil=soil)
    return GarmentMoved(garment=after, before=garment.place, moved=move)


def _must_be_home(garment: Garment) -> None:
    if not garment.at_home:
        message = f"{garment.name} is not at home ({garment.place})"
        raise RefusedError(message)


def _must_be_free(garment: Garment) -> None:
    if garment.order is not None or garment.listing is not None:
        message = f"{garment.name} belongs to {garment.order or garment.listing} already"
        raise RefusedError(message)


def _must_be_of(garment: Garment, order: str) -> None:
    if garment.order not in {None, order}:
        message = f"{garment.name} belongs to order {garment.order}, not {order}"
        raise RefusedError(message)


def _must_be_listed(garment: Garment, listing: str) -> None:
    if garment.listing != listing:
        message = f"{garment.name} is not offered as {listing}"
        raise RefusedError(message)
