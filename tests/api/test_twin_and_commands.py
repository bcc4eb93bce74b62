"""Asking a device to be or to do something."""

import asyncio
import json

import pytest

from hub.model import Command
from hub.model.changes import CommandQueued
from tests.api.world import World

COMMANDS = "/devices/f-home/commands"
TWIN = "/devices/f-home/twin"


async def test_shows_what_a_device_reports(world: World) -> None:
    await world.publish("f-home", "state", {"values": {"temperature": 4.5}, "revision": 0})
    adam = await world.as_("adam")

    twin = await adam.get(TWIN)

    assert twin.json()["reported"]["temperature"]["value"] == 4.5
    assert twin.headers["etag"] == '"0"'


async def test_a_wish_is_kept_with_a_revision_and_a_stale_one_refused(world: World) -> None:
    adam, chloe = await world.as_("adam"), await world.as_("chloe")

    first = await adam.patch(TWIN, json={"desired": {"target": 4}}, headers={"If-Match": '"0"'})
    stale = await chloe.patch(TWIN, json={"desired": {"target": 7}, "revision": 0})
    blind = await chloe.patch(TWIN, json={"desired": {"mode": "eco"}})

    assert (first.json()["desired"], first.json()["revision"]) == ({"target": 4}, 1)
    assert first.headers["etag"] == '"1"'
    assert stale.status_code == 409
    assert blind.json()["desired"] == {"target": 4, "mode": "eco"}


async def test_null_takes_a_wish_back(world: World) -> None:
    adam = await world.as_("adam")
    await adam.patch(TWIN, json={"desired": {"target": 4, "mode": "eco"}})

    taken = await adam.patch(TWIN, json={"desired": {"target": None}})

    assert taken.json()["desired"] == {"mode": "eco"}


@pytest.mark.parametrize(
    "desired",
    [
        {},
        {"temperature": 4},
        {"nothing": 1},
        {"target": 0.5},
        {"target": "4"},
        {"target": True},
        {"shelves": 1.5},
        {"shelves": 10**300},
        {"mode": "rave"},
        {"note": "x" * 21},
        {"target": [4]},
    ],
)
async def test_a_wish_that_fits_no_settable_property_is_refused(
    world: World, desired: dict[str, object]
) -> None:
    adam = await world.as_("adam")

    answer = await adam.patch(TWIN, json={"desired": desired})

    assert answer.status_code == 422
    assert (await adam.get(TWIN)).json()["revision"] == 0


@pytest.mark.parametrize("tag", ["13", '"x"', '"1" , "2"', '"99999999999999999"'])
async def test_an_etag_that_is_none_is_refused(world: World, tag: str) -> None:
    adam = await world.as_("adam")

    answer = await adam.patch(TWIN, json={"desired": {"target": 4}}, headers={"If-Match": tag})

    assert answer.status_code == 422


async def test_a_twin_does_not_show_what_the_device_said_of_somebody_else(world: World) -> None:
    await world.publish("w-alice", "state", {"values": {"battery": 77}, "revision": 0})
    chloe = await world.as_("chloe")
    world.clock.advance(60)

    await world.bind("w-alice", "chloe")

    assert (await chloe.get("/devices/w-alice/twin")).json()["reported"] == {}


async def test_a_command_is_queued_followed_and_cancelled(world: World) -> None:
    adam = await world.as_("adam")

    sent = await adam.post(COMMANDS, json={"name": "defrost", "args": {"minutes": 5}})
    path = f"{COMMANDS}/{sent.json()['id']}"
    followed = (await adam.get(path)).json()
    cancelled = (await adam.delete(path)).json()

    assert sent.status_code == 201
    assert followed == sent.json()
    assert (followed["status"], followed["author"]) == ("queued", "p_adam")
    assert cancelled["status"] == "cancelled"
    assert (await adam.delete(path)).status_code == 409
    listed = (await adam.get(COMMANDS)).json()["items"]
    assert [found["status"] for found in listed] == ["cancelled"]


@pytest.mark.parametrize(
    "body",
    [
        {"name": "explode"},
        {"name": "defrost", "args": {"seconds": 5}},
        {"name": "defrost", "args": {"minutes": 10**30}},
        {"name": "defrost", "expires_in_s": 0},
        {"name": "defrost", "expires_in_s": 1e9},
        {"name": "defrost", "args": {"minutes": [[[[[[[[[[1]]]]]]]]]]}},
    ],
)
async def test_a_command_that_the_kind_does_not_have_is_refused(
    world: World, body: dict[str, object]
) -> None:
    adam = await world.as_("adam")

    assert (await adam.post(COMMANDS, json=body)).status_code == 422


