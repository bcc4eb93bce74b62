"""Washer, dryer and styler as the hub and people meet them."""

from itertools import pairwise
from typing import Any

import pytest

from hub.model.care import Fibre
from simulators.chance import chance
from simulators.laundry import Dryer, Machine, Piece, Styler, Washer
from simulators.messages import Note, Witnesses
from tests.devices.laundry.conftest import Command, Events, Finish, MakePiece

PRESET = {
    "load": "ld-1",
    "course": "wool_basket",
    "garments": ["gm_1"],
    "hang": ["gm_2"],
    "reason": {"ko": "울", "en": "wool"},
}


# ---------------------------------------------------------------------------------- a cycle


def test_a_cycle_tells_its_load_from_door_to_door(
    washer: Washer, piece: MakePiece, finish: Finish, events: Events
) -> None:
    washer.add(1000, load="ld-1", pieces=[piece(), piece()])
    washer.start(2000, course="cottons")
    end_ms = finish(washer, 0)
    washer.take_out(end_ms + 5000)
    assert events(washer, "load_added") == [{"load": "ld-1", "garments": ["gm_1", "gm_2"]}]
    assert events(washer, "cycle_started") == [{"load": "ld-1", "course": "cottons"}]
    (finished,) = events(washer, "cycle_finished")
    assert finished["garments"] == ["gm_1", "gm_2"]
    assert 40 < finished["moisture"] < 70
    assert events(washer, "load_taken") == [{"load": "ld-1"}]


def test_goes_through_its_phases_in_order(washer: Washer, piece: MakePiece) -> None:
    washer.add(0, load="ld-1", pieces=[piece() for _ in range(4)])
    washer.start(0)
    phases: list[str] = []
    now_ms = 0
    while washer.state == "running":
        now_ms += 10_000
        washer.step(now_ms)
        if not phases or phases[-1] != washer.phase:
            phases.append(washer.phase)
    assert phases == ["weight_sensing", "wash", "rinse", "spin", "finish"]


def test_a_finished_load_waits_until_the_door_is_opened(
    washer: Washer, piece: MakePiece, finish: Finish
) -> None:
    washer.add(0, load="ld-1", pieces=[piece()])
    assert washer.values["load_waiting"] is False
    washer.start(0)
    end_ms = finish(washer, 0)
    assert washer.values["load_waiting"] is True
    washer.step(end_ms + 1_200_000)
    assert washer.values["load_waiting"] is True
    washer.open(end_ms + 1_300_000)
    assert washer.values["load_waiting"] is False


def test_says_how_it_is_every_five_minutes_while_nothing_happens(washer: Washer) -> None:
    washer.step(0)
    washer.step(3_600_000)
    times = [content["ts"] for _, content in washer.outbox.contents()]
    assert len(times) == 12
    assert {later - earlier for earlier, later in pairwise(times)} == {300_000}


def test_says_how_it_is_every_ten_seconds_while_it_runs(washer: Washer, piece: MakePiece) -> None:
    washer.add(0, load="ld-1", pieces=[piece()])
    washer.start(0)
    before = len(washer.outbox)
    washer.step(600_000)
    assert 58 <= len(washer.outbox) - before <= 60


def test_never_says_two_things_of_one_instant(
    washer: Washer, piece: MakePiece, finish: Finish
) -> None:
    washer.add(0, load="ld-1", pieces=[piece()])
    washer.start(0)
    washer.pause(0)
    washer.start(0)
    end_ms = finish(washer, 0)
    washer.take_out(end_ms)
    times = [content["ts"] for leaf, content in washer.outbox.contents() if leaf == "telemetry"]
    assert len(times) == len(set(times))


def test_the_same_seed_lives_the_same_cycle(piece: MakePiece, finish: Finish) -> None:
    def told() -> list[Any]:
        washer = Washer("d-w", "b", boot="b1", rng=chance("seed"))
        one = Piece(id="gm_1", plan=piece().plan, soil=0.5)
        washer.add(0, load="ld-1", pieces=[one])
        washer.start(0)
        finish(washer, 0)
        return list(washer.outbox.contents())

    assert told() == told()


