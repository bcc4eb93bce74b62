from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import InvalidInputError
from hub.model.care import (
    CareLabel,
    Colour,
    Composition,
    DryCourse,
    Fibre,
    Ironing,
    Process,
    StylerCourse,
    Tumbling,
    WashCourse,
    Washing,
)
from hub.model.care_dry import dry_course
from hub.model.care_styler import styler_course
from hub.model.care_wash import home_can_clean, wash_course
from hub.model.garments import Garment
from tests.unit.care_table import garments

KNOWN = garments()

# What the courses do, written here again and apart from the code: (process, hottest, spin).
STRONG = {
    WashCourse.COTTONS: (Process.NORMAL, 95, 1400),
    WashCourse.ECO: (Process.NORMAL, 40, 1400),
    WashCourse.QUICK: (Process.NORMAL, 30, 800),
    WashCourse.SYNTHETICS: (Process.MILD, 60, 1000),
    WashCourse.SPORTSWEAR: (Process.MILD, 40, 800),
    WashCourse.DOWN: (Process.MILD, 40, 800),
    WashCourse.DELICATES: (Process.VERY_MILD, 40, 600),
    WashCourse.WOOL: (Process.VERY_MILD, 30, 800),
    WashCourse.HAND_WASH: (Process.HAND, 30, 400),
}
DRUM_C = {
    DryCourse.COTTONS: 80,
    DryCourse.SYNTHETICS: 60,
    DryCourse.SPORTSWEAR: 55,
    DryCourse.DOWN: 60,
    DryCourse.DELICATES: 50,
    DryCourse.WOOL_BASKET: 40,
}
FELTS = (Fibre.WOOL, Fibre.CASHMERE, Fibre.MOHAIR)
SPOILT = (Fibre.LEATHER, Fibre.FUR)


@st.composite
def compositions(draw: st.DrawFn) -> Composition:
    fibres = draw(st.lists(st.sampled_from(Fibre), min_size=1, max_size=4, unique=True))
    cuts = draw(
        st.lists(
            st.integers(1, 99), min_size=len(fibres) - 1, max_size=len(fibres) - 1, unique=True
        )
    )
    edges = [0, *sorted(cuts), 100]
    shares = (upper - lower for lower, upper in pairwise(edges))
    return Composition(tuple(zip(fibres, shares, strict=True)))


labels = st.builds(
    CareLabel,
    washing=st.sampled_from(Washing),
    tumbling=st.sampled_from(Tumbling),
    ironing=st.sampled_from(Ironing),
)
pieces = st.builds(
    Garment,
    id=st.uuids().map(str),
    household=st.just("h-1"),
    name=st.just("piece"),
    fibres=st.none() | compositions(),
    label=st.none() | labels,
    colour=st.none() | st.sampled_from(Colour),
    tags=st.sampled_from([(), ("sport",)]),
)
loads = st.lists(pieces, min_size=1, max_size=8, unique_by=lambda piece: piece.id)
soils = st.floats(0, 1)


def share(garment: Garment, *fibres: Fibre) -> int:
    return garment.fibres.share(*fibres) if garment.fibres else 0


def unsafe(garment: Garment, course: WashCourse, *, temperature: int, spin: int) -> str:
    """Return what the treatment would do to the garment that it must not; empty: nothing."""
    process, hottest, strongest_spin = STRONG[course]
    gentle = {WashCourse.DELICATES, WashCourse.WOOL, WashCourse.HAND_WASH}
    washing = garment.label.washing if garment.label else Washing.W30_VERY_MILD
    faults = {
        "do not wash": washing is Washing.NONE,
        "too rough": process > washing.process,
        "too hot for the label": temperature > washing.max_temperature_c,
        "hotter than the course": temperature > hottest,
        "spun harder than the course": spin > strongest_spin,
        "unknown and not gentle": garment.label is None
        and (course not in gentle or spin > 600 or temperature > 30),
        "leather in water": share(garment, *SPOILT) > 0,
        "felts": share(garment, *FELTS) >= 20
        and course not in {WashCourse.WOOL, WashCourse.HAND_WASH},
        "silk": share(garment, Fibre.SILK) >= 10
        and (course not in gentle or temperature > 30 or spin > 600),
        "elastane in the heat": share(garment, Fibre.ELASTANE) >= 5 and temperature > 40,
        "down not rinsed": share(garment, Fibre.DOWN) > 0
        and course not in {WashCourse.DOWN, WashCourse.HAND_WASH},
    }
    return ", ".join(name for name, holds in faults.items() if holds)


