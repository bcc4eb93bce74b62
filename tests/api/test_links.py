"""Links over the API: made, explained, switched, tried on the past, and whose they are."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from devices.washer import KIND as WASHER
from hub.adapters.series.sqlite import SqliteSeries
from hub.model import Link, LinkRequest, Membership, Role, Sample
from tests.api.world import DAY_MS, NOW_MS, World

COLD = {"type": "desired", "device": "f-home", "values": {"target": 2}}
SAY = {"type": "say", "text": {"en": "The fridge is open", "ko": "냉장고가 열려 있어요"}}
DEFROST = {"type": "command", "device": "f-home", "name": "defrost"}
OPENED = {"type": "reading", "device": "f-home", "property": "open", "value": True}


def body(**changed: object) -> dict[str, Any]:
    made: dict[str, Any] = {
        "household": "h_home",
        "name": "Cold when open",
        "trigger": OPENED,
        "actions": [COLD],
    }
    return made | changed


async def makes(world: World, maker: str, **changed: object) -> dict[str, Any]:
    client = await world.as_(maker)
    answer = await client.post("/links", json=body(**changed))
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def opens(world: World) -> None:
    for is_open in (False, True):
        world.clock.advance(1)
        await world.publish(
            "f-home", "telemetry", {"ts": world.clock.now_ms(), "values": {"open": is_open}}
        )


async def test_a_link_runs_from_the_next_reading_on_and_each_run_is_explained(
    world: World,
) -> None:
    made = await makes(world, "alice")
    await opens(world)

    alice = await world.as_("alice")
    twin = (await alice.get("/devices/f-home/twin")).json()
    assert twin["desired"] == {"target": 2}
    (run,) = (await alice.get(f"/links/{made['id']}/runs")).json()["items"]
    assert run["outcome"] == "done"
    assert run["trigger"]["property"] == "open"
    assert run["did"][0]["led_to"] == ["f-home"]
    history = (await alice.get("/devices/f-home/twin/history")).json()["items"]
    assert history[0]["author"] == f"link:{run['id']}"


async def test_a_run_that_did_not_happen_says_why_in_both_languages(world: World) -> None:
    warm = {
        "type": "property",
        "device": "f-home",
        "property": "temperature",
        "comparison": "above",
        "value": 6,
    }
    made = await makes(world, "alice", conditions=[warm])
    await world.publish("f-home", "telemetry", {"values": {"temperature": 4.5}})
    await opens(world)

    alice = await world.as_("alice")
    (run,) = (await alice.get(f"/links/{made['id']}/runs")).json()["items"]
    assert run["outcome"] == "not_now"
    assert run["reason"]["en"] == "the f-home: temperature is 4.5 °C, not above 6 °C"
    assert "4.5" in run["reason"]["ko"]
    assert run["checked"][0]["held"] is False


async def test_a_link_says_in_words_what_it_gives_to_whom(world: World) -> None:
    made = await makes(world, "alice", actions=[COLD, SAY])
    assert made["set_off_by"]["en"] == "the f-home: open becomes yes"
    assert [one["en"] for one in made["gives"]] == [
        "the f-home: open becomes yes → the f-home: sets target: 2 °C",
        "the f-home: open becomes yes → a word to whoever is at home",
    ]
    assert all(set(one) == {"ko", "en"} for one in made["gives"])


async def test_a_link_of_the_home_is_seen_by_all_who_live_there(world: World) -> None:
    made = await makes(world, "alice")
    for person, status in (("adam", 200), ("chloe", 200), ("gus", 404), ("bob", 404)):
        client = await world.as_(person)
        assert (await client.get(f"/links/{made['id']}")).status_code == status
        listed = (await client.get("/links")).json()["items"]
        assert [link["id"] for link in listed] == ([made["id"]] if status == 200 else [])


WORKOUT = {"type": "event", "device": "w-alice", "event": "workout_stopped"}


async def test_a_link_on_ones_own_watch_is_seen_by_nobody_else(world: World) -> None:
    made = await makes(world, "alice", trigger=WORKOUT)
    assert made["personal"]
    for person in ("adam", "chloe", "gus", "bob"):
        client = await world.as_(person)
        for path in ("", "/runs"):
            assert (await client.get(f"/links/{made['id']}{path}")).status_code == 404
        assert (await client.get("/links")).json()["items"] == []


@pytest.mark.parametrize(
    "cel",
    [
        "devices['w-alice'].heart_rate > 100.0",
        "'w-alice' in devices",
        "devices['w-' + 'alice'].heart_rate > 100.0",
        "devices[hour < 0 ? 'f-home' : 'w-alice'].heart_rate > 100.0",
        "presence['me']",
        "presence.me && devices['f-home'].open == true",
    ],
)
async def test_an_expression_on_what_is_ones_own_is_seen_by_nobody_else(
    world: World, cel: str
) -> None:
    made = await makes(world, "alice", conditions=[{"type": "expression", "cel": cel}])
    adam = await world.as_("adam")
    for path in ("", "/runs"):
        assert (await adam.get(f"/links/{made['id']}{path}")).status_code == 404
    assert made["personal"]


@pytest.mark.parametrize(
    "cel",
    [
        "hour >= 22",
        "'f-home' in devices && devices[\"f-home\"].open == true",
        "presence['anybody'] || presence.anybody",
    ],
)
async def test_an_expression_on_the_home_alone_is_the_homes(world: World, cel: str) -> None:
    made = await makes(world, "alice", conditions=[{"type": "expression", "cel": cel}])
    assert not made["personal"]


async def test_a_child_reads_in_the_access_log_who_looked_at_its_link(world: World) -> None:
    trigger = WORKOUT | {"device": "w-chloe"}
    made = await makes(world, "chloe", trigger=trigger)
    alice, chloe = await world.as_("alice"), await world.as_("chloe")
    assert (await alice.get(f"/links/{made['id']}/runs")).status_code == 200
    await world.noted()
    noted = (await chloe.get("/access-log")).json()["items"]
    assert [one["what"] for one in noted] == [f"runs of link {made['id']}"]


async def test_guardians_make_a_childs_link_and_see_it(world: World) -> None:
    trigger = WORKOUT | {"device": "w-chloe"}
    made = await makes(world, "adam", trigger=trigger, person="p_chloe")
    assert made["author"] == "p_chloe"
    for person, status in (("alice", 200), ("adam", 200), ("chloe", 200), ("gus", 404)):
        client = await world.as_(person)
        assert (await client.get(f"/links/{made['id']}")).status_code == status


@pytest.mark.parametrize(
    "changed",
    [
        {"trigger": WORKOUT},
        {"actions": [{"type": "command", "device": "w-alice", "name": "alert_end"}]},
        {
            "conditions": [
                {"type": "property", "device": "w-alice", "property": "worn", "value": True}
            ]
        },
        {"trigger": {"type": "presence", "change": "arrives", "person": "p_alice"}},
        {"conditions": [{"type": "presence", "at_home": True, "person": "p_alice"}]},
        {"person": "p_alice"},
    ],
    ids=["trigger", "action", "condition", "presence", "presence condition", "in their name"],
)
async def test_nobody_makes_a_link_on_another_adult(
    world: World, changed: Mapping[str, object]
) -> None:
    adam = await world.as_("adam")
    answer = await adam.post("/links", json=body(**changed))
    assert answer.status_code == 403, answer.text


@pytest.mark.parametrize(
    "changed",
    [
        {"trigger": OPENED | {"property": "nothing"}},
        {"trigger": OPENED | {"value": 3}},
        {"trigger": OPENED | {"value": None}},
        {"trigger": OPENED | {"device": "w-bob"}},
        {"trigger": OPENED | {"kind": "fridge"}},
        {"trigger": OPENED | {"device": None, "kind": "nothing"}},
        {"trigger": {"type": "event", "device": "f-home", "event": "nothing"}},
        {"trigger": {"type": "time", "minute": 1440}},
        {"trigger": {"type": "alarm", "rule": "r-none"}},
        {"trigger": {"type": "moonrise"}},
        {"conditions": [{"type": "expression", "cel": "hour >"}]},
        {"conditions": [{"type": "expression", "cel": "hour"}]},
        {"conditions": [{"type": "expression", "cel": "x" * 1001}]},
        {"actions": []},
        {"actions": [COLD | {"values": {"target": 99}}]},
        {"actions": [COLD | {"values": {"temperature": 2}}]},
        {"actions": [{"type": "command", "device": "f-home", "name": "nothing"}]},
        {"actions": [{"type": "command", "device": "f-home", "name": "defrost", "args": {"x": 1}}]},
        {"actions": [DEFROST | {"args": {"minutes": "five"}}]},
        {"actions": [DEFROST | {"args": {"minutes": True}}]},
        {"actions": [{"type": "preset", "device": "f-home"}]},
        {"actions": [{"type": "need", "device": "f-home"}]},
        {"actions": [{"type": "scene", "scene": "sc-none"}]},
        {"actions": [{"type": "order", "service": "sv-none"}]},
        {"actions": [SAY | {"person": "p_bob"}]},
        {"actions": [SAY | {"private": True}]},
        {"wait_s": -1},
        {"most": 0},
    ],
    ids=str,
)
async def test_a_link_that_fits_nothing_is_refused_with_its_reason(
    world: World, changed: Mapping[str, object]
) -> None:
    alice = await world.as_("alice")
    answer = await alice.post("/links", json=body(**changed))
    assert answer.status_code == 422, answer.text
    assert (await alice.get("/links")).json()["items"] == []


async def test_a_link_is_changed_in_part_switched_and_ended(world: World) -> None:
    made = await makes(world, "alice", conditions=[{"type": "expression", "cel": "hour < 25"}])
    alice = await world.as_("alice")
    place = f"/links/{made['id']}"
    changed = (await alice.patch(place, json={"name": "Colder", "wait_s": 5})).json()
    assert (changed["name"], changed["wait_s"], changed["revision"]) == ("Colder", 5, 2)
    assert changed["conditions"] == made["conditions"]
    assert (await alice.post(f"{place}/off")).json()["enabled"] is False
    await opens(world)
    assert (await alice.get(f"{place}/runs")).json()["items"] == []
    assert (await alice.post(f"{place}/on")).json()["enabled"] is True
    assert (await alice.delete(place)).status_code == 204
    assert (await alice.get(place)).status_code == 404


async def test_switching_on_lets_a_paused_link_run_again(world: World) -> None:
    made = await makes(world, "alice")
    link = world.worker.kept(Link, made["id"])
    assert link is not None
    paused = replace(link, paused={"ko": "그만", "en": "ran away"})
    await world.worker.submit(LinkRequest(link=paused, now_ms=NOW_MS))
    alice = await world.as_("alice")
    assert (await alice.get(f"/links/{made['id']}")).json()["paused"]["en"] == "ran away"
    assert (await alice.post(f"/links/{made['id']}/on")).json()["paused"] == {}


async def test_another_adult_who_changes_a_link_of_the_home_makes_it_theirs(world: World) -> None:
    made = await makes(world, "alice")
    adam = await world.as_("adam")
    changed = await adam.patch(f"/links/{made['id']}", json={"name": "Adam's"})
    assert changed.json()["author"] == "p_adam"
    chloe = await world.as_("chloe")
    assert (await chloe.patch(f"/links/{made['id']}", json={"name": "x"})).status_code == 403


async def test_the_links_of_somebody_who_leaves_end(world: World) -> None:
    made = await makes(world, "adam")
    alice = await world.as_("alice")
    assert (await alice.delete("/households/h_home/members/p_adam")).status_code == 204
    assert (await alice.get(f"/links/{made['id']}")).status_code == 404


async def test_links_on_a_device_that_becomes_somebodys_own_are_paused(world: World) -> None:
    made = await makes(world, "alice")
    await world.records.set_membership(
        Membership(household="h_home", person="p_adam", role=Role.ADULT)
    )
    adam = await world.as_("adam")
    bound = await adam.put("/devices/f-home/binding", json={"person": "me"})
    assert bound.status_code == 200, bound.text
    link = world.worker.kept(Link, made["id"])
    assert link is not None
    assert "somebody else's" in link.paused["en"]


async def test_a_link_on_the_time_goes_by_where_its_author_lives_now(world: World) -> None:
    made = await makes(world, "alice", trigger={"type": "time", "minute": 420})
    alice = await world.as_("alice")
    await alice.patch("/me", json={"time_zone": "Asia/Seoul"})
    link = world.worker.kept(Link, made["id"])
    assert link is not None
    assert link.time_zone == "Asia/Seoul"


async def test_a_scene_is_made_set_changed_and_ended(world: World) -> None:
    alice = await world.as_("alice")
    wish = {"household": "h_home", "name": "Party", "desired": {"f-home": {"mode": "party"}}}
    made = (await alice.post("/scenes", json=wish)).json()
    assert (await alice.post(f"/scenes/{made['id']}/set")).status_code == 204
    twin = (await alice.get("/devices/f-home/twin")).json()
    assert twin["desired"] == {"mode": "party"}
    changed = await alice.put(f"/scenes/{made['id']}", json=wish | {"name": "Feast"})
    assert (changed.json()["name"], changed.json()["revision"]) == ("Feast", 2)
    wrong = wish | {"desired": {"f-home": {"mode": "sleep"}}}
    assert (await alice.put(f"/scenes/{made['id']}", json=wrong)).status_code == 422
    assert (await alice.delete(f"/scenes/{made['id']}")).status_code == 204
    assert (await alice.get("/scenes")).json()["items"] == []


# ------------------------------------------------------------------------------------ the past

WARM = {
    "type": "reading",
    "device": "f-home",
    "property": "temperature",
    "comparison": "above",
    "value": 7,
}
OPEN = {"type": "property", "device": "f-home", "property": "open", "value": True}


async def week(world: World) -> None:
    """Let a week pass: each day it is too warm for a minute, on even days with the door open."""
    for day in range(7):
        for values in (
            {"temperature": 4.0, "open": day % 2 == 0},
            {"temperature": 8.0},
            {"temperature": 4.0},
        ):
            world.clock.advance(60)
            await world.publish("f-home", "telemetry", {"values": values})
        world.clock.advance(86_400 - 180)


def of_the_week(**asked: object) -> dict[str, Any]:
    return {"from": NOW_MS, "to": NOW_MS + 7 * DAY_MS} | asked


async def test_a_link_is_tried_on_last_week_and_nothing_goes_out(world: World) -> None:
    await week(world)
    alice = await world.as_("alice")
    spec = body(trigger=WARM, conditions=[OPEN])
    asked = of_the_week(spec=spec)
    tried = (await alice.post("/links/dry-run", json=asked)).json()

    assert tried["outcomes"] == {"done": 4, "not_now": 3}
    assert tried["readings"] == 21
    assert tried["unknown"] == []
    assert "open is no, not yes" in tried["runs"][1]["reason"]["en"]
    twin = (await alice.get("/devices/f-home/twin")).json()
    assert twin["desired"] == {}
    assert (await alice.get("/links")).json()["items"] == []


@pytest.mark.parametrize("with_wait", [False, True], ids=["held", "waited"])
async def test_waits_pass_in_the_time_of_the_past(world: World, with_wait: bool) -> None:  # noqa: FBT001 - a table
    await week(world)
    alice = await world.as_("alice")
    trigger, wait_s = (WARM, 90) if with_wait else (WARM | {"for_s": 90}, 0)
    asked = of_the_week(spec=body(trigger=trigger, wait_s=wait_s))
    tried = (await alice.post("/links/dry-run", json=asked)).json()
    assert tried["outcomes"] == ({"not_now": 7} if with_wait else {})


async def test_events_and_the_time_of_day_are_replayed(world: World) -> None:
    for day in range(3):
        world.clock.advance(86_400)
        await world.publish("f-home", "event", {"id": f"e-{day}", "type": "door", "data": {}})
    world.clock.advance(3600)
    alice = await world.as_("alice")
    span = {"from": NOW_MS, "to": NOW_MS + 4 * DAY_MS}
    door = {"type": "event", "device": "f-home", "event": "door"}
    tried = await alice.post("/links/dry-run", json={"spec": body(trigger=door)} | span)
    assert (tried.json()["outcomes"], tried.json()["events"]) == ({"done": 3}, 3)
    minute = {"type": "time", "minute": 420}
    tried = await alice.post("/links/dry-run", json={"spec": body(trigger=minute)} | span)
    assert tried.json()["outcomes"] == {"done": 3}


async def test_what_is_not_recorded_is_said_to_be_unknown(world: World) -> None:
    await week(world)
    alice = await world.as_("alice")
    spec = body(
        trigger=WARM,
        conditions=[
            {"type": "presence", "at_home": True},
            {"type": "expression", "cel": "!('x' in devices)"},
        ],
    )
    asked = of_the_week(spec=spec)
    tried = (await alice.post("/links/dry-run", json=asked)).json()
    assert tried["unknown"] == ["presence", "devices"]
    assert tried["outcomes"] == {"not_now": 7}


async def test_a_link_that_is_there_is_tried_by_its_id(world: World) -> None:
    await week(world)
    made = await makes(world, "alice", trigger=WARM)
    alice = await world.as_("alice")
    tried = await alice.post("/links/dry-run", json=of_the_week(link=made["id"]))
    assert tried.json()["outcomes"] == {"done": 7}
    both = of_the_week(link=made["id"], spec=body())
    assert (await alice.post("/links/dry-run", json=both)).status_code == 422
    long = of_the_week(link=made["id"]) | {"to": NOW_MS + 40 * DAY_MS}
    assert (await alice.post("/links/dry-run", json=long)).status_code == 422


async def test_a_dry_run_reads_page_by_page_from_a_real_store(world: World, tmp_path: Path) -> None:
    """More readings within a few hours than one page holds."""
    await world.add_device("wm-home", kind=WASHER, household="h_home", person=None)
    series = SqliteSeries(tmp_path / "series.sqlite")
    await series.open()
    start_ms = NOW_MS - DAY_MS
    samples = [
        Sample(
            "wm-home",
            "washer",
            start_ms + 1000 * number,
            start_ms + 1000 * number,
            {"power": 2000.0 if number % 6000 < 3000 else 5.0},
        )
        for number in range(12_000)
    ]
    await series.write(samples)
    client = world.on(series=series)
    client.headers["Authorization"] = f"Bearer {await world.access_token('alice')}"
    trigger = {
        "type": "reading",
        "device": "wm-home",
        "property": "power",
        "comparison": "below",
        "value": 10,
    }
    asked = {"spec": body(trigger=trigger), "from": start_ms - DAY_MS, "to": NOW_MS}
    tried = (await client.post("/links/dry-run", json=asked)).json()
    await series.close()
    await client.aclose()
    assert (tried["outcomes"], tried["readings"]) == ({"done": 2}, 12_000)
