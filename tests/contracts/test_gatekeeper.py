"""One suite for every gatekeeper that stands before a real broker, and for the one in memory.

"Refused" means SUBACK 0x80 or that nothing is delivered: a PUBACK says nothing about permission.
"""

import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import cast

import aiomqtt
import pytest
import pytest_asyncio

from hub.adapters.gatekeeper.memory import MemoryGatekeeper
from hub.adapters.gatekeeper.tokens import hash_token, matches, new_token
from tests.contracts.gatekeeper_mosquitto import mosquitto_gate
from tests.contracts.gatekeeper_nats import nats_gate
from tests.contracts.gatekeepers import Gate, Login, next_message, until_cut

GATES: dict[str, Callable[[Path], AbstractAsyncContextManager[Gate]]] = {
    "mosquitto": mosquitto_gate,
    "nats": nats_gate,
}

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(
    scope="module",
    loop_scope="module",
    params=[pytest.param("mosquitto", marks=pytest.mark.broker), "nats"],
)
async def gate(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Gate]:
    name = cast("str", request.param)
    async with GATES[name](tmp_path_factory.mktemp(name)) as gate:
        yield gate


async def test_a_device_writes_up_and_reads_down(gate: Gate) -> None:
    login = await gate.admit("w-own")
    async with gate.hub_listens() as hub, gate.client(login) as device:
        await device.subscribe(gate.topics.down("w-own", "#"), qos=1)
        await device.publish("cx/1/main/w-own/up/telemetry", b"131", qos=1)
        assert await next_message(hub) == ("cx/1/main/w-own/up/telemetry", b"131")
        await hub.publish("cx/1/main/w-own/down/command", b"buzz", qos=1)
        assert await next_message(device) == ("cx/1/main/w-own/down/command", b"buzz")


async def test_the_last_will_reaches_the_hub(gate: Gate) -> None:
    login = await gate.admit("w-will")
    will = aiomqtt.Will("cx/1/main/w-will/up/status", b"lost", qos=1)
    async with gate.hub_listens() as hub:
        async with gate.client(login, will=will) as device:
            # No DISCONNECT, as when the battery is pulled out.
            cast("socket.socket", device._client.socket()).shutdown(socket.SHUT_RDWR)
            await until_cut(device)
        assert await next_message(hub) == ("cx/1/main/w-will/up/status", b"lost")


def a_wrong_token(own: Login, _: Login) -> Login:
    return Login.of(own.client_id, new_token())


def no_token(own: Login, _: Login) -> Login:
    return Login(username=own.username, password=None, client_id=own.client_id)


def no_user_name(own: Login, _: Login) -> Login:
    return Login(username=None, password=None, client_id=own.client_id)


def the_token_of_another(own: Login, other: Login) -> Login:
    return Login(username=own.username, password=other.password, client_id=own.client_id)


def the_client_id_of_another(own: Login, other: Login) -> Login:
    return own.under(other.client_id)


def the_client_id_of_the_hub(own: Login, _: Login) -> Login:
    return own.under("hub-main")


def no_client_id(own: Login, _: Login) -> Login:
    return own.under("")


def a_look_alike_client_id(own: Login, _: Login) -> Login:
    return own.under(own.client_id.upper())


def an_unknown_device(own: Login, _: Login) -> Login:
    return Login(username="w-nobody", password=own.password, client_id="w-nobody")


def the_name_of_the_hub(own: Login, _: Login) -> Login:
    return Login(username="hub-main", password=own.password, client_id="hub-main")


def a_wildcard_as_name(own: Login, _: Login) -> Login:
    return Login(username="+", password=own.password, client_id="+")


@pytest.mark.parametrize(
    "login_of",
    [
        a_wrong_token,
        no_token,
        no_user_name,
        the_token_of_another,
        the_client_id_of_another,
        the_client_id_of_the_hub,
        no_client_id,
        a_look_alike_client_id,
        an_unknown_device,
        the_name_of_the_hub,
        a_wildcard_as_name,
    ],
    ids=lambda login_of: login_of.__name__,
)
async def test_nobody_comes_in_with(gate: Gate, login_of: Callable[[Login, Login], Login]) -> None:
    own, other = await gate.admit("w-one"), await gate.admit("w-two")
    assert await gate.lets_in(own)
    assert not await gate.lets_in(login_of(own, other))


async def test_an_id_of_the_hubs_is_refused_even_with_a_credential(gate: Gate) -> None:
    token = new_token()
    gate.registry.credentials["hub-spare"] = hash_token(token, "hub-spare")
    assert not await gate.lets_in(Login.of("hub-spare", token))
    del gate.registry.credentials["hub-spare"]


