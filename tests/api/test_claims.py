"""New devices come in: one by a code, many by a file."""

import json
from collections.abc import Sequence

import httpx2
import pytest

from hub.adapters.gatekeeper.memory import MemoryGatekeeper
from hub.errors import UnavailableError
from hub.ports import Credential
from tests.api.world import World, until

CLAIM = {"kind": "watch", "name": "Alice's second", "household": "h_home", "person": "me"}


async def make_code(world: World) -> str:
    alice = await world.as_("alice")
    return str((await alice.post("/devices/claims", json=CLAIM)).json()["code"])


async def take(world: World, code: str, *, address: str = "192.0.2.1") -> httpx2.Response:
    return await world.anonymous(address=address).post("/devices/claim", json={"code": code})


async def test_a_code_is_changed_for_a_device_that_works(world: World) -> None:
    code = await make_code(world)

    admitted = await take(world, f" {code.lower().replace('-', ' ')} ")

    assert admitted.status_code == 201
    found = admitted.json()
    assert found["broker"] == {"url": "mqtt://hub.test:1883"}
    assert found["base"] == f"cx/1/main/{found['device']}"
    assert world.gatekeeper.lets_in(found["device"], found["token"])
    await world.publish(found["device"], "telemetry", {"heart_rate": 77})
    alice = await world.as_("alice")
    path = f"/devices/{found['device']}/telemetry?property=heart_rate"
    assert [v for _, v in (await alice.get(path)).json()["points"]] == [77]
    assert (await alice.get(f"/devices/{found['device']}")).json()["person"] == "p_alice"


async def test_a_claimed_device_has_the_default_rules_of_its_kind(world: World) -> None:
    found = (await take(world, await make_code(world))).json()
    alice = await world.as_("alice")

    rules = (await alice.get(f"/rules?device={found['device']}")).json()["items"]

    assert [rule["property"] for rule in rules] == ["heart_rate"]
    assert rules[0]["devices"] == [found["device"]]


async def test_a_code_is_good_once(world: World) -> None:
    code = await make_code(world)

    assert (await take(world, code)).status_code == 201
    assert (await take(world, code)).status_code == 404


async def test_a_code_is_good_for_ten_minutes(world: World) -> None:
    code = await make_code(world)

    world.clock.advance(601)

    assert (await take(world, code)).status_code == 404


async def test_after_five_wrong_codes_an_address_waits(world: World) -> None:
    code = await make_code(world)
    for number in range(5):
        assert (await take(world, f"{number}AAAA-AAAAA")).status_code == 404

    late = await take(world, code)

    assert late.status_code == 429
    assert (await take(world, code, address="192.0.2.2")).status_code == 201


async def test_after_five_wrong_codes_of_its_group_a_code_is_taken_no_more(world: World) -> None:
    code = await make_code(world)
    group = code.partition("-")[0]
    for number in range(5):
        wrong = await take(world, f"{group}-2222{number + 2}", address=f"192.0.2.{number + 10}")
        assert wrong.status_code == 404

    assert (await take(world, code, address="192.0.2.99")).status_code == 429


async def test_one_ipv6_user_counts_as_one_address(world: World) -> None:
    for number in range(5):
        await take(world, f"{number + 2}AAAA-AAAAA", address=f"2001:db8::{number}")

    assert (await take(world, "ZZZZZ-AAAAA", address="2001:db8::ffff")).status_code == 429


@pytest.mark.parametrize(
    ("person", "status"), [("chloe", 403), ("gus", 403), ("bob", 404), ("olga", 404)]
)
async def test_only_owners_and_adults_make_codes(world: World, person: str, status: int) -> None:
    client = await world.as_(person)

    assert (await client.post("/devices/claims", json=CLAIM)).status_code == status


async def test_a_code_is_made_for_a_kind_and_a_member_that_are_there(world: World) -> None:
    alice = await world.as_("alice")

    for change, status in (({"kind": "toaster"}, 404), ({"person": "p_bob"}, 422)):
        answer = await alice.post("/devices/claims", json=CLAIM | change)
        assert answer.status_code == status


class AwayGatekeeper(MemoryGatekeeper):
    """Its broker is away."""

    async def admit(self, credentials: Sequence[Credential]) -> None:
        message = f"the broker is away; {len(credentials)} not admitted"
        raise UnavailableError(message)


async def test_a_device_that_the_broker_does_not_take_is_not_left_behind(world: World) -> None:
    code = await make_code(world)
    client = world.on(gatekeeper=AwayGatekeeper())

    answer = await client.post("/devices/claim", json={"code": code})

    assert answer.status_code == 503
    left = (await world.records.devices(limit=100)).items
    new = [device for device in left if device.name == CLAIM["name"]]
    assert len(new) == 1
    assert new[0].revoked_at is not None


async def test_many_devices_come_in_from_json_lines(world: World) -> None:
    olga = await world.as_("olga")
    lines = [{"kind": "watch", "name": f"Watch {n}", "household": "h_home"} for n in range(30)]
    lines[3]["person"] = "p_adam"
    body = "\n".join(json.dumps(line) for line in lines)

    answer = await olga.post(
        "/devices/claims/bulk",
        content=body,
        headers={"Content-Type": "application/x-ndjson"},
    )

    admitted = [json.loads(line) for line in answer.text.splitlines()]
    assert len(admitted) == 30
    assert all(world.gatekeeper.lets_in(one["device"], one["token"]) for one in admitted)
    adam = await world.as_("adam")
    shown = (await adam.get(f"/devices/{admitted[3]['device']}")).json()
    assert (shown["name"], shown["person"]) == ("Watch 3", "p_adam")
    await world.publish(admitted[7]["device"], "telemetry", {"heart_rate": 70})

    async def there() -> bool:
        state = await world.worker.state(admitted[7]["device"])
        return state is not None and state.newest_ms > 0

    await until(there)


async def test_many_devices_come_in_from_csv(world: World) -> None:
    olga = await world.as_("olga")
    body = "kind,name,household,person\nwatch,시계,h_home,\nfridge,Kühl,h_home,p_adam\n"

    answer = await olga.post(
        "/devices/claims/bulk", content=body.encode(), headers={"Content-Type": "text/csv"}
    )

    assert [line.split('"')[3][:2] for line in answer.text.splitlines()] == ["w-", "f-"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"{", 422),
        (b"\xff", 422),
        (b"[1]", 422),
        (b'{"kind": "watch", "name": "", "household": "h_home"}', 422),
        (b'{"kind": "toaster", "name": "x", "household": "h_home"}', 404),
        (b'{"kind": "watch", "name": "x", "household": "h_none"}', 404),
        (b'{"kind": "watch", "name": "x", "household": "h_home", "person": "p_bob"}', 404),
    ],
)
async def test_a_file_with_a_bad_line_brings_in_none(
    world: World, body: bytes, status: int
) -> None:
    olga = await world.as_("olga")
    good = b'{"kind": "watch", "name": "good", "household": "h_home"}\n'

    answer = await olga.post("/devices/claims/bulk", content=good * bool(body) + body)

    assert answer.status_code == status
    names = [device.name for device in (await world.records.devices(limit=100)).items]
    assert "good" not in names
