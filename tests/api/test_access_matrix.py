"""Every operation of the API against everybody who is not Alice, whose it all is."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx2
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts

from hub.api.gate import ACCESS_CLASSES
from hub.api.identity import SignedToken, hash_of
from hub.model import Garment, Listing, Moment, Order, Presence
from hub.ports import Session
from tests.api.errands import add_errands
from tests.api.world import (
    World,
    add_access,
    add_alarm_rule,
    add_dead_letter,
    add_home_things,
)

ACTORS = ("anonymous", "revoked", "bob", "chloe", "gus", "olga")
"""Nobody; Alice after her sign-in ended; another household; her child; her guest; an operator."""

MEMBERS_ONLY = b"PLANTED-WATCH"
"""The name of Alice's watch, which her household may know."""
HERS = (b"131.375", b"PLANTED")

RULE = {
    "household": "h_home",
    "person": "p_alice",
    "name": "x",
    "property": "heart_rate",
    "kind": "watch",
    "limit": 90,
}
LINK = {
    "household": "h_home",
    "name": "x",
    "trigger": {"type": "event", "event": "workout_started", "device": "w-alice"},
    "actions": [{"type": "say", "text": {"en": "PLANTED-WORD"}, "person": "p_alice"}],
}
SCENE = {"household": "h_home", "name": "x", "desired": {"f-home": {"target": 4}}}
CLAIM = {"kind": "watch", "name": "x", "household": "h_home", "person": "p_alice"}


@dataclass(frozen=True)
class Row:
    statuses: str
    """What each of `ACTORS` is answered, in their order."""
    body: object = None
    query: str = ""


OPEN = "200 200 200 200 200 200"
SIGNED_IN = "401 401 200 200 200 200"
"""Answered with what is the actor's own."""
ALICES = "401 401 404 403 404 404"
"""Of Alice's watch: her child knows that it is there, the others do not."""
UNKNOWN = "401 401 404 404 404 404"
HOUSEHOLD = "401 401 404 403 403 404"
OPERATORS = "401 401 403 403 403 {}"

