"""Partners, orders and listings over the API: who may do and see what, and what comes of it."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest

from hub.api.identity import SignedToken
from hub.api.live_view import LiveView
from hub.model import (
    Call,
    Garment,
    Listing,
    Operation,
    Order,
    Reader,
    Role,
    Service,
    ServiceKind,
)
from tests.api.world import World, until

ADDRESS = "PLANTED-ADDRESS 12"


async def partner(world: World, kind: str = "dry_cleaner") -> str:
    """Have the operator add a partner; return its id."""
    olga = await world.as_("olga")
    wish = {"kind": kind, "name": f"the {kind}", "url": "https://partner.test/api/"}
    made = await olga.post("/services", json=wish)
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


async def garment(world: World, name: str, *, owner: str | None) -> str:
    made = Garment(id=name, household="h_home", name=f"PLANTED {name}", owner=owner)
    await world.worker.keep(made)
    return name


async def ordered(world: World, who: str = "alice", *, owner: str | None = "p_alice") -> str:
    """Have somebody ask for a quote and wait until it is there; return the order's id."""
    service = await partner(world)
    await garment(world, "gm_silk", owner=owner)
    wish = {"service": service, "household": "h_home", "garments": ["gm_silk"], "area": "Seongsu"}
    client = await world.as_(who)
    made = await client.post("/orders", json=wish)
    assert made.status_code == 201, made.text
    name = str(made.json()["id"])
    await until(_status(client, f"/orders/{name}", "quoted"))
    return name


async def placed(world: World) -> str:
    name = await ordered(world)
    alice = await world.as_("alice")
    answer = await alice.post(f"/orders/{name}/accept", json={"address": ADDRESS})
    assert answer.status_code == 200, answer.text
    await until(_status(alice, f"/orders/{name}", "placed"))
    return name


async def test_an_order_is_quoted_placed_and_followed(world: World) -> None:
    name = await placed(world)
    alice = await world.as_("alice")

    await told(world, name, "picked_up")
    timeline = (await alice.get(f"/orders/{name}/timeline")).json()
    order = (await alice.get(f"/orders/{name}")).json()

    assert order["promised_at"] == order["expected_at"]
    assert order["price"] == {"amount": "9000", "currency": "KRW"}
    assert [entry["what"] for entry in timeline["entries"]] == [
        "asked",
        "quoted",
        "accepted",
        "placed",
        "picked_up",
    ]
    assert timeline["entries"][-1]["text"] == {"ko": "수거했어요", "en": "Picked up"}


async def test_a_person_sees_every_field_that_left_the_hub_about_them(world: World) -> None:
    name = await placed(world)
    alice, adam = await world.as_("alice"), await world.as_("adam")

    mine = (await alice.get("/me/disclosures")).json()["items"]
    of_order = (await alice.get(f"/orders/{name}/disclosures")).json()["items"]
    adams = (await adam.get("/me/disclosures")).json()["items"]

    fields = {(one["purpose"], one["field"]): one["value"] for one in mine}
    assert fields["place", "address"] == ADDRESS
    assert fields["place", "name"] == "Alice"
    assert ("quote", "address") not in fields
    assert of_order == mine
    assert adams == []


@pytest.mark.parametrize("who", ["adam", "chloe", "gus", "bob", "olga"])
async def test_an_order_is_nobody_elses(world: World, who: str) -> None:
    name = await placed(world)
    client = await world.as_(who)

    answers = [
        await client.get(f"/orders/{name}"),
        await client.get(f"/orders/{name}/timeline"),
        await client.get(f"/orders/{name}/disclosures"),
        await client.post(f"/orders/{name}/accept", json={}),
        await client.post(f"/orders/{name}/cancel", json={}),
    ]
    listed = (await client.get("/orders")).json()["items"]

    assert [answer.status_code for answer in answers] == [404] * 5
    assert listed == []
    assert not [answer for answer in answers if "PLANTED" in answer.text]


async def test_an_order_of_the_homes_own_pieces_is_every_adults(world: World) -> None:
    name = await ordered(world, owner=None)
    seen = {}
    for who in ("alice", "adam", "chloe", "gus", "bob"):
        client = await world.as_(who)
        seen[who] = (await client.get(f"/orders/{name}")).status_code

    assert seen == {"alice": 200, "adam": 200, "chloe": 404, "gus": 404, "bob": 404}


