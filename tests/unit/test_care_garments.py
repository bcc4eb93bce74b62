from dataclasses import replace

import pytest

from hub.errors import RefusedError
from hub.model import DeviceEvent
from hub.model.garments import (
    MAX_HISTORY,
    Garment,
    GarmentMoved,
    Place,
    delivered,
    handed_over,
    offered,
    picked_up,
    promised,
    put,
    released,
    returned,
    seen_by,
    worn,
)

JACKET = Garment(id="gm_1", household="h-1", name="silk jacket", soil=0.4)


def event(name: str, at_ms: int, *, device: str = "d-washer") -> DeviceEvent:
    return DeviceEvent(
        device=device,
        id=f"{device}-{name}-{at_ms}",
        at_ms=at_ms,
        received_ms=at_ms,
        type=name,
        data={"load": "ld-1", "garments": ["gm_1"]},
    )


def after(move: GarmentMoved | None) -> Garment:
    assert move is not None
    return move.garment


def washed() -> Garment:
    inside = after(seen_by(JACKET, event("load_added", 1000), kind="washer"))
    return after(seen_by(inside, event("cycle_finished", 2000), kind="washer"))


def test_is_in_the_washer_once_it_was_put_there() -> None:
    inside = after(seen_by(JACKET, event("load_added", 1000), kind="washer"))
    assert (inside.place, inside.device, inside.soil) == (Place.WASHER, "d-washer", 0.4)


def test_is_clean_when_the_cycle_has_ended() -> None:
    assert washed().soil == 0.0
    assert washed().place is Place.WASHER


def test_goes_from_washer_to_dryer_to_wardrobe_and_keeps_its_way() -> None:
    garment = after(seen_by(washed(), event("load_taken", 3000), kind="washer"))
    assert garment.place is Place.LINE
    garment = after(seen_by(garment, event("load_added", 4000, device="d-dryer"), kind="dryer"))
    assert garment.place is Place.DRYER
    garment = after(seen_by(garment, event("load_taken", 5000, device="d-dryer"), kind="dryer"))
    assert (garment.place, garment.device) == (Place.WARDROBE, None)
    assert [moved.place for moved in garment.history] == [
        Place.WASHER,
        Place.WASHER,
        Place.LINE,
        Place.DRYER,
        Place.WARDROBE,
    ]


def test_hangs_in_the_styler_and_goes_back() -> None:
    hung = event("garments_hung", 1000, device="d-styler")
    garment = after(seen_by(JACKET, hung, kind="styler"))
    assert garment.place is Place.STYLER
    taken = event("garments_taken", 2000, device="d-styler")
    assert after(seen_by(garment, taken, kind="styler")).place is Place.WARDROBE


def test_a_load_taken_elsewhere_does_not_move_it() -> None:
    assert seen_by(washed(), event("load_taken", 3000, device="d-other"), kind="washer") is None


def test_the_same_event_moves_it_once() -> None:
    assert seen_by(washed(), event("cycle_finished", 2000), kind="washer") is None


def test_a_late_event_is_put_where_it_belongs_and_moves_nothing() -> None:
    garment = after(seen_by(washed(), event("load_taken", 9000), kind="washer"))
    late = after(seen_by(garment, event("load_added", 500), kind="washer"))
    assert late.place is Place.LINE
    assert [moved.at_ms for moved in late.history] == [500, 1000, 2000, 9000]


def test_other_events_and_kinds_do_not_concern_it() -> None:
    assert seen_by(JACKET, event("cycle_started", 1), kind="washer") is None
    assert seen_by(JACKET, event("load_added", 1), kind="fridge") is None


def test_what_a_machine_sees_wins_over_the_records_and_the_conflict_is_kept() -> None:
    away = after(picked_up(JACKET, order="o-1", at_ms=1000, cause="u-1"))
    move = seen_by(away, event("load_added", 2000), kind="washer")
    assert move is not None
    assert (move.garment.place, move.before) == (Place.WASHER, Place.CLEANER)
    assert move.moved.conflict == "seen in washer while recorded at cleaner"
    assert move.garment.order == "o-1"


def test_travels_to_the_cleaner_and_comes_back_clean() -> None:
    bound = promised(JACKET, order="o-1")
    away = after(picked_up(bound, order="o-1", at_ms=1000, cause="u-1"))
    assert (away.place, away.at_home, away.order) == (Place.CLEANER, False, "o-1")
    back = after(delivered(away, order="o-1", at_ms=2000, cause="u-2"))
    assert (back.place, back.order, back.soil) == (Place.WARDROBE, None, 0.0)
    assert delivered(back, order="o-1", at_ms=2000, cause="u-2") is None