@given(load=loads, soil=soils)
def test_whatever_stays_in_the_washer_can_bear_it(load: list[Garment], soil: float) -> None:
    treatment = wash_course(load, soil=soil)
    out = {one.garment for one in treatment.left_out}
    staying = [one for one in load if one.id not in out]
    if treatment.course is None:
        assert not staying
        return
    assert staying
    for one in staying:
        assert not unsafe(
            one,
            treatment.course,
            temperature=treatment.temperature_c,
            spin=treatment.spin_per_min,
        )


@given(load=loads, soil=soils)
def test_a_white_piece_never_stays_with_a_known_colour_that_runs(
    load: list[Garment], soil: float
) -> None:
    treatment = wash_course(load, soil=soil)
    out = {one.garment for one in treatment.left_out}
    colours = {one.colour for one in load if one.id not in out}
    running = {Colour.DARK, Colour.BRIGHT} & colours
    assert not (running and Colour.WHITE in colours)
    if running and Colour.LIGHT in colours:
        assert treatment.temperature_c <= 30


@given(
    load=loads,
    after=st.none() | st.sampled_from(WashCourse),
    has=st.sets(st.sampled_from(DryCourse)),
)
def test_whatever_goes_into_the_dryer_can_bear_it(
    load: list[Garment], after: WashCourse | None, has: set[DryCourse]
) -> None:
    drying = dry_course(load, after=after, machine_courses=has)
    hung = {one.garment for one in drying.hang}
    inside = [one for one in load if one.id not in hung]
    if drying.course is DryCourse.NONE:
        assert not inside
        return
    assert drying.course in has
    for one in inside:
        assert one.label is not None
        assert DRUM_C[drying.course] <= one.label.tumbling.max_temperature_c
        assert not share(one, *SPOILT)
        assert share(one, Fibre.SILK) < 10
        assert share(one, *FELTS) < 20 or drying.course is DryCourse.WOOL_BASKET
        assert share(one, Fibre.ELASTANE) < 5 or DRUM_C[drying.course] <= 60
        assert share(one, Fibre.DOWN) == 0 or drying.course is DryCourse.DOWN


@given(load=loads, damp=st.booleans(), sanitise=st.booleans())
def test_whatever_hangs_in_the_styler_can_bear_it(
    load: list[Garment], *, damp: bool, sanitise: bool
) -> None:
    styling = styler_course(load, damp=damp, sanitise=sanitise)
    out = {one.garment for one in styling.left_out}
    for one in (one for one in load if one.id not in out):
        assert not share(one, *SPOILT)
        ironing = one.label.ironing if one.label else Ironing.NONE
        if ironing is Ironing.NONE:
            assert styling.course is StylerCourse.GENTLE_DRY
        if ironing is Ironing.LOW or share(one, *FELTS) >= 20 or share(one, Fibre.SILK) >= 10:
            assert styling.course not in {StylerCourse.REFRESH, StylerCourse.SANITARY}


@given(load=loads, soil=soils)
def test_every_piece_is_either_treated_or_named_with_a_reason(
    load: list[Garment], soil: float
) -> None:
    treatment = wash_course(load, soil=soil)
    out = [one.garment for one in treatment.left_out]
    assert len(out) == len(set(out))
    assert set(out) <= {one.id for one in load}
    for words in (treatment.reason, *(one.why for one in treatment.left_out)):
        assert any("가" <= letter <= "힣" for letter in words["ko"])
        assert not any("가" <= letter <= "힣" for letter in words["en"].replace("piece", ""))


