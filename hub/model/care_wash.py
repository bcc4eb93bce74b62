"""Which course a load needs in the washer, and what must stay out of it. `docs/care.md` has words.

Whatever stays in the load can bear the treatment: the course is taken from what all of them allow.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from types import MappingProxyType

from hub.model.care import WASH_NAMES, WASH_PROFILES, Colour, WashCourse
from hub.model.care_limits import GENTLE_WASH, Limits, Words, limits
from hub.model.garments import Garment

DIRTY = 0.5
"""Soil from which sturdy pieces are not washed gently for the sake of others."""
FRESH = 0.15
"""Soil below which the quick course is enough."""
LIGHT, HEAVY = 0.3, 0.6
"""Bounds of light, usual and heavy soil, which decide the temperature."""
COOL_C = 30
"""With colours that may run, light pieces are washed no hotter."""
ECO_C = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A garment that does not go with the others, and why."""

    garment: str
    why: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """What the washer should do with what stays in the load."""

    course: WashCourse | None
    """None: nothing of it may be washed at home."""
    temperature_c: int
    spin_per_min: int
    reason: Words
    decided_by: str | None = None
    """The garment that allowed least; None where the soil decided."""
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeCare:
    """Whether home can clean a garment."""

    possible: bool
    professional: bool
    """A cleaner can, by the label."""
    why: Words


def home_can_clean(garment: Garment) -> HomeCare:
    """Return whether any course of a washer is right for it; who else could clean it; and why."""
    found = limits(garment)
    label = garment.label
    professional = label is not None and label.professional
    if not found.washes:
        return HomeCare(possible=False, professional=professional, why=found.why_not_washed())
    return HomeCare(possible=True, professional=professional, why=found.strictest_wash())


def wash_course(garments: Sequence[Garment], *, soil: float) -> Treatment:
    """Return the course, temperature and spin for a load whose dirtiest piece has `soil`, 0 to 1.

    Colours are parted first, then gentle pieces from sturdy ones; where a gentler course for all
    is good enough, nothing is parted.
    """
    everything = [limits(garment) for garment in garments]
    out: list[LeftOut] = [_out(one, one.why_not_washed()) for one in everything if not one.washes]
    load = _part_colours([one for one in everything if one.washes], out)
    load = _part_piles(load, out, soil=soil)
    if not load:
        return _nothing(out)
    return _treat(load, out, soil=soil)


def _out(one: Limits, why: Words) -> LeftOut:
    return LeftOut(garment=one.garment.id, why=why)


# ------------------------------------------------------------------------------------- colours


def _part_colours(load: list[Limits], out: list[LeftOut]) -> list[Limits]:
    """Keep whites and colours that run apart: the smaller pile waits, the whites where equal."""
    whites = [one for one in load if one.garment.colour is Colour.WHITE]
    running = [one for one in load if one.garment.colour and one.garment.colour.bleeds]
    if not whites or not running:
        return load
    waiting, why = (running, _RUNS) if len(whites) > len(running) else (whites, _STAINED)
    out += [_out(one, why) for one in waiting]
    kept_out = {one.garment.id for one in waiting}
    return [one for one in load if one.garment.id not in kept_out]


def _may_run(load: Collection[Limits]) -> bool:
    """Whether something in it may run into something else in it."""
    colours = [one.garment.colour for one in load]
    running = any(colour is None or colour.bleeds for colour in colours)
    pale = any(colour in {None, Colour.WHITE, Colour.LIGHT} for colour in colours)
    return running and pale and len(colours) > 1


# --------------------------------------------------------------------------------------- piles


class _Pile(Enum):
    STURDY = auto()
    GENTLE = auto()
    DOWN = auto()
    ANY = auto()
    """Of unknown label: goes with every pile and makes it gentle."""


def _pile(one: Limits) -> _Pile:
    if not one.known:
        return _Pile.ANY
    if one.washes <= {WashCourse.DOWN, WashCourse.HAND_WASH} and WashCourse.DOWN in one.washes:
        return _Pile.DOWN
    return _Pile.GENTLE if one.washes <= GENTLE_WASH else _Pile.STURDY


