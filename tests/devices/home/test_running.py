"""A world on a real broker: Mosquitto, and the small hub."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from simulators.__main__ import app
from simulators.clock import SimulatedClock
from simulators.home.running import Road, Running
from simulators.home.scenario import parse_scenario
from simulators.home.troubles import Troubles
from simulators.world import Setting, Watchers, World, nameless, plan_homes
from tests.contracts.mosquitto_process import Mosquitto
from tests.devices.small_hub import SmallHub

Eventually = Callable[[Callable[[], object]], Awaitable[None]]
SPEED = 60.0
CUT = """
[world]
routine = false
[[at]]
after = "30s"
do = "unplug"
device = "fridge"
for = "90s"
"""


def on_air(broker: Mosquitto, setting: Setting, road: Road, *, homes: int) -> Running:
    plans = plan_homes(homes, seed=setting.seed)
    found, watchers = nameless(plans), Watchers()
    road = replace(road, broker=f"mqtt://127.0.0.1:{broker.port}")
    running = Running(World(plans, found, setting, watchers), found, road)
    watchers.tell = running.heard
    return running


@pytest.mark.broker
async def test_homes_live_at_sixty_times_and_everything_is_receipted(broker: Mosquitto) -> None:
    setting = Setting(seed=7, troubles=Troubles(wifi=0.2), resend_ms=120_000)
    road = Road(clock=SimulatedClock(rate=SPEED), duration_s=180, linger_s=30)
    running = on_air(broker, setting, road, homes=3)
    async with SmallHub(broker.port) as hub:
        await running.run(asyncio.Event())
    assert running.waiting == 0
    for device in running.world.devices:
        numbers = {reading["seq"] for reading in hub.readings(device.device)}
        assert numbers == set(range(1, device.outbox.seq + 1)), device.device
        statuses = [one["status"] for one in hub.said(device.device, "status")]
        assert statuses[0] == "ready"


@pytest.mark.broker
async def test_a_fridge_without_power_is_lost_and_comes_back_with_another_boot(
    broker: Mosquitto,
) -> None:
    setting = Setting(seed=7, scenario=parse_scenario(CUT, where="cut"), resend_ms=120_000)
    road = Road(clock=SimulatedClock(rate=20), duration_s=240, linger_s=20)
    running = on_air(broker, setting, road, homes=1)
    async with SmallHub(broker.port) as hub:
        await running.run(asyncio.Event())
    statuses = [one["status"] for one in hub.said("h001-fridge", "status")]
    assert statuses == ["ready", "lost", "ready", "disconnected"]
    boots = [one["boot"] for one in hub.readings("h001-fridge")]
    assert len(dict.fromkeys(boots)) == 2
    assert running.waiting == 0


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "give --hub with an account"),
        (["--scenario", "nothing"], "no scenario 'nothing'"),
        (["--faults", "fire"], "there is no fault 'fire'"),
        (["--household", "h_1"], "needs --hub"),
        (["--hub", "127.0.0.1"], "is no hub"),
        (["--timezone", "Mars/Olympus"], "Mars/Olympus"),
    ],
    ids=["nothing", "scenario", "fault", "household", "hub", "zone"],
)
def test_says_in_a_line_what_is_wrong_and_fails(arguments: list[str], reason: str) -> None:
    result = CliRunner().invoke(app, ["home", *arguments])
    assert result.exit_code == 1
    assert reason in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"device": "x", "base": "b"}', "credential 1 has the kind ''"),
        ('{"device": "x", "base": "b", "kind": "fridge", "home": 9}', 'no credential has a "home"'),
        (
            '{"device": "x", "base": "b", "kind": "phone", "home": 1, "person": "Nobody"}',
            "another --seed",
        ),
    ],
    ids=["kind", "home", "person"],
)
def test_says_what_is_wrong_with_credentials(tmp_path: Path, line: str, reason: str) -> None:
    path = tmp_path / "c.jsonl"
    path.write_text(line)
    result = CliRunner().invoke(app, ["home", "--credentials", str(path)])
    assert result.exit_code == 1
    assert reason in result.stderr


def test_a_plan_is_the_same_for_the_same_seed_and_needs_no_network() -> None:
    arguments = ["home", "--plan", "--homes", "2", "--seed", "7", "--anchor-ms", "4000000000000"]
    # The far anchor keeps both runs on one day, whenever the test runs.
    one, other = (CliRunner().invoke(app, [*arguments, "--speed", "0.1"]).stdout for _ in range(2))
    assert one == other
    assert '"devices": ["fridge"' in one
    assert '"garment"' in one
    assert '"do": "wake"' in one
