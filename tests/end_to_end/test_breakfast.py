"""What is in the fridge is known to the home; what a body needs only by its owner's own link.

Everything is real: a hub, Mosquitto, and a simulated fridge and watch that speak MQTT.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest
import pytest_asyncio

from hub.errors import HubError, InvalidInputError, NotPermittedError
from simulators.clock import SimulatedClock
from simulators.home.fridge import Fridge
from simulators.home.watch import DailyWatch
from simulators.messages import Habits
from tests.drills.hub_process import EMAIL
from tests.drills.laundry import on_air
from tests.end_to_end.home import Home, home

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.broker,
    pytest.mark.timeout(180),
    pytest.mark.asyncio(loop_scope="session"),
]
SUJI = "suji@home.example"
RUN_MS = 25 * 60_000
NIGHT_MS = 5 * 3_600_000
AFTER_RUN = {"protein_g": 20.0, "fluid_ml": 170.0}
"""After 25 minutes, by the sources that `docs/home.md` names."""
BUNDLED = Habits(resend_ms=1500, bundle=120)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110 - what is waited for tells nobody
            await asyncio.sleep(0.05)


@dataclass(kw_only=True)
class Kitchen:
    home: Home
    fridge: Fridge
    watch: DailyWatch
    """Mina's, whose home this is."""
    clock: SimulatedClock

    async def runs(self) -> Mapping[str, Any]:
        """Let Mina run; return the summary when the hub has it."""
        now_ms = self.clock.now_ms()
        self.watch.start_run(now_ms - RUN_MS)
        self.watch.step(now_ms)
        self.watch.stop_run(now_ms)
        return await self._summary("workout_stopped")

    async def sleeps(self) -> Mapping[str, Any]:
        """Let Mina wake after too short a night; return the summary when the hub has it."""
        now_ms = self.clock.now_ms()
        self.watch.sleep_ended(now_ms - NIGHT_MS, now_ms)
        return await self._summary("sleep_ended")

    async def _summary(self, event: str) -> Mapping[str, Any]:
        await until(lambda: not self.watch.outbox)
        events = await self.home.ask("GET", f"/devices/{self.watch.device}/events")
        data: Mapping[str, Any] = next(e["data"] for e in events["items"] if e["type"] == event)
        return data

    async def link(self, event: str, *, email: str, **source: str) -> dict[str, Any]:
        body = {
            "household": self.home.site.hub.household,
            "name": f"Breakfast after {event}",
            "trigger": {"type": "event", "event": event, **source},
            "actions": [{"type": "need", "device": self.fridge.device}],
        }
        made: dict[str, Any] = await self.home.ask("POST", "/links", body, email=email)
        return made

    async def told(self) -> list[dict[str, Any]]:
        """Return what the hub said to the fridge of anybody's needs, oldest first."""
        commands = await self.home.commands(self.fridge.device)
        return [one for one in commands if one["name"] in {"need", "need_end"}]

    async def stock(self) -> dict[str, tuple[str, float, str, str]]:
        found = await self.home.ask("GET", f"/devices/{self.fridge.device}/stock")
        return {
            one["item"]: (one["name"], one["quantity"], one["unit"], one["expires"])
            for one in found["items"]
        }

    async def looks(self) -> dict[str, tuple[str, float, str, str]]:
        """Return what is on the shelves, when the hub has heard all that the fridge said."""
        await until(lambda: not self.fridge.outbox)
        return {
            one.item: (one.name, one.quantity, one.food.unit, one.expires.isoformat())
            for one in self.fridge.stock.items
        }


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def kitchen(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Kitchen]:
    folder, clock = tmp_path_factory.mktemp("kitchen"), SimulatedClock()
    rng = Random(7)  # noqa: S311 - a seeded world
    async with contextlib.AsyncExitStack() as stack:
        found = await stack.enter_async_context(
            home(folder, broker="mosquitto", series="sqlite", rate=1.0)
        )
        await found.add_person("Suji", email=SUJI)
        (cold,) = await found.site.admit(1, kind="fridge", personal=False)
        (wrist,) = await found.site.admit(1)
        fridge = Fridge(cold.device, cold.base, boot="f1", rng=rng, habits=BUNDLED)
        watch = DailyWatch(wrist.device, wrist.base, boot="w1", rng=rng, habits=BUNDLED)
        watch.step(clock.now_ms() - RUN_MS)
        await stack.enter_async_context(on_air(found.site, fridge, cold))
        await stack.enter_async_context(on_air(found.site, watch, wrist))
        yield Kitchen(home=found, fridge=fridge, watch=watch, clock=clock)


async def refused(asking: Awaitable[object]) -> type[HubError]:
    with pytest.raises(HubError) as problem:
        await asking
    return problem.type


