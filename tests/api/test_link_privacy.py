"""Runs and links that touch what is somebody's own are theirs alone, whatever becomes of them."""

from typing import Any

import pytest

from devices.watch import KIND as WATCH_KIND
from hub.errors import UnavailableError
from hub.model import Link, Presence, Rule, RuleSpec, presence_id
from tests.api.world import World, add_alarm_rule

WATCH = {
    "type": "reading",
    "device": "w-alice",
    "property": "heart_rate",
    "comparison": "above",
    "value": 100,
}
OPENED = {"type": "reading", "device": "f-home", "property": "open", "value": True}
SAY = {"type": "say", "text": {"en": "Look", "ko": "보세요"}}


async def makes(world: World, maker: str, **changed: object) -> dict[str, Any]:
    wish = {"household": "h_home", "name": "x", "trigger": OPENED, "actions": [SAY]} | changed
    answer = await (await world.as_(maker)).post("/links", json=wish)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def beats(world: World, *rates: float) -> None:
    for rate in rates:
        world.clock.advance(60)
        payload = {"ts": world.clock.now_ms(), "values": {"heart_rate": rate}}
        await world.publish("w-alice", "telemetry", payload)


async def opens(world: World) -> None:
    for is_open in (False, True):
        world.clock.advance(1)
        payload = {"ts": world.clock.now_ms(), "values": {"open": is_open}}
        await world.publish("f-home", "telemetry", payload)


async def runs(world: World, reader: str, link: str) -> list[dict[str, Any]] | None:
    answer = await (await world.as_(reader)).get(f"/links/{link}/runs")
    return None if answer.status_code == 404 else answer.json()["items"]


async def test_runs_of_a_personal_link_stay_its_authors_when_it_becomes_the_homes(
    world: World,
) -> None:
    made = await makes(world, "alice", trigger=WATCH)
    await beats(world, 77, 133)
    assert await runs(world, "adam", made["id"]) is None

    alice = await world.as_("alice")
    changed = await alice.patch(f"/links/{made['id']}", json={"trigger": OPENED})
    assert changed.json()["personal"] is False
    await opens(world)
    theirs, hers = await runs(world, "adam", made["id"]), await runs(world, "alice", made["id"])
    assert theirs is not None
    assert [run["trigger"]["device"] for run in theirs] == ["f-home"]
    assert hers is not None
    assert [run["trigger"]["device"] for run in hers] == ["f-home", "w-alice"]


async def test_such_runs_stay_hers_when_another_adult_takes_the_link_over(world: World) -> None:
    made = await makes(world, "alice", trigger=WATCH)
    await beats(world, 77, 133)
    alice, adam = await world.as_("alice"), await world.as_("adam")
    await alice.patch(f"/links/{made['id']}", json={"trigger": OPENED})
    taken = await adam.patch(f"/links/{made['id']}", json={"name": "Mine"})
    assert taken.json()["author"] == "p_adam"
    assert await runs(world, "adam", made["id"]) == []
    assert len(await runs(world, "alice", made["id"]) or ()) == 1


async def test_what_waits_is_not_done_in_the_name_of_who_took_the_link_over(world: World) -> None:
    made = await makes(world, "alice", trigger=WATCH, wait_s=600)
    await beats(world, 77, 133)
    alice, adam = await world.as_("alice"), await world.as_("adam")
    await alice.patch(f"/links/{made['id']}", json={"trigger": OPENED})
    await adam.patch(f"/links/{made['id']}", json={"name": "Mine"})
    assert await runs(world, "adam", made["id"]) == []


async def test_a_guardian_who_reads_a_childs_runs_is_noted(world: World) -> None:
    event = {"type": "event", "device": "w-chloe", "event": "workout_stopped"}
    made = await makes(world, "chloe", trigger=event)
    payload = {"id": "e-1", "type": "workout_stopped", "data": {}}
    await world.publish("w-chloe", "event", payload)
    alice, chloe = await world.as_("alice"), await world.as_("chloe")
    changed = await alice.patch(f"/links/{made['id']}", json={"trigger": OPENED})
    assert changed.json()["author"] == "p_chloe"
    assert len(await runs(world, "adam", made["id"]) or ()) == 1
    await world.noted()
    noted = (await chloe.get("/access-log")).json()["items"]
    assert [one["what"] for one in noted] == [f"runs of link {made['id']}"]


async def test_a_link_on_any_alarm_is_its_authors_where_it_can_see_their_own(
    world: World,
) -> None:
    await add_alarm_rule(world, "w-alice")
    made = await makes(world, "alice", trigger={"type": "alarm"})
    assert made["personal"]
    await beats(world, 77, 180, 181)
    assert len(await runs(world, "alice", made["id"]) or ()) == 1
    for other in ("adam", "chloe", "gus"):
        assert await runs(world, other, made["id"]) is None


async def test_a_link_on_any_alarm_of_somebody_without_a_device_is_the_homes(
    world: World,
) -> None:
    await add_alarm_rule(world, "w-alice")
    made = await makes(world, "adam", trigger={"type": "alarm"})
    assert not made["personal"]
    await beats(world, 77, 180, 181)
    assert await runs(world, "adam", made["id"]) == []