def test_an_order_that_came_to_nothing_lets_it_go() -> None:
    assert released(promised(JACKET, order="o-1"), order="o-1").order is None
    assert released(promised(JACKET, order="o-1"), order="o-2").order == "o-1"


def test_a_courier_is_believed_over_a_drum_and_the_conflict_is_kept() -> None:
    move = picked_up(washed(), order="o-1", at_ms=3000, cause="u-1")
    assert move is not None
    assert move.garment.place is Place.CLEANER
    assert move.moved.conflict == "picked up while recorded in washer"


def test_goes_to_the_market_and_is_gone() -> None:
    set_aside = after(offered(JACKET, listing="l-1", at_ms=1000, cause="l-1"))
    assert (set_aside.place, set_aside.open) == (Place.MARKET, True)
    gone = after(handed_over(set_aside, listing="l-1", at_ms=2000, cause="u-1"))
    assert (gone.place, gone.open, gone.listing) == (Place.GONE, False, "l-1")


def test_comes_back_from_a_rental_worn() -> None:
    set_aside = after(offered(JACKET, listing="l-1", at_ms=1000, cause="l-1"))
    rented = after(handed_over(set_aside, listing="l-1", at_ms=2000, cause="u-1"))
    back = after(returned(rented, listing="l-1", at_ms=3000, cause="u-2"))
    assert (back.place, back.listing, back.soil) == (Place.BASKET, None, 0.5)


def test_is_back_in_the_wardrobe_when_the_offer_is_withdrawn() -> None:
    set_aside = after(offered(JACKET, listing="l-1", at_ms=1000, cause="l-1"))
    back = after(returned(set_aside, listing="l-1", at_ms=3000, cause="u-2"))
    assert (back.place, back.listing, back.soil) == (Place.WARDROBE, None, 0.4)


def test_may_be_washed_while_it_is_offered() -> None:
    set_aside = after(offered(JACKET, listing="l-1", at_ms=1000, cause="l-1"))
    move = seen_by(set_aside, event("load_added", 2000), kind="washer")
    assert move is not None
    assert (move.garment.place, move.garment.listing, move.moved.conflict) == (
        Place.WASHER,
        "l-1",
        "",
    )


AWAY = replace(JACKET, place=Place.CLEANER, order="o-1")
LISTED = replace(JACKET, place=Place.MARKET, listing="l-1")
GONE = replace(JACKET, place=Place.GONE, listing="l-1")


@pytest.mark.parametrize(
    "garment", [AWAY, LISTED, GONE, washed()], ids=["away", "listed", "gone", "in the washer"]
)
def test_refuses_to_be_offered_when_it_cannot_be(garment: Garment) -> None:
    with pytest.raises(RefusedError):
        offered(garment, listing="l-2", at_ms=1, cause="l-2")


@pytest.mark.parametrize("garment", [AWAY, LISTED, GONE], ids=["away", "listed", "gone"])
def test_refuses_a_second_promise(garment: Garment) -> None:
    with pytest.raises(RefusedError):
        promised(garment, order="o-2")


@pytest.mark.parametrize("garment", [AWAY, GONE], ids=["away", "gone"])
def test_refuses_to_be_put_anywhere_while_it_is_away(garment: Garment) -> None:
    with pytest.raises(RefusedError):
        put(garment, Place.BASKET, at_ms=1, cause="p-1")


@pytest.mark.parametrize("place", [Place.WASHER, Place.CLEANER, Place.MARKET, Place.GONE])
def test_a_person_does_not_say_what_a_machine_or_an_order_says(place: Place) -> None:
    with pytest.raises(RefusedError):
        put(JACKET, place, at_ms=1, cause="p-1")


def test_refuses_the_pickup_and_the_handover_of_another() -> None:
    with pytest.raises(RefusedError):
        picked_up(AWAY, order="o-2", at_ms=1, cause="u-9")
    with pytest.raises(RefusedError):
        handed_over(JACKET, listing="l-1", at_ms=1, cause="u-9")


def test_is_soiled_by_being_worn() -> None:
    dirtier = after(put(JACKET, Place.BASKET, at_ms=1, cause="p-1", soil=worn(JACKET, hours=8)))
    assert dirtier.soil == pytest.approx(0.6)
    assert worn(JACKET, hours=1000) == 1.0


def test_keeps_only_the_newest_moves() -> None:
    garment = JACKET
    for at_ms in range(MAX_HISTORY + 20):
        garment = after(put(garment, Place.BASKET, at_ms=at_ms, cause=f"p-{at_ms}"))
    assert len(garment.history) == MAX_HISTORY
    assert garment.history[-1].at_ms == MAX_HISTORY + 19
