"""Garments: one identity and one label from wardrobe to washer to cleaner to market."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query, Response

from hub.api.bodies import Cursor, Limit, PageOf
from hub.api.garment_bodies import (
    CareShown,
    DryerCare,
    GarmentChange,
    GarmentShown,
    GarmentWithHistory,
    LeftOutShown,
    NewGarment,
    PlaceWish,
    StylerCare,
    WasherCare,
    shown,
    shown_with_history,
)
from hub.api.gate import Home, Parts, checked_id
from hub.api.once import KeepingRoute, OnceOnly
from hub.api.problems import documented
from hub.errors import InvalidInputError, RefusedError
from hub.model import Garment, Place
from hub.model.care import Composition
from hub.model.care_dry import dry_course
from hub.model.care_styler import styler_course
from hub.model.care_wash import LeftOut, home_can_clean, wash_course
from hub.model.garments import put

router = APIRouter(prefix="/garments", tags=["home"], route_class=KeepingRoute)

MOST_TOGETHER = 50


@router.get("", summary="List garments", responses=documented(401, 403, 404))
async def list_garments(  # noqa: PLR0913, PLR0917 - what FastAPI injects, one argument each
    view: Home,
    limit: Limit = 100,
    cursor: Cursor = None,
    household: Annotated[str | None, Query(max_length=64)] = None,
    place: Place | None = None,
    gone: Annotated[bool, Query(description="Those that went away for good, too.")] = False,  # noqa: FBT002 - a query
) -> PageOf[GarmentShown]:
    """Newest first: yours and your home's; the adults of a home see those of all in it."""
    everything = True if not gone and place is not Place.GONE else None
    page = await view.garments(household=household, is_open=everything, limit=limit, cursor=cursor)
    found = [one for one in page.items if place in (None, one.place)]
    items = [shown(one, reader=view.reader.person) for one in found]
    return PageOf(items=items, next_cursor=page.next_cursor)


@router.post("", summary="Add a garment", status_code=201, responses=documented(401, 403, 404, 409))
async def add_garment(view: Home, parts: Parts, wish: NewGarment, once: OnceOnly) -> GarmentShown:
    """Give it its label once; machines, cleaners and markets go by it from then on."""
    owner = view.reader.person if wish.owner == "me" else wish.owner
    await view.check_wearer(wish.household, owner)
    made = Garment(
        id=once.new_id("gm"),
        household=wish.household,
        name=wish.name,
        owner=owner,
        fibres=wish.composition(),
        label=wish.label.label() if wish.label else None,
        colour=wish.colour,
        tags=tuple(wish.tags),
    )
    # A repeated request finds the garment that it made before, wherever it is by now.
    known = parts.worker.kept(Garment, made.id)
    if known is None:
        await parts.worker.keep(made)
    return shown(known or made, reader=view.reader.person)


@router.get("/care", summary="What garments need together", responses=documented(401, 404))
async def show_care(
    view: Home,
    ids: Annotated[
        str,
        Query(
            max_length=4000,
            description=f"Up to {MOST_TOGETHER} garments, parted by commas.",
            examples=["gm_7f3a,gm_41c2"],
        ),
    ],
) -> CareShown:
    """Which course they need, what does not go with the others, and why."""
    names = list(dict.fromkeys(ids.split(",")))
    if len(names) > MOST_TOGETHER:
        message = f"ids: at most {MOST_TOGETHER} garments at once"
        raise InvalidInputError(message)
    found = [await view.garment(checked_id(name, what="garment")) for name in names]
    return _care(found)


@router.get("/{garment}", summary="Show one garment", responses=documented(401, 404))
async def show_garment(view: Home, garment: str) -> GarmentWithHistory:
    """With where it has been."""
    found = await view.garment(checked_id(garment, what="garment"))
    return shown_with_history(found, reader=view.reader.person)