ROWS = {
    "POST /api/v1/auth/token": Row(
        "401 401 401 401 401 401", {"email": "alice@example.org", "password": "guess"}
    ),
    "POST /api/v1/auth/refresh": Row("401 401 401 401 401 401", {"refresh_token": "guess"}),
    "POST /api/v1/auth/sign-out": Row("401 401 204 204 204 204"),
    "GET /api/v1/me": Row(SIGNED_IN),
    "PATCH /api/v1/me": Row(SIGNED_IN, {"language": "ko"}),
    "GET /api/v1/kinds": Row(SIGNED_IN),
    "GET /api/v1/kinds/{name}": Row(SIGNED_IN),
    "POST /api/v1/devices/claims": Row(HOUSEHOLD, CLAIM),
    # Five wrong tries for codes of one group, wherever they come from; the sixth waits.
    "POST /api/v1/devices/claim": Row("404 404 404 404 404 429", {"code": "AAAAA-22222"}),
    "POST /api/v1/devices/claims/bulk": Row(OPERATORS.format(404), CLAIM | {"kind": "none"}),
    "GET /api/v1/devices": Row(SIGNED_IN),
    "GET /api/v1/devices/{device}": Row("401 401 404 200 404 404"),
    "PATCH /api/v1/devices/{device}": Row(ALICES, {"name": "x"}),
    "DELETE /api/v1/devices/{device}": Row(ALICES),
    "POST /api/v1/devices/{device}/token": Row(ALICES),
    "PUT /api/v1/devices/{device}/binding": Row(ALICES, {"person": "me"}),
    "GET /api/v1/devices/{device}/telemetry": Row(ALICES, query="?property=heart_rate"),
    "GET /api/v1/devices/{device}/twin": Row(ALICES),
    "GET /api/v1/devices/{device}/twin/history": Row(ALICES),
    "PATCH /api/v1/devices/{device}/twin": Row(ALICES, {"desired": {"target": 4}}),
    "GET /api/v1/devices/{device}/commands": Row(ALICES),
    "POST /api/v1/devices/{device}/commands": Row(ALICES, {"name": "alert_end"}),
    "GET /api/v1/devices/{device}/commands/{command}": Row(ALICES),
    "DELETE /api/v1/devices/{device}/commands/{command}": Row(ALICES),
    "GET /api/v1/devices/{device}/events": Row(ALICES),
    "GET /api/v1/alarms": Row(SIGNED_IN),
    "GET /api/v1/alarms/{alarm}": Row(UNKNOWN),
    "POST /api/v1/alarms/{alarm}/acknowledge": Row(UNKNOWN),
    "POST /api/v1/alarms/{alarm}/snooze": Row(UNKNOWN, {"minutes": 5}),
    "GET /api/v1/rules": Row(SIGNED_IN),
    "POST /api/v1/rules": Row(HOUSEHOLD, RULE),
    "GET /api/v1/rules/{rule}": Row(UNKNOWN),
    "PUT /api/v1/rules/{rule}": Row(UNKNOWN, RULE),
    "DELETE /api/v1/rules/{rule}": Row(UNKNOWN),
    "GET /api/v1/links": Row(SIGNED_IN),
    "POST /api/v1/links": Row(HOUSEHOLD, LINK),
    "POST /api/v1/links/dry-run": Row(
        HOUSEHOLD, {"spec": LINK, "from": "2026-11-01T00:00:00Z", "to": "2026-11-02T00:00:00Z"}
    ),
    "GET /api/v1/links/{link}": Row(UNKNOWN),
    "PATCH /api/v1/links/{link}": Row(UNKNOWN, {"name": "x"}),
    "DELETE /api/v1/links/{link}": Row(UNKNOWN),
    "POST /api/v1/links/{link}/on": Row(UNKNOWN),
    "POST /api/v1/links/{link}/off": Row(UNKNOWN),
    "GET /api/v1/links/{link}/runs": Row(UNKNOWN),
    "GET /api/v1/scenes": Row(SIGNED_IN),
    # A scene of the home's own devices, for all who live there; a child changes only its own.
    "POST /api/v1/scenes": Row("401 401 404 201 403 404", SCENE),
    "GET /api/v1/scenes/{scene}": Row("401 401 404 200 404 404"),
    "PUT /api/v1/scenes/{scene}": Row("401 401 404 403 404 404", SCENE),
    "DELETE /api/v1/scenes/{scene}": Row("401 401 404 403 404 404"),
    "POST /api/v1/scenes/{scene}/set": Row("401 401 404 204 404 404"),
    "GET /api/v1/households": Row(SIGNED_IN),
    "POST /api/v1/households": Row("401 401 201 201 201 201", {"name": "x"}),
    "GET /api/v1/households/{household}/members": Row("401 401 404 200 403 404"),
    "POST /api/v1/households/{household}/members": Row(HOUSEHOLD, {"person": "p_bob"}),
    "DELETE /api/v1/households/{household}/members/{person}": Row(HOUSEHOLD),
    "GET /api/v1/households/{household}/presence": Row("401 401 404 200 403 404"),
    "PUT /api/v1/households/{household}/presence": Row(
        HOUSEHOLD, {"at_home": True, "person": "p_alice"}
    ),
    "GET /api/v1/moments": Row(SIGNED_IN),
    "POST /api/v1/moments/{moment}/answer": Row(UNKNOWN, {"answer": "yes"}),
    "GET /api/v1/devices/{device}/stock": Row(ALICES),
    "PUT /api/v1/devices/{device}/stock/{item}": Row(
        ALICES, {"name": "x", "quantity": 1, "unit": "g"}
    ),
    "DELETE /api/v1/devices/{device}/stock/{item}": Row(ALICES),
    "GET /api/v1/garments": Row(SIGNED_IN),
    "POST /api/v1/garments": Row(
        HOUSEHOLD, {"household": "h_home", "name": "x", "owner": "p_alice"}
    ),
    "GET /api/v1/garments/care": Row(UNKNOWN, query="?ids=gm_alice"),
    "GET /api/v1/garments/{garment}": Row(UNKNOWN),
    "PATCH /api/v1/garments/{garment}": Row(UNKNOWN, {"name": "x"}),
    "DELETE /api/v1/garments/{garment}": Row(UNKNOWN),
    "POST /api/v1/garments/{garment}/place": Row(UNKNOWN, {"place": "worn"}),
    "GET /api/v1/services": Row(SIGNED_IN),
    "POST /api/v1/services": Row(
        OPERATORS.format(201), {"kind": "market", "name": "x", "url": "https://x.test"}
    ),
    "PATCH /api/v1/services/{service}": Row(OPERATORS.format(200), {"name": "x"}),
    "POST /api/v1/services/{service}/secret": Row(OPERATORS.format(200)),
    "DELETE /api/v1/services/{service}": Row(OPERATORS.format(409)),
    "GET /api/v1/services/{service}/calls": Row(OPERATORS.format(200)),
    "POST /api/v1/services/calls/{call}/retry": Row(OPERATORS.format(409)),
    "POST /api/v1/hooks/{service}": Row("401 401 401 401 401 401", {}),
    "GET /api/v1/orders": Row(SIGNED_IN),
    "POST /api/v1/orders": Row(
        HOUSEHOLD, {"service": "sv_clean", "household": "h_home", "garments": ["gm_alice"]}
    ),
    "GET /api/v1/orders/{order}": Row(UNKNOWN),
    "GET /api/v1/orders/{order}/timeline": Row(UNKNOWN),
    "GET /api/v1/orders/{order}/disclosures": Row(UNKNOWN),
    "POST /api/v1/orders/{order}/accept": Row(UNKNOWN, {}),
    "POST /api/v1/orders/{order}/cancel": Row(UNKNOWN, {}),
    "GET /api/v1/listings": Row(SIGNED_IN),
    "POST /api/v1/listings": Row(
        HOUSEHOLD,
        {
            "service": "sv_clean",
            "household": "h_home",
            "garment": "gm_alice",
            "mode": "swap",
            "area": "x",
            "nickname": "x",
        },
    ),
    "GET /api/v1/listings/{listing}": Row(UNKNOWN),
    "GET /api/v1/listings/{listing}/timeline": Row(UNKNOWN),
    "GET /api/v1/listings/{listing}/disclosures": Row(UNKNOWN),
    "POST /api/v1/listings/{listing}/withdraw": Row(UNKNOWN),
    "POST /api/v1/listings/{listing}/deals/{deal}/accept": Row(UNKNOWN),
    "POST /api/v1/listings/{listing}/deals/{deal}/decline": Row(UNKNOWN),
    "POST /api/v1/listings/{listing}/deals/{deal}/hand-over": Row(UNKNOWN),
    "GET /api/v1/me/disclosures": Row(SIGNED_IN),
    "GET /api/v1/contacts": Row(SIGNED_IN),
    "POST /api/v1/contacts": Row("401 401 404 404 404 404", {"person": "p_nobody"}),
    "POST /api/v1/contacts/{person}/agree": Row(UNKNOWN),
    "DELETE /api/v1/contacts/{person}": Row(UNKNOWN),
    "GET /api/v1/access-log": Row(SIGNED_IN),
    "GET /api/v1/dead-letters": Row(OPERATORS.format(200)),
    "POST /api/v1/dead-letters/{dead_letter}/retry": Row(OPERATORS.format(409)),
    "GET /healthz": Row(OPEN),
    "GET /readyz": Row(OPEN),
    "GET /metrics": Row(OPEN),
}

