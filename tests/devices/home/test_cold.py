from itertools import pairwise

import pytest

from simulators.home.cold import ColdMachine

DAY_S = 86_400


def after(machine: ColdMachine, seconds: int) -> ColdMachine:
    for _ in range(seconds // 10):
        machine.step(10)
    return machine


def test_keeps_both_compartments_near_their_setpoints_for_a_day() -> None:
    machine = ColdMachine()
    for _ in range(DAY_S // 10):
        machine.step(10)
        assert 4 - 1.2 < machine.fridge.air_c < 4 + 1.2
        assert -18 - 1.8 < machine.freezer.air_c < -18 + 1.8


def test_a_year_costs_what_a_household_pays_for_a_fridge() -> None:
    year_kwh = after(ColdMachine(), 2 * DAY_S).energy_kwh / 2 * 365
    assert 150 < year_kwh < 450


def test_a_warmer_room_costs_more() -> None:
    cool = after(ColdMachine(room_c=18), DAY_S).energy_kwh
    warm = after(ColdMachine(room_c=30), DAY_S).energy_kwh
    assert warm > cool * 1.3


def test_an_open_door_warms_the_air_for_minutes_and_the_food_much_less() -> None:
    machine = ColdMachine()
    machine.fridge.open = True
    after(machine, 600)
    assert machine.fridge.air_c > 10
    assert machine.fridge.food_c < 6


def test_recovers_within_two_hours_after_the_door_is_shut() -> None:
    machine = ColdMachine()
    machine.fridge.open = True
    after(machine, 600)
    machine.fridge.open = False
    after(machine, 7200)
    assert machine.fridge.air_c < 5.5


def test_never_gets_warmer_than_the_room() -> None:
    machine = ColdMachine(room_c=24)
    machine.powered = False
    machine.fridge.open = machine.freezer.open = True
    after(machine, 3 * DAY_S)
    assert machine.fridge.air_c == pytest.approx(24, abs=0.5)
    assert machine.freezer.air_c <= 24


def test_the_freezer_stays_frozen_for_hours_without_power() -> None:
    machine = ColdMachine()
    machine.powered = False
    temperatures = [after(machine, 600).freezer.air_c for _ in range(24)]
    assert all(a < b for a, b in pairwise(temperatures))
    assert temperatures[-1] < 0
    assert machine.energy_kwh == 0


def test_warm_food_warms_what_is_there() -> None:
    machine = ColdMachine()
    before = machine.fridge.food_c
    machine.fridge.put_in(6, at_c=20)
    assert before + 3 < machine.fridge.food_c < 20
    after(machine, 6 * 3600)
    assert machine.fridge.food_c < before + 2


def test_cools_rapidly_faster_and_lower() -> None:
    usual, rapid = ColdMachine(), ColdMachine(rapid=True)
    for machine in (usual, rapid):
        machine.fridge.put_in(8, at_c=20)
        after(machine, 3600)
    assert rapid.fridge.food_c < usual.fridge.food_c
    assert rapid.energy_kwh > usual.energy_kwh
