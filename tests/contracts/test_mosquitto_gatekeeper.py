"""What is special about Mosquitto's gate; what all gates do is in `test_gatekeeper.py`."""

import asyncio
import contextlib
import json
import signal
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import aiomqtt
import pytest
from paho.mqtt.reasoncodes import ReasonCode

from hub.adapters.gatekeeper.dynsec_file import RIGHTS_FILE, RightsDirectory, device_role
from hub.adapters.gatekeeper.mosquitto import MosquittoGatekeeper
from hub.adapters.gatekeeper.tokens import hash_token, new_token
from hub.errors import InvalidInputError, MisconfiguredError, UnavailableError
from hub.model import Topics
from hub.ports import Credential
from tests.contracts.free_ports import free_port
from tests.contracts.gatekeeper_mosquitto import mosquitto_gate
from tests.contracts.gatekeepers import Gate, Login, next_message, until_cut
from tests.contracts.mosquitto_process import (
    Mosquitto,
    mosquitto,
    rights_in,
    settings_for,
)

pytestmark = pytest.mark.broker
TOPICS = Topics()


@pytest.fixture
async def gate(tmp_path: Path) -> AsyncIterator[Gate]:
    async with mosquitto_gate(tmp_path) as gate:
        yield gate


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    rights_in(tmp_path)
    with mosquitto(tmp_path) as broker:
        yield broker


def rights_of(broker: Mosquitto) -> RightsDirectory:
    return RightsDirectory(
        directory=broker.directory / "rights",
        topics=TOPICS,
        admin_password="of the gate",
        hub_password="of the hub",
    )


def keeper(broker: Mosquitto, *, rights: RightsDirectory | None = None) -> MosquittoGatekeeper:
    return MosquittoGatekeeper(settings_for(broker.port), topics=TOPICS, rights=rights)


def claimed(device: str) -> Credential:
    return hash_token(new_token(), device)


def login(credential: Credential) -> Login:
    assert credential.token is not None
    return Login.of(credential.device, credential.token)


async def granted(client: aiomqtt.Client, topic: str) -> bool:
    (code,) = await client.subscribe(topic, qos=1)
    assert isinstance(code, ReasonCode)
    return not code.is_failure


@pytest.mark.parametrize(
    "topic",
    [
        "#",
        "+/+/+/+/+/+",
        "cx/1/main/+/down/#",
        "cx/1/main/+/down/command",
        "cx/1/main/+/up/+",
        "$SYS/#",
        "$CONTROL/#",
        "$share/thieves/cx/1/main/w-2/down/#",
    ],
)
async def test_a_net_cast_wide_is_refused(gate: Gate, topic: str) -> None:
    async with gate.client(await gate.admit("w-1")) as device:
        assert not await granted(device, topic)


async def test_a_device_may_name_its_own_topics_exactly_or_all(gate: Gate) -> None:
    async with gate.client(await gate.admit("w-1")) as device:
        assert await granted(device, "cx/1/main/w-1/down/#")
        assert await granted(device, "cx/1/main/w-1/down/command")


async def test_a_retained_message_goes_to_its_own_device_only(gate: Gate) -> None:
    nosy, owner = await gate.admit("w-1"), await gate.admit("w-2")
    async with gate.hub_listens() as hub:
        await hub.publish("cx/1/main/w-2/down/desired", b"private", qos=1, retain=True)
        await hub.publish("cx/1/main/w-1/down/desired", b"mine", qos=1, retain=True)
    async with gate.client(nosy) as device:
        await device.subscribe("cx/1/main/w-2/down/#", qos=1)
        await device.subscribe("cx/1/main/w-1/down/#", qos=1)
        assert await next_message(device) == ("cx/1/main/w-1/down/desired", b"mine")
    async with gate.client(owner) as device:
        await device.subscribe("cx/1/main/w-2/down/#", qos=1)
        assert await next_message(device) == ("cx/1/main/w-2/down/desired", b"private")


