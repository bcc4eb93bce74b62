"""What the embedded broker's gatekeeper does beyond the common suite."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import aiomqtt
import pytest
import pytest_asyncio

from hub.adapters.broker.embedded import EmbeddedBroker
from hub.adapters.gatekeeper.nats import NatsGatekeeper
from hub.errors import UnavailableError
from hub.model import Topics
from hub.ports import Credential
from hub.settings import EmbeddedBroker as EmbeddedBrokerSettings
from tests.contracts.gatekeeper_nats import gate_before
from tests.contracts.gatekeepers import Gate, Login, Registry, knock, next_message, until_cut

REFUSED = 0x80

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def broker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedBroker]:
    settings = EmbeddedBrokerSettings(port=0, websocket_port=0)
    broker = EmbeddedBroker(settings, data_dir=tmp_path_factory.mktemp("broker"), cell="main")
    await broker.start()
    yield broker
    await broker.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def gate(broker: EmbeddedBroker) -> AsyncIterator[Gate]:
    async with gate_before(broker) as gate:
        yield gate


@pytest.mark.parametrize(
    "topic_filter",
    [
        "#",
        "+/+/+/+/+/+",
        "cx/1/main/+/down/#",
        "cx/1/main/w-2/down/command",
        "cx/1/main/*/down/command",
        "cx/1/main/w-1/up/#",
        "$SYS/#",
        "$MQTT/#",
        "$MQTT/sub/#",
        "$JS/#",
    ],
)
async def test_a_foreign_subscription_is_refused_aloud(gate: Gate, topic_filter: str) -> None:
    async with gate.client(await gate.admit("w-1")) as device:
        (granted,) = await device.subscribe(topic_filter, qos=1)
        assert granted == REFUSED


async def opens_own_protocol(broker: EmbeddedBroker, login: Login) -> bool:
    """Speak the broker's own protocol; return whether it accepts the login."""
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(broker.gate_url).port)
    await reader.readline()
    options = json.dumps({"user": login.username, "pass": login.password, "verbose": False})
    writer.write(f"CONNECT {options}\r\nPING\r\n".encode())
    answer = await reader.readline()
    writer.close()
    await writer.wait_closed()
    assert answer in {b"PONG\r\n", b"-ERR 'Authorization Violation'\r\n"}
    return answer == b"PONG\r\n"


async def test_a_token_does_not_open_the_brokers_own_protocol(
    gate: Gate, broker: EmbeddedBroker
) -> None:
    assert not await opens_own_protocol(broker, await gate.admit("w-1"))


async def test_the_hubs_own_password_does_not_open_the_brokers_own_protocol(
    gate: Gate, broker: EmbeddedBroker
) -> None:
    assert not await opens_own_protocol(broker, gate.hub)


async def test_a_browser_comes_in_by_websocket(gate: Gate, broker: EmbeddedBroker) -> None:
    login = await gate.admit("w-web")
    assert broker.websocket_port is not None
    async with (
        gate.hub_listens() as hub,
        aiomqtt.Client(
            broker.host,
            broker.websocket_port,
            username=login.username,
            password=login.password,
            identifier=login.client_id,
            protocol=aiomqtt.ProtocolVersion.V311,
            transport="websockets",
            websocket_path="/mqtt",
        ) as device,
    ):
        await device.publish("cx/1/main/w-web/up/event", b"tap", qos=1)
        assert await next_message(hub) == ("cx/1/main/w-web/up/event", b"tap")


async def test_a_revoked_device_finds_no_session_when_admitted_anew(gate: Gate) -> None:
    before = await gate.admit("w-kept")
    async with gate.client(before, keep_session=True) as device:
        await device.subscribe("cx/1/main/w-kept/down/#", qos=1)
    async with gate.client(gate.hub) as hub:
        await hub.publish("cx/1/main/w-kept/down/command", b"for the first owner", qos=1)
        await gate.revoke("w-kept")
        after = await gate.admit("w-kept")
        async with gate.client(after, keep_session=True) as device:
            await device.subscribe("cx/1/main/w-kept/down/#", qos=1)
            await hub.publish("cx/1/main/w-kept/down/command", b"for the second", qos=1)
            assert await next_message(device) == (
                "cx/1/main/w-kept/down/command",
                b"for the second",
            )


async def test_a_session_of_an_earlier_run_ends_when_its_token_is_replaced(
    broker: EmbeddedBroker,
) -> None:
    async with gate_before(broker) as earlier:
        login = await earlier.admit("w-old")
        device = earlier.client(login)
        await device.__aenter__()
    async with gate_before(broker) as later:
        await later.admit("w-old")
        await until_cut(device)
    await device.__aexit__(None, None, None)


async def test_a_session_of_an_earlier_run_stays_while_its_token_is_good(
    broker: EmbeddedBroker,
) -> None:
    async with gate_before(broker) as earlier:
        login = await earlier.admit("w-stays")
        credential = await earlier.registry.credential("w-stays")
        device = earlier.client(login)
        await device.__aenter__()
    assert credential is not None
    async with gate_before(broker) as later:
        await later.gatekeeper.sync([credential])
        async with later.hub_listens() as hub:
            await device.publish("cx/1/main/w-stays/up/event", b"still here", qos=1)
            assert await next_message(hub) == ("cx/1/main/w-stays/up/event", b"still here")
    await device.__aexit__(None, None, None)


class FailingCredentials(Registry):
    failing = True

    async def credential(self, device: str) -> Credential | None:
        if self.failing:
            message = "the record store does not answer"
            raise UnavailableError(message)
        return await super().credential(device)


async def test_nobody_comes_in_while_credentials_cannot_be_read(
    broker: EmbeddedBroker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    registry = FailingCredentials()
    gatekeeper = NatsGatekeeper(broker, registry, Topics())
    await gatekeeper.open()
    gate = Gate(
        gatekeeper=gatekeeper,
        registry=registry,
        port=broker.port,
        hub=Login(username=None, password=None, client_id=""),
        topics=Topics(),
    )
    login = await gate.admit("w-1")
    assert not await gate.lets_in(login)
    assert not await gate.lets_in(login)
    registry.failing = False
    assert await gate.lets_in(login)
    await gatekeeper.close()
    said = [record.message for record in caplog.records if "credentials" in record.message]
    assert len(said) == 2


async def test_revoking_without_a_broker_says_that_it_is_not_confirmed(tmp_path: Path) -> None:
    broker = EmbeddedBroker(EmbeddedBrokerSettings(port=0), data_dir=tmp_path, cell="main")
    await broker.start()
    async with gate_before(broker) as gate:
        await gate.admit("w-1")
        await broker.stop()
        with pytest.raises(UnavailableError):
            await gate.revoke("w-1")


async def test_a_storm_of_reconnecting_devices_all_come_in(gate: Gate) -> None:
    logins = [await gate.admit(f"w-{number}") for number in range(300)]

    assert all(await asyncio.gather(*(knock(gate.port, login) for login in logins)))