READ = (
    "GET /api/v1/devices",
    "GET /api/v1/devices/{device}/telemetry",
    "GET /api/v1/devices/{device}/twin",
    "GET /api/v1/devices/{device}/commands",
    "GET /api/v1/devices/{device}/events",
    "GET /api/v1/alarms",
    "GET /api/v1/rules",
    "GET /api/v1/links",
    "GET /api/v1/links/{link}",
    "GET /api/v1/links/{link}/runs",
    "GET /api/v1/access-log",
    "GET /api/v1/moments",
    "GET /api/v1/garments",
    "GET /api/v1/garments/{garment}",
    "GET /api/v1/orders",
    "GET /api/v1/orders/{order}/disclosures",
    "GET /api/v1/listings/{listing}",
    "GET /api/v1/me/disclosures",
)
"""Where Alice herself finds what was planted; else the matrix would prove nothing."""


async def plant(world: World) -> dict[str, str]:
    """Let everything of Alice be there; return the ids to ask for it by."""
    alice = await world.as_("alice")
    await alice.patch("/devices/w-alice", json={"name": MEMBERS_ONLY.decode()})
    await add_alarm_rule(world, "w-alice", rule="r_home")
    rule = (await alice.post("/rules", json=RULE | {"name": "PLANTED-RULE"})).json()
    link = (await alice.post("/links", json=LINK | {"name": "PLANTED-LINK"})).json()
    scene = (await alice.post("/scenes", json=SCENE)).json()
    await world.publish("w-alice", "telemetry", {"heart_rate": 131.375, "skin_temperature": 35})
    event = {"id": "PLANTED-EVENT", "ts": world.clock.now_ms(), "type": "workout_started"}
    await world.publish("w-alice", "event", event | {"data": {"note": "PLANTED"}})
    await world.publish("w-alice", "state", {"values": {"battery": 131.375 - 100}, "revision": 0})
    command = {"name": "alert_end", "args": {"alert": "PLANTED-ARGUMENT"}}
    sent = (await alice.post("/devices/w-alice/commands", json=command)).json()
    alarm = (await alice.get("/alarms")).json()["items"][0]
    await add_dead_letter(world, "dl_alice", device="w-alice", payload=b"")
    await add_access(world, reader="p_adam", subject="p_alice")
    await add_home_things(world)
    await add_errands(world)
    return {
        "name": "watch",
        "device": "w-alice",
        "command": sent["id"],
        "alarm": alarm["id"],
        "rule": rule["id"],
        "link": link["id"],
        "scene": scene["id"],
        "household": "h_home",
        "person": "p_alice",
        "dead_letter": "dl_alice",
        "moment": "mo_alice",
        "garment": "gm_alice",
        "item": "it_1",
        "service": "sv_clean",
        "order": "or_alice",
        "listing": "li_alice",
        "deal": "dl-1",
        "call": "ca_alice",
    }


