"""Who is at home, what the hub said, what is in the fridge and where the garments are."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from devices.phone import KIND as PHONE
from devices.washer import KIND as WASHER
from hub.model import Garment, Moment, Place, Presence, StockItem, TimerFired
from hub.model.changes import MomentRaised
from tests.api.world import NOW_MS, World, add_home_things

HOME = "/households/h_home/presence"
MILK = {"name": "Milk", "quantity": 900, "unit": "mL", "expires": "2026-12-01"}
JUMPER = {
    "household": "h_home",
    "name": "Jumper",
    "owner": "me",
    "fibres": {"wool": 80, "polyamide": 20},
    "label": {"washing": "30_very_mild", "natural_drying": "flat", "dry_cleaning": "P"},
    "colour": "dark",
}
TEE = {
    "household": "h_home",
    "name": "Tee",
    "fibres": {"cotton": 100},
    "label": {"washing": "60", "tumbling": "normal", "ironing": "high", "bleaching": "any"},
    "colour": "dark",
}


# -------------------------------------------------------------------------------------- presence


async def at_home(world: World, *, by: str) -> dict[str, bool | None]:
    items = (await (await world.as_(by)).get(HOME)).json()["items"]
    return {item["person"]: item["at_home"] for item in items}


async def test_a_person_says_that_they_are_at_home(world: World) -> None:
    alice = await world.as_("alice")
    answer = await alice.put(HOME, json={"at_home": True})
    assert answer.status_code == 200
    assert answer.json() == {
        "person": "p_alice",
        "at_home": True,
        "since": "2026-11-18T11:06:40Z",
        "said_by": "person",
    }


async def test_a_phone_says_where_its_owner_is(world: World) -> None:
    await world.add_device("ph-adam", kind=PHONE, household="h_home", person="adam")
    await world.publish("ph-adam", "telemetry", {"ts": NOW_MS, "values": {"at_home": False}})
    adam = await world.as_("adam")
    (shown,) = [one for one in (await adam.get(HOME)).json()["items"] if one["person"] == "p_adam"]
    assert (shown["at_home"], shown["said_by"]) == (False, "device")
    assert "ph-adam" not in str(shown)


async def test_adults_see_all_who_live_there_a_child_only_itself(world: World) -> None:
    for person in ("alice", "adam"):
        await (await world.as_(person)).put(HOME, json={"at_home": True})
    everybody = {"p_alice": True, "p_adam": True, "p_chloe": None}
    assert await at_home(world, by="alice") == await at_home(world, by="adam") == everybody
    assert await at_home(world, by="chloe") == {"p_chloe": None}


async def test_whoever_looks_where_another_is_is_noted(world: World) -> None:
    await (await world.as_("adam")).get(HOME)
    await world.noted()
    alice = await world.as_("alice")
    (entry,) = (await alice.get("/access-log")).json()["items"]
    assert (entry["reader"], entry["what"]) == ("p_adam", "presence h_home")


@pytest.mark.parametrize(
    ("by", "person", "status"),
    [
        ("alice", "p_chloe", 200),
        ("chloe", None, 200),
        ("chloe", "p_alice", 403),
        ("alice", "p_adam", 403),
        ("alice", "p_bob", 404),
        ("alice", "p_nobody", 404),
        ("gus", None, 403),
        ("bob", None, 404),
    ],
)
async def test_who_may_say_it_of_whom(
    world: World, by: str, person: str | None, status: int
) -> None:
    client = await world.as_(by)
    answer = await client.put(HOME, json={"at_home": True, "person": person})
    assert answer.status_code == status, answer.text


async def test_who_lives_there_no_more_is_at_home_no_more(world: World) -> None:
    await (await world.as_("adam")).put(HOME, json={"at_home": True})
    alice = await world.as_("alice")
    await alice.delete("/households/h_home/members/p_adam")
    assert world.worker.kept(Presence, "h_home:p_adam") is None
    assert await world.records.thing(Presence, "h_home:p_adam") is None


# ----------------------------------------------------------------------------------------- words


async def raise_moment(world: World, name: str, *, person: str | None, ask: bool) -> None:
    said = Moment(
        id=name,
        household="h_home",
        person=person,
        text={"ko": "안녕", "en": "Hello"},
        cause="ru_1",
        at_ms=NOW_MS,
        expires_ms=NOW_MS + 60_000,
        private=person is not None,
        ask=ask,
    )
    await world.worker.tell([MomentRaised(moment=said, now_ms=NOW_MS)])


async def seen(world: World, by: str, query: str = "") -> list[str]:
    found = (await (await world.as_(by)).get(f"/moments{query}")).json()["items"]
    return [one["id"] for one in found]


async def test_words_are_listed_for_whom_they_were_meant(world: World) -> None:
    await raise_moment(world, "mo_hers", person="p_alice", ask=True)
    await raise_moment(world, "mo_home", person=None, ask=False)
    assert await seen(world, "alice") == ["mo_home", "mo_hers"]
    assert await seen(world, "alice", "?open=true") == ["mo_hers"]
    assert await seen(world, "adam") == await seen(world, "chloe") == ["mo_home"]
    assert await seen(world, "gus") == await seen(world, "bob") == []


async def test_a_word_that_reached_nobody_is_not_lost(world: World) -> None:
    await raise_moment(world, "mo_1", person="p_adam", ask=False)
    (shown,) = (await (await world.as_("adam")).get("/moments")).json()["items"]
    assert (shown["devices"], shown["text"]["en"]) == ([], "Hello")


async def test_the_first_answer_in_the_app_stands(world: World) -> None:
    await raise_moment(world, "mo_1", person="p_alice", ask=True)
    alice = await world.as_("alice")
    first = await alice.post("/moments/mo_1/answer", json={"answer": "yes"})
    assert (first.status_code, first.json()["answer"]) == (200, "yes")
    second = await alice.post("/moments/mo_1/answer", json={"answer": "no"})
    assert second.status_code == 409
    kept = await world.records.thing(Moment, "mo_1")
    assert kept is not None
    assert kept.answer == "yes"


async def test_what_asks_nothing_is_not_answered(world: World) -> None:
    await raise_moment(world, "mo_1", person="p_alice", ask=False)
    alice = await world.as_("alice")
    assert (await alice.post("/moments/mo_1/answer", json={"answer": "no"})).status_code == 409


async def test_too_late_is_said_so(world: World) -> None:
    await raise_moment(world, "mo_1", person="p_alice", ask=True)
    (timer,) = await world.records.due_timers(now_ms=NOW_MS + 60_000)
    fired = TimerFired(
        id=timer.id,
        kind=timer.kind,
        device=timer.device,
        subject=timer.subject,
        now_ms=NOW_MS + 60_000,
    )
    await world.worker.tell([fired])
    alice = await world.as_("alice")
    assert (await alice.post("/moments/mo_1/answer", json={"answer": "yes"})).status_code == 409
    (shown,) = (await alice.get("/moments")).json()["items"]
    assert shown["answer"] == "none"
    assert await world.records.next_timer_ms() is None


# ----------------------------------------------------------------------------------------- stock


async def test_what_the_fridge_says_is_listed_what_expires_first_comes_first(world: World) -> None:
    for name, expires in (("it-1", None), ("it-2", "2026-12-05"), ("it-3", "2026-11-30")):
        data = {"item": name, "name": name, "quantity": 1, "unit": "{piece}", "expires": expires}
        event = {"id": f"e-{name}", "ts": NOW_MS, "type": "stock_added", "data": data}
        await world.publish("f-home", "event", event)
    items = (await (await world.as_("chloe")).get("/devices/f-home/stock")).json()["items"]
    assert [one["item"] for one in items] == ["it-3", "it-2", "it-1"]


async def test_an_item_is_put_right_by_hand(world: World) -> None:
    alice = await world.as_("alice")
    await alice.put("/devices/f-home/stock/it-1", json=MILK)
    changed = await alice.put("/devices/f-home/stock/it-1", json=MILK | {"quantity": 200})
    assert (changed.status_code, changed.json()["quantity"]) == (200, 200)
    assert (await alice.delete("/devices/f-home/stock/it-1")).status_code == 204
    assert (await alice.delete("/devices/f-home/stock/it-1")).status_code == 404
    assert await world.records.thing(StockItem, "f-home:it-1") is None


@pytest.mark.parametrize(
    "flaw",
    [
        {"quantity": 0},
        {"quantity": 1e7},
        {"unit": "two words"},
        {"expires": "2026-02-30"},
        {"expires": "1999-12-31"},
        {"name": "a\nb"},
        {"colour": "red"},
    ],
    ids=ascii,
)
async def test_what_cannot_be_is_refused(world: World, flaw: dict[str, object]) -> None:
    alice = await world.as_("alice")
    answer = await alice.put("/devices/f-home/stock/it-1", json=MILK | flaw)
    assert answer.status_code == 422


async def test_a_watch_keeps_no_stock(world: World) -> None:
    alice = await world.as_("alice")
    assert (await alice.put("/devices/w-alice/stock/it-1", json=MILK)).status_code == 422
    assert (await alice.get("/devices/w-alice/stock")).json()["items"] == []


@pytest.mark.parametrize(("by", "status"), [("gus", 403), ("bob", 404)])
async def test_guests_and_strangers_do_not_look_into_the_fridge(
    world: World, by: str, status: int
) -> None:
    client = await world.as_(by)
    assert (await client.get("/devices/f-home/stock")).status_code == status
    assert (await client.put("/devices/f-home/stock/it-1", json=MILK)).status_code == status


# -------------------------------------------------------------------------------------- garments


async def add(world: World, wish: Mapping[str, object], *, by: str = "alice") -> str:
    answer = await (await world.as_(by)).post("/garments", json=wish)
    assert answer.status_code == 201, answer.text
    name: str = answer.json()["id"]
    return name


async def test_a_garment_comes_back_as_it_was_given(world: World) -> None:
    name = await add(world, JUMPER)
    shown = (await (await world.as_("alice")).get(f"/garments/{name}")).json()
    assert (shown["owner"], shown["fibres"], shown["place"], shown["history"]) == (
        "p_alice",
        JUMPER["fibres"],
        "wardrobe",
        [],
    )
    assert shown["label"] == {
        "washing": "30_very_mild",
        "bleaching": "none",
        "tumbling": "none",
        "natural_drying": "flat",
        "ironing": "none",
        "dry_cleaning": "P",
        "wet_cleaning": None,
    }


@pytest.mark.parametrize(
    "flaw",
    [
        {"fibres": {"wool": 80}},
        {"fibres": {}},
        {"fibres": {"wool": 120, "silk": -20}},
        {"fibres": {"kryptonite": 100}},
        {"label": {"washing": "41"}},
        {"label": {}},
        {"colour": "sad"},
        {"tags": ["x" * 31]},
        {"name": ""},
        {"place": "gone"},
    ],
    ids=ascii,
)
async def test_a_label_that_cannot_be_is_refused(world: World, flaw: dict[str, object]) -> None:
    alice = await world.as_("alice")
    assert (await alice.post("/garments", json=JUMPER | flaw)).status_code == 422


async def test_machines_move_what_people_put_into_them(world: World) -> None:
    await world.add_device("x-home", kind=WASHER, household="h_home", person=None)
    name = await add(world, JUMPER)
    alice = await world.as_("alice")
    worn = await alice.post(f"/garments/{name}/place", json={"place": "worn", "soil": 0.7})
    assert (worn.json()["place"], worn.json()["soil"]) == ("worn", 0.7)
    data = {"load": "ld-1", "garments": [name, "gm_nowhere"]}
    event = {"id": "e-1", "ts": NOW_MS + 1000, "type": "load_added", "data": data}
    await world.publish("x-home", "event", event)
    shown = (await alice.get(f"/garments/{name}")).json()
    assert (shown["place"], shown["device"]) == ("washer", "x-home")
    assert [one["place"] for one in shown["history"]] == ["washer", "worn"]
    (letter,) = (await world.records.dead_letters(device="x-home")).items
    assert letter.reason == "1 of 2 garments are none of this home"


async def test_a_machines_word_is_not_a_persons(world: World) -> None:
    name = await add(world, JUMPER)
    alice = await world.as_("alice")
    answer = await alice.post(f"/garments/{name}/place", json={"place": "washer"})
    assert answer.status_code == 409


async def test_a_repeated_request_adds_one_garment_and_does_not_move_it_back(world: World) -> None:
    alice = await world.as_("alice")
    key = {"Idempotency-Key": "k-1"}
    first = (await alice.post("/garments", json=JUMPER, headers=key)).json()
    await alice.post(f"/garments/{first['id']}/place", json={"place": "basket"})
    again = (await alice.post("/garments", json=JUMPER, headers=key)).json()
    assert again["id"] == first["id"]
    kept = world.worker.kept(Garment, first["id"])
    assert kept is not None
    assert kept.place is Place.BASKET
    assert len((await alice.get("/garments")).json()["items"]) == 1


async def test_who_sees_whose_garments(world: World) -> None:
    hers, ours = await add(world, JUMPER), await add(world, TEE)
    found = {}
    for by in ("alice", "adam", "chloe", "gus", "bob"):
        items = (await (await world.as_(by)).get("/garments")).json()["items"]
        found[by] = {one["id"] for one in items}
    assert found == {
        "alice": {hers, ours},
        "adam": {hers, ours},
        "chloe": {ours},
        "gus": set(),
        "bob": set(),
    }


async def test_an_adult_may_wash_anothers_garment_and_not_change_it(world: World) -> None:
    name = await add(world, JUMPER)
    adam = await world.as_("adam")
    assert (await adam.post(f"/garments/{name}/place", json={"place": "basket"})).status_code == 200
    assert (await adam.patch(f"/garments/{name}", json={"name": "Rag"})).status_code == 403
    assert (await adam.delete(f"/garments/{name}")).status_code == 403
    assert (await adam.post("/garments", json=JUMPER | {"owner": "p_alice"})).status_code == 403
    await world.noted()
    log = (await (await world.as_("alice")).get("/access-log")).json()["items"]
    assert {(one["reader"], one["what"]) for one in log} == {("p_adam", "garments h_home")}


async def test_an_adult_of_the_home_does_not_see_what_anothers_garment_is_ordered_for(
    world: World,
) -> None:
    await add_home_things(world)
    await world.worker.revise(Garment, "gm_alice", lambda now: replace(now, order="or_secret"))
    shown = {}
    for by in ("alice", "adam"):
        shown[by] = (await (await world.as_(by)).get("/garments/gm_alice")).json()["order"]
    assert shown == {"alice": "or_secret", "adam": None}
    gone = await (await world.as_("alice")).delete("/garments/gm_alice")
    assert gone.status_code == 409


async def test_what_is_left_out_of_a_change_stays(world: World) -> None:
    name = await add(world, JUMPER)
    alice = await world.as_("alice")
    changed = (
        await alice.patch(f"/garments/{name}", json={"label": None, "tags": ["sport"]})
    ).json()
    assert (changed["label"], changed["tags"], changed["fibres"]) == (
        None,
        ["sport"],
        JUMPER["fibres"],
    )
    assert (await alice.patch(f"/garments/{name}", json={"name": None})).status_code == 422


async def test_care_says_what_goes_together_and_why(world: World) -> None:
    wool, tee = await add(world, JUMPER), await add(world, TEE)
    alice = await world.as_("alice")
    care = (await alice.get(f"/garments/care?ids={wool},{tee}")).json()
    assert care["washer"]["course"] in {"wool", "hand_wash", "cottons", "delicates"}
    assert set(care["washer"]["reason"]) == {"ko", "en"}
    assert [one["garment"] for one in care["dryer"]["hang"]] == [wool]
    alone = (await alice.get(f"/garments/care?ids={wool}")).json()
    assert (alone["washer"]["course"], alone["washer"]["temperature_c"]) == ("wool", 30)
    assert alone["dryer"]["course"] == "none"


async def test_care_is_asked_of_garments_that_one_sees(world: World) -> None:
    wool = await add(world, JUMPER)
    bob = await world.as_("bob")
    assert (await bob.get(f"/garments/care?ids={wool}")).status_code == 404
    alice = await world.as_("alice")
    many = ",".join(f"gm_{number}" for number in range(51))
    assert (await alice.get(f"/garments/care?ids={many}")).status_code == 422
    assert (await alice.get("/garments/care?ids=,")).status_code == 404
