"""What happens, as it happens, over a real WebSocket."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from hub.model import FeedItem
from tests.api.world import World, add_alarm_rule, until


@pytest.fixture
async def address(world: World) -> AsyncIterator[str]:
    """Serve the API on a free port."""
    # The fixture runs the lifespan already.
    config = uvicorn.Config(
        world.app, host="127.0.0.1", port=0, lifespan="off", log_level="warning"
    )
    server = uvicorn.Server(config)
    async with asyncio.TaskGroup() as group:
        group.create_task(server.serve())

        async def started() -> bool:
            return server.started

        await until(started)
        host, port = server.servers[0].sockets[0].getsockname()
        yield f"ws://{host}:{port}/api/v1/live"
        server.should_exit = True


@asynccontextmanager
async def listening(world: World, address: str, person: str) -> AsyncIterator[ClientConnection]:
    """Listen as this person; begins when the hub has said hello."""
    token = await world.access_token(person)
    async with connect(address) as socket:
        await socket.send(json.dumps({"token": token}))
        assert await heard(socket) == {"kind": "hello", "person": f"p_{person}"}
        yield socket


async def heard(socket: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(10):
        found: dict[str, Any] = json.loads(await socket.recv())
        return found


async def closed(socket: ClientConnection) -> int:
    """Return the code with which the hub closes."""
    try:
        while True:
            await heard(socket)
    except ConnectionClosed as end:
        return int(end.rcvd.code) if end.rcvd else 0


async def devices_heard(socket: ClientConnection) -> set[str]:
    """Return of which devices something is heard until it is quiet for a moment."""
    devices: set[str] = set()
    with contextlib.suppress(TimeoutError):
        while True:
            async with asyncio.timeout(0.3):
                devices.add(json.loads(await socket.recv())["device"])
    return devices


async def test_tells_readings_events_and_status_of_my_device(world: World, address: str) -> None:
    async with listening(world, address, "alice") as socket:
        await world.publish("w-alice", "telemetry", {"heart_rate": 88})
        reading = await heard(socket)
        event = {"id": "e1", "ts": world.clock.now_ms(), "type": "workout_started", "data": {}}
        await world.publish("w-alice", "event", event)
        told = await heard(socket)
        await world.publish("w-alice", "status", {"status": "sleeping"})
        status = await heard(socket)

    assert (reading["kind"], reading["device"]) == ("reading", "w-alice")
    assert reading["body"]["values"] == {"heart_rate": 88}
    assert (told["kind"], told["body"]["type"]) == ("event", "workout_started")
    assert (status["kind"], status["body"]["connection"]) == ("status", "sleeping")


async def test_tells_alarms_and_commands(world: World, address: str) -> None:
    await add_alarm_rule(world, "w-alice")
    async with listening(world, address, "alice") as socket:
        await world.publish("w-alice", "telemetry", {"heart_rate": 180})
        kinds = {(await heard(socket))["kind"] for _ in range(3)}

    assert kinds >= {"reading", "alarm", "command"}


async def test_the_token_may_come_as_a_subprotocol(world: World, address: str) -> None:
    token = await world.access_token("alice")

    async with connect(address, subprotocols=[Subprotocol("bearer"), Subprotocol(token)]) as socket:
        assert (await heard(socket))["kind"] == "hello"
        assert socket.subprotocol == "bearer"


@pytest.mark.parametrize(
    "word", ['{"token": "nonsense"}', "{}", "[]", "not JSON", b"\x00", '{"token": 7}'], ids=repr
)
async def test_who_does_not_say_who_they_are_hears_nothing(address: str, word: str | bytes) -> None:
    async with connect(address) as socket:
        await socket.send(word)

        assert await closed(socket) == 4401


@pytest.mark.parametrize(
    ("person", "theirs"),
    [
        ("alice", {"f-home", "w-alice", "w-chloe"}),
        ("adam", {"f-home", "w-chloe"}),
        ("chloe", {"f-home", "w-chloe"}),
        ("gus", set()),
        ("bob", {"w-bob"}),
        ("olga", set()),
    ],
)
async def test_everybody_hears_what_is_theirs(
    world: World, address: str, person: str, theirs: set[str]
) -> None:
    await add_alarm_rule(world, "w-alice")
    async with listening(world, address, person) as socket:
        await world.publish("w-alice", "status", {"status": "sleeping"})
        await world.publish("f-home", "telemetry", {"temperature": 3})
        for device in ("w-alice", "w-chloe", "w-bob"):
            await world.publish(device, "telemetry", {"heart_rate": 180})

        assert await devices_heard(socket) == theirs


async def test_a_late_reading_is_told_to_whom_the_device_was_bound_then(
    world: World, address: str
) -> None:
    before_ms = world.clock.now_ms() + 10_000
    world.clock.advance(60)
    await world.bind("w-alice", "chloe")
    async with (
        listening(world, address, "alice") as alice,
        listening(world, address, "chloe") as chloe,
    ):
        late = {"ts": before_ms, "values": {"heart_rate": 93}}
        await world.publish("w-alice", "telemetry", late)
        await world.publish("w-alice", "telemetry", {"heart_rate": 94})

        assert (await heard(alice))["body"]["values"] == {"heart_rate": 93}
        assert (await heard(chloe))["body"]["values"] == {"heart_rate": 94}


async def test_a_guardian_who_listens_to_a_child_is_noted_once(world: World, address: str) -> None:
    async with listening(world, address, "adam") as socket:
        for rate in (80, 81, 82):
            await world.publish("w-chloe", "telemetry", {"heart_rate": rate})
            await heard(socket)

    await world.noted()
    chloe = await world.as_("chloe")
    log = (await chloe.get("/access-log")).json()["items"]
    assert [(one["reader"], one["what"]) for one in log] == [("p_adam", "live w-chloe")]


async def test_a_device_bound_to_me_is_heard_at_once(world: World, address: str) -> None:
    async with listening(world, address, "chloe") as socket:
        await world.publish("w-chloe", "telemetry", {"heart_rate": 70})
        await heard(socket)
        world.clock.advance(60)
        await world.bind("w-chloe", "alice")

        await world.publish("w-chloe", "telemetry", {"heart_rate": 71})
        await world.publish("f-home", "telemetry", {"temperature": 4})

        assert (await heard(socket))["device"] == "f-home"


async def test_who_signs_out_hears_nothing_more(world: World, address: str) -> None:
    async with listening(world, address, "alice") as socket:
        await world.records.end_sessions("p_alice")

        assert await closed(socket) == 4401


async def test_who_leaves_the_household_hears_it_no_more(world: World, address: str) -> None:
    async with listening(world, address, "adam") as socket:
        await world.publish("f-home", "telemetry", {"temperature": 4})
        await heard(socket)
        await world.records.end_membership(household="h_home", person="p_adam")

        async def silent() -> bool:
            await world.publish("f-home", "telemetry", {"temperature": 4})
            return not await devices_heard(socket)

        await until(silent)


async def test_a_slow_listener_is_told_how_much_it_missed(world: World, address: str) -> None:
    async with listening(world, address, "alice") as socket:
        (subscription,) = world.worker._feed._subscriptions
        # More at once than a listener may lag behind.
        body = {"values": {"heart_rate": 70}}
        item = FeedItem(kind="reading", device="w-alice", at_ms=world.clock.now_ms(), body=body)
        subscription.put([item] * 1005)

        told = [await heard(socket) for _ in range(1001)]

    assert [one["kind"] for one in told[:1000]] == ["reading"] * 1000
    assert told[1000] == {"kind": "dropped", "count": 5}
