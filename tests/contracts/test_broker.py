"""One suite for every broker adapter: real brokers of both MQTT versions, and the one in memory."""

from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.errors import UnavailableError
from hub.ports import Publication
from tests.contracts.broker_servers import Mosquitto, NatsServer
from tests.contracts.broker_sites import (
    DOWN,
    MemorySite,
    MqttSite,
    Site,
    collect,
    hold,
    nothing_comes,
    receive,
    settled,
    until,
)

SILENCE_S = 1.5
"""Longer than the second after which the NATS server of these tests sends a copy."""
SERVERS = {"mosquitto": Mosquitto, "nats": NatsServer}


@pytest.fixture(params=["memory", pytest.param("mosquitto", marks=pytest.mark.broker), "nats"])
async def site(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Site]:
    if request.param == "memory":
        yield MemorySite()
        return
    async with MqttSite.at(SERVERS[request.param](tmp_path / "broker")) as site:
        yield site


def numbered(count: int) -> list[bytes]:
    return [b"%d" % number for number in range(count)]


async def test_hands_over_in_order_of_arrival(site: Site) -> None:
    hub = await site.hub()
    await site.send(*numbered(200))
    assert [delivery.payload for delivery in await collect(hub, 200)] == numbered(200)


async def test_hands_over_each_of_thousands_once_batch_after_batch(site: Site) -> None:
    hub = await site.hub()
    await site.send(*numbered(5000))
    deliveries = await collect(hub, 5000)
    assert [delivery.payload for delivery in deliveries] == numbered(5000)


async def test_what_is_not_acknowledged_comes_again_after_the_hub_died(site: Site) -> None:
    hub = await site.hub()
    await site.send(*numbered(10))
    await hold(hub, 10)
    await site.abandon(hub)
    again = await collect(await site.hub(), 10)
    assert {delivery.payload for delivery in again} == set(numbered(10))


async def test_what_is_acknowledged_never_comes_again(site: Site) -> None:
    hub = await site.hub()
    await site.send(*numbered(10))
    await collect(hub, 10)
    await hub.close()
    assert await nothing_comes(await site.hub(), for_s=SILENCE_S)


async def test_only_the_acknowledged_batch_is_forgotten(site: Site) -> None:
    hub = await site.hub()
    await site.send(b"first")
    first = await receive(hub)
    await site.send(b"second")
    await hub.acknowledge(await receive(hub))
    await settled(hub)
    await site.abandon(hub)
    again = await collect(await site.hub(), 1)
    assert [delivery.payload for delivery in again] == [first.deliveries[0].payload]


async def test_what_arrived_while_the_hub_was_away_waits_for_it(site: Site) -> None:
    await (await site.hub()).close()
    await site.send(*numbered(100))
    deliveries = await collect(await site.hub(), 100)
    assert [delivery.payload for delivery in deliveries] == numbered(100)


async def test_marks_what_the_broker_had_kept_as_retained(site: Site) -> None:
    await site.send(b"kept", retained=True)
    [delivery] = await collect(await site.hub(), 1)
    assert (delivery.payload, delivery.retained) == (b"kept", True)


async def test_a_kept_session_replays_no_retained_messages(site: Site) -> None:
    await site.send(b"kept", retained=True)
    hub = await site.hub()
    await collect(hub, 1)
    await settled(hub)
    await site.cut()
    await until(lambda: hub.connected)
    assert await nothing_comes(hub, for_s=SILENCE_S)
    await hub.close()
    assert await nothing_comes(await site.hub(), for_s=SILENCE_S)


async def test_an_acknowledgement_of_an_earlier_connection_acknowledges_nothing(
    site: Site,
) -> None:
    hub = await site.hub()
    await site.send(*numbered(5))
    earlier = await hold(hub, 5)
    await site.cut()
    again = await hold(hub, 5)
    for batch in earlier:
        await hub.acknowledge(batch)
    await settled(hub)
    assert {batch.connection for batch in earlier}.isdisjoint(batch.connection for batch in again)
    await site.abandon(hub)
    third = await collect(await site.hub(), 5)
    assert {delivery.payload for delivery in third} == set(numbered(5))


async def test_hands_out_no_more_than_the_window(site: Site) -> None:
    hub = await site.hub(window=20)
    await site.send(*numbered(50))
    batches = await hold(hub, 20)
    assert await nothing_comes(hub, for_s=SILENCE_S)
    handed_out = [delivery.payload for batch in batches for delivery in batch.deliveries]
    for batch in batches:
        await hub.acknowledge(batch)
    rest = await collect(hub, 30)
    assert Counter(handed_out + [delivery.payload for delivery in rest]) == Counter(numbered(50))


async def test_a_message_in_hand_is_not_handed_out_a_second_time(site: Site) -> None:
    hub = await site.hub()
    await site.send(b"held")
    [batch] = await hold(hub, 1)
    assert await nothing_comes(hub, for_s=SILENCE_S)
    await hub.acknowledge(batch)
    assert await nothing_comes(hub, for_s=SILENCE_S)


async def test_an_empty_payload_is_a_message_of_no_bytes(site: Site) -> None:
    hub = await site.hub()
    await site.send(b"")
    [delivery] = await collect(hub, 1)
    assert delivery.payload == b""


async def test_publications_arrive_in_order(site: Site) -> None:
    hub = await site.hub()
    async with site.listening() as heard:
        await hub.publish([Publication(topic=DOWN, payload=payload) for payload in numbered(1200)])
        assert list(await heard(1200)) == numbered(1200)


async def test_publishing_while_the_broker_is_away_is_unavailable(site: Site) -> None:
    hub = await site.hub()
    await site.go_away()
    await until(lambda: not hub.connected)
    with pytest.raises(UnavailableError):
        await hub.publish([Publication(topic=DOWN, payload=b"lost")])
    await site.come_back()
    await until(lambda: hub.connected)
    async with site.listening() as heard:
        await hub.publish([Publication(topic=DOWN, payload=b"said")])
        assert list(await heard(1)) == [b"said"]


async def test_opening_where_no_broker_answers_is_unavailable(site: Site) -> None:
    await site.send(b"there is a broker, and then")
    await site.go_away()
    with pytest.raises(UnavailableError):
        await site.hub()


async def test_goes_on_with_its_session_after_a_restart_of_the_broker(site: Site) -> None:
    hub = await site.hub()
    await site.send(b"before")
    await hold(hub, 1)
    await site.restart()
    await site.send(b"after")
    deliveries = await collect(hub, 2)
    assert {delivery.payload for delivery in deliveries} == {b"before", b"after"}
