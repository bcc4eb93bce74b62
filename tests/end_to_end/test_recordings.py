"""Real recordings and a modelled runner, on both brokers and both stores, held to the oracle."""

import asyncio
from pathlib import Path

import pytest

from tests.end_to_end.account import Account
from tests.end_to_end.conftest import RATE
from tests.end_to_end.home import home
from tests.end_to_end.runs import KILLED, SHORT, Run, accounts, killed, running

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.broker,
    pytest.mark.influx,
    pytest.mark.timeout(300),
]
ALL_FRESH_S = 3600
"""However long the machine takes to start a hub, the readings that waited are fresh."""


async def test_the_wrist_feels_what_the_oracle_says(tmp_path: Path) -> None:
    async def play(broker: str, series: str) -> None:
        place = tmp_path / broker
        async with (
            home(place, broker=broker, series=series, rate=RATE) as site,
            running(site, SHORT) as runners,
        ):
            for run, found in await accounts(site, runners):
                assert_told_as_expected(run, found)
                assert found.told == found.expected()
                assert found.felt() == found.expected_felt()
                assert sorted(found.felt_ids) == sorted(found.succeeded)
                if run.crossings == 2:
                    assert found.opened_on_steps == [1, 2]

    async with asyncio.TaskGroup() as both:
        both.create_task(play("embedded", "sqlite"))
        both.create_task(play("mosquitto", "influx"))


async def test_a_hub_killed_three_times_tells_the_same(tmp_path: Path) -> None:
    async def play(broker: str, series: str) -> None:
        place = tmp_path / broker
        async with (
            home(place, broker=broker, series=series, rate=RATE) as site,
            running(site, KILLED, freshness_s=ALL_FRESH_S) as runners,
        ):
            await killed(site, runners, times=3)
            for run, found in await accounts(site, runners):
                assert_told_as_expected(run, found)

    async with asyncio.TaskGroup() as both:
        both.create_task(play("embedded", "influx"))
        both.create_task(play("mosquitto", "sqlite"))


def assert_told_as_expected(run: Run, found: Account) -> None:
    assert len(found.alarms) >= run.crossings, run.name
    assert found.record == found.expected_record, run.name
    assert found.told_of_touches == found.expected_of_touches, run.name
    assert found.felt() == found.listed(found.felt_ids), run.name
    assert len(set(found.felt_ids)) == len(found.felt_ids), run.name
    # Killed between the touch and the word of it, the hub may take a felt command for unsent.
    assert set(found.succeeded) <= set(found.felt_ids), run.name