async def test_the_client_ids_of_the_hub_and_its_gate_are_out_of_reach(gate: Gate) -> None:
    device = await gate.admit("w-1")
    async with gate.hub_listens() as hub:
        assert not await gate.lets_in(device.under("hub-main"))
        assert not await gate.lets_in(device.under("hub-main-gate"))
        async with gate.client(device) as client:
            await client.publish("cx/1/main/w-1/up/event", b"still there", qos=1)
        assert await next_message(hub) == ("cx/1/main/w-1/up/event", b"still there")


@pytest.mark.parametrize("who", ["the hub", "a device"])
async def test_only_the_gate_administers_rights(gate: Gate, who: str) -> None:
    device = await gate.admit("w-1")
    async with gate.client(gate.hub if who == "the hub" else device) as client:
        assert not await granted(client, "$CONTROL/dynamic-security/v1/response")
        order = {"commands": [{"command": "deleteClient", "username": "w-1"}]}
        await client.publish("$CONTROL/dynamic-security/v1", json.dumps(order), qos=1)
    assert await gate.lets_in(device)


async def test_revoking_forgets_what_waits_for_the_device(gate: Gate) -> None:
    device = await gate.admit("w-1")
    async with gate.client(device, keep_session=True) as client:
        await client.subscribe("cx/1/main/w-1/down/#", qos=1)
        await client.publish("cx/1/main/w-1/up/state", b"heart", qos=1, retain=True)
    async with gate.hub_listens() as hub:
        assert await next_message(hub) == ("cx/1/main/w-1/up/state", b"heart")
        await hub.publish("cx/1/main/w-1/down/command", b"queued", qos=1)
        await hub.publish("cx/1/main/w-1/down/desired", b"kept", qos=1, retain=True)

        await gate.revoke("w-1")

        assert await next_message(hub) == ("cx/1/main/w-1/up/state", b"")
    again = await gate.admit("w-1")
    async with gate.hub_listens() as hub, gate.client(again, keep_session=True) as client:
        await client.subscribe("cx/1/main/w-1/down/#", qos=1)
        await hub.publish("cx/1/main/w-1/down/command", b"new", qos=1)
        assert await next_message(client) == ("cx/1/main/w-1/down/command", b"new")


async def test_a_new_token_cuts_who_came_in_with_the_old_one(gate: Gate) -> None:
    old = await gate.admit("w-1")
    async with gate.client(old) as client:
        new = await gate.admit("w-1")
        await until_cut(client)
    assert not await gate.lets_in(old)
    assert await gate.lets_in(new)


async def test_revoking_an_unknown_device_changes_nothing(gate: Gate) -> None:
    device = await gate.admit("w-1")
    await gate.revoke("w-9")
    assert await gate.lets_in(device)


async def test_a_device_without_its_token_cannot_be_let_in(gate: Gate) -> None:
    with pytest.raises(InvalidInputError, match="rotate"):
        await gate.gatekeeper.admit([replace(claimed("w-1"), token=None)])


async def test_a_thousand_devices_come_in_while_another_is_served(gate: Gate) -> None:
    crowd = [claimed(f"w-{number:04}") for number in range(1000)]
    async with gate.hub_listens() as hub, gate.client(await gate.admit("early")) as early:
        async with asyncio.TaskGroup() as group:
            admitting = group.create_task(gate.gatekeeper.admit(crowd))
            heard = 0
            while not admitting.done():
                await early.publish("cx/1/main/early/up/event", b"here", qos=1)
                await next_message(hub)
                heard += 1
        assert heard > 10
    for credential in (crowd[0], crowd[-1]):
        assert await gate.lets_in(login(credential))


async def test_sync_shuts_out_what_the_records_do_not_know(gate: Gate) -> None:
    kept, gone = await gate.admit("w-1"), await gate.admit("w-2")
    await gate.gatekeeper.sync([gate.registry.credentials["w-1"]])
    assert await gate.lets_in(kept)
    assert not await gate.lets_in(gone)


async def test_sync_leaves_other_users_of_the_broker_alone(broker: Mosquitto) -> None:
    path = broker.directory / "rights" / RIGHTS_FILE
    rights = json.loads(path.read_text())
    lamp = hash_token("lamp", "lamp")
    RightsDirectory.write(rights_of(broker), [lamp])
    stranger = json.loads(path.read_text())["clients"][-1] | {"roles": []}
    path.write_text(json.dumps(rights | {"clients": [*rights["clients"], stranger]}))
    await broker.start()
    gatekeeper = keeper(broker)
    await gatekeeper.sync([])
    async with aiomqtt.Client(
        "127.0.0.1", broker.port, username="lamp", password="lamp", identifier="lamp"
    ):
        pass


