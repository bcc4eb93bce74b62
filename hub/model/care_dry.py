"""Which course a washed load needs in the dryer, and what must hang instead."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from hub.model.care import DRY_NAMES, DryCourse, Dryness, WashCourse
from hub.model.care_limits import ANY_TUMBLE, GENTLE_WASH, Limits, Words, limits
from hub.model.care_wash import LeftOut, named
from hub.model.garments import Garment

EVERY_COURSE = frozenset(DryCourse)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drying:
    """What the dryer should do with what may go in."""

    course: DryCourse
    """`none`: all of it hangs."""
    dryness: Dryness
    reason: Words
    decided_by: str | None = None
    """The garment that allowed least; None where none held the course back."""
    hang: tuple[LeftOut, ...] = ()


def dry_course(
    garments: Sequence[Garment],
    *,
    after: WashCourse | None = None,
    machine_courses: Collection[DryCourse] = EVERY_COURSE,
) -> Drying:
    """Return the course for a load that comes from the wash course `after`.

    The course that most of it may have, the hotter where equal; the rest hangs, each with its
    reason. A load that was washed gently is never dried on the hot course. Only what the machine
    has is chosen.
    """
    everything = [limits(garment) for garment in garments]
    offered = [course for course in _order(after) if course in machine_courses]
    tumbled = {one.garment.id: one.tumbles for one in everything}
    counts = {c: sum(c in allowed for allowed in tumbled.values()) for c in offered}
    course = max(offered, key=lambda one: counts[one], default=DryCourse.NONE)
    if not counts.get(course):
        course = DryCourse.NONE
    inside = [one for one in everything if course in one.tumbles]
    if course in _GENERAL and inside and all("sport" in one.garment.tags for one in inside):
        course = _sportswear(inside, offered) or course
    decider = _decider(inside, course, after=after)
    return Drying(
        course=course,
        dryness=_DRYNESS.get(course, Dryness.NORMAL),
        reason=_reason(course, decider, everything, after=after),
        decided_by=decider.garment.id if decider else None,
        hang=tuple(_hung(one, course) for one in everything if course not in one.tumbles),
    )


_ORDER = (
    DryCourse.COTTONS,
    DryCourse.SYNTHETICS,
    DryCourse.SPORTSWEAR,
    DryCourse.DELICATES,
    DryCourse.DOWN,
    DryCourse.WOOL_BASKET,
)
"""The hotter and quicker first."""
_GENERAL = frozenset({DryCourse.COTTONS, DryCourse.SYNTHETICS})
_DRYNESS: Mapping[DryCourse, Dryness] = MappingProxyType(
    {
        DryCourse.DOWN: Dryness.EXTRA,
        DryCourse.DELICATES: Dryness.LOW,
        DryCourse.WOOL_BASKET: Dryness.LOW,
    }
)


def _order(after: WashCourse | None) -> tuple[DryCourse, ...]:
    gentle = after is not None and after in GENTLE_WASH
    return _ORDER[1:] if gentle else _ORDER


def _sportswear(inside: list[Limits], offered: list[DryCourse]) -> DryCourse | None:
    course = DryCourse.SPORTSWEAR
    fits = course in offered and all(course in one.tumbles for one in inside)
    return course if fits else None


def _decider(inside: list[Limits], course: DryCourse, *, after: WashCourse | None) -> Limits | None:
    """Return the piece without which the load could have been dried hotter."""
    if not inside or course is DryCourse.COTTONS:
        return None
    strictest = min(inside, key=lambda one: len(one.tumbles))
    return strictest if set(_order(after)) & ANY_TUMBLE - strictest.tumbles else None


def _hung(one: Limits, course: DryCourse) -> LeftOut:
    why = _NOT_WITH_THE_REST if one.tumbles else one.why_not_tumbled()
    if one.tumbles and course is DryCourse.NONE:
        why = _NO_COURSE
    return LeftOut(garment=one.garment.id, why=why)


_NOT_WITH_THE_REST = {
    "ko": "나머지와 같은 코스로 말릴 수 없어요",
    "en": "it cannot be dried on the course of the rest",
}
_NO_COURSE = {
    "ko": "이 건조기에는 맞는 코스가 없어요",
    "en": "this dryer has no course for it",
}
_NOTHING = {"ko": "빨래가 없어요", "en": "there is nothing in it"}


def _reason(
    course: DryCourse,
    decider: Limits | None,
    everything: list[Limits],
    *,
    after: WashCourse | None,
) -> Words:
    if not everything:
        because: Words = _NOTHING
    elif course is DryCourse.NONE:
        first = everything[0]
        because = named(first.garment, _hung(first, course).why)
    elif decider is not None:
        because = named(decider.garment, _why_held_back(decider))
    elif after in GENTLE_WASH:
        because = {"ko": "약하게 빤 빨래라서", "en": "it was washed gently"}
    else:
        because = {"ko": "모두 건조기에 넣을 수 있어요", "en": "all that is in it may be tumbled"}
    names = DRY_NAMES[course]
    return {"ko": f"{names.ko}: {because['ko']}", "en": f"{names.en}: {because['en']}"}


def _why_held_back(one: Limits) -> Words:
    if DryCourse.WOOL_BASKET in one.tumbles:
        return {
            "ko": "울은 눕혀서 말려야 줄지 않아요",
            "en": "wool shrinks unless it dries lying still",
        }
    return min(one.bounds, key=lambda bound: len(bound.tumbles)).why
