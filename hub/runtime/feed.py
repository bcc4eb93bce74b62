"""Tells listeners what was committed, each as fast as it can hear."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager

import msgspec

from hub.flow import Draft
from hub.model import Alarm, Command, DeviceEvent, DeviceState, Listing, Order, Sample
from hub.model.feed import FeedItem


class Subscription:
    """What one listener has still to hear; the oldest is dropped, and counted, when it is slow."""

    def __init__(self, *, limit: int) -> None:
        self._waiting: deque[FeedItem] = deque(maxlen=limit)
        self._wake = asyncio.Event()
        self.dropped = 0

    def put(self, items: Sequence[FeedItem]) -> None:
        room = (self._waiting.maxlen or 0) - len(self._waiting)
        self.dropped += max(0, len(items) - room)
        self._waiting.extend(items)
        self._wake.set()

    def __aiter__(self) -> AsyncIterator[tuple[FeedItem, ...]]:
        return self

    async def __anext__(self) -> tuple[FeedItem, ...]:
        await self._wake.wait()
        self._wake.clear()
        items = tuple(self._waiting)
        self._waiting.clear()
        return items


class Feed:
    def __init__(self) -> None:
        self._subscriptions: set[Subscription] = set()

    @asynccontextmanager
    async def subscribe(self, *, limit: int = 1000) -> AsyncIterator[Subscription]:
        subscription = Subscription(limit=limit)
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)

    def publish(self, draft: Draft, *, now_ms: int) -> None:
        """Tell every listener what the draft's commit made true; free when nobody listens."""
        if not self._subscriptions:
            return
        items = tuple(_items(draft, now_ms))
        for subscription in self._subscriptions:
            subscription.put(items)


def _items(draft: Draft, now_ms: int) -> Iterator[FeedItem]:
    for sample in draft.samples:
        yield _reading(sample)
    for event in draft.events:
        yield _event(event)
    for alarm in draft.alarms.values():
        yield _alarm(alarm, now_ms)
    for command in draft.commands.values():
        yield _command(command)
    yield from _states(draft, now_ms)
    for thing in draft.things.values():
        if isinstance(thing, Order | Listing):
            yield _errand(thing, now_ms)


def _states(draft: Draft, now_ms: int) -> Iterator[FeedItem]:
    for device, state in draft.states.items():
        before = draft.memory.states.get(device)
        if before is not None and before.connection is not state.connection:
            yield _status(state, now_ms)
        if before is not None and before.twin.revision != state.twin.revision:
            body = {"desired": dict(state.twin.desired), "revision": state.twin.revision}
            yield FeedItem(kind="twin", device=device, at_ms=now_ms, body=body)


def _reading(sample: Sample) -> FeedItem:
    body = {
        "values": dict(sample.values),
        "quality": sample.quality.value,
        "received_ms": sample.received_ms,
    }
    return FeedItem(kind="reading", device=sample.device, at_ms=sample.at_ms, body=body)


def _event(event: DeviceEvent) -> FeedItem:
    body = {"id": event.id, "type": event.type, "data": dict(event.data)}
    return FeedItem(kind="event", device=event.device, at_ms=event.at_ms, body=body)


def _alarm(alarm: Alarm, now_ms: int) -> FeedItem:
    body = msgspec.to_builtins(alarm) | {"active": alarm.active}
    del body["transitions"]
    return FeedItem(kind="alarm", device=alarm.device, at_ms=now_ms, body=body)


def _command(command: Command) -> FeedItem:
    body = msgspec.to_builtins(command)
    return FeedItem(kind="command", device=command.device, at_ms=command.issued_ms, body=body)


def _status(state: DeviceState, now_ms: int) -> FeedItem:
    body = {"connection": state.connection.value}
    return FeedItem(kind="status", device=state.device.id, at_ms=now_ms, body=body)


def _errand(errand: Order | Listing, now_ms: int) -> FeedItem:
    body: dict[str, object] = {
        "id": errand.id,
        "household": errand.household,
        "person": errand.person,
        "status": errand.status.value,
    }
    if isinstance(errand, Order):
        body |= {
            "stage": errand.stage,
            "place": errand.place,
            "promised_ms": errand.promised_ms,
            "expected_ms": errand.expected_ms,
            "told": errand.told,
        }
        return FeedItem(kind="order", device="", at_ms=now_ms, body=body, errand=errand)
    body["deals"] = msgspec.to_builtins(errand.deals)
    return FeedItem(kind="listing", device="", at_ms=now_ms, body=body, errand=errand)