async def test_a_lost_file_is_written_anew_from_the_hashes(
    broker: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    await broker.start()
    gatekeeper = keeper(broker, rights=rights_of(broker))
    devices = [claimed("w-1"), claimed("w-2")]
    await gatekeeper.admit(devices)
    hashes = [replace(device, token=None) for device in devices]
    broker.stop(signal.SIGKILL)
    (broker.directory / "rights" / RIGHTS_FILE).unlink()
    assert rights_of(broker).set_up()
    await broker.start()

    await gatekeeper.sync(hashes)
    assert gatekeeper.locked_out == {"w-1", "w-2"}
    assert "restart it" in caplog.text
    # The running broker writes its own file at the next claim, in which both are missing.
    newcomer = claimed("w-3")
    await gatekeeper.admit([newcomer])
    broker.stop()
    await broker.start()

    await gatekeeper.sync([*hashes, replace(newcomer, token=None)])
    assert gatekeeper.locked_out == frozenset()
    for device in (*devices, newcomer):
        async with aiomqtt.Client(
            "127.0.0.1",
            broker.port,
            username=device.device,
            password=device.token,
            identifier=device.device,
        ):
            pass


async def test_without_the_file_sync_says_which_devices_must_rotate(
    broker: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    await broker.start()
    gatekeeper = keeper(broker)
    device = claimed("w-1")
    await gatekeeper.sync([replace(device, token=None)])
    assert gatekeeper.locked_out == {"w-1"}
    assert "rotate" in caplog.text
    await gatekeeper.admit([device])
    assert gatekeeper.locked_out == frozenset()


async def test_opening_denies_what_the_broker_allowed_by_default(broker: Mosquitto) -> None:
    path = broker.directory / "rights" / RIGHTS_FILE
    rights = json.loads(path.read_text())
    rights["defaultACLAccess"]["publishClientReceive"] = True
    rights["roles"] = [one for one in rights["roles"] if one["rolename"] != device_role(TOPICS)]
    path.write_text(json.dumps(rights))
    await broker.start()
    await keeper(broker).open()
    now = json.loads(path.read_text())
    assert now["defaultACLAccess"]["publishClientReceive"] is False
    assert device_role(TOPICS) in {one["rolename"] for one in now["roles"]}


async def test_opening_twice_cuts_nobody(gate: Gate) -> None:
    async with gate.hub_listens() as hub, gate.client(await gate.admit("w-1")) as client:
        await gate.gatekeeper.open()
        await client.publish("cx/1/main/w-1/up/event", b"here", qos=1)
        await next_message(hub)


async def test_a_wrong_password_of_the_gate_is_the_operators_to_mend(broker: Mosquitto) -> None:
    await broker.start()
    settings = settings_for(broker.port, gatekeeper_password="wrong")
    with pytest.raises(MisconfiguredError, match="refuses"):
        await MosquittoGatekeeper(settings, topics=TOPICS).open()


async def test_a_broker_that_is_away_is_unavailable() -> None:
    with pytest.raises(UnavailableError):
        await MosquittoGatekeeper(settings_for(free_port()), topics=TOPICS).open()


async def test_a_packet_too_large_ends_the_connection_and_no_other(gate: Gate) -> None:
    async with gate.hub_listens() as hub:
        with contextlib.suppress(aiomqtt.MqttError):
            async with gate.client(await gate.admit("w-1")) as device:
                with contextlib.suppress(aiomqtt.MqttError):
                    large = b"x" * 50_000_000
                    await device.publish("cx/1/main/w-1/up/telemetry", large, qos=1, timeout=0.1)
                await until_cut(device)
        async with gate.client(await gate.admit("w-2")) as device:
            await device.publish("cx/1/main/w-2/up/telemetry", b"y" * 131_072, qos=1)
        topic, payload = await next_message(hub)
        assert (topic, len(payload)) == ("cx/1/main/w-2/up/telemetry", 131_072)