async def test_a_failed_try_under_anothers_name_does_not_disturb_its_session(gate: Gate) -> None:
    own = await gate.admit("w-calm")
    async with gate.client(own) as device:
        await device.subscribe("cx/1/main/w-calm/down/#", qos=1)
        assert not await gate.lets_in(Login.of("w-calm", new_token()))
        async with gate.client(gate.hub) as hub:
            await hub.publish("cx/1/main/w-calm/down/command", b"still here", qos=1)
        assert await next_message(device) == ("cx/1/main/w-calm/down/command", b"still here")


@pytest.mark.parametrize("qos", [0, 1])
@pytest.mark.parametrize(
    "topic",
    [
        "cx/1/main/w-victim/up/telemetry",
        "cx/1/main/w-victim/up/status",
        "cx/1/main/w-write/down/command",
        "cx/1/main//up/telemetry",
        "cx.1.main.w-victim.up.telemetry",
        "cx/1/main/w-victim/w-write/up/telemetry",
        "cx/1/main/*/up/telemetry",
        "cx/1/main/w-victim/up/>",
    ],
)
async def test_what_a_device_writes_elsewhere_is_not_delivered(
    gate: Gate, topic: str, qos: int
) -> None:
    own = await gate.admit("w-write")
    await gate.admit("w-victim")
    async with gate.client(gate.hub) as hub:
        await hub.subscribe([(gate.topics.subscription, 1), ("cx/1/main/+/down/+", 1)])
        async with gate.client(own) as device:
            await device.publish(topic, b"forged", qos=qos)
            await device.publish("cx/1/main/w-write/up/telemetry", b"own", qos=1)
            assert await next_message(hub) == ("cx/1/main/w-write/up/telemetry", b"own")


@pytest.mark.parametrize("qos", [0, 1])
@pytest.mark.parametrize(
    "topic_filter",
    [
        "#",
        "+/+/+/+/+/+",
        "cx/#",
        "cx/1/main/+/down/#",
        "cx/1/main/+/up/+",
        "cx/1/main/w-prey/#",
        "cx/1/main/w-prey/down/command",
        "cx/1/main/w-read/up/#",
        "cx/1/main/w-prey/up/telemetry",
        "cx/1/main/*/down/command",
        "cx/1/main/>",
        ">",
        "$SYS/#",
        "$MQTT/#",
        "$MQTT/sub/#",
        "$MQTT/sub/>",
        "$share/all/cx/1/main/+/down/#",
    ],
)
async def test_a_device_hears_nothing_of_others(gate: Gate, topic_filter: str, qos: int) -> None:
    own, prey = await gate.admit("w-read"), await gate.admit("w-prey")
    async with gate.client(own) as device, gate.client(gate.hub) as hub:
        await device.subscribe(topic_filter, qos=qos)
        await device.subscribe("cx/1/main/w-read/down/command", qos=qos)
        async with gate.client(prey) as other:
            await other.subscribe("cx/1/main/w-prey/down/#", qos=1)
            await other.publish("cx/1/main/w-prey/up/telemetry", b"private", qos=1)
            await hub.publish("cx/1/main/w-prey/down/command", b"private", qos=1)
            assert await next_message(other) == ("cx/1/main/w-prey/down/command", b"private")
        await hub.publish("cx/1/main/w-read/down/command", b"own", qos=1)
        assert await next_message(device) == ("cx/1/main/w-read/down/command", b"own")


async def test_a_retained_word_for_another_is_not_handed_over(gate: Gate) -> None:
    own = await gate.admit("w-late")
    await gate.admit("w-kept")
    async with gate.client(gate.hub) as hub:
        await hub.publish("cx/1/main/w-kept/down/desired", b"private", qos=1, retain=True)
        await hub.publish("cx/1/main/w-late/down/desired", b"own", qos=1, retain=True)
    async with gate.client(own) as device:
        await device.subscribe("cx/1/main/+/down/desired", qos=1)
        await device.subscribe("cx/1/main/w-late/down/#", qos=1)
        assert await next_message(device) == ("cx/1/main/w-late/down/desired", b"own")


async def test_revoking_cuts_the_live_session_and_keeps_the_device_out(gate: Gate) -> None:
    login = await gate.admit("w-gone")
    async with gate.client(login) as device:
        await gate.revoke("w-gone")
        await until_cut(device)
    assert not await gate.lets_in(login)


