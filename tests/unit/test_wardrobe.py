"""Where garments are, as the machines of their home say."""

from dataclasses import replace

from hub.flow import Draft
from hub.model import DeviceEvent, Garment, Place
from tests.unit.full_home import committed, full_home, happened
from tests.unit.small_home import HOME, T0, the_only

SHIRT = Garment(id="gm-1", household=HOME, name="Shirt", soil=0.6)
SOCKS = Garment(id="gm-2", household=HOME, name="Socks", soil=0.4)
FOREIGN = Garment(id="gm-other", household="h-other", name="Coat")


def wardrobe() -> Draft:
    seen = full_home()
    for one in (SHIRT, SOCKS, FOREIGN):
        seen.memory.keep(one)
    return seen


def heard(seen: Draft, event: DeviceEvent) -> Draft:
    seen.run(event)
    return committed(seen)


def garment(seen: Draft, name: str) -> Garment:
    found = seen.kept(Garment, name)
    assert found is not None
    return found


def test_a_load_goes_from_the_washer_to_the_dryer_to_the_wardrobe() -> None:
    both: dict[str, object] = {"load": "ld-1", "garments": ["gm-1", "gm-2"]}
    seen = heard(wardrobe(), happened("x-1", "load_added", both, at_ms=T0))
    assert garment(seen, "gm-1").place is Place.WASHER
    seen = heard(seen, happened("x-1", "cycle_finished", both, at_ms=T0 + 1000, name="e-2"))
    assert [garment(seen, one).soil for one in ("gm-1", "gm-2")] == [0.0, 0.0]
    seen = heard(seen, happened("x-1", "load_taken", {"load": "ld-1"}, at_ms=T0 + 2000, name="e-3"))
    assert garment(seen, "gm-2").place is Place.LINE
    seen = heard(seen, happened("d-1", "load_added", both, at_ms=T0 + 3000, name="e-4"))
    seen = heard(seen, happened("d-1", "load_taken", {"load": "ld-1"}, at_ms=T0 + 4000, name="e-5"))
    shirt = garment(seen, "gm-1")
    assert (shirt.place, shirt.device) == (Place.WARDROBE, None)
    assert [one.place for one in shirt.history] == [
        Place.WASHER,
        Place.WASHER,
        Place.LINE,
        Place.DRYER,
        Place.WARDROBE,
    ]


def test_two_machines_whose_events_have_the_same_id_both_count() -> None:
    data: dict[str, object] = {"garments": ["gm-1"]}
    seen = heard(wardrobe(), happened("x-1", "load_added", data, at_ms=T0, name="1"))
    seen = heard(seen, happened("d-1", "load_added", data, at_ms=T0 + 1000, name="1"))
    assert garment(seen, "gm-1").place is Place.DRYER


def test_a_garment_of_another_home_is_noted_and_left_where_it_is() -> None:
    seen = wardrobe()
    names = ["gm-1", "gm-other", "gm-nowhere"]
    seen.run(happened("x-1", "load_added", {"garments": names}))
    assert garment(seen, "gm-1").place is Place.WASHER
    assert garment(seen, "gm-other") == FOREIGN
    assert the_only(seen.dead_letters).reason == "2 of 3 garments are none of this home"


def test_taking_out_some_leaves_the_others_in() -> None:
    both: dict[str, object] = {"garments": ["gm-1", "gm-2"]}
    seen = heard(wardrobe(), happened("x-1", "load_added", both, at_ms=T0))
    seen.run(happened("x-1", "load_taken", {"garments": ["gm-2"]}, name="e-2", at_ms=T0 + 1))
    assert (garment(seen, "gm-1").place, garment(seen, "gm-2").place) == (Place.WASHER, Place.LINE)


def test_what_is_no_list_of_ids_is_noted() -> None:
    for garments in ("gm-1", {"gm-1": 1}, [1], ["x" * 65], ["x"] * 201):
        seen = wardrobe()
        seen.run(happened("x-1", "load_added", {"garments": garments}))
        assert garment(seen, "gm-1") == SHIRT
        assert len(seen.dead_letters) == 1


def test_a_machine_whose_clock_is_ahead_does_not_keep_the_garment() -> None:
    seen = wardrobe()
    ahead = happened("x-1", "load_added", {"garments": ["gm-1"]}, at_ms=T0 + 9_000_000)
    seen.run(replace(ahead, received_ms=T0))
    seen = committed(seen)
    seen = heard(seen, happened("x-1", "load_taken", {}, at_ms=T0 + 60_000, name="e-2"))
    assert garment(seen, "gm-1").place is Place.LINE


def test_a_fridge_moves_no_garments() -> None:
    seen = wardrobe()
    seen.run(happened("f-1", "load_added", {"garments": ["gm-1"]}))
    assert garment(seen, "gm-1") == SHIRT