@pytest.mark.parametrize(
    ("who", "status"), [("adam", 404), ("chloe", 403), ("gus", 403), ("bob", 404)]
)
async def test_nobody_orders_with_another_adults_garment(
    world: World, who: str, status: int
) -> None:
    service = await partner(world)
    await garment(world, "gm_silk", owner="p_alice")
    client = await world.as_(who)
    wish = {"service": service, "household": "h_home", "garments": ["gm_silk"]}

    assert (await client.post("/orders", json=wish)).status_code == status


async def test_the_same_wish_twice_is_one_order(world: World) -> None:
    service = await partner(world)
    await garment(world, "gm_silk", owner="p_alice")
    alice = await world.as_("alice")
    wish = {"service": service, "household": "h_home", "garments": ["gm_silk"]}
    headers = {"Idempotency-Key": "one-and-the-same"}

    first = await alice.post("/orders", json=wish, headers=headers)
    second = await alice.post("/orders", json=wish, headers=headers)
    other = await alice.post("/orders", json=wish)

    assert first.json()["id"] == second.json()["id"]
    assert other.status_code == 409


async def test_an_order_that_was_cancelled_cannot_be_accepted(world: World) -> None:
    name = await ordered(world)
    alice = await world.as_("alice")

    cancelled = await alice.post(f"/orders/{name}/cancel", json={"reason": "changed my mind"})
    accepted = await alice.post(f"/orders/{name}/accept", json={"address": ADDRESS})

    assert cancelled.json()["status"] == "cancelled"
    assert accepted.status_code == 409
    assert [operation for operation, _ in world.cleaner.done] == [Operation.QUOTE]


async def test_a_quote_needs_an_address_and_a_slot_of_its_own(world: World) -> None:
    name = await ordered(world)
    alice = await world.as_("alice")
    slot = {"start": "2026-11-30T09:00:00Z", "end": "2026-11-30T11:00:00Z"}

    without = await alice.post(f"/orders/{name}/accept", json={})
    another = await alice.post(f"/orders/{name}/accept", json={"address": "x", "slot": slot})
    offered = (await alice.get(f"/orders/{name}")).json()["slots"][1]
    right = await alice.post(f"/orders/{name}/accept", json={"address": "x", "slot": offered})

    assert (without.status_code, another.status_code) == (422, 422)
    assert right.json()["slot"] == offered


@pytest.mark.parametrize(
    ("who", "role", "hears"),
    [
        ("alice", Role.OWNER, True),
        ("adam", Role.ADULT, False),
        ("chloe", Role.CHILD, False),
        ("gus", Role.GUEST, False),
        ("bob", None, False),
    ],
)
async def test_only_whose_order_it_is_hears_of_it_live(
    world: World, who: str, role: Role | None, *, hears: bool
) -> None:
    async with world.worker.subscribe() as subscription:
        await placed(world)
        items = [item for item in await anext(aiter(subscription)) if item.kind == "order"]
    reader = Reader(person=f"p_{who}", roles={"h_home": role} if role else {})
    token = SignedToken(person=reader.person, family="s")
    view = LiveView(state=world.app.state.api, reader=reader, token=token)

    assert items
    assert items[-1].body["status"] == "placed"
    assert "address" not in items[-1].body
    assert {await view.hears(item) for item in items} == {hears}


# ----------------------------------------------------------------------------------- webhooks


async def told(
    world: World, order: str, stage: str, *, change: Callable[[bytes], bytes] = bytes
) -> httpx2.Response:
    """Have the partner post a webhook that the order reached this stage."""
    known = await world.records.thing(Order, order)
    assert known is not None
    update = world.cleaner.advance(order, stage)
    headers, body = world.cleaner.webhook(_service(world, known.service), update)
    async with world.anonymous() as client:
        return await client.post(f"/hooks/{known.service}", content=change(body), headers=headers)


async def test_a_webhook_is_taken_once(world: World) -> None:
    name = await placed(world)
    known = await world.records.thing(Order, name)
    assert known is not None
    update = world.cleaner.advance(name, "picked_up")
    headers, body = world.cleaner.webhook(_service(world, known.service), update)
    async with world.anonymous() as client:
        answers = [
            await client.post(f"/hooks/{known.service}", content=body, headers=headers)
            for _ in range(3)
        ]

    order = await world.records.thing(Order, name)
    assert [answer.status_code for answer in answers] == [204] * 3
    assert order is not None
    assert [entry.what for entry in order.timeline].count("picked_up") == 1


async def test_a_body_altered_by_one_byte_is_refused_and_counted(world: World) -> None:
    name = await placed(world)

    answer = await told(world, name, "picked_up", change=lambda body: body[:-2] + b" }")

    async with world.anonymous() as client:
        figures = (await client.get("http://hub.test/metrics")).text
    order = await world.records.thing(Order, name)
    assert answer.status_code == 401
    assert "hub_hooks_refused_total 1.0" in figures
    assert order is not None
    assert order.stage == "placed"