async def test_revoking_leaves_the_others_in(gate: Gate) -> None:
    staying = await gate.admit("w-stays")
    leaving = await gate.admit("w-leaves")
    async with gate.client(staying) as device:
        async with gate.client(leaving) as cut:
            await gate.revoke("w-leaves")
            await until_cut(cut)
        async with gate.hub_listens() as hub:
            await device.publish("cx/1/main/w-stays/up/telemetry", b"1", qos=1)
            assert await next_message(hub) == ("cx/1/main/w-stays/up/telemetry", b"1")


async def test_revoking_who_is_not_connected_or_not_known_is_no_error(gate: Gate) -> None:
    login = await gate.admit("w-absent")
    await gate.revoke("w-absent")
    await gate.revoke("w-absent")
    await gate.revoke("w-never-was")
    assert not await gate.lets_in(login)


async def test_revoking_leaves_nothing_retained_of_what_the_device_said(gate: Gate) -> None:
    leaving, marker = await gate.admit("w-erased"), await gate.admit("w-marker")
    async with gate.client(leaving) as device:
        for leaf in ("state", "status"):
            await device.publish(f"cx/1/main/w-erased/up/{leaf}", b"old", qos=1, retain=True)
    await gate.revoke("w-erased")
    async with gate.hub_listens() as hub, gate.client(marker) as device:
        await device.publish("cx/1/main/w-marker/up/event", b"mark", qos=1)
        heard = [await next_message(hub)]
        while heard[-1][0] != "cx/1/main/w-marker/up/event":
            heard.append(await next_message(hub))
    assert [topic for topic, _ in heard if "w-erased" in topic] == []


async def test_revoking_leaves_nothing_retained_for_who_comes_after(gate: Gate) -> None:
    await gate.admit("w-heir")
    async with gate.client(gate.hub) as hub:
        await hub.publish("cx/1/main/w-heir/down/desired", b"old", qos=1, retain=True)
        await gate.revoke("w-heir")
        async with gate.client(await gate.admit("w-heir")) as device:
            await device.subscribe("cx/1/main/w-heir/down/#", qos=1)
            await hub.publish("cx/1/main/w-heir/down/command", b"new", qos=1)
            assert await next_message(device) == ("cx/1/main/w-heir/down/command", b"new")


async def test_a_revoked_device_comes_in_again_once_admitted_anew(gate: Gate) -> None:
    before = await gate.admit("w-back")
    await gate.revoke("w-back")
    after = await gate.admit("w-back")
    assert await gate.lets_in(after)
    assert not await gate.lets_in(before)


async def test_a_replaced_token_opens_nothing_and_its_session_ends(gate: Gate) -> None:
    before = await gate.admit("w-rotate")
    async with gate.client(before) as device:
        after = await gate.admit("w-rotate")
        await until_cut(device)
    assert not await gate.lets_in(before)
    assert await gate.lets_in(after)


async def test_sync_leaves_in_exactly_those_it_names(gate: Gate) -> None:
    kept, dropped = await gate.admit("w-kept-in"), await gate.admit("w-dropped")
    async with gate.client(kept) as stays, gate.client(dropped) as goes:
        await stays.subscribe("cx/1/main/w-kept-in/down/#", qos=1)
        del gate.registry.credentials["w-dropped"]
        await gate.gatekeeper.sync(list(gate.registry.credentials.values()))
        await until_cut(goes)
        async with gate.client(gate.hub) as hub:
            await hub.publish("cx/1/main/w-kept-in/down/command", b"1", qos=1)
        assert await next_message(stays) == ("cx/1/main/w-kept-in/down/command", b"1")
    assert not await gate.lets_in(dropped)
    assert await gate.lets_in(kept)


async def test_the_gatekeeper_in_memory_judges_the_same() -> None:
    gatekeeper = MemoryGatekeeper()
    one, two = (hash_token(new_token(), device) for device in ("w-1", "w-2"))
    await gatekeeper.admit([one, two])
    assert one.token is not None
    assert gatekeeper.lets_in("w-1", one.token)
    assert not gatekeeper.lets_in("w-2", one.token)
    assert not gatekeeper.lets_in("w-1", one.token, client_id="w-2")
    await gatekeeper.revoke("w-1")
    assert not gatekeeper.lets_in("w-1", one.token)
    await gatekeeper.sync([one])
    assert set(gatekeeper.admitted) == {"w-1"}
    assert gatekeeper.lets_in("w-1", one.token)


async def test_a_tokens_hash_is_salted_and_matches_only_its_token() -> None:
    token = new_token()
    credential = hash_token(token, "w-1")
    assert credential.hash != hash_token(token, "w-1").hash
    assert matches(token, credential)
    assert not matches(new_token(), credential)
    assert not matches("", credential)
    assert token not in repr(credential)