@router.patch("/{garment}", summary="Change a garment", responses=documented(401, 403, 404, 409))
async def change_garment(
    view: Home, parts: Parts, garment: str, change: GarmentChange, _: OnceOnly
) -> GarmentShown:
    found = await view.garment(checked_id(garment, what="garment"))
    await view.check_wearer(found.household, found.owner)
    _check_there(found)
    given = _given(change, reader=view.reader.person)
    if "owner" in given:
        await view.check_wearer(found.household, change.owner and str(given["owner"]))
    changed = await parts.worker.revise(
        Garment,
        found.id,
        lambda now: replace(now, **given),  # type: ignore[arg-type]  # the body's own members
    )
    return shown(changed, reader=view.reader.person)


@router.delete(
    "/{garment}",
    summary="Forget a garment",
    status_code=204,
    response_class=Response,
    responses=documented(401, 403, 404, 409),
)
async def end_garment(view: Home, parts: Parts, garment: str, _: OnceOnly) -> None:
    """Forget it and where it has been; 409 while it is with a partner."""
    found = await view.garment(checked_id(garment, what="garment"))
    await view.check_wearer(found.household, found.owner)
    if found.order is not None or (found.listing is not None and found.open):
        message = "it belongs to an order or an offer; cancel or withdraw that first"
        raise RefusedError(message)
    await parts.worker.keep(dropped=((Garment, found.id),))


@router.post(
    "/{garment}/place", summary="Say where a garment is", responses=documented(401, 404, 409)
)
async def place_garment(
    view: Home, parts: Parts, garment: str, wish: PlaceWish, once: OnceOnly
) -> GarmentShown:
    """Worn, in the basket, on the line, back in the wardrobe; anybody who sees it may say so."""
    found = await view.garment(checked_id(garment, what="garment"))
    _check_there(found)
    now_ms = parts.clock.now_ms()
    cause = once.new_id("req")

    def move(now: Garment) -> Garment:
        moved = put(now, wish.place, at_ms=now_ms, cause=cause, soil=wish.soil)
        return now if moved is None else moved.garment

    changed = await parts.worker.revise(Garment, found.id, move)
    return shown(changed, reader=view.reader.person)


def _check_there(garment: Garment) -> None:
    if not garment.open:
        message = f"{garment.name} has gone to somebody else"
        raise RefusedError(message)


def _given(change: GarmentChange, *, reader: str) -> dict[str, object]:
    """Return what the change gives, as the garment keeps it."""
    given: dict[str, object] = {name: getattr(change, name) for name in change.model_fields_set}
    for name in ("name", "tags"):
        if name in given and given[name] is None:
            message = f"{name} can be changed, not taken back"
            raise InvalidInputError(message)
    if change.owner == "me":
        given["owner"] = reader
    if change.fibres is not None:
        given["fibres"] = Composition.of(change.fibres)
    if change.label is not None:
        given["label"] = change.label.label()
    if change.tags is not None:
        given["tags"] = tuple(change.tags)
    return given


def _care(garments: Sequence[Garment]) -> CareShown:
    soil = max(one.soil for one in garments)
    washing = wash_course(garments, soil=soil)
    drying = dry_course(garments, after=washing.course)
    styling = styler_course(garments)
    cleaning = [(one.id, home_can_clean(one)) for one in garments]
    return CareShown(
        washer=WasherCare(
            course=washing.course,
            temperature_c=washing.temperature_c,
            spin_per_min=washing.spin_per_min,
            reason=dict(washing.reason),
            decided_by=washing.decided_by,
            left_out=_left_out(washing.left_out),
        ),
        dryer=DryerCare(
            course=drying.course,
            dryness=drying.dryness,
            reason=dict(drying.reason),
            decided_by=drying.decided_by,
            hang=_left_out(drying.hang),
        ),
        styler=StylerCare(
            course=styling.course,
            reason=dict(styling.reason),
            decided_by=styling.decided_by,
            left_out=_left_out(styling.left_out),
        ),
        cleaner=[
            LeftOutShown(garment=name, why=dict(care.why))
            for name, care in cleaning
            if care.professional and not care.possible
        ],
    )


def _left_out(pieces: Sequence[LeftOut]) -> list[LeftOutShown]:
    return [LeftOutShown(garment=one.garment, why=dict(one.why)) for one in pieces]
