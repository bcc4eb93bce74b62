"""What the MQTT adapter does when the line, the broker or another hub misbehaves."""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from hub.adapters.broker.mqtt import PahoBroker
from hub.adapters.broker.options import MqttOptions
from hub.adapters.broker.packets import KEPT
from hub.errors import MisconfiguredError, UnavailableError
from hub.ports import Broker, Publication
from tests.contracts.broker_servers import BrokerServer, Mosquitto, NatsServer
from tests.contracts.broker_sites import (
    DOWN,
    MqttSite,
    collect,
    hold,
    receive,
    settled,
    until,
)
from tests.faults.proxy import Mode

KEEP_ALIVE_S = 4
STORMS = 6


def server(name: str, folder: Path) -> BrokerServer:
    return Mosquitto(folder) if name == "mosquitto" else NatsServer(folder)


@pytest.fixture(params=[pytest.param("mosquitto", marks=pytest.mark.broker), "nats"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def site(name: str, tmp_path: Path) -> AsyncIterator[MqttSite]:
    async with MqttSite.at(server(name, tmp_path / "broker")) as site:
        yield site


async def lost_and_regained(site: MqttSite, hub: Broker, mode: Mode) -> None:
    await site.proxy.switch(mode)
    await until(lambda: not hub.connected)
    await site.proxy.switch(Mode.OK)
    await until(lambda: hub.connected)


async def test_a_half_open_line_is_found_within_one_and_a_half_keep_alives(
    site: MqttSite,
) -> None:
    hub = site.broker(replace(site.options, keep_alive_s=KEEP_ALIVE_S))
    await hub.open()
    await site.proxy.switch(Mode.BLACKHOLE)
    await until(lambda: not hub.connected, within_s=1.5 * KEEP_ALIVE_S)
    await site.send(b"meanwhile")
    site.proxy.cut()
    await site.proxy.switch(Mode.OK)
    [delivery] = await collect(hub, 1)
    assert delivery.payload == b"meanwhile"


async def test_no_acknowledgement_crosses_a_broker_killed_with_a_batch_in_hand(
    site: MqttSite, name: str
) -> None:
    hub = await site.hub()
    await site.send(*[b"before %d" % number for number in range(10)])
    batches = await hold(hub, 10)
    # Killed, Mosquitto would forget what it has not saved: then devices send again.
    await asyncio.to_thread(site.server.kill if name == "nats" else site.server.stop)
    await until(lambda: not hub.connected)
    await asyncio.to_thread(site.server.start)
    await until(lambda: hub.connected)
    await site.send(*[b"after %d" % number for number in range(10)])
    await hold(hub, 20)
    for batch in batches:
        await hub.acknowledge(batch)
    await settled(hub)
    await site.abandon(hub)
    payloads = {delivery.payload for delivery in await collect(await site.hub(), 20)}
    assert payloads == {b"%s %d" % (when, n) for when in (b"before", b"after") for n in range(10)}


@pytest.mark.parametrize("mode", [Mode.REFUSE, Mode.RESET])
async def test_comes_back_from_every_storm_and_says_so_once(
    site: MqttSite, mode: Mode, caplog: pytest.LogCaptureFixture
) -> None:
    hub = await site.hub()
    with caplog.at_level(logging.INFO, logger="hub"):
        for _ in range(STORMS):
            await lost_and_regained(site, hub, mode)
    said = [record.__dict__["action"] for record in caplog.records]
    assert said == ["broker_lost", "broker_regained"] * STORMS
    await site.send(b"after the storm")
    assert [each.payload for each in await collect(hub, 1)] == [b"after the storm"]


async def test_a_slow_line_loses_nothing(site: MqttSite) -> None:
    hub = await site.hub()
    await site.proxy.switch(Mode.DELAY, delay_s=0.02)
    await site.send(*[b"%d" % number for number in range(300)])
    deliveries = await collect(hub, 300)
    assert [each.payload for each in deliveries] == [b"%d" % number for number in range(300)]


async def test_a_publication_cut_off_is_reported_and_not_sent_again_later(
    site: MqttSite,
) -> None:
    hub = await site.hub()
    async with site.listening() as heard:
        await site.proxy.switch(Mode.BLACKHOLE)
        publishing = asyncio.ensure_future(hub.publish([Publication(topic=DOWN, payload=b"cut")]))
        await asyncio.sleep(0)
        site.proxy.cut()
        with pytest.raises(UnavailableError):
            await publishing
        await site.proxy.switch(Mode.OK)
        await until(lambda: hub.connected)
        await hub.publish([Publication(topic=DOWN, payload=b"next")])
        assert list(await heard(1)) == [b"next"]


async def test_a_publication_that_nobody_confirms_in_time_is_reported(site: MqttSite) -> None:
    hub = site.broker(replace(site.options, publish_timeout_s=0.2))
    await hub.open()
    await site.proxy.switch(Mode.BLACKHOLE)
    with pytest.raises(UnavailableError):
        await hub.publish([Publication(topic=DOWN, payload=b"unheard")])


async def test_a_session_taken_over_ends_one_of_two_hubs_and_leaves_the_other(
    site: MqttSite,
) -> None:
    hubs = [site.broker(site.options) for _ in range(2)]
    for hub in hubs:
        await hub.open()
    receiving = [asyncio.ensure_future(hub.receive()) for hub in hubs]
    async with asyncio.timeout(40):
        done, left = await asyncio.wait(receiving, return_when=asyncio.FIRST_COMPLETED)
    with pytest.raises(MisconfiguredError, match="another client"):
        await done.pop()
    await site.send(b"for the one that stays")
    async with asyncio.timeout(15):
        batch = await left.pop()
    assert [each.payload for each in batch.deliveries] == [b"for the one that stays"]


async def test_opening_at_a_broker_that_never_answers_is_unavailable(site: MqttSite) -> None:
    await site.proxy.switch(Mode.BLACKHOLE)
    hub = site.broker(replace(site.options, open_timeout_s=0.5))
    with pytest.raises(UnavailableError):
        await hub.open()


async def test_closes_while_the_broker_is_away(site: MqttSite) -> None:
    hub = await site.hub()
    await site.proxy.switch(Mode.REFUSE)
    await until(lambda: not hub.connected)
    await hub.close()
    assert not hub.connected


@pytest.mark.broker
async def test_a_giant_message_is_cut_to_what_intake_still_sees_as_too_large(
    tmp_path: Path,
) -> None:
    async with MqttSite.at(Mosquitto(tmp_path / "broker")) as site:
        hub = await site.hub()
        await site.send(b"x" * 20_000_000)
        await site.send(b"good")
        giant, good = await collect(hub, 2)
    assert 128 * 1024 < len(giant.payload) <= KEPT
    assert good.payload == b"good"


@pytest.mark.broker
async def test_opening_with_a_wrong_password_is_the_operators_matter(tmp_path: Path) -> None:
    passwords = tmp_path / "passwords"
    passwords.write_text("")
    extra = f"allow_anonymous false\npassword_file {passwords}\n"
    async with MqttSite.at(Mosquitto(tmp_path / "broker", extra=extra)) as site:
        hub = site.broker(replace(site.options, username="hub-main", password="wrong"))
        with pytest.raises(MisconfiguredError, match="refuses us"):
            await hub.open()


async def test_a_broker_that_says_that_the_session_was_taken_over_is_believed_at_once() -> None:
    async def take_over(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        connack, disconnect = b"\x20\x03\x01\x00\x00", b"\xe0\x01\x8e"
        suback = b"\x90\x04\x00\x01\x00\x01"
        writer.write(connack)
        await reader.read(1000)
        writer.write(suback + disconnect)
        writer.close()

    async with await asyncio.start_server(take_over, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        hub = PahoBroker(
            MqttOptions(host="127.0.0.1", port=port, client_id="hub-main", subscriptions=("a",))
        )
        await hub.open()
        with pytest.raises(MisconfiguredError, match="another client"):
            await receive(hub)
        await hub.close()