def _part_piles(load: list[Limits], out: list[LeftOut], *, soil: float) -> list[Limits]:
    piles = {pile: [one for one in load if _pile(one) is pile] for pile in _Pile}
    base = _base(piles, soil=soil)
    if base is None:
        return load
    joining = {base, _Pile.ANY}
    if base is not _Pile.STURDY and soil < DIRTY:
        # A gentler course for all: what is sturdy and hardly soiled comes out clean of it too.
        joining.add(_Pile.STURDY)
    out += [
        _out(one, _PARTED[base, pile])
        for pile, ones in piles.items()
        if pile not in joining
        for one in ones
    ]
    return [one for one in load if _pile(one) in joining]


def _base(piles: Mapping[_Pile, list[Limits]], *, soil: float) -> _Pile | None:
    """Return the largest pile; where equal, the sturdy one if it is dirty, else a gentle one."""
    order = [_Pile.GENTLE, _Pile.DOWN, _Pile.STURDY]
    if soil >= DIRTY:
        order.reverse()
    largest = max(order, key=lambda pile: len(piles[pile]))
    return largest if piles[largest] else None


# ----------------------------------------------------------------------------------- treatment


def _treat(load: list[Limits], out: list[LeftOut], *, soil: float) -> Treatment:
    common = frozenset.intersection(*(one.washes for one in load))
    hottest = min(one.max_temperature_c for one in load)
    if _may_run(load):
        hottest = min(hottest, COOL_C)
    course = _course(common, load, soil=soil, hottest_c=hottest)
    profile = WASH_PROFILES[course]
    temperature = min(_wanted_c(course, soil), hottest, profile.hottest_c)
    spin = min(profile.spin_per_min, *(one.max_spin_per_min for one in load))
    decider = _decider(load, common, cool=temperature < _wanted_c(course, soil))
    return Treatment(
        course=course,
        temperature_c=temperature,
        spin_per_min=spin,
        reason=_reason(course, temperature, decider, soil=soil),
        decided_by=decider[0].garment.id if decider else None,
        left_out=tuple(out),
    )


def _decider(
    load: list[Limits], common: frozenset[WashCourse], *, cool: bool
) -> tuple[Limits, Words] | None:
    """Return the piece that held the course or the temperature back, and why it did."""
    strictest = min(load, key=lambda one: (len(one.washes), one.max_temperature_c))
    coolest = min(load, key=lambda one: one.max_temperature_c)
    if WashCourse.COTTONS not in common:
        return strictest, strictest.strictest_wash()
    if not cool:
        return None
    if coolest.max_temperature_c > COOL_C and _may_run(load):
        colours = (one.garment.colour for one in load)
        running = next(i for i, colour in enumerate(colours) if colour is None or colour.bleeds)
        return load[running], _MAY_RUN
    return coolest, coolest.strictest_wash()


_ORDER = (
    WashCourse.COTTONS,
    WashCourse.SYNTHETICS,
    WashCourse.DELICATES,
    WashCourse.WOOL,
    WashCourse.DOWN,
    WashCourse.HAND_WASH,
)
"""The strongest first."""


def _course(
    common: frozenset[WashCourse], load: list[Limits], *, soil: float, hottest_c: int
) -> WashCourse:
    if WashCourse.SPORTSWEAR in common and all("sport" in one.garment.tags for one in load):
        return WashCourse.SPORTSWEAR
    if WashCourse.DOWN in common and any(_pile(one) is _Pile.DOWN for one in load):
        return WashCourse.DOWN
    strongest = next(course for course in _ORDER if course in common)
    if strongest is WashCourse.COTTONS and soil < FRESH:
        return WashCourse.QUICK
    if strongest is WashCourse.COTTONS and LIGHT <= soil < HEAVY and hottest_c >= ECO_C:
        return WashCourse.ECO
    return strongest