# ----------------------------------------------------------------------------------- people


def test_an_opened_dryer_pauses_and_goes_on(
    dryer: Dryer, piece: MakePiece, finish: Finish, events: Events
) -> None:
    wet = piece()
    wet.water_kg = 0.2
    dryer.add(0, load="ld-1", pieces=[wet])
    dryer.start(0)
    dryer.step(600_000)
    dryer.open(601_000)
    assert dryer.values["operational_state"] == "paused"
    before = wet.water_kg
    dryer.step(1_200_000)
    assert wet.water_kg == before
    assert dryer.start(1_200_000) == "the door is open"
    dryer.close(1_210_000)
    assert dryer.start(1_220_000) == ""
    finish(dryer, 1_220_000)
    assert len(events(dryer, "cycle_started")) == len(events(dryer, "cycle_finished")) == 1


def test_a_washer_does_not_open_over_hot_water_or_while_it_spins(
    washer: Washer, piece: MakePiece
) -> None:
    washer.set("wash_temperature", 60.0, 0)
    washer.add(0, load="ld-1", pieces=[piece() for _ in range(5)])
    washer.start(0)
    washer.step(2_700_000)
    assert "°C" in washer.open(2_700_000)
    now_ms = 2_700_000
    while washer.phase != "spin":
        now_ms += 10_000
        washer.step(now_ms)
    assert washer.open(now_ms) == "it spins"
    assert washer.values["door_open"] is False


def test_does_not_start_empty_or_open(washer: Washer) -> None:
    assert washer.start(0) == "it is empty"
    washer.open(0)
    assert washer.start(0) == "the door is open"


def test_does_not_take_more_than_it_holds(washer: Washer, piece: MakePiece) -> None:
    washer.add(0, load="ld-1", pieces=[piece(grams=2000) for _ in range(7)])
    assert washer.start(0) == "14.0 kg is too much"


# ----------------------------------------------------------------------------------- faults


def test_a_blocked_drain_is_an_error_until_somebody_mends_it(
    washer: Washer, piece: MakePiece, finish: Finish, events: Events
) -> None:
    washer.drain_blocked = True
    washer.add(0, load="ld-1", pieces=[piece()])
    washer.start(0)
    now_ms = finish(washer, 0)
    assert (washer.values["operational_state"], washer.values["error_code"]) == ("error", "OE")
    assert washer.values["fault"] is True
    assert washer.start(now_ms) == "error OE"
    washer.mend(now_ms)
    assert washer.values["fault"] is False
    assert washer.start(now_ms + 1000) == ""
    finish(washer, now_ms)
    assert len(events(washer, "cycle_finished")) == 1


def test_an_unbalanced_load_is_spread_anew_and_then_given_up(
    washer: Washer, piece: MakePiece, finish: Finish
) -> None:
    washer.unbalanced = True
    washer.add(0, load="ld-1", pieces=[piece()])
    washer.start(0)
    finish(washer, 0)
    assert washer.values["error_code"] == "UE"
    assert washer.tub.held_kg > 0.7


def test_a_power_cut_holds_the_cycle_which_then_goes_on(
    washer: Washer, piece: MakePiece, finish: Finish, events: Events
) -> None:
    washer.add(0, load="ld-1", pieces=[piece() for _ in range(5)])
    washer.start(0)
    washer.step(1_500_000)
    warm, said = washer.tub.water_c, len(washer.outbox)
    washer.unplug(1_500_000)
    washer.step(5_100_000)
    assert len(washer.outbox) == said
    assert washer.tub.water_c < warm - 2
    washer.plug_in(5_100_000, boot="b2")
    assert washer.values["operational_state"] == "running"
    end_ms = finish(washer, 5_100_000)
    assert len(events(washer, "cycle_started")) == len(events(washer, "cycle_finished")) == 1
    # It heats again what had cooled, and takes no less than the rest of its hour.
    assert end_ms > 5_100_000 + 2_400_000


