"""The drills of `scripts/drill`, shortened; each says with its ledger what did not hold."""

import os
from dataclasses import replace

import pytest

from tests.drills import (
    absences,
    deals,
    disk_full,
    exactly_once,
    influx_away,
    laundry,
    orders,
    poison,
    rights,
    slips,
    two_hubs,
)
from tests.drills.background import together

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(400)]


@pytest.mark.broker
@pytest.mark.influx
async def test_stores_once_what_is_receipted_whatever_is_killed() -> None:
    large = exactly_once.Plan(
        messages=2500, devices=10, hub_kills=1, influx_kills=1, broker_kills=1, seed=2, resend_s=2
    )
    small = replace(large, broker="embedded", series="sqlite", seed=3)
    reports = await together(
        exactly_once.drill(large, control=False), exactly_once.drill(small, control=False)
    )
    assert all(report.holds for report in reports), [report.failures for report in reports]


@pytest.mark.postgres
async def test_stores_once_what_is_receipted_when_the_records_are_on_postgresql() -> None:
    chosen = exactly_once.Plan(
        messages=2500,
        devices=10,
        hub_kills=1,
        broker_kills=1,
        postgres_kills=2,
        broker="embedded",
        series="sqlite",
        records="postgresql",
        seed=3,
        resend_s=2,
    )
    report = await exactly_once.drill(chosen, control=False)
    assert report.holds, report.failures


@pytest.mark.broker
@pytest.mark.influx
async def test_alerts_and_loses_nothing_while_the_series_store_is_away_or_hangs() -> None:
    killed = influx_away.Plan(away_s=5, before_s=3, faults=("killed",), answer_s=1.5)
    hanging = replace(killed, faults=("hanging",))
    reports = await together(
        influx_away.drill(killed, control=False), influx_away.drill(hanging, control=False)
    )
    assert all(report.holds for report in reports), [report.failures for report in reports]


@pytest.mark.broker
@pytest.mark.influx
@pytest.mark.skipif(os.geteuid() != 0, reason="a small file system needs root")
async def test_stops_acknowledging_on_a_full_disk_and_resumes_when_there_is_room() -> None:
    chosen = disk_full.Plan(messages=6000, left_kb=160, still_s=1)
    report = await disk_full.drill(chosen, control=False)
    assert report.holds, report.failures


@pytest.mark.broker
async def test_keeps_poison_as_dead_letters_and_goes_on() -> None:
    report = await poison.drill(poison.Plan(count=300), control=False)
    assert report.holds, report.failures


@pytest.mark.broker
async def test_lets_no_device_do_what_another_may() -> None:
    report = await rights.drill(rights.Plan())
    assert report.holds, report.failures


async def test_refuses_a_second_hub_and_leaves_nothing_behind() -> None:
    report = await two_hubs.drill(two_hubs.Plan(each=60))
    assert report.holds, report.failures


@pytest.mark.broker
async def test_is_back_soon_and_without_a_burst() -> None:
    chosen = absences.Plan(away_s=3, restarts=1, half_open=False)
    report = await absences.drill(chosen, control=False)
    assert report.holds, report.failures


async def test_makes_each_load_ready_at_a_dryer_that_is_off_half_of_the_time() -> None:
    chosen = laundry.Plan(loads=8, apart_s=0.3, hub_kills=1, rate=400)
    report = await laundry.drill(chosen, control=False)
    assert report.holds, report.failures


async def test_orders_once_whatever_is_killed_or_away() -> None:
    chosen = orders.Plan(kills=2, orders=6, cancelled=2, rate=60)
    report = await orders.drill(chosen)
    assert report.holds, report.failures


async def test_leaves_no_deal_or_one_whoever_says_what_at_once() -> None:
    report = await deals.drill(deals.Plan(listings=40, kills=6, seed=2))
    assert report.holds, report.failures


async def test_tells_every_slip_in_time_and_none_that_is_not() -> None:
    report = await slips.drill(slips.Plan(orders=20, kills=2, away=4, seed=2))
    assert report.holds, report.failures
