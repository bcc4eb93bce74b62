"""When the wrist is left alone, or has to help itself."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.end_to_end.account import Account, Told, account
from tests.end_to_end.home import RECORDINGS, Home
from tests.faults.proxy import Mode, Proxy
from tests.oracle.ladder_oracle import Arrival

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.broker,
    pytest.mark.influx,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="session"),
]
HILLS = ("--recording", str(RECORDINGS / "ride-strap.fit"), "--linger", "60")
"""Three minutes at 165 to 181 to begin with."""
MINUTE_MS = 60_000


async def test_touch_only_makes_no_sound_at_the_wrist(shared_home: Home) -> None:
    admission = await shared_home.claim("Touch only")
    rule = await shared_home.limit(admission["device"], 160, mode="touch")

    async with shared_home.worn(admission, *HILLS, "--duration", "40") as watch:
        await watch.end()
        found = await account(shared_home, watch, rule)

    assert len(watch.felt) >= 2
    assert all(touch["haptic"] and not touch["sound"] for touch in watch.felt)
    assert found.felt() == found.expected_felt()


async def test_what_comes_two_hours_late_is_recorded_and_touches_nobody(shared_home: Home) -> None:
    admission = await shared_home.claim("Late")
    rule = await shared_home.rule_of(admission["device"])
    me = await shared_home.ask("GET", "/me")

    async with shared_home.worn(admission, *HILLS, "--duration", "300", "--ago", "7200") as watch:
        await watch.end()
        found = await account(shared_home, watch, rule | {"limit": me["limit"]["value"]})

    assert found.record == found.expected_record
    assert found.record
    assert found.commands == []
    assert watch.felt == []


async def test_a_hub_away_for_a_minute_does_not_burst_on_its_return(shared_home: Home) -> None:
    admission = await shared_home.claim("Hub away")
    rule = await shared_home.limit(admission["device"], 150)

    async with shared_home.worn(admission, *HILLS, "--duration", "140") as watch:
        await watch.until(lambda it: it.felt)
        shared_home.site.hub.kill()
        gone_ms = shared_home.now_ms()
        await watch.until(lambda it: max(it.readings) > gone_ms + MINUTE_MS)
        await shared_home.site.hub.start()
        await watch.end()
        found = await account(shared_home, watch, rule)

    back_ms = min(one.received_ms for one in found.arrivals if one.received_ms > gone_ms)
    missed = [one for one in found.told if one.at_ms and gone_ms < one.at_ms <= back_ms]
    spoken = [one for one in _felt_told(found) if one.at_ms and gone_ms < one.at_ms <= back_ms]
    assert found.record == found.expected_record
    assert found.told == found.expected()
    assert all(back_ms - (one.at_ms or 0) <= 30_000 for one in missed)
    assert len(missed) > 1
    assert len(spoken) == 1


async def test_without_a_network_the_watch_alerts_alone_and_the_hub_merges(
    shared_home: Home,
) -> None:
    admission = await shared_home.claim("No network")
    rule = await shared_home.limit(admission["device"], 150)

    async with Proxy(shared_home.site.port) as network:
        admission["broker"] = {"url": f"mqtt://127.0.0.1:{network.port}"}
        async with shared_home.worn(admission, *HILLS, "--duration", "150") as watch:
            await watch.until(lambda it: len(it.felt) >= 2)
            await network.switch(Mode.REFUSE)
            await watch.until(lambda it: len(it.said("felt", by="watch")) >= 2)
            await network.switch(Mode.OK)
            await watch.until(lambda it: it.felt[-1]["by"] == "hub")
            await watch.end()
        found = await account(shared_home, watch, rule)
    events = await shared_home.pages(f"/devices/{watch.device}/events")

    alone = [one for one in events if one["type"] == "alert"]
    (alarm,) = found.alarms
    assert found.record == found.expected_record
    assert {one["data"]["alert"] for one in alone} == {alarm["id"]}
    assert len(alone) == len(watch.said("felt", by="watch"))
    assert _steps_felt(found) == _steps_with_a_network(found)


def _felt_told(found: Account) -> list[Told]:
    felt = set(found.felt_ids)
    return [found.one_told(command) for command in found.commands if command["id"] in felt]


def _steps_felt(found: Account) -> list[int]:
    """Return the steps that the wrist felt, by the hub or alone, in order."""
    return [one["step"] for one in found.happenings if one["what"] == "felt"]


def _steps_with_a_network(found: Account) -> list[int | None]:
    """Return the steps of the same readings, had each arrived at once."""
    at_once: Sequence[Arrival] = [one._replace(received_ms=one.at_ms) for one in found.arrivals]
    ideal = replace(found, arrivals=sorted(at_once))
    return [one.step for one in ideal.expected_felt()]