_WANTED_C: Mapping[WashCourse, tuple[int, int, int]] = MappingProxyType(
    {
        WashCourse.COTTONS: (30, 40, 60),
        WashCourse.ECO: (40, 40, 40),
        WashCourse.QUICK: (30, 30, 30),
        WashCourse.SYNTHETICS: (30, 40, 40),
        WashCourse.SPORTSWEAR: (30, 30, 40),
        WashCourse.DOWN: (30, 30, 40),
        WashCourse.DELICATES: (30, 30, 40),
        WashCourse.WOOL: (30, 30, 30),
        WashCourse.HAND_WASH: (30, 30, 30),
    }
)
"""°C for light, usual and heavy soil."""


def _wanted_c(course: WashCourse, soil: float) -> int:
    return _WANTED_C[course][(soil >= LIGHT) + (soil >= HEAVY)]


# --------------------------------------------------------------------------------------- words

_RUNS = {
    "ko": "흰옷이 더 많은데 색이 묻어날 수 있어요",
    "en": "its colour may run into the whites, which are more",
}
_STAINED = {
    "ko": "함께 있는 진한 색이 묻을 수 있어요",
    "en": "it is white, and the colours with it may run",
}
_MAY_RUN = {
    "ko": "밝은 옷에 색이 묻지 않게 낮은 온도로 빨아요",
    "en": "its colour may run into the light pieces, so the water stays cool",
}
_TOO_GENTLE = {
    "ko": "나머지와 함께 돌리기에는 너무 약해요",
    "en": "it does not bear what the rest needs",
}
_TOO_DIRTY = {
    "ko": "약한 코스로는 깨끗해지지 않아요",
    "en": "the gentle course of the rest would not get it clean",
}
_DOWN_ALONE = {
    "ko": "다운은 다운끼리 빨아야 해요",
    "en": "down is washed by itself",
}
_PARTED: Mapping[tuple[_Pile, _Pile], Words] = MappingProxyType(
    {
        (_Pile.STURDY, _Pile.GENTLE): _TOO_GENTLE,
        (_Pile.STURDY, _Pile.DOWN): _DOWN_ALONE,
        (_Pile.GENTLE, _Pile.STURDY): _TOO_DIRTY,
        (_Pile.GENTLE, _Pile.DOWN): _DOWN_ALONE,
        (_Pile.DOWN, _Pile.STURDY): _TOO_DIRTY,
        (_Pile.DOWN, _Pile.GENTLE): _TOO_GENTLE,
    }
)
"""(pile that is washed, pile that waits)."""

_SOIL_WORDS: tuple[Words, Words, Words] = (
    {"ko": "때가 적어서", "en": "for light soil"},
    {"ko": "보통 때라서", "en": "for usual soil"},
    {"ko": "때가 많아서", "en": "for heavy soil"},
)


def _reason(
    course: WashCourse, temperature_c: int, decider: tuple[Limits, Words] | None, *, soil: float
) -> Words:
    names = WASH_NAMES[course]
    because = _SOIL_WORDS[(soil >= LIGHT) + (soil >= HEAVY)]
    if decider is not None:
        because = named(decider[0].garment, decider[1])
    return {
        "ko": f"{names.ko} {temperature_c} °C: {because['ko']}",
        "en": f"{names.en} {temperature_c} °C: {because['en']}",
    }


def named(garment: Garment, why: Words) -> Words:
    """Return the sentence with the garment it is about, which needs no particle in Korean."""
    return {"ko": f"“{garment.name}” - {why['ko']}", "en": f"“{garment.name}”, {why['en']}"}


def _nothing(out: list[LeftOut]) -> Treatment:
    if out:
        why = {"ko": out[0].why["ko"], "en": out[0].why["en"]}
    else:
        why = {"ko": "빨래가 없어요", "en": "there is nothing in it"}
    return Treatment(
        course=None,
        temperature_c=0,
        spin_per_min=0,
        reason=why,
        decided_by=out[0].garment if out else None,
        left_out=tuple(out),
    )
