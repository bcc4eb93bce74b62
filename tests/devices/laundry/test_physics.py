"""What anybody who does the laundry knows must come out of the physics."""

import pytest

from hub.model.care import Composition, Fibre, Process
from simulators.chance import chance
from simulators.laundry import Dryer, Styler, Washer, make_wardrobe
from simulators.laundry.fabric import Piece, cloth, moisture_pct, retained
from simulators.laundry.tub import Tub
from tests.devices.laundry.conftest import Finish, MakePiece

COTTON = cloth(Composition.of({Fibre.COTTON: 100}))
POLYESTER = cloth(Composition.of({Fibre.POLYESTER: 100}))


@pytest.mark.parametrize(
    ("per_min", "percent"), [(1400, 53), (1200, 57), (1000, 63), (800, 73), (400, 116)]
)
def test_spins_cotton_as_dry_as_the_spin_classes_say(per_min: int, percent: int) -> None:
    assert 100 * retained(COTTON, per_min) == pytest.approx(percent, abs=2)


def test_polyester_comes_out_drier_than_cotton() -> None:
    assert retained(POLYESTER, 1000) < retained(COTTON, 1000) / 3


def test_a_wet_load_weighs_more(washer: Washer, piece: MakePiece, finish: Finish) -> None:
    pieces = [piece() for _ in range(6)]
    washer.add(0, load="ld-1", pieces=pieces)
    dry = washer.measured()["load_mass"]
    washer.start(0)
    finish(washer, 0)
    wet = washer.measured()["load_mass"]
    assert dry == pytest.approx(2.4)
    assert 1.4 * dry < wet < 1.7 * dry


def test_heats_twice_the_water_in_about_twice_the_time() -> None:
    def seconds_to(kilograms: float) -> int:
        tub = Tub(water_kg=kilograms, water_c=15.0)
        seconds = 0
        while tub.water_c < 40:
            tub.heat(10)
            seconds += 10
        return seconds

    # 25 K at 2 kW: water 10 * 4186 * 25 / 2000 = 523 s, the steel of drum and tub 150 s more.
    assert seconds_to(10) == pytest.approx(673, abs=10)
    assert seconds_to(20) == pytest.approx(2 * 523 + 150, abs=10)


def test_hotter_and_stronger_washing_cleans_better(piece: MakePiece) -> None:
    def left(process: Process, water_c: float) -> float:
        one = piece(soil=1.0)
        tub = Tub(pieces=[one], water_kg=10, water_c=water_c)
        for _ in range(180):
            tub.scrub(10, process=process)
        return one.soil

    assert left(Process.NORMAL, 60) < left(Process.NORMAL, 30) < left(Process.HAND, 30) < 1


def test_rinse_water_gets_clearer_from_rinse_to_rinse(washer: Washer, piece: MakePiece) -> None:
    washer.add(0, load="ld-1", pieces=[piece(soil=0.9) for _ in range(5)])
    washer.start(0)
    cloudiest: list[float] = []
    now_ms, before = 0, ""
    while washer.state == "running":
        now_ms += 10_000
        washer.step(now_ms)
        stage = washer.stages[0].does if washer.stages else ""
        if stage == "rinse":
            if before != "rinse":
                cloudiest.append(0.0)
            cloudiest[-1] = max(cloudiest[-1], washer.tub.turbidity_pct)
        before = stage
    assert len(cloudiest) == 3
    assert cloudiest == sorted(cloudiest, reverse=True)
    assert cloudiest[0] > 2 * cloudiest[-1] > 0


def test_a_hotter_wash_takes_more_energy(piece: MakePiece, finish: Finish) -> None:
    def energy(temperature: float) -> float:
        washer = Washer("d-w", "b", boot="b1", rng=chance("same"))
        washer.set("wash_temperature", temperature, 0)
        washer.add(0, load="ld-1", pieces=[piece() for _ in range(6)])
        washer.start(0)
        finish(washer, 0)
        return washer.energy_kwh

    cold, warm, hot = energy(20), energy(40), energy(60)
    assert 0.1 < cold < warm < hot < 2.5


def test_says_about_how_long_it_will_take(washer: Washer, piece: MakePiece, finish: Finish) -> None:
    washer.add(0, load="ld-1", pieces=[piece() for _ in range(6)])
    washer.start(0)
    promised_s = washer.remaining_s
    assert finish(washer, 0) / 1000 == pytest.approx(promised_s, rel=0.15)


def wet(pieces: list[Piece]) -> list[Piece]:
    for one in pieces:
        one.water_kg = 0.55 * one.dry_kg
    return pieces


