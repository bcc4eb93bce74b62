"""Garments as the API takes and shows them, with the textile care symbols by their codes."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from hub.api.bodies import Body, Id, Name, Shown
from hub.api.times import moment
from hub.model import Garment, Place
from hub.model.care import (
    Bleaching,
    CareLabel,
    Colour,
    Composition,
    DryCleaning,
    DryCourse,
    Dryness,
    Fibre,
    Ironing,
    NaturalDrying,
    StylerCourse,
    Tumbling,
    WashCourse,
    Washing,
    WetCleaning,
)

Tag = Annotated[Name, Field(max_length=30)]


class LabelBody(Body):
    """What is sewn into it; a professional symbol that is not there is null."""

    washing: Washing = Field(examples=["40_mild"])
    """The tub: degrees and how gently; `hand`, or `none` where it is crossed out."""
    bleaching: Bleaching = Bleaching.NONE
    """The triangle."""
    tumbling: Tumbling = Tumbling.NONE
    """The circle in the square: two dots `normal`, one dot `low`."""
    natural_drying: NaturalDrying | None = None
    """The square with lines."""
    ironing: Ironing = Ironing.NONE
    """The iron: three, two or one dot."""
    dry_cleaning: DryCleaning | None = None
    """The circle with P or F."""
    wet_cleaning: WetCleaning | None = None
    """The circle with W."""

    def label(self) -> CareLabel:
        return CareLabel(**self.model_dump())


class GarmentBody(Body):
    """One piece; what nobody knows of it is null, and it is then treated with care."""

    name: Name = Field(examples=["Navy jumper"])
    owner: Id | None = Field(default=None, examples=["me"])
    """`me` or a child of the home; null for what everybody uses."""
    fibres: dict[Fibre, int] | None = Field(
        default=None, max_length=20, examples=[{"wool": 80, "polyamide": 20}]
    )
    """Percentages by mass that add up to 100."""
    label: LabelBody | None = None
    colour: Colour | None = None
    tags: list[Tag] = Field(default=[], max_length=20, examples=[["sport"]])

    def composition(self) -> Composition | None:
        """Return the fibres.

        Raises:
            InvalidInputError: they are not positive, or do not add up to 100.
        """
        return None if self.fibres is None else Composition.of(self.fibres)


class NewGarment(GarmentBody):
    household: Id = Field(examples=["h_5d0c"])


class GarmentChange(Body):
    """Leave out what stays; null takes a value back."""

    name: Name | None = None
    owner: Id | None = None
    fibres: dict[Fibre, int] | None = Field(default=None, max_length=20)
    label: LabelBody | None = None
    colour: Colour | None = None
    tags: list[Tag] | None = Field(default=None, max_length=20)


class PlaceWish(Body):
    place: Place = Field(examples=["worn"])
    """`wardrobe`, `worn`, `basket` or `line`; where machines, cleaners and markets have it, they
    say so themselves."""
    soil: float | None = Field(default=None, ge=0, le=1, examples=[0.4])
    """0 clean to 1 dirty; left out: as it was."""


class GarmentShown(Shown):
    id: str
    household: str
    name: str
    owner: str | None
    fibres: dict[Fibre, int] | None
    label: LabelBody | None
    colour: Colour | None
    tags: list[str]
    place: Place
    device: str | None
    """The machine it is in."""
    soil: float
    """0 clean to 1 dirty."""
    order: str | None
    """The open order it belongs to; its owner's to see."""
    listing: str | None
    """Under which it is offered; its owner's to see."""


class MovedShown(Shown):
    place: Place
    at: datetime
    cause: str
    """The device's event, the order, the listing or the person's request."""
    device: str | None
    conflict: str
    """What the records said otherwise; empty where all was right."""


class GarmentWithHistory(GarmentShown):
    history: list[MovedShown]
    """Newest first."""


class LeftOutShown(Shown):
    garment: str
    why: dict[str, str]
    """By language: `ko`, `en`."""


class WasherCare(Shown):
    course: WashCourse | None
    """Null: nothing of it may be washed at home."""
    temperature_c: int
    spin_per_min: int
    reason: dict[str, str]
    decided_by: str | None
    """The garment that allowed least."""
    left_out: list[LeftOutShown]


class DryerCare(Shown):
    course: DryCourse
    """`none`: all of it hangs."""
    dryness: Dryness
    reason: dict[str, str]
    decided_by: str | None
    hang: list[LeftOutShown]


class StylerCare(Shown):
    course: StylerCourse
    reason: dict[str, str]
    decided_by: str | None
    left_out: list[LeftOutShown]


class CareShown(Shown):
    """What these garments need together, machine by machine."""

    washer: WasherCare
    dryer: DryerCare
    """After that washing."""
    styler: StylerCare
    cleaner: list[LeftOutShown]
    """What no machine at home cleans, and a cleaner can."""


def shown(garment: Garment, *, reader: str) -> GarmentShown:
    return GarmentShown(**_members(garment, reader=reader))


def shown_with_history(garment: Garment, *, reader: str) -> GarmentWithHistory:
    history = [
        MovedShown(
            place=one.place,
            at=moment(one.at_ms),
            cause=one.cause,
            device=one.device,
            conflict=one.conflict,
        )
        for one in reversed(garment.history)
    ]
    return GarmentWithHistory(**_members(garment, reader=reader), history=history)


def _members(garment: Garment, *, reader: str) -> dict[str, Any]:
    theirs = garment.owner in {None, reader}
    return {
        "id": garment.id,
        "household": garment.household,
        "name": garment.name,
        "owner": garment.owner,
        "fibres": dict(garment.fibres.shares) if garment.fibres else None,
        "label": LabelBody(**asdict(garment.label)) if garment.label else None,
        "colour": garment.colour,
        "tags": list(garment.tags),
        "place": garment.place,
        "device": garment.device,
        "soil": garment.soil,
        "order": garment.order if theirs else None,
        "listing": garment.listing if theirs else None,
    }