async def test_the_home_knows_what_is_in_the_fridge_and_until_when(kitchen: Kitchen) -> None:
    fridge, now_ms = kitchen.fridge, kitchen.clock.now_ms()
    for name in ("Milk", "두부", "Eggs"):
        fridge.add(now_ms, name=name)
    fridge.take_food(now_ms, item="Eggs")

    assert len(await kitchen.looks()) == 3
    assert await kitchen.stock() == await kitchen.looks()
    assert {name for name, *_ in (await kitchen.stock()).values()} == {"Milk", "두부", "Eggs"}


async def test_a_count_of_the_shelves_puts_right_what_went_unseen(kitchen: Kitchen) -> None:
    fridge = kitchen.fridge
    fridge.add(kitchen.clock.now_ms())
    before = await kitchen.looks()
    gone = fridge.stock.items.pop(0)
    assert gone.item in await kitchen.stock()

    fridge.recount(kitchen.clock.now_ms())

    assert await kitchen.looks() == {k: v for k, v in before.items() if k != gone.item}
    assert await kitchen.stock() == await kitchen.looks()


async def test_without_a_link_no_word_of_a_body_reaches_the_fridge(kitchen: Kitchen) -> None:
    await kitchen.runs()
    await kitchen.sleeps()

    assert await kitchen.told() == []


async def test_nobody_links_another_adults_watch(kitchen: Kitchen) -> None:
    device = kitchen.watch.device
    for event in ("workout_stopped", "sleep_ended"):
        asking = kitchen.link(event, email=SUJI, device=device)
        assert await refused(asking) is NotPermittedError


async def test_a_link_on_every_watch_is_set_off_by_its_authors_own_alone(kitchen: Kitchen) -> None:
    link = await kitchen.link("workout_stopped", email=SUJI, kind="watch")

    await kitchen.runs()

    runs = await kitchen.home.ask("GET", f"/links/{link['id']}/runs", email=SUJI)
    assert runs["items"] == []
    assert await kitchen.told() == []
    await kitchen.home.ask("DELETE", f"/links/{link['id']}", email=SUJI)


async def test_ones_own_link_tells_the_fridge_the_need_until_it_ends(kitchen: Kitchen) -> None:
    fridge, device = kitchen.fridge, kitchen.watch.device
    link = await kitchen.link("workout_stopped", email=EMAIL, device=device)

    summary = await kitchen.runs()
    await until(lambda: bool(fridge.needs))

    made_of = {"energy_kcal": summary["energy_kcal"], "duration_s": RUN_MS / 1000}
    need = AFTER_RUN | {
        "energy_kcal": round(summary["energy_kcal"]),
        "rest": "",
        "made_of": made_of,
    }
    assert fridge.needs == {link["id"]: need}
    await is_told_in_words(kitchen, link)
    await kitchen.home.ask("DELETE", f"/links/{link['id']}")
    await until(lambda: not fridge.needs)
    await kitchen.home.until_commands_rest(fridge.device)
    ended = await kitchen.told()
    assert ended[-1]["name"] == "need_end"
    await kitchen.runs()
    assert await kitchen.told() == ended


async def is_told_in_words(kitchen: Kitchen, link: dict[str, Any]) -> None:
    """Look at what the link gives and why it ran; nobody else sees either."""
    place, device = f"/links/{link['id']}", kitchen.watch.device
    shown = await kitchen.home.ask("GET", place)
    (gives,) = shown["gives"]
    assert gives["en"].endswith("the need after the workout or night: energy, protein, fluid, rest")
    assert "운동·수면 뒤 몸에 필요한 것" in gives["ko"]
    assert shown["personal"] is True
    (run,) = (await kitchen.home.ask("GET", f"{place}/runs"))["items"]
    assert run["outcome"] == "done"
    assert (run["trigger"]["device"], run["trigger"]["event"]) == (device, "workout_stopped")
    told = [one["id"] for one in await kitchen.told() if one["name"] == "need"]
    assert [led for did in run["did"] for led in did["led_to"]] == told
    for hidden in (place, f"{place}/runs"):
        assert await refused(kitchen.home.ask("GET", hidden, email=SUJI)) is InvalidInputError


async def test_after_a_short_night_only_the_rest_is_told(kitchen: Kitchen) -> None:
    fridge, device = kitchen.fridge, kitchen.watch.device
    link = await kitchen.link("sleep_ended", email=EMAIL, device=device)

    summary = await kitchen.sleeps()
    await until(lambda: bool(fridge.needs))

    need = {name: value for name, value in fridge.needs[link["id"]].items() if value}
    assert need == {"rest": "short", "made_of": {"asleep_min": summary["asleep_min"]}}
    await kitchen.home.ask("POST", f"/links/{link['id']}/off")
    await until(lambda: not fridge.needs)
    await kitchen.home.until_commands_rest(fridge.device)
    before = await kitchen.told()
    await kitchen.sleeps()
    assert await kitchen.told() == before