def test_what_was_put_in_without_power_is_seen_when_it_is_back(
    dryer: Dryer, piece: MakePiece, events: Events
) -> None:
    dryer.unplug(0)
    dryer.add(1000, load="ld-1", pieces=[piece()])
    assert dryer.start(2000) == "it has no power"
    assert events(dryer, "load_added") == []
    dryer.plug_in(3000, boot="b2")
    assert events(dryer, "load_added") == [{"load": "ld-1", "garments": ["gm_1"]}]


def test_a_stuck_sensor_repeats_itself_while_the_truth_goes_on(
    washer: Washer, piece: MakePiece
) -> None:
    from simulators.home.sensors import SensorFault  # noqa: PLC0415 - only here

    washer.add(0, load="ld-1", pieces=[piece()])
    washer.start(0)
    washer.step(60_000)
    stuck_at = washer.values["water_temperature"]
    washer.sensors.fault = SensorFault.STUCK
    washer.step(1_200_000)
    assert washer.values["water_temperature"] == stuck_at
    assert washer.tub.water_c > 30


# ---------------------------------------------------------------------------------- presets


def test_shows_a_preset_before_its_door_opens(
    dryer: Dryer, command: Command, events: Events
) -> None:
    dryer.connect(0)
    assert command(dryer, "c-1", "preset", PRESET, 1000) == ("succeeded", "")
    assert (dryer.values["next_course"], dryer.values["next_load"]) == ("wool_basket", "ld-1")
    assert events(dryer, "preset_applied") == [{"load": "ld-1", "course": "wool_basket"}]


def test_the_same_preset_again_is_answered_again_and_applied_once(
    dryer: Dryer, command: Command, events: Events
) -> None:
    dryer.connect(0)
    answers = [command(dryer, "c-1", "preset", PRESET, at) for at in (1000, 2000, 3000)]
    assert answers == [("succeeded", "")] * 3
    assert len(events(dryer, "preset_applied")) == 1


def test_a_preset_is_used_by_its_load_and_is_then_no_longer_ready(
    dryer: Dryer, piece: MakePiece, command: Command
) -> None:
    dryer.connect(0)
    command(dryer, "c-1", "preset", PRESET, 1000)
    dryer.add(2000, load="ld-1", pieces=[piece(Fibre.WOOL)])
    assert dryer.settings["course"] == "wool_basket"
    dryer.start(3000)
    assert dryer.course == "wool_basket"
    assert (dryer.values["next_course"], dryer.values["next_load"]) == ("", "")


def test_another_load_leaves_the_preset_ready(
    dryer: Dryer, piece: MakePiece, command: Command
) -> None:
    dryer.connect(0)
    command(dryer, "c-1", "preset", PRESET, 1000)
    dryer.add(2000, load="ld-9", pieces=[piece()])
    dryer.start(3000)
    assert dryer.course == "cottons"
    assert dryer.values["next_load"] == "ld-1"


def test_two_presets_wait_in_the_order_in_which_they_came(
    dryer: Dryer, command: Command, piece: MakePiece
) -> None:
    dryer.connect(0)
    command(dryer, "c-1", "preset", PRESET, 1000)
    command(dryer, "c-2", "preset", PRESET | {"load": "ld-2", "course": "cottons"}, 1001)
    assert dryer.values["next_load"] == "ld-1"
    dryer.add(2000, load="ld-1", pieces=[piece(Fibre.WOOL)])
    dryer.start(3000)
    assert (dryer.values["next_course"], dryer.values["next_load"]) == ("cottons", "ld-2")


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        (PRESET | {"course": "boil"}, "a dryer has no course 'boil'"),
        ({"course": "cottons"}, "arguments: Object missing required field `load`"),
    ],
    ids=["unknown course", "no load"],
)
def test_refuses_a_preset_that_makes_no_sense(
    dryer: Dryer, command: Command, events: Events, args: object, reason: str
) -> None:
    dryer.connect(0)
    assert command(dryer, "c-1", "preset", args, 0) == ("rejected", reason)
    assert events(dryer, "preset_applied") == []


