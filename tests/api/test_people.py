"""Me, my households, and who belongs to them."""

import pytest

from devices.phone import KIND as PHONE
from tests.api.world import World


async def test_my_limit_follows_what_is_known_of_me(world: World) -> None:
    alice = await world.as_("alice")
    assert (await alice.get("/me")).json()["limit"] == {"value": 150, "reason": "default"}

    change = {"birth_date": "1981-11-18", "resting_heart_rate": 60, "zone": "moderate"}
    me = (await alice.patch("/me", json=change)).json()

    # Tanaka at 45: 176.5; Karvonen with 70 % of the reserve: 60 + 0.7 x 116.5 = 141.55.
    assert me["limit"] == {"value": 142, "reason": "zone"}
    assert me["households"] == [{"id": "h_home", "name": "Home of alice", "role": "owner"}]


async def test_a_change_of_me_reaches_my_devices(world: World) -> None:
    alice = await world.as_("alice")

    await alice.patch("/me", json={"heart_rate_limit": 133})

    state = await world.worker.state("w-alice")
    assert state is not None
    assert state.person is not None
    assert state.person.heart_rate_limit == 133


async def test_null_takes_a_value_back_and_what_is_left_out_stays(world: World) -> None:
    alice = await world.as_("alice")
    await alice.patch("/me", json={"heart_rate_limit": 133, "zone": "easy"})

    me = (await alice.patch("/me", json={"heart_rate_limit": None})).json()

    assert (me["heart_rate_limit"], me["zone"]) == (None, "easy")


@pytest.mark.parametrize(
    "change",
    [
        {"birth_date": "2027-01-01"},
        {"birth_date": "1850-01-01"},
        {"birth_date": "yesterday"},
        {"resting_heart_rate": 5},
        {"heart_rate_limit": 1000},
        {"zone": "extreme"},
        {"language": "xx"},
        {"time_zone": "../../etc/passwd"},
        {"name": None},
        {"name": "a\nb"},
        {"name": "\u202eevil"},
        {"name": " "},
        {"is_operator": True},
        {"id": "p_bob"},
    ],
    ids=str,
)
async def test_what_cannot_be_true_of_me_is_refused(
    world: World, change: dict[str, object]
) -> None:
    alice = await world.as_("alice")

    assert (await alice.patch("/me", json=change)).status_code == 422


async def test_an_owner_adds_who_gave_their_id(world: World) -> None:
    alice, bob = await world.as_("alice"), await world.as_("bob")
    bobs_id = (await bob.get("/me")).json()["id"]

    added = await alice.post("/households/h_home/members", json={"person": bobs_id})

    assert added.json() == {"person": "p_bob", "name": "Bob", "role": "adult"}
    roles = {one["id"]: one["role"] for one in (await bob.get("/households")).json()["items"]}
    assert roles == {"h_home": "adult", "h_other": "owner"}


async def test_an_owner_adds_a_child_without_an_account(world: World) -> None:
    alice = await world.as_("alice")
    child = {"name": "Mini", "birth_date": "2020-02-29", "role": "child"}

    added = (await alice.post("/households/h_home/members", json=child)).json()
    claim = {"kind": "watch", "name": "Mini's", "household": "h_home", "person": added["person"]}

    assert added["role"] == "child"
    assert (await alice.post("/devices/claims", json=claim)).status_code == 201


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"person": "p_nobody"}, 404),
        ({"person": "p_adam", "role": "child"}, 409),
        ({"person": "p_alice", "role": "adult"}, 409),
        ({"name": "Grown", "birth_date": "1990-01-01", "role": "child"}, 422),
        ({"name": "Nobody"}, 422),
        ({}, 422),
    ],
    ids=str,
)
async def test_nobody_becomes_a_child_by_somebody_elses_word(
    world: World, body: dict[str, object], status: int
) -> None:
    alice = await world.as_("alice")

    answer = await alice.post("/households/h_home/members", json=body)

    assert answer.status_code == status


@pytest.mark.parametrize(("person", "status"), [("adam", 403), ("gus", 403), ("bob", 404)])
async def test_only_owners_change_who_belongs(world: World, person: str, status: int) -> None:
    client = await world.as_(person)

    added = await client.post("/households/h_home/members", json={"person": "p_bob"})
    ended = await client.delete("/households/h_home/members/p_chloe")

    assert (added.status_code, ended.status_code) == (status, status)


async def test_anybody_leaves_but_the_last_owner(world: World) -> None:
    alice, adam = await world.as_("alice"), await world.as_("adam")

    assert (await adam.delete("/households/h_home/members/p_adam")).status_code == 204
    assert (await alice.delete("/households/h_home/members/p_alice")).status_code == 409

    assert (await adam.get("/devices")).json()["items"] == []
    assert (await adam.get("/devices/f-home")).status_code == 404


async def test_a_household_is_made_once_for_a_key(world: World) -> None:
    olga = await world.as_("olga")
    headers = {"Idempotency-Key": "k-1"}

    for _ in range(2):
        made = await olga.post("/households", json={"name": "New"}, headers=headers)
        assert made.status_code == 201

    listed = (await olga.get("/households")).json()["items"]
    assert [(one["name"], one["role"]) for one in listed] == [("New", "owner")]
    members = (await olga.get(f"/households/{listed[0]['id']}/members")).json()["items"]
    assert members == [{"person": "p_olga", "name": "Olga", "role": "owner"}]


async def test_a_contact_counts_only_once_they_agreed(world: World) -> None:
    alice, adam = await world.as_("alice"), await world.as_("adam")
    asked = await alice.post("/contacts", json={"person": "p_adam"})
    assert (asked.status_code, asked.json()["agreed_at"]) == (201, None)
    assert world.worker.memory.agreed_contacts == frozenset()

    agreed = await adam.post("/contacts/p_alice/agree")

    assert agreed.json()["agreed_at"] is not None
    assert world.worker.memory.agreed_contacts == {("p_alice", "p_adam")}
    assert (await adam.get("/contacts")).json()["items"] == [agreed.json()]


async def test_either_side_ends_a_contact(world: World) -> None:
    alice, adam = await world.as_("alice"), await world.as_("adam")
    await alice.post("/contacts", json={"person": "p_adam"})
    await adam.post("/contacts/p_alice/agree")

    assert (await adam.delete("/contacts/p_alice")).status_code == 204

    assert world.worker.memory.agreed_contacts == frozenset()
    assert (await alice.get("/contacts")).json()["items"] == []


async def test_only_who_shares_a_household_can_be_asked(world: World) -> None:
    alice = await world.as_("alice")

    assert (await alice.post("/contacts", json={"person": "p_bob"})).status_code == 404
    assert (await alice.post("/contacts", json={"person": "p_alice"})).status_code == 422


async def test_what_somebody_wears_is_shut_out_of_the_home_they_leave(world: World) -> None:
    await world.add_device("ph-adam", kind=PHONE, household="h_home", person="adam")
    alice = await world.as_("alice")

    await alice.delete("/households/h_home/members/p_adam")

    assert await world.worker.state("ph-adam") is None
    device = await world.records.device("ph-adam")
    assert device is not None
    assert device.revoked_at is not None