async def test_what_came_of_ones_own_stays_so_though_the_link_did_not_look_personal(
    world: World,
) -> None:
    """The watch became Alice's after the link was made."""
    await world.add_device("w-spare", kind=WATCH_KIND, household="h_home", person=None)
    made = await makes(world, "alice", trigger=WATCH | {"device": "w-spare"})
    assert not made["personal"]
    alice = await world.as_("alice")
    bound = await alice.put("/devices/w-spare/binding", json={"person": "me"})
    assert bound.status_code == 200, bound.text
    for rate in (77, 133):
        world.clock.advance(60)
        payload = {"ts": world.clock.now_ms(), "values": {"heart_rate": rate}}
        await world.publish("w-spare", "telemetry", payload)
    assert len(await runs(world, "alice", made["id"]) or ()) == 1
    changed = await alice.patch(f"/links/{made['id']}", json={"trigger": OPENED})
    assert changed.json()["personal"] is False
    assert await runs(world, "adam", made["id"]) == []


@pytest.mark.parametrize("of_kind", [False, True], ids=["device", "kind"])
@pytest.mark.parametrize("as_condition", [False, True], ids=["trigger", "condition"])
async def test_a_rule_of_the_home_that_watches_ones_own_makes_a_link_personal(
    world: World,
    of_kind: bool,  # noqa: FBT001 - a table
    as_condition: bool,  # noqa: FBT001 - a table
) -> None:
    spec = RuleSpec(name="x", property="heart_rate", kind="watch", limit=150)
    if of_kind:
        await world.worker.put_rule(Rule(id="r_x", household="h_home", person=None, spec=spec))
    else:
        await add_alarm_rule(world, "w-alice", rule="r_x")
    part = {"type": "alarm", "rule": "r_x"}
    made = await makes(
        world, "alice", **({"conditions": [part]} if as_condition else {"trigger": part})
    )
    assert made["personal"]
    assert await runs(world, "adam", made["id"]) is None


@pytest.mark.parametrize(
    "cel",
    [
        "'w-' + 'alice' in devices",
        "('w-' + 'alice') in devices",
        "devices['w-alic\\x65'].heart_rate > 100.0",
        "devices[r'w-alice'].heart_rate > 100.0",
        "devices // the home's\n ['w-alice'].heart_rate > 100.0",
        ".devices['f-home'].open == true",
        "devices == {}",
        "size(devices) > 1",
        "!('w-alice' in devices)",
        "\"'f-home' in devices\" == '' || devices['w-alice'].worn == true",
        "[devices['w-alice']][0].heart_rate > 100.0",
    ],
)
async def test_an_expression_is_personal_unless_its_text_shows_that_it_is_not(
    world: World, cel: str
) -> None:
    made = await makes(world, "alice", conditions=[{"type": "expression", "cel": cel}])
    assert made["personal"]
    await opens(world)
    assert len(await runs(world, "alice", made["id"]) or ()) == 1
    assert await runs(world, "adam", made["id"]) is None
    alice = await world.as_("alice")
    # Even once the link looks at nothing of hers any more.
    changed = await alice.patch(f"/links/{made['id']}", json={"conditions": []})
    assert changed.json()["personal"] is False
    assert await runs(world, "adam", made["id"]) == []


@pytest.mark.parametrize(
    "cel",
    [
        "devices['f-home'].open == true && !('f-home' in devices) || hour > 3",
        "devices[ \"f-home\" ].open == true // devices['w-alice']",
        "trigger.device == 'devices'",
        "presence.anybody ? 'f-home' in devices : presence['anybody']",
    ],
)
async def test_an_expression_that_shows_it_looks_at_the_home_alone_is_the_homes(
    world: World, cel: str
) -> None:
    made = await makes(world, "alice", conditions=[{"type": "expression", "cel": cel}])
    assert not made["personal"]
    link = world.worker.kept(Link, made["id"])
    assert link is not None
    await opens(world)
    assert len(await runs(world, "adam", made["id"]) or ()) == 1


# ------------------------------------------------------------------------------- becoming a guest


class EndsBefore:
    """Records of a hub that ends as it is about to change a membership."""

    def __init__(self, records: object) -> None:
        self._records = records

    def __getattr__(self, name: str) -> object:
        return getattr(self._records, name)

    async def set_membership(self, _: object) -> None:
        message = "the hub ended"
        raise UnavailableError(message)

    async def end_membership(self, **_: str) -> None:
        await self.set_membership(None)


@pytest.mark.parametrize("as_guest", [True, False], ids=["guest", "gone"])
async def test_what_is_of_somebody_who_lives_here_no_more_ends_before_they_do(
    world: World,
    as_guest: bool,  # noqa: FBT001 - a table
) -> None:
    made = await makes(world, "adam")
    adam = await world.as_("adam")
    await adam.put("/households/h_home/presence", json={"at_home": True})
    here = presence_id("h_home", "p_adam")
    assert world.worker.kept(Presence, here) is not None
    client = world.on(records=EndsBefore(world.records))
    client.headers["Authorization"] = f"Bearer {await world.access_token('alice')}"

    if as_guest:
        wish = {"person": "p_adam", "role": "guest"}
        answer = await client.post("/households/h_home/members", json=wish)
    else:
        answer = await client.delete("/households/h_home/members/p_adam")
    await client.aclose()
    assert answer.status_code == 503, answer.text
    assert world.worker.kept(Link, made["id"]) is None
    assert world.worker.kept(Presence, here) is None


async def test_a_guest_has_neither_links_nor_a_presence(world: World) -> None:
    made = await makes(world, "adam")
    alice = await world.as_("alice")
    wish = {"person": "p_adam", "role": "guest"}
    answer = await alice.post("/households/h_home/members", json=wish)
    assert answer.status_code == 201, answer.text
    assert (await alice.get(f"/links/{made['id']}")).status_code == 404