def test_refuses_to_tumble_a_load_of_which_all_must_hang(
    dryer: Dryer, piece: MakePiece, command: Command
) -> None:
    dryer.connect(0)
    command(dryer, "c-1", "preset", PRESET | {"course": "none"}, 0)
    dryer.add(1000, load="ld-1", pieces=[piece(Fibre.SILK)])
    assert dryer.start(2000) == "what is inside must not be tumbled"


def test_a_washer_takes_temperature_and_spin_from_the_preset(
    washer: Washer, piece: MakePiece, command: Command
) -> None:
    washer.connect(0)
    args = {"load": "ld-1", "course": "delicates", "temperature": 30, "spin": 600}
    command(washer, "c-1", "preset", args, 0)
    washer.add(1000, load="ld-1", pieces=[piece()])
    wanted = {"course": "delicates", "wash_temperature": 30.0, "spin_speed": 600.0}
    assert {name: washer.settings[name] for name in wanted} == wanted


def reborn(notes: list[Note]) -> Dryer:
    dryer = Dryer("d-d", "cx/1/main/d-d", boot="b2", rng=chance("dryer"))
    dryer.restore(notes)
    return dryer


def test_a_preset_survives_the_end_of_the_process_and_is_not_applied_again(
    command: Command, events: Events
) -> None:
    notes: list[Note] = []
    dryer = Dryer(
        "d-d", "cx/1/main/d-d", boot="b1", rng=chance(1), witnesses=Witnesses(note=notes.append)
    )
    dryer.connect(0)
    command(dryer, "c-1", "preset", PRESET, 1000)
    for memory in (notes, list(dryer.snapshot())):
        again = reborn(memory)
        again.connect(2000)
        assert command(again, "c-1", "preset", PRESET, 3000) == ("succeeded", "")
        again.step(0)
        again.step(600_000)
        assert again.values["next_load"] == "ld-1"
        assert len(events(again, "preset_applied")) == 1


def test_a_process_that_ended_before_the_reply_was_noted_tells_the_same_event(
    command: Command,
) -> None:
    notes: list[Note] = []
    dryer = Dryer(
        "d-d", "cx/1/main/d-d", boot="b1", rng=chance(1), witnesses=Witnesses(note=notes.append)
    )
    dryer.connect(0)
    command(dryer, "c-1", "preset", PRESET, 1000)
    again = reborn([note for note in notes if "reply" not in note])
    again.connect(2000)
    command(again, "c-1", "preset", PRESET, 3000)
    told = [c["id"] for leaf, c in again.outbox.contents() if leaf == "event"]
    assert told == ["preset-c-1"]


# ----------------------------------------------------------------------------------- styler


def test_names_what_home_cannot_clean(styler: Styler, piece: MakePiece, events: Events) -> None:
    styler.add(0, load="ld-1", pieces=[piece(), piece(Fibre.SILK)])
    assert events(styler, "garments_hung") == [{"load": "ld-1", "garments": ["gm_1", "gm_2"]}]
    assert events(styler, "care_seen") == [{"garment": "gm_2"}]


def test_sees_a_look(styler: Styler, piece: MakePiece, events: Events) -> None:
    styler.look(5000, [piece(), piece(Fibre.WOOL)])
    (look,) = events(styler, "look")
    assert look["look"] == "lk-d-s-5000"
    assert look["palette"] == ["#1d1d20"]
    assert {"cotton", "wool"} <= set(look["tags"])
    assert look["picture"] == "d-s/lk-d-s-5000.jpg"


def test_freshens_and_lets_go(
    styler: Styler, piece: MakePiece, finish: Finish, events: Events
) -> None:
    styler.add(0, load="ld-1", pieces=[piece()])
    assert styler.start(0, course="refresh") == ""
    end_ms = finish(styler, 0)
    styler.take_out(end_ms)
    (finished,) = events(styler, "cycle_finished")
    assert finished == {"load": "ld-1", "course": "refresh", "garments": ["gm_1"]}
    assert events(styler, "garments_taken") == [{"load": "ld-1", "garments": ["gm_1"]}]


def test_an_unknown_command_is_left_to_the_base(styler: Machine, command: Command) -> None:
    styler.connect(0)
    assert command(styler, "c-1", "boil", {}, 0)[0] == "rejected"