def test_dries_to_what_was_asked_for(dryer: Dryer, piece: MakePiece, finish: Finish) -> None:
    dryer.set("dryness", "damp", 0)
    pieces = wet([piece() for _ in range(6)])
    dryer.add(0, load="ld-1", pieces=pieces)
    dryer.start(0)
    finish(dryer, 0)
    # It goes on losing some while it cools.
    assert 7 < moisture_pct(pieces) <= 12


def test_moisture_never_rises_in_the_dryer(dryer: Dryer, piece: MakePiece) -> None:
    pieces = wet([piece() for _ in range(6)])
    dryer.add(0, load="ld-1", pieces=pieces)
    dryer.start(0)
    seen = []
    for second in range(10, 7200, 10):
        dryer.step(second * 1000)
        seen.append(moisture_pct(pieces))
    assert seen == sorted(seen, reverse=True)


def test_polyester_dries_sooner_than_cotton(piece: MakePiece, finish: Finish) -> None:
    def minutes(fibre: Fibre) -> float:
        dryer = Dryer("d-d", "b", boot="b1", rng=chance("same"))
        pieces = [piece(fibre) for _ in range(6)]
        for one in pieces:
            one.water_kg = retained(one.cloth, 1000) * one.dry_kg
        dryer.add(0, load="ld-1", pieces=pieces)
        dryer.start(0, course="synthetics")
        return finish(dryer, 0) / 60_000

    assert minutes(Fibre.POLYESTER) < minutes(Fibre.COTTON) / 2


def test_the_time_left_is_corrected_as_it_dries(dryer: Dryer, piece: MakePiece) -> None:
    dryer.add(0, load="ld-1", pieces=wet([piece() for _ in range(8)]))
    dryer.start(0)
    estimates = {}
    now_ms = 0
    while dryer.state == "running":
        now_ms += 10_000
        dryer.step(now_ms)
        estimates[now_ms] = dryer.remaining_s
    errors = {at: abs(now_ms - at - left * 1000) / 60_000 for at, left in estimates.items()}
    assert errors[600_000] < 20
    assert errors[now_ms - 600_000] < 4


@pytest.mark.parametrize(
    ("course", "damage"), [("cottons", {"shrunk"}), ("wool_basket", set())], ids=["hot", "basket"]
)
def test_wool_shrinks_unless_it_lies_in_the_basket(
    dryer: Dryer, piece: MakePiece, finish: Finish, course: str, damage: set[str]
) -> None:
    sweater = wet([piece(Fibre.WOOL)])[0]
    dryer.add(0, load="ld-1", pieces=[sweater])
    dryer.start(0, course=course)
    finish(dryer, 0)
    assert sweater.damage == damage


@pytest.mark.parametrize(
    ("course", "damage"),
    [("cottons", {"worn", "faded", "felted"}), ("wool", set())],
    ids=["cottons", "wool"],
)
def test_wool_felts_unless_it_is_washed_as_wool(
    piece: MakePiece, finish: Finish, course: str, damage: set[str]
) -> None:
    sweater, washer = piece(Fibre.WOOL), Washer("d-w", "b", boot="b1", rng=chance("same"))
    washer.set("wash_temperature", 60.0, 0)
    washer.add(0, load="ld-1", pieces=[sweater])
    washer.start(0, course=course)
    finish(washer, 0)
    assert sweater.damage == damage


def test_hot_steam_kills_more_than_gentle_air(piece: MakePiece, finish: Finish) -> None:
    def reduction(course: str) -> float:
        styler = Styler("d-s", "b", boot="b1", rng=chance("same"))
        styler.add(0, load="ld-1", pieces=[piece()])
        styler.start(0, course=course)
        finish(styler, 0)
        return styler.measured()["virus_reduction"]

    assert reduction("sanitary") > 99.99
    assert 99 < reduction("refresh") < 99.99
    assert reduction("gentle_dry") < 50


def test_the_filter_takes_the_dust_that_was_on_the_clothes(
    styler: Styler, piece: MakePiece, finish: Finish
) -> None:
    coat = piece()
    coat.dust_mg = 12.0
    styler.add(0, load="ld-1", pieces=[coat])
    styler.start(0)
    finish(styler, 0)
    assert coat.dust_mg < 1
    assert styler.removed_mg == pytest.approx(12, abs=1)


def test_wardrobes_differ_by_seed_and_repeat_with_it() -> None:
    assert make_wardrobe(chance(1)) == make_wardrobe(chance(1))
    assert make_wardrobe(chance(1)) != make_wardrobe(chance(2))


def test_a_wardrobe_has_names_in_both_languages_and_believable_masses() -> None:
    for plan in make_wardrobe(chance(3)):
        assert any("가" <= letter <= "힣" for letter in plan.names["ko"])
        assert plan.names["en"].isascii()
        assert 0.03 < plan.mass_kg < 2.5
