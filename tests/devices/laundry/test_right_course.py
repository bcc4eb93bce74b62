"""The course decision against the physics of the machines.

What nobody has read the label of, the hub can only guess at: such pieces are left out here.
"""

import pytest

from hub.model.care import DryCourse, WashCourse
from hub.model.care_dry import dry_course
from hub.model.care_styler import styler_course
from hub.model.care_wash import wash_course
from simulators.chance import chance
from simulators.laundry import Dryer, Piece, Styler, Washer, make_wardrobe
from tests.devices.laundry.conftest import Finish

LOADS = 40


def load(seed: int) -> list[Piece]:
    """Return some of what two people wear, good company or not."""
    rng = chance("load", seed)
    plans = [plan for plan in (*make_wardrobe(rng), *make_wardrobe(rng)) if plan.labelled]
    chosen = rng.sample(plans, rng.randint(2, 9))
    return [
        Piece(id=f"gm_{number}", plan=plan, soil=rng.uniform(0.05, 0.9))
        for number, plan in enumerate(chosen)
    ]


def washed(pieces: list[Piece], finish: Finish) -> tuple[list[Piece], WashCourse | None]:
    """Wash what may be washed, as the hub decides; return what was in the drum."""
    garments = [piece.plan.garment(identity=piece.id, household="h-1") for piece in pieces]
    treatment = wash_course(garments, soil=max(piece.soil for piece in pieces))
    out = {one.garment for one in treatment.left_out}
    inside = [piece for piece in pieces if piece.id not in out]
    if treatment.course is not None:
        washer = Washer("d-w", "b", boot="b1", rng=chance("washer"))
        washer.set("wash_temperature", float(treatment.temperature_c), 0)
        washer.set("spin_speed", float(treatment.spin_per_min), 0)
        washer.add(0, load="ld-1", pieces=inside)
        assert washer.start(0, course=treatment.course) == ""
        finish(washer, 0)
        if washer.error_code:
            washer.mend(0)
    return inside, treatment.course


@pytest.mark.parametrize("seed", range(LOADS))
def test_what_the_hub_decides_harms_no_garment(seed: int, finish: Finish) -> None:
    inside, after = washed(load(seed), finish)
    garments = [piece.plan.garment(identity=piece.id, household="h-1") for piece in inside]
    drying = dry_course(garments, after=after)
    hung = {one.garment for one in drying.hang}
    tumbled = [piece for piece in inside if piece.id not in hung]
    assert bool(tumbled) == (drying.course is not DryCourse.NONE)
    if tumbled:
        dryer = Dryer("d-d", "b", boot="b1", rng=chance("dryer"))
        dryer.add(0, load="ld-1", pieces=tumbled)
        dryer.set("dryness", str(drying.dryness), 0)
        assert dryer.start(0, course=drying.course) == ""
        finish(dryer, 0)
        assert not dryer.error_code
    assert {piece.id: piece.damage for piece in inside if piece.damage} == {}


@pytest.mark.parametrize("seed", range(LOADS))
def test_what_the_styler_is_told_harms_no_garment(seed: int, finish: Finish) -> None:
    pieces = load(seed)
    garments = [piece.plan.garment(identity=piece.id, household="h-1") for piece in pieces]
    styling = styler_course(garments)
    out = {one.garment for one in styling.left_out}
    hanging = [piece for piece in pieces if piece.id not in out][:6]
    styler = Styler("d-s", "b", boot="b1", rng=chance("styler"))
    styler.add(0, load="ld-1", pieces=hanging)
    assert styler.start(0, course=styling.course) == ("" if hanging else "it is empty")
    finish(styler, 0)
    assert {piece.id: piece.damage for piece in hanging if piece.damage} == {}


def test_everything_on_the_hottest_course_would_have_harmed_most_loads(finish: Finish) -> None:
    harmed = 0
    for seed in range(LOADS):
        pieces = load(seed)
        washer = Washer("d-w", "b", boot="b1", rng=chance("washer"))
        washer.set("wash_temperature", 60.0, 0)
        washer.add(0, load="ld-1", pieces=pieces)
        washer.start(0, course="cottons")
        finish(washer, 0)
        harmed += any(piece.damage for piece in pieces)
    assert harmed > 0.8 * LOADS