@pytest.mark.parametrize(
    "args", ['{"minutes": NaN}', '{"minutes": "\\ud800"}', '{"minutes": 1e999}'], ids=str
)
async def test_what_not_every_json_reader_takes_is_refused(world: World, args: str) -> None:
    adam = await world.as_("adam")
    body = f'{{"name": "defrost", "args": {args}}}'

    answer = await adam.post(COMMANDS, content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code == 422


async def test_a_command_of_another_device_is_not_found_under_this_one(world: World) -> None:
    adam = await world.as_("adam")
    sent = (await adam.post(COMMANDS, json={"name": "defrost"})).json()
    alice = await world.as_("alice")

    answer = await alice.get(f"/devices/w-alice/commands/{sent['id']}")

    assert answer.status_code == 404


async def test_guests_send_nothing(world: World) -> None:
    gus = await world.as_("gus")

    assert (await gus.post(COMMANDS, json={"name": "defrost"})).status_code == 403
    assert (await gus.patch(TWIN, json={"desired": {"target": 4}})).status_code == 403


async def test_the_same_key_has_one_effect_and_one_answer(world: World) -> None:
    adam = await world.as_("adam")
    headers = {"Idempotency-Key": "k-1"}
    body = {"name": "defrost", "args": {"minutes": 5}}

    first = await adam.post(COMMANDS, json=body, headers=headers)
    world.clock.advance(5)
    again = await adam.post(COMMANDS, json=body, headers=headers)

    assert again.status_code == first.status_code == 201
    assert again.content == first.content
    assert again.headers["idempotency-replayed"] == "true"
    assert len((await adam.get(COMMANDS)).json()["items"]) == 1


async def test_the_same_key_for_another_request_is_refused(world: World) -> None:
    adam = await world.as_("adam")
    headers = {"Idempotency-Key": "k-1"}
    await adam.post(COMMANDS, json={"name": "defrost"}, headers=headers)

    other = await adam.post(COMMANDS, json={"name": "defrost", "expires_in_s": 9}, headers=headers)
    elsewhere = await adam.patch(TWIN, json={"desired": {"target": 4}}, headers=headers)

    assert (other.status_code, elsewhere.status_code) == (422, 422)


async def test_the_same_key_of_another_person_is_another_key(world: World) -> None:
    headers = {"Idempotency-Key": "k-1"}
    for person in ("adam", "alice"):
        client = await world.as_(person)
        answer = await client.post(COMMANDS, json={"name": "defrost"}, headers=headers)
        assert answer.json()["author"] == f"p_{person}"


async def test_the_same_key_at_the_same_time_has_one_effect(world: World) -> None:
    adam = await world.as_("adam")
    headers = {"Idempotency-Key": "k-1"}

    answers = await asyncio.gather(
        *(adam.post(COMMANDS, json={"name": "defrost"}, headers=headers) for _ in range(8))
    )

    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len((await adam.get(COMMANDS)).json()["items"]) == 1


async def test_a_key_repeated_after_its_answer_was_lost_has_no_second_effect(
    world: World,
) -> None:
    adam = await world.as_("adam")
    headers = {"Idempotency-Key": "k-1"}
    first = await adam.post(COMMANDS, json={"name": "defrost"}, headers=headers)
    forgetful = world.on(records=ForgetsAnswers(world.records))
    forgetful.headers |= adam.headers

    again = await forgetful.post(COMMANDS, json={"name": "defrost"}, headers=headers)

    assert again.json()["id"] == first.json()["id"]
    assert "idempotency-replayed" not in again.headers
    assert len((await adam.get(COMMANDS)).json()["items"]) == 1


class ForgetsAnswers:
    """Records as after a crash between the effect and the keeping of its answer."""

    def __init__(self, records: object) -> None:
        self._records = records

    def __getattr__(self, name: str) -> object:
        return getattr(self._records, name)

    async def answer(self, **_: str) -> None:
        return None


async def test_lists_the_events_of_a_device(world: World) -> None:
    for number in range(3):
        event = {
            "id": f"e{number}",
            "ts": world.clock.now_ms() + number,
            "type": "door",
            "data": {},
        }
        await world.publish("f-home", "event", event)
    adam, gus = await world.as_("adam"), await world.as_("gus")

    first = (await adam.get("/devices/f-home/events?limit=2")).json()
    rest = (await adam.get(f"/devices/f-home/events?cursor={first['next_cursor']}")).json()

    assert [e["id"] for e in first["items"] + rest["items"]] == ["e2", "e1", "e0"]
    assert (await gus.get("/devices/f-home/events")).status_code == 403


async def test_the_broken_clock_of_a_device_breaks_no_list(world: World) -> None:
    for number, at_ms in enumerate((-(2**53), 0, 2**53)):
        event = {"id": f"e{number}", "ts": at_ms, "type": "door", "data": {}}
        await world.publish("f-home", "event", event)
    adam = await world.as_("adam")

    answer = await adam.get("/devices/f-home/events")

    assert answer.status_code == 200
    assert json.loads(answer.content)["items"]


async def test_what_is_for_one_persons_eyes_is_shown_to_no_other(world: World) -> None:
    words = Command(
        id="cm_private",
        device="f-home",
        name="say",
        args={"text": {"en": "For Alice alone"}},
        issued_ms=world.clock.now_ms(),
        expires_ms=world.clock.now_ms() + 60_000,
        recipient="p_alice",
    )
    await world.worker.tell([CommandQueued(words)])

    shown = {}
    for name in ("alice", "adam"):
        who = await world.as_(name)
        listed = (await who.get("/devices/f-home/commands")).json()["items"]
        one = await who.get("/devices/f-home/commands/cm_private")
        shown[name] = ([command["id"] for command in listed], one.status_code)
    assert shown == {"alice": (["cm_private"], 200), "adam": ([], 404)}