async def test_a_webhook_to_nobody_is_unknown_and_a_large_one_too_large(world: World) -> None:
    service = await partner(world)
    async with world.anonymous() as client:
        nobody = await client.post("/hooks/sv_nobody", content=b"{}")
        large = await client.post(f"/hooks/{service}", content=b"x" * 65_537)

    assert (nobody.status_code, large.status_code) == (404, 413)


async def test_one_partner_cannot_speak_of_anothers_orders(world: World) -> None:
    name = await placed(world)
    other = await partner(world)
    update = world.cleaner.advance(name, "delivered")
    headers, body = world.cleaner.webhook(_service(world, other), update)
    async with world.anonymous() as client:
        answer = await client.post(f"/hooks/{other}", content=body, headers=headers)

    order = await world.records.thing(Order, name)
    assert answer.status_code == 204
    assert order is not None
    assert order.stage == "placed"


async def test_guessing_signatures_ends_soon(world: World) -> None:
    service = await partner(world)
    async with world.anonymous() as client:
        statuses = [
            (await client.post(f"/hooks/{service}", content=b"{}")).status_code for _ in range(62)
        ]

    assert statuses[:60] == [401] * 60
    assert statuses[-1] == 429


# ----------------------------------------------------------------------------------- partners


async def test_a_secret_is_shown_once_and_both_hold_while_it_is_changed(world: World) -> None:
    service = await partner(world)
    olga = await world.as_("olga")
    before = _service(world, service).secret

    rotated = (await olga.post(f"/services/{service}/secret")).json()["secret"]
    after = _service(world, service).secret
    shown = await olga.get("/services")

    assert after.split(" ") == [rotated, before]
    assert "whsec_" not in shown.text


async def test_members_see_partners_but_not_where_they_are(world: World) -> None:
    await partner(world)
    alice = await world.as_("alice")

    (shown,) = (await alice.get("/services")).json()["items"]

    assert (shown["kind"], shown["state"], shown["url"]) == ("dry_cleaner", "closed", None)
    assert (await alice.post("/services", json={})).status_code in {403, 422}


@pytest.mark.parametrize(
    "url", ["ftp://x.test", "https://me:pw@x.test", "https://x.test/?a=b", "javascript:1"]
)
async def test_an_address_that_is_none_is_refused(world: World, url: str) -> None:
    olga = await world.as_("olga")
    wish = {"kind": "market", "name": "x", "url": url}
    assert (await olga.post("/services", json=wish)).status_code == 422


async def test_a_partner_with_work_under_way_is_switched_off_not_removed(world: World) -> None:
    name = await placed(world)
    order = await world.records.thing(Order, name)
    assert order is not None
    olga, alice = await world.as_("olga"), await world.as_("alice")

    removed = await olga.delete(f"/services/{order.service}")
    off = await olga.patch(f"/services/{order.service}", json={"enabled": False})
    await garment(world, "gm_wool", owner="p_alice")
    wish = {"service": order.service, "household": "h_home", "garments": ["gm_wool"]}

    assert (removed.status_code, off.json()["enabled"]) == (409, False)
    assert (await alice.post("/orders", json=wish)).status_code == 409


async def test_operators_send_a_dead_call_again_and_see_nothing_of_what_it_says(
    world: World,
) -> None:
    service = await partner(world)
    await garment(world, "gm_silk", owner="p_alice")
    alice, olga = await world.as_("alice"), await world.as_("olga")
    world.cleaner.down = True
    wish = {"service": service, "household": "h_home", "garments": ["gm_silk"]}
    name = (await alice.post("/orders", json=wish)).json()["id"]
    await until(_tried(world))
    world.clock.advance(49 * 3600)
    _sign_in_again(world, alice=alice, olga=olga)
    await until(_status(alice, f"/orders/{name}", "failed"))

    dead = await olga.get(f"/services/{service}/calls?status=dead")
    world.cleaner.down = False
    (call,) = dead.json()["items"]
    again = await olga.post(f"/services/calls/{call['id']}/retry")
    world.clock.advance(60)
    await until(_status(alice, f"/orders/{name}", "quoted"))

    assert "PLANTED" not in dead.text
    assert again.json()["status"] == "queued"
    assert (await olga.post(f"/services/calls/{call['id']}/retry")).status_code == 409


# ----------------------------------------------------------------------------------- listings