async def clients(world: World) -> dict[str, httpx2.AsyncClient]:
    """Return a client for each of `ACTORS`, each from an address of its own."""
    found = {name: world.anonymous(address=f"192.0.2.{n}") for n, name in enumerate(ACTORS, 1)}
    for name in ("bob", "chloe", "gus", "olga"):
        found[name].headers["Authorization"] = f"Bearer {await world.access_token(name)}"
    found["revoked"].headers["Authorization"] = f"Bearer {await _ended(world)}"
    return found


async def _ended(world: World) -> str:
    """Return an access token of Alice whose sign-in ended: its refresh token was used twice."""
    now_ms = world.clock.now_ms()
    session = Session(
        token_hash=hash_of("gone"), person="p_alice", family="s_gone", expires_ms=now_ms + 10**9
    )
    await world.records.add_session(session)
    for _ in range(2):
        await world.records.use_session(session.token_hash, now_ms=now_ms)
    token: str = world.app.state.api.tokens.sign(SignedToken(person="p_alice", family="s_gone"))
    return token


def operations(world: World) -> list[str]:
    """Return every operation of the OpenAPI document."""
    return [
        f"{method.upper()} {path}"
        for path, methods in world.app.openapi()["paths"].items()
        for method in methods
    ]


async def ask(client: httpx2.AsyncClient, operation: str, ids: dict[str, str]) -> httpx2.Response:
    method, _, path = operation.partition(" ")
    row = ROWS[operation]
    url = "http://hub.test" + path.format(**ids) + row.query
    content = None if row.body is None else json.dumps(row.body)
    headers = {"Content-Type": "application/json"} if content else {}
    return await client.request(method, url, content=content, headers=headers)


async def test_every_operation_has_a_row(world: World) -> None:
    assert sorted(ROWS) == sorted(operations(world))


async def test_nobody_else_does_or_sees_anything_of_hers(world: World) -> None:
    ids = await plant(world)
    found = await clients(world)
    for actor in ACTORS:
        for operation in sorted(ROWS, key=lambda row: row.endswith("sign-out")):
            answer = await ask(found[actor], operation, ids)
            expected = int(ROWS[operation].statuses.split()[ACTORS.index(actor)])
            assert answer.status_code == expected, (actor, operation, answer.text)
            seen = answer.content.replace(MEMBERS_ONLY, b"") if actor == "chloe" else answer.content
            assert not [secret for secret in HERS if secret in seen], (actor, operation)


