"""Which course the next machine needs for a load, from the labels of what is in it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from hub.model import DeviceKind
from hub.model.care import DryCourse, StylerCourse, WashCourse
from hub.model.care_dry import dry_course
from hub.model.care_styler import styler_course
from hub.model.care_wash import LeftOut, wash_course
from hub.model.garments import Garment
from hub.model.link_words import words
from hub.model.links import Words
from hub.model.view import View

MAX_GARMENTS = 200
DAMP = 15.0
"""Moisture in % of dry mass above which a load is not dry."""
NONE = "none"

C = TypeVar("C", bound=StrEnum)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    args: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoPreset:
    """There is nothing to make ready, and why."""

    why: Words
    tell: bool = False
    """The load needs a person: somebody is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chosen:
    course: str
    reason: Words
    hang: tuple[LeftOut, ...]


def preset_for(
    data: Mapping[str, object], *, kind: DeviceKind, household: str, view: View
) -> Preset | NoPreset:
    """Return the preset for the load that an event names."""
    load, names = data.get("load"), data.get("garments")
    if not isinstance(names, list | tuple) or not names:
        return NoPreset(
            why=words(
                "빨래에 무엇이 있는지 모릅니다", "nobody knows which garments are in the load"
            )
        )
    garments = [_garment(str(name)[:64], household, view) for name in names[:MAX_GARMENTS]]
    chosen = _chosen(garments, data, kind)
    if chosen is None:
        return NoPreset(
            why=words(
                f"{kind.title_ko}: 코스를 미리 정할 수 없습니다", f"a {kind.name} takes no preset"
            )
        )
    if chosen.course == NONE and NONE not in _courses(kind):
        return NoPreset(why=chosen.reason, tell=True)
    hung = [one.garment for one in chosen.hang]
    return Preset(
        args={
            "load": str(load)[:64] if load is not None else "",
            "course": chosen.course,
            "garments": [garment.id for garment in garments],
            "hang": hung,
            "reason": dict(chosen.reason),
        }
    )


def _garment(name: str, household: str, view: View) -> Garment:
    """Return the garment; one that nobody registered has no label and is treated as delicate."""
    found = view.kept(Garment, name)
    if found is None or found.household != household:
        return Garment(id=name, household=household, name=name)
    return found


def _courses(kind: DeviceKind) -> Collection[str]:
    course = kind.properties.get("course")
    return course.choices if course else ()


def _chosen(
    garments: list[Garment], data: Mapping[str, object], kind: DeviceKind
) -> _Chosen | None:
    if "preset" not in kind.commands:
        return None
    match kind.name:
        case "washer":
            return _washed(garments, kind)
        case "dryer":
            return _dried(garments, data, kind)
        case "styler":
            return _styled(garments, data, kind)
        case _:
            return None


def _washed(garments: list[Garment], kind: DeviceKind) -> _Chosen:
    found = wash_course(garments, soil=max(garment.soil for garment in garments))
    course = found.course
    if course is None or course not in _courses(kind):
        everything = tuple(LeftOut(garment=one.id, why=found.reason) for one in garments)
        return _Chosen(course=NONE, reason=found.reason, hang=everything)
    return _Chosen(course=course.value, reason=found.reason, hang=found.left_out)


def _dried(garments: list[Garment], data: Mapping[str, object], kind: DeviceKind) -> _Chosen:
    washed = str(data.get("course", ""))
    after = WashCourse(washed) if washed in set(WashCourse) else None
    found = dry_course(garments, after=after, machine_courses=_of(DryCourse, _courses(kind)))
    return _Chosen(course=found.course.value, reason=found.reason, hang=found.hang)


def _styled(garments: list[Garment], data: Mapping[str, object], kind: DeviceKind) -> _Chosen:
    moisture = data.get("moisture")
    damp = isinstance(moisture, int | float) and moisture > DAMP
    found = styler_course(garments, damp=damp, machine_courses=_of(StylerCourse, _courses(kind)))
    return _Chosen(course=found.course.value, reason=found.reason, hang=found.left_out)


def _of(courses: type[C], names: Iterable[str]) -> frozenset[C]:
    """Return those courses that the machine has; what it has besides is its own."""
    offered = set(names)
    return frozenset(course for course in courses if course.value in offered)