async def offered(world: World, mode: str = "swap") -> str:
    service = await partner(world, "market")
    await garment(world, "gm_coat", owner="p_alice")
    alice = await world.as_("alice")
    wish: dict[str, Any] = {
        "service": service,
        "household": "h_home",
        "garment": "gm_coat",
        "mode": mode,
        "area": "Seongsu",
        "nickname": "blue_heron",
    }
    made = await alice.post("/listings", json=wish)
    assert made.status_code == 201, made.text
    name = str(made.json()["id"])
    await until(_status(alice, f"/listings/{name}", "offered"))
    return name


async def test_a_deal_is_agreed_when_both_said_yes(world: World) -> None:
    name = await offered(world)
    alice = await world.as_("alice")
    world.market.interest(name, deal="dl-1", other="haneul")
    await said(world, name)
    await alice.post(f"/listings/{name}/deals/dl-1/accept")
    await until(_heard(world, Operation.ACCEPT))
    before = (await alice.get(f"/listings/{name}")).json()["status"]
    world.market.accept(name, "dl-1")
    await said(world, name)
    agreed = (await alice.get(f"/listings/{name}")).json()
    await alice.post(f"/listings/{name}/deals/dl-1/hand-over")
    await until(_status(alice, f"/listings/{name}", "handed_over"))

    gone = await world.records.thing(Garment, "gm_coat")
    assert before == "offered"
    assert (agreed["status"], agreed["deals"][0]["status"]) == ("reserved", "agreed")
    assert gone is not None
    assert gone.place == "gone"


async def test_a_market_learns_a_nickname_and_no_name_or_address(world: World) -> None:
    name = await offered(world)
    alice = await world.as_("alice")

    sent = (await alice.get(f"/listings/{name}/disclosures")).json()["items"]

    assert {one["field"] for one in sent} == {
        "area",
        "garment.garment",
        "garment.name",
        "garment.tags",
        "listing",
        "mode",
        "nickname",
    }
    assert "Alice" not in json.dumps(sent)


async def test_what_is_offered_can_be_withdrawn_and_is_home_again(world: World) -> None:
    name = await offered(world)
    alice = await world.as_("alice")

    await alice.post(f"/listings/{name}/withdraw")
    await until(_status(alice, f"/listings/{name}", "withdrawn"))

    back = await world.records.thing(Garment, "gm_coat")
    assert back is not None
    assert (back.place, back.listing) == ("wardrobe", None)


@pytest.mark.parametrize("who", ["adam", "chloe", "gus", "bob", "olga"])
async def test_a_listing_is_nobody_elses(world: World, who: str) -> None:
    name = await offered(world)
    client = await world.as_(who)

    answers = [
        await client.get(f"/listings/{name}"),
        await client.get(f"/listings/{name}/timeline"),
        await client.get(f"/listings/{name}/disclosures"),
        await client.post(f"/listings/{name}/withdraw"),
        await client.post(f"/listings/{name}/deals/dl-1/accept"),
    ]

    assert [answer.status_code for answer in answers] == [404] * 5


async def said(world: World, listing: str) -> None:
    """Have the market post a webhook of how the listing stands."""
    known = await world.records.thing(Listing, listing)
    assert known is not None
    headers, body = world.market.webhook(
        _service(world, known.service), world.market.listings[listing]
    )
    async with world.anonymous() as client:
        answer = await client.post(f"/hooks/{known.service}", content=body, headers=headers)
    assert answer.status_code == 204, answer.text


def _service(world: World, name: str) -> Service:
    found = world.worker.kept(Service, name)
    assert found is not None
    assert isinstance(found.kind, ServiceKind)
    return found


def _status(client: httpx2.AsyncClient, path: str, status: str) -> Callable[[], Awaitable[bool]]:
    async def reached() -> bool:
        return bool((await client.get(path)).json()["status"] == status)

    return reached


def _tried(world: World) -> Callable[[], Awaitable[bool]]:
    async def tried() -> bool:
        return any(call.attempts for call in world.worker.kept_in(Call, "h_home"))

    return tried


def _heard(world: World, operation: Operation) -> Callable[[], Awaitable[bool]]:
    async def heard() -> bool:
        waiting = world.worker.kept_in(Call, "h_home")
        done = any(known is operation for known, _ in world.market.done)
        return done and not waiting

    return heard


def _sign_in_again(world: World, **clients: httpx2.AsyncClient) -> None:
    """Give new access tokens: the old ones are too old after so long."""
    for name, client in clients.items():
        token = SignedToken(person=f"p_{name}", family=f"s_{name}")
        signed = world.app.state.api.tokens.sign(token)
        client.headers["Authorization"] = f"Bearer {signed}"