async def test_she_herself_finds_all_that_was_planted(world: World) -> None:
    ids = await plant(world)
    alice = await world.as_("alice")
    for operation in READ:
        answer = await ask(alice, operation, ids)
        assert answer.status_code == 200, operation
        assert any(secret in answer.content for secret in (*HERS, b"31.375")), operation


async def test_what_they_tried_changed_nothing(world: World) -> None:
    ids = await plant(world)
    before = await _kept(world)
    for actor, client in (await clients(world)).items():
        for operation in ROWS:
            await ask(client, operation, ids)
        assert await _kept(world) == before, actor


async def _kept(world: World) -> dict[str, Any]:
    """Return what is kept of Alice."""
    state = await world.worker.state("w-alice")
    return {
        "device": await world.records.device("w-alice"),
        "credential": await world.records.credential("w-alice"),
        "bindings": await world.records.bindings("w-alice"),
        "state": state,
        "commands": await world.records.commands(device="w-alice"),
        "alarms": await world.records.alarms(devices=["w-alice"]),
        "rules": dict(world.worker.rules),
        "members": await world.records.memberships(household="h_home"),
        "garment": world.worker.kept(Garment, "gm_alice"),
        "moment": world.worker.kept(Moment, "mo_alice"),
        "presence": world.worker.kept(Presence, "h_home:p_alice"),
        "person": await world.records.person("p_alice"),
        "order": await world.records.thing(Order, "or_alice"),
        "listing": await world.records.thing(Listing, "li_alice"),
    }


async def test_unknown_and_foreign_ids_are_answered_alike(world: World) -> None:
    ids = await plant(world)
    bob = await world.as_("bob")
    for operation, row in ROWS.items():
        if "{" not in operation or row.statuses.split()[ACTORS.index("bob")] != "404":
            continue
        foreign = await ask(bob, operation, ids)
        nowhere = {name: f"{value}x" for name, value in ids.items()}
        unknown = await ask(bob, operation, nowhere)
        assert unknown.status_code == foreign.status_code == 404, operation
        for name in ("device", "command", "alarm", "rule", "household"):
            if f"{{{name}}}" in operation:
                text = unknown.text.replace(nowhere[name], ids[name])
                assert text == foreign.text, operation
                break


def test_every_route_declares_who_may_take_it(world: World) -> None:
    undeclared = [
        context.path
        for context in iter_route_contexts(world.app.routes)
        if not set(_calls(getattr(context, "dependant", None))) & ACCESS_CLASSES
    ]
    # The document that this test and everybody reads.
    assert undeclared == ["/openapi.json"]


def _calls(dependant: Dependant | None) -> Iterator[object]:
    if dependant is not None:
        yield dependant.call
        for below in dependant.dependencies:
            yield from _calls(below)


async def test_operators_see_no_word_of_a_persons_device(world: World) -> None:
    await add_dead_letter(world, "dl_alice", device="w-alice", payload=b"x")
    await add_dead_letter(world, "dl_stranger", device="w-stranger", payload=b"x")
    olga = await world.as_("olga")

    letters = (await olga.get("/dead-letters")).json()["items"]

    excerpts = {letter["id"]: letter["excerpt"] for letter in letters}
    assert excerpts == {"dl_alice": None, "dl_stranger": "PLANTED-EXCERPT"}


async def test_a_dead_letter_goes_through_again(world: World) -> None:
    payload = json.dumps({"ts": world.clock.now_ms(), "values": {"heart_rate": 66}}).encode()
    await add_dead_letter(world, "dl_1", device="w-alice", payload=payload)
    olga, alice = await world.as_("olga"), await world.as_("alice")

    assert (await olga.post("/dead-letters/dl_1/retry")).status_code == 204
    await world.drained()

    points = (await alice.get("/devices/w-alice/telemetry?property=heart_rate")).json()["points"]
    assert [value for _, value in points] == [66]
    assert (await olga.get("/dead-letters")).json()["items"] == []


async def test_a_dead_letter_that_is_refused_again_stays(world: World) -> None:
    await add_dead_letter(world, "dl_1", device="w-alice", payload=b"still not JSON")
    olga = await world.as_("olga")

    assert (await olga.post("/dead-letters/dl_1/retry")).status_code == 204

    left = [letter["id"] for letter in (await olga.get("/dead-letters")).json()["items"]]
    assert "dl_1" in left
