"""Which course garments need in the clothes styler, and what must not hang there."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from hub.model.care import STYLER_NAMES, StylerCourse
from hub.model.care_limits import Limits, Words, limits
from hub.model.care_wash import LeftOut, named
from hub.model.garments import Garment

EVERY_COURSE = frozenset(StylerCourse)


@dataclass(frozen=True, slots=True, kw_only=True)
class Styling:
    """What the styler should do with what may hang in it."""

    course: StylerCourse
    """`none`: nothing of it may."""
    reason: Words
    decided_by: str | None = None
    """The garment that allowed least; None where none held the course back."""
    left_out: tuple[LeftOut, ...] = ()


def styler_course(
    garments: Sequence[Garment],
    *,
    damp: bool = False,
    sanitise: bool = False,
    machine_courses: Collection[StylerCourse] = EVERY_COURSE,
) -> Styling:
    """Return the strongest course that all of them bear.

    `damp` asks for drying alone; `sanitise` for hot steam, and then what does not bear it is left
    out instead of the course being made gentler.
    """
    everything = [limits(garment) for garment in garments]
    hanging = [one for one in everything if one.styles & frozenset(machine_courses)]
    if sanitise:
        hanging = [one for one in hanging if StylerCourse.SANITARY in one.styles]
    common = frozenset(machine_courses).intersection(*(one.styles for one in hanging))
    wanted = _order(hanging, damp=damp, sanitise=sanitise)
    course = next((c for c in wanted if hanging and c in common), StylerCourse.NONE)
    if course is StylerCourse.NONE:
        hanging = []
    kept = {one.garment.id for one in hanging}
    decider = _decider(hanging, wanted[0])
    missed = wanted[0]
    return Styling(
        course=course,
        reason=_reason(course, decider, wanted[0], damp=damp),
        decided_by=decider.garment.id if decider else None,
        left_out=tuple(
            LeftOut(garment=one.garment.id, why=_why_out(one, missed))
            for one in everything
            if one.garment.id not in kept
        ),
    )


def _order(hanging: list[Limits], *, damp: bool, sanitise: bool) -> tuple[StylerCourse, ...]:
    """Return what is wanted, the strongest first."""
    if damp:
        return (StylerCourse.GENTLE_DRY,)
    if sanitise:
        return (StylerCourse.SANITARY,)
    woollen = any(StylerCourse.WOOL in one.styles and not _steamed(one) for one in hanging)
    wool = (StylerCourse.WOOL,) if woollen else ()
    return (StylerCourse.REFRESH, *wool, StylerCourse.FINE, StylerCourse.GENTLE_DRY)


def _steamed(one: Limits) -> bool:
    return StylerCourse.REFRESH in one.styles


def _decider(hanging: list[Limits], wanted: StylerCourse) -> Limits | None:
    """Return the piece without which the stronger course would have been right."""
    strictest = min(hanging, key=lambda one: len(one.styles), default=None)
    return None if strictest is None or wanted in strictest.styles else strictest


def _why_out(one: Limits, wanted: StylerCourse) -> Words:
    if wanted in one.styles:
        return {
            "ko": "이 스타일러에는 맞는 코스가 없어요",
            "en": "this styler has no course for it",
        }
    return one.why_not_steamed(wanted)


def _reason(
    course: StylerCourse, decider: Limits | None, wanted: StylerCourse, *, damp: bool
) -> Words:
    if course is StylerCourse.NONE:
        because: Words = {"ko": "걸 수 있는 옷이 없어요", "en": "nothing of it may hang there"}
    elif decider is not None:
        because = named(decider.garment, decider.why_not_steamed(wanted))
    elif damp:
        because = {"ko": "젖어 있어요", "en": "it is damp"}
    else:
        because = {"ko": "모두 스팀을 견뎌요", "en": "all of it bears steam"}
    names = STYLER_NAMES[course]
    return {"ko": f"{names.ko}: {because['ko']}", "en": f"{names.en}: {because['en']}"}