@given(load=loads, soil=soils)
def test_the_order_of_the_pieces_does_not_change_the_course(
    load: list[Garment], soil: float
) -> None:
    one, other = wash_course(load, soil=soil), wash_course(load[::-1], soil=soil)
    assert (one.course, one.temperature_c) == (other.course, other.temperature_c)
    assert {out.garment for out in one.left_out} == {out.garment for out in other.left_out}


def test_names_the_garment_that_decided() -> None:
    treatment = wash_course([KNOWN["cashmere"], KNOWN["base_merino"]], soil=0.2)
    assert treatment.decided_by == "cashmere"
    assert "Cashmere sweater" in treatment.reason["en"]


def test_names_nobody_where_the_soil_decided() -> None:
    treatment = wash_course([KNOWN["towel_white"]], soil=0.7)
    assert treatment.decided_by is None
    assert treatment.reason == {
        "ko": "면 60 °C: 때가 많아서",
        "en": "Cottons 60 °C: for heavy soil",
    }


def test_says_that_a_label_is_not_known() -> None:
    treatment = wash_course([KNOWN["towel_dark"], KNOWN["unread_dark"]], soil=0.7)
    assert treatment.decided_by == "unread_dark"
    assert "not known" in treatment.reason["en"]
    assert "라벨을 몰라" in treatment.reason["ko"]


def test_hangs_wool_where_the_dryer_has_no_basket() -> None:
    courses = frozenset(DryCourse) - {DryCourse.WOOL_BASKET}
    drying = dry_course([KNOWN["base_merino"]], machine_courses=courses)
    assert drying.course is DryCourse.NONE
    assert [one.garment for one in drying.hang] == ["base_merino"]
    assert drying.hang[0].why["en"] == "this dryer has no course for it"


def test_dries_cooler_where_the_dryer_lacks_the_course() -> None:
    courses = {DryCourse.DELICATES, DryCourse.TIME}
    drying = dry_course([KNOWN["towel_white"]], machine_courses=courses)
    assert drying.course is DryCourse.DELICATES


def test_leaves_out_of_the_hot_steam_what_does_not_bear_it() -> None:
    styling = styler_course([KNOWN["shirt_white"], KNOWN["sweater_wool"]], sanitise=True)
    assert styling.course is StylerCourse.SANITARY
    assert [one.garment for one in styling.left_out] == ["sweater_wool"]


def test_only_dries_what_is_damp() -> None:
    styling = styler_course([KNOWN["shirt_white"]], damp=True)
    assert styling.course is StylerCourse.GENTLE_DRY


@pytest.mark.parametrize(
    ("key", "possible", "professional"),
    [
        ("jacket_silk", False, True),
        ("dress_wet", False, True),
        ("jacket_leather", False, False),
        ("sweater_wool", True, True),
        ("towel_white", True, False),
        ("unread", True, False),
    ],
)
def test_knows_what_home_can_clean(key: str, *, possible: bool, professional: bool) -> None:
    care = home_can_clean(KNOWN[key])
    assert (care.possible, care.professional) == (possible, professional)
    assert care.why["ko"]


@pytest.mark.parametrize(
    "shares",
    [
        (),
        ((Fibre.COTTON, 99),),
        ((Fibre.COTTON, 60), (Fibre.COTTON, 40)),
        ((Fibre.SILK, 101), (Fibre.WOOL, -1)),
    ],
    ids=["nothing", "not a hundred", "twice", "negative"],
)
def test_refuses_fibres_that_make_no_whole(shares: tuple[tuple[Fibre, int], ...]) -> None:
    with pytest.raises(InvalidInputError):
        Composition(shares)


@pytest.mark.parametrize(
    ("washing", "temperature", "process"),
    [
        (Washing.W95, 95, Process.NORMAL),
        (Washing.W60_MILD, 60, Process.MILD),
        (Washing.W40_VERY_MILD, 40, Process.VERY_MILD),
        (Washing.HAND, 40, Process.HAND),
        (Washing.NONE, 0, Process.NOT_AT_ALL),
    ],
)
def test_reads_the_tub(washing: Washing, temperature: int, process: Process) -> None:
    assert (washing.max_temperature_c, washing.process) == (temperature, process)
