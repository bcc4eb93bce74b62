"""The commands of a running hub, on its real API over a real socket."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from typer.testing import CliRunner, Result

from devices.described import KIND as DESCRIBED
from hub.cli import app
from hub.model import Listing, Order, OrderStatus, Sample, TimelineEntry
from tests.api.errands import add_errands
from tests.api.world import DAY_MS, NOW_MS, PASSWORD, World, add_home_things, until

HOUR_MS = 3_600_000
PLUG = {
    "kind": "acme_plug",
    "title": {"en": "Acme plug", "ko": "아크미 플러그"},
    "capabilities": [
        {"name": "power", "properties": [{"name": "power", "type": "number", "unit": "W"}]}
    ],
}
LINK = {
    "name": "Cold when open",
    "trigger": {"type": "reading", "device": "f-home", "property": "open", "value": True},
    "actions": [{"type": "desired", "device": "f-home", "values": {"target": 2}}],
}
MILK = {"name": "[b]Milk", "quantity": 900, "unit": "mL", "expires": "2026-12-01"}
JUMPER = {
    "name": "Jumper",
    "owner": "me",
    "fibres": {"wool": 80, "polyamide": 20},
    "label": {"washing": "30_very_mild", "natural_drying": "flat", "dry_cleaning": "P"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """Runs `hub …` against the world, as somebody at a terminal would."""

    world: World
    url: str

    async def hub(self, *arguments: str, by: str = "alice", stdin: object = None) -> Result:
        environment = {
            "CX_HUB": self.url,
            "CX_EMAIL": f"{by}@example.org",
            "CX_PASSWORD": PASSWORD,
            "COLUMNS": "220",
        }
        typed = None if stdin is None else json.dumps(stdin)

        def invoke() -> Result:
            return CliRunner().invoke(app, list(arguments), input=typed, env=environment)

        return await asyncio.to_thread(invoke)

    async def said(self, *arguments: str, by: str = "alice", stdin: object = None) -> str:
        """Return what it printed for a person; it must have done what was asked."""
        result = await self.hub(*arguments, by=by, stdin=stdin)
        assert result.exit_code == 0, result.output
        return str(result.stdout)

    async def answered(self, *arguments: str, by: str = "alice", stdin: object = None) -> Any:  # noqa: ANN401 - JSON
        return json.loads(await self.said(*arguments, "--json", by=by, stdin=stdin))

    async def refused(self, *arguments: str, by: str = "alice", stdin: object = None) -> str:
        """Return the one line that says what is wrong."""
        result = await self.hub(*arguments, by=by, stdin=stdin)
        assert result.exit_code == 1, result.output
        assert result.stdout == ""
        (line,) = result.stderr.splitlines()
        return str(line).removeprefix("hub: ")


@pytest.fixture
async def shell(world: World) -> AsyncIterator[Shell]:
    async with served(world) as url:
        yield Shell(world=world, url=url)


@asynccontextmanager
async def served(world: World) -> AsyncIterator[str]:
    # The world has opened the app already.
    config = uvicorn.Config(world.app, lifespan="off", ws="none", log_config=None)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        await serving


async def speaks_korean(world: World, who: str = "alice") -> None:
    client = await world.as_(who)
    answer = await client.patch("/me", json={"language": "ko", "time_zone": "Asia/Seoul"})
    assert answer.status_code == 200, answer.text


def written(directory: Path, body: Mapping[str, object]) -> str:
    file = directory / "wish.json"
    file.write_text(json.dumps(body))
    return str(file)


async def opens(world: World) -> None:
    for is_open in (False, True):
        world.clock.advance(1)
        values = {"ts": world.clock.now_ms(), "values": {"open": is_open}}
        await world.publish("f-home", "telemetry", values)


# ---------------------------------------------------------------------------------------- kinds


async def test_kinds_are_listed_and_the_described_ones_marked(shell: Shell) -> None:
    await shell.world.add_device("d-plug", kind=DESCRIBED, household="h_home", person=None)
    await shell.world.publish("d-plug", "description", PLUG)

    listed = await shell.said("kinds", "list")
    found = {kind["name"]: kind["described"] for kind in await shell.answered("kinds", "list")}
    (marked,) = (line for line in listed.splitlines() if "●" in line)
    assert "Acme plug" in marked
    assert (found["acme_plug"], found["watch"]) == (True, False)


async def test_a_kind_is_shown_with_its_properties(shell: Shell) -> None:
    await speaks_korean(shell.world)
    said = await shell.said("kinds", "show", "fridge")
    for word in (
        "냉장고",
        "temperature",
        "Cel",
        "-40 … 60",
        "eco, party",
        "defrost: Melt the ice.",
    ):
        assert word in said


async def test_a_kind_that_is_not_there_is_named(shell: Shell) -> None:
    assert await shell.refused("kinds", "show", "tardis") == "there is no device kind 'tardis'"


# ---------------------------------------------------------------------------------------- twins


async def test_a_twin_is_asked_to_be_different_and_says_what_is_pending(shell: Shell) -> None:
    await shell.world.publish("f-home", "state", {"values": {"mode": "eco"}, "revision": 0})
    said = await shell.said(
        "devices", "twin", "f-home", "--set", "target=3", "--set", "mode=party", "--set", 'note="7"'
    )
    assert [line.split()[-2] for line in said.splitlines() if "target" in line] == ["yes"]
    found = await shell.answered("devices", "twin", "f-home")
    assert found["desired"] == {"target": 3, "mode": "party", "note": "7"}
    assert found["reported"]["mode"]["value"] == "eco"
    history = await shell.said("devices", "twin", "f-home", "--history")
    assert "Alice" in history
    assert "target=3, mode=party, note=7" in history


async def test_a_twin_is_not_set_over_a_newer_revision(shell: Shell) -> None:
    await shell.said("devices", "twin", "f-home", "--set", "target=3")
    wish = ("devices", "twin", "f-home", "--set", "target=4", "--revision", "0")
    assert "revision" in await shell.refused(*wish)
    assert "write name=value" in await shell.refused("devices", "twin", "f-home", "--set", "target")


async def test_events_are_listed_newest_first(shell: Shell) -> None:
    for number in (1, 2, 3):
        event = {"id": f"e-{number}", "ts": NOW_MS + number, "type": "door", "data": {"n": number}}
        await shell.world.publish("f-home", "event", event)
    found = await shell.answered("devices", "events", "f-home", "--last", "2")
    assert [one["id"] for one in found] == ["e-3", "e-2"]
    assert '{"n": 3}' in await shell.said("devices", "events", "f-home")
    assert "'w-bob'" in await shell.refused("devices", "events", "w-bob")


# ------------------------------------------------------------------------------- links and scenes


async def test_a_link_is_made_from_a_file_explained_switched_and_ended(
    shell: Shell, tmp_path: Path
) -> None:
    made = await shell.answered("links", "add", written(tmp_path, LINK))
    name = made["id"]
    await opens(shell.world)

    listed = await shell.said("links", "list")
    assert "Cold when open" in listed
    assert made["set_off_by"]["en"] in listed
    assert made["gives"][0]["en"] in await shell.said("links", "show", name)
    runs = await shell.said("links", "runs", name)
    assert "done" in runs
    assert "desired the f-home target=2" in runs
    shell.world.clock.advance(1000)
    times = ("--from", "2026-11-17", "--to", "2026-11-18T12:00Z")
    assert (await shell.answered("links", "try", name, *times))["outcomes"] == {"done": 1}
    assert "off" in await shell.said("links", "off", name)
    assert (await shell.answered("links", "on", name))["enabled"]
    await shell.said("links", "end", name)
    assert name in await shell.refused("links", "show", name)


async def test_a_link_is_tried_on_the_past_and_says_why_not(shell: Shell) -> None:
    await speaks_korean(shell.world)
    warm = {
        "type": "property",
        "device": "f-home",
        "property": "temperature",
        "comparison": "above",
        "value": 6,
    }
    open_at = [(NOW_MS - DAY_MS, {"temperature": 4.5, "open": False})]
    open_at += [(NOW_MS - DAY_MS + HOUR_MS, {"temperature": 4.5, "open": True})]
    samples = [Sample("f-home", "fridge", at, at, values) for at, values in open_at]
    await shell.world.series.write(samples)
    wish = LINK | {"conditions": [warm]}
    # Two days of the person's own: the middle one is the day that was recorded.
    days = ("--from", "2026-11-16", "--to", "2026-11-18T21:00+09:00")

    found = await shell.answered("links", "try", "-", *days, stdin=wish)
    said = await shell.said("links", "try", "-", *days, stdin=wish)

    assert found["outcomes"] == {"not_now": 1}
    assert found["from"] == "2026-11-16T00:00:00+09:00"
    assert "실행하지 않음" in said
    assert "4.5" in said
    assert "측정값" in said
    assert (await shell.answered("links", "list")) == []


@pytest.mark.parametrize(
    ("stdin", "reason"),
    [
        (["a list"], "holds no JSON object"),
        (LINK | {"actions": []}, "actions"),
        (LINK | {"colour": "red", "wait_s": -1}, "colour"),
        (LINK | {"household": "h_other"}, "h_other"),
    ],
    ids=["list", "no action", "unknown member", "not their home"],
)
async def test_a_link_that_cannot_be_is_refused_in_one_line(
    shell: Shell, stdin: object, reason: str
) -> None:
    assert reason in await shell.refused("links", "add", "-", stdin=stdin)


async def test_a_file_that_is_not_there_and_a_time_that_is_none_are_named(shell: Shell) -> None:
    assert "no.json cannot be read" in await shell.refused("links", "add", "no.json")
    wrong = await shell.refused("links", "try", "li_1", "--from", "last week")
    assert "write 2026-11-16" in wrong


async def test_a_scene_is_made_set_and_ended(shell: Shell) -> None:
    wish = {"name": "Party", "desired": {"f-home": {"mode": "party"}}}
    made = await shell.answered("scenes", "add", "-", stdin=wish)
    assert "the f-home: mode=party" in await shell.said("scenes", "list")
    await shell.said("scenes", "set", made["id"])
    twin = await shell.answered("devices", "twin", "f-home")
    assert twin["desired"] == {"mode": "party"}
    await shell.said("scenes", "end", made["id"])
    assert made["id"] in await shell.refused("scenes", "set", made["id"])


# ----------------------------------------------------------------- presence, moments, stock


async def test_presence_is_said_and_shown_by_name(shell: Shell) -> None:
    await speaks_korean(shell.world)
    said = await shell.said("presence", "--away")
    (mine,) = (line for line in said.splitlines() if "Alice" in line)
    assert "외출" in mine
    assert "2026-11-18 20:06" in mine
    found = await shell.answered("presence")
    assert {one["person"]: one["at_home"] for one in found}["p_alice"] is False
    assert "themselves" in await shell.refused("presence", "--at-home", "--person", "p_adam")


async def test_who_has_two_homes_is_asked_which(shell: Shell) -> None:
    alice = await shell.world.as_("alice")
    made = (await alice.post("/households", json={"name": "Cabin"})).json()["id"]
    reason = await shell.refused("presence")
    assert f"{made} (Cabin)" in reason
    assert (await shell.answered("presence", "--household", made))[0]["person"] == "p_alice"


async def test_a_moment_is_answered_once(shell: Shell) -> None:
    await add_home_things(shell.world)
    assert "mo_alice" in await shell.said("moments", "list", "--open")
    assert (await shell.answered("moments", "answer", "mo_alice", "yes"))["answer"] == "yes"
    assert await shell.answered("moments", "list", "--open") == []
    assert await shell.said("moments", "list", "--open") == "There is nothing.\n"
    await shell.refused("moments", "answer", "mo_alice", "no")
    assert (await shell.hub("moments", "answer", "mo_alice", "maybe")).exit_code == 2


async def test_stock_is_listed_as_it_is_named(shell: Shell) -> None:
    alice = await shell.world.as_("alice")
    await alice.put("/devices/f-home/stock/it-1", json=MILK)
    said = await shell.said("stock", "f-home")
    for word in ("[b]Milk", "900 mL", "2026-12-01"):
        assert word in said
    assert "'w-bob'" in await shell.refused("stock", "w-bob")


# ------------------------------------------------------------------------------------- garments


async def test_a_garment_is_added_worn_and_cared_for(shell: Shell, tmp_path: Path) -> None:
    made = await shell.answered("garments", "add", written(tmp_path, JUMPER))
    name = made["id"]
    placed = await shell.said("garments", "place", name, "worn", "--soil", "0.4")
    assert "worn" in placed
    assert "40%" in placed
    listed = await shell.answered("garments", "list", "--place", "worn")
    assert [one["id"] for one in listed] == [name]
    shown = await shell.said("garments", "show", name)
    assert "washing: 30_very_mild" in shown
    assert "wool 80 %" in shown
    care = await shell.said("garments", "care", name)
    assert "30 °C" in care
    assert "Jumper: " in care


async def test_a_place_that_a_machine_says_is_not_said_by_hand(shell: Shell) -> None:
    result = await shell.hub("garments", "place", "gm_1", "washer")
    assert result.exit_code == 2
    assert "'gm_1'" in await shell.refused("garments", "place", "gm_1", "worn")
    assert "add up to 100" in await shell.refused(
        "garments", "add", "-", stdin={"name": "Tee", "fibres": {"cotton": 90}}
    )


# ------------------------------------------------------------------------- orders and listings


def happened(what: str, hours: float, **more: Any) -> TimelineEntry:  # noqa: ANN401 - its members
    at_ms = NOW_MS + round(hours * HOUR_MS)
    return TimelineEntry(what=what, at_ms=at_ms, noted_ms=at_ms, **more)


async def add_slipping_order(world: World) -> None:
    await add_home_things(world)
    await add_errands(world)
    promised_ms, expected_ms = NOW_MS + DAY_MS, NOW_MS + DAY_MS + 2 * HOUR_MS
    history = (
        happened("asked", 0, source="person"),
        happened("placed", 0.5),
        happened("picked_up", 3, place="Seongsu\x1b[2J shop", source="partner"),
        happened("slipped", 5, expected_ms=expected_ms),
    )

    def slip(order: Order) -> Order:
        return replace(
            order,
            status=OrderStatus.UNDER_WAY,
            promised_ms=promised_ms,
            expected_ms=expected_ms,
            timeline=history,
        )

    await world.worker.revise(Order, "or_alice", slip)


async def test_an_order_is_a_picture_with_stages_promise_and_slip(shell: Shell) -> None:
    await add_slipping_order(shell.world)
    said = await shell.said("orders", "show", "or_alice")
    lines = [line.strip() for line in said.splitlines()]
    picture = lines[lines.index("2026-11-18 Wed") :]
    assert picture == [
        "2026-11-18 Wed",
        "11:06  ● Asked for (person)",
        "11:36  ● Placed",
        "14:06  ● Picked up · Seongsu�[2J shop",
        "16:06  ◉ You were told that it will be late · expected 2026-11-19 13:06",
        "2026-11-19 Thu",
        "11:06  ○ promised",
        "13:06  ○ expected",
        "⚠ 2 h later than promised",
    ]
    assert "PLANTED-GARMENT" in said
    assert "Cleaner" in said
    found = await shell.answered("orders", "show", "or_alice")
    assert [one["what"] for one in found["timeline"]][-1] == "slipped"


async def test_an_order_is_told_in_korean_and_local_time(shell: Shell) -> None:
    await speaks_korean(shell.world)
    await add_slipping_order(shell.world)
    said = await shell.said("orders", "show", "or_alice")
    for word in ("2026-11-18 (수)", "23:06  ● 수거했어요", "20:06  ○ 약속", "약속보다 2 h 늦음"):
        assert word in said
    listed = await shell.said("orders", "list", "--open")
    assert "진행 중" in listed
    assert "2026-11-19 22:06" in listed


async def test_an_order_is_taken_back_once(shell: Shell) -> None:
    await add_home_things(shell.world)
    await add_errands(shell.world)
    cancelled = await shell.answered("orders", "cancel", "or_alice", "--reason", "moving")
    assert cancelled["status"] in {"cancelling", "cancelled"}
    assert "there is no slot 2" in await shell.refused(
        "orders", "accept", "or_alice", "--slot", "2"
    )
    assert "'or_nobody'" in await shell.refused("orders", "cancel", "or_nobody")


async def test_a_piece_is_offered_and_withdrawn(shell: Shell) -> None:
    olga = await shell.world.as_("olga")
    market = {"kind": "market", "name": "Flea", "url": "https://market.test/api/"}
    offer = ("listings", "offer", "gm_alice", "--area", "Seongsu", "--nickname", "mina_s")
    await add_home_things(shell.world)
    assert "knows no market" in await shell.refused(*offer)
    assert (await olga.post("/services", json=market)).status_code == 201
    assert "12000 KRW" in await shell.refused(*offer, "--mode", "sell", "--price", "cheap")

    made = await shell.answered(*offer, "--mode", "sell", "--price", "12000 KRW")
    alice = await shell.world.as_("alice")

    async def offered() -> bool:
        found = (await alice.get(f"/listings/{made['id']}")).json()
        return bool(found["status"] == "offered")

    await until(offered)
    listed = await shell.said("listings", "list", "--open")
    assert "PLANTED-GARMENT" in listed
    assert "12000 KRW" in listed
    assert "no deal" in await shell.refused("listings", "accept", made["id"])
    await shell.said("listings", "withdraw", made["id"])


async def test_the_only_deal_is_answered_without_naming_it(shell: Shell) -> None:
    await add_home_things(shell.world)
    await add_errands(shell.world)
    assert "PLANTED-OTHER" in await shell.said("listings", "list")
    answered = await shell.answered("listings", "decline", "li_alice")
    assert answered["id"] == "li_alice"
    kept = shell.world.worker.kept(Listing, "li_alice")
    assert kept is not None
    assert [entry.what for entry in kept.timeline] == ["decline_said"]


# ---------------------------------------------------------------------------------- disclosures


async def test_what_left_the_hub_is_shown_by_partner(shell: Shell) -> None:
    await add_home_things(shell.world)
    await add_errands(shell.world)
    said = await shell.said("disclosures")
    assert said.splitlines()[0] == "Cleaner"
    for word in ("or_alice", "address", "PLANTED-ADDRESS"):
        assert word in said
    (one,) = await shell.answered("disclosures")
    assert (one["field"], one["purpose"]) == ("address", "place")
    assert "Nothing about you" in await shell.said("disclosures", by="adam")


async def test_who_cannot_sign_in_is_told_so(shell: Shell) -> None:
    reason = await shell.refused("disclosures", by="nobody")
    assert "no account has this e-mail address and password" in reason


@pytest.mark.parametrize(
    "arguments",
    [("orders", "show", ""), ("links", "runs", "."), ("devices", "twin", "")],
    ids=" ".join,
)
async def test_an_empty_id_is_not_taken_for_a_list(shell: Shell, arguments: Sequence[str]) -> None:
    assert "id is missing" in await shell.refused(*arguments)
