"""Devices: listed, renamed, renewed, bound, shut out."""

from tests.api.world import World


async def test_lists_the_devices_of_my_households_only(world: World) -> None:
    alice = await world.as_("alice")

    listed = (await alice.get("/devices")).json()

    assert [found["id"] for found in listed["items"]] == ["f-home", "w-alice", "w-chloe"]


async def test_a_guest_knows_the_homes_devices_but_not_those_people_wear(world: World) -> None:
    gus = await world.as_("gus")

    listed = (await gus.get("/devices")).json()

    assert [found["id"] for found in listed["items"]] == ["f-home"]
    assert listed["items"][0]["connection"] is None
    assert (await gus.get("/devices/w-alice")).status_code == 404


async def test_another_adults_device_is_known_by_name_and_says_nothing(world: World) -> None:
    await world.publish("w-alice", "status", {"status": "ready"})
    adam = await world.as_("adam")
    alice = await world.as_("alice")

    seen = (await adam.get("/devices/w-alice")).json()

    assert seen["name"] == "the w-alice"
    assert seen["connection"] is None
    assert (await alice.get("/devices/w-alice")).json()["connection"] == "ready"


async def test_a_new_name_reaches_the_worker(world: World) -> None:
    alice = await world.as_("alice")

    answer = await alice.patch("/devices/w-alice", json={"name": "  <b>Läufer</b> 시계 "})

    assert answer.json()["name"] == "<b>Läufer</b> 시계"
    state = await world.worker.state("w-alice")
    assert state is not None
    assert state.device.name == "<b>Läufer</b> 시계"


async def test_a_renewed_token_replaces_the_old_one(world: World) -> None:
    alice = await world.as_("alice")
    first = (await alice.post("/devices/w-alice/token")).json()

    second = (await alice.post("/devices/w-alice/token")).json()

    assert second["base"] == "cx/1/main/w-alice"
    assert not world.gatekeeper.lets_in("w-alice", first["token"])
    assert world.gatekeeper.lets_in("w-alice", second["token"])
    kept = await world.records.credential("w-alice")
    assert kept is not None
    assert kept.token is None


async def test_a_revoked_device_is_out_everywhere_and_its_history_stays(world: World) -> None:
    alice = await world.as_("alice")
    await world.publish("w-alice", "telemetry", {"heart_rate": 99})

    assert (await alice.delete("/devices/w-alice")).status_code == 204

    assert "w-alice" not in world.gatekeeper.admitted
    assert await world.worker.state("w-alice") is None
    points = (await alice.get("/devices/w-alice/telemetry?property=heart_rate")).json()["points"]
    assert [value for _, value in points] == [99]
    assert (await alice.post("/devices/w-alice/token")).status_code == 409
    listed = (await alice.get("/devices")).json()["items"]
    assert "w-alice" not in [found["id"] for found in listed]
    assert (await alice.delete("/devices/w-alice")).status_code == 204


async def test_what_a_revoked_device_said_stays_with_its_person(world: World) -> None:
    adam = await world.as_("adam")
    alice = await world.as_("alice")
    await world.publish("w-alice", "telemetry", {"heart_rate": 99})

    await alice.delete("/devices/w-alice")

    answer = await adam.get("/devices/w-alice/telemetry?property=heart_rate")
    assert answer.status_code == 403


async def test_a_device_handed_on_speaks_of_its_new_person_from_then_on(world: World) -> None:
    alice, chloe = await world.as_("alice"), await world.as_("chloe")
    adam = await world.as_("adam")
    await world.publish("w-alice", "telemetry", {"heart_rate": 91})
    world.clock.advance(60)

    bound = await alice.put("/devices/w-alice/binding", json={"person": "p_chloe"})
    world.clock.advance(60)
    await world.publish("w-alice", "telemetry", {"heart_rate": 92})

    assert bound.json()["person"] == "p_chloe"
    path = "/devices/w-alice/telemetry?property=heart_rate"
    values = {
        name: [v for _, v in (await client.get(path)).json()["points"]]
        for name, client in (("alice", alice), ("chloe", chloe), ("adam", adam))
    }
    assert values == {"alice": [91, 92], "chloe": [92], "adam": [92]}


async def test_a_late_reading_belongs_to_whom_the_device_was_bound_then(world: World) -> None:
    alice, chloe = await world.as_("alice"), await world.as_("chloe")
    before_ms = world.clock.now_ms() + 10_000
    world.clock.advance(60)
    await world.bind("w-alice", "chloe")
    world.clock.advance(60)

    await world.publish("w-alice", "telemetry", {"ts": before_ms, "values": {"heart_rate": 93}})

    path = "/devices/w-alice/telemetry?property=heart_rate"
    assert (await alice.get(path)).json()["points"] == [[before_ms, 93]]
    assert (await chloe.get(path)).json()["points"] == []


async def test_nobody_takes_over_what_another_adult_wears(world: World) -> None:
    adam = await world.as_("adam")

    for answer in (
        await adam.put("/devices/w-alice/binding", json={"person": "me"}),
        await adam.post("/devices/w-alice/token"),
        await adam.patch("/devices/w-alice", json={"name": "mine"}),
        await adam.delete("/devices/w-alice"),
    ):
        assert answer.status_code == 403


async def test_a_device_is_bound_only_to_a_member_who_is_no_guest(world: World) -> None:
    alice = await world.as_("alice")

    for person in ("p_bob", "p_gus", "p_nobody"):
        answer = await alice.put("/devices/f-home/binding", json={"person": person})
        assert answer.status_code == 422


async def test_lists_are_paged_by_cursor(world: World) -> None:
    alice = await world.as_("alice")

    first = (await alice.get("/devices?limit=2")).json()
    second = (await alice.get(f"/devices?limit=2&cursor={first['next_cursor']}")).json()

    assert [found["id"] for found in first["items"] + second["items"]] == [
        "f-home",
        "w-alice",
        "w-chloe",
    ]
    assert second["next_cursor"] is None
    assert (await alice.get("/devices?cursor=nonsense")).status_code == 422
