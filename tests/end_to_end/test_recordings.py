"""Real recordings and a modelled runner, on both brokers and both stores, held to the oracle."""

from pathlib import Path

import pytest

from tests.end_to_end.account import Account
from tests.end_to_end.conftest import RATE
from tests.end_to_end.home import home
from tests.end_to_end.runs import SHORT, Run, accounts, killed, running

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.broker,
    pytest.mark.influx,
    pytest.mark.timeout(300),
]
ALL_FRESH_S = 3600
"""However long the machine takes to start a hub, the readings that waited are fresh."""


@pytest.mark.parametrize(
    ("broker", "series"),
    [
        pytest.param("embedded", "sqlite", id="embedded-sqlite"),
        pytest.param("mosquitto", "influx", id="mosquitto-influx"),
    ],
)
async def test_the_wrist_feels_what_the_oracle_says(
    tmp_path: Path, broker: str, series: str
) -> None:
    async with (
        home(tmp_path, broker=broker, series=series, rate=RATE) as site,
        running(site, SHORT) as runners,
    ):
        for run, found in await accounts(site, runners):
            assert_told_as_expected(run, found)
            assert found.felt() == found.expected_felt()
            assert sorted(found.felt_ids) == sorted(found.succeeded)


@pytest.mark.parametrize(
    ("broker", "series"),
    [
        pytest.param("embedded", "influx", id="embedded-influx"),
        pytest.param("mosquitto", "sqlite", id="mosquitto-sqlite"),
    ],
)
async def test_a_hub_killed_three_times_tells_the_same(
    tmp_path: Path, broker: str, series: str
) -> None:
    async with (
        home(tmp_path, broker=broker, series=series, rate=RATE) as site,
        running(site, SHORT, freshness_s=ALL_FRESH_S) as runners,
    ):
        await killed(site, runners, times=3)
        for run, found in await accounts(site, runners):
            assert_told_as_expected(run, found)


def assert_told_as_expected(run: Run, found: Account) -> None:
    assert len(found.alarms) >= run.crossings, run.name
    assert found.record == found.expected_record, run.name
    assert found.told == found.expected(), run.name
    assert found.felt() == found.listed(found.felt_ids), run.name
    assert len(set(found.felt_ids)) == len(found.felt_ids), run.name
    # Killed between the touch and the word of it, the hub may take a felt command for unsent.
    assert set(found.succeeded) <= set(found.felt_ids), run.name
