"""The loop of the cell's worker: receive, run the flow, commit, acknowledge, hand out effects.

There is one, and it alone changes what the cell remembers. A group is committed in one
transaction before any of it is acknowledged or has an effect. While one group is being committed
the flow runs over what arrives, into the next: a commit is never given up, so the next may build
on it, and waits only for its end.
"""

import asyncio
import hashlib
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

from hub.errors import HubError, UnavailableError
from hub.flow import Draft, Memory
from hub.model import (
    DeadLetter,
    DeviceEvent,
    DeviceKind,
    TimerFired,
    Topics,
)
from hub.model.changes import ReceiptDue
from hub.ports import Batch, Broker, Clock, Delivery, RecordStore
from hub.runtime.feed import Feed
from hub.runtime.figures import Figures
from hub.runtime.health import Health
from hub.stages.intake import Arrival, Speech, decode, speech

logger = logging.getLogger(__name__)

RETRY_S = (0.05, 0.2, 1.0)
PATIENCE_S = 5.0
"""How long a person's wish waits for its turn while the records are away."""
TURN = 500
"""Messages that the flow takes before others on the event loop get their turn."""
MAX_EXCERPT = 200
DESCRIPTION = "/up/description"
T = TypeVar("T")


@dataclass(slots=True, eq=False)
class _Wish:
    """Something to be done between two groups, and who waits for it."""

    change: Callable[[Draft], Awaitable[object]]
    done: asyncio.Future[object]
    undo: Callable[[], None]


@dataclass(slots=True)
class _Group:
    """What will be committed together: its draft, and what waits for the commit."""

    draft: Draft
    told: list[object] = field(default_factory=list)
    batches: list[Batch] = field(default_factory=list)
    waiters: list[asyncio.Future[None]] = field(default_factory=list)
    started: float = field(default_factory=time.perf_counter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """What the effects are told after each commit."""

    draft: Draft
    position: int
    """The spool position after it."""


class Loop:
    """One group after another, each committed before any of it is acknowledged or has an effect."""

    def __init__(  # noqa: PLR0913 - each is a part the composition root chooses
        self,
        *,
        broker: Broker,
        records: RecordStore,
        clock: Clock,
        kinds: Mapping[str, DeviceKind],
        topics: Topics,
        touch_gap_ms: int,
        figures: Figures,
        health: Health,
        evaluate: Callable[[str, Mapping[str, object]], bool],
    ) -> None:
        self._broker = broker
        self._records = records
        self._clock = clock
        self._topics = topics
        self._figures = figures
        self._health = health
        self._speeches: dict[str, tuple[DeviceKind, Speech]] = {}
        self._feed = Feed()
        self._wake = asyncio.Event()
        self._batch: Batch | None = None
        self._batch_taken = asyncio.Event()
        self._open: _Group | None = None
        self._committing: _Group | None = None
        self._mending = False
        self._told: list[object] = []
        self._told_waiters: list[asyncio.Future[None]] = []
        self._wishes: list[_Wish] = []
        self._listeners: list[Callable[[Committed], None]] = []
        self._flowing = asyncio.Event()
        self._flowing.set()
        self.position = 0
        """The spool position after the newest commit."""
        self.memory = Memory(
            kinds=dict(kinds),
            touch_gap_ms=touch_gap_ms,
            evaluate=evaluate,
            now=lambda: datetime.fromtimestamp(clock.now_ms() / 1000, UTC),
        )

    # -- for the effects -----------------------------------------------------------------------

    def listen(self, listener: Callable[[Committed], None]) -> None:
        """Call `listener` after every commit, before the next group; it must not wait."""
        self._listeners.append(listener)

    async def tell(self, messages: Iterable[object]) -> None:
        """Put messages of the hub's own into the flow; return when they are committed."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._told += messages
        self._told_waiters.append(waiter)
        self._wake.set()
        await waiter

    async def change(
        self,
        change: Callable[[Draft], Awaitable[object]],
        *,
        undo: Callable[[], None] = lambda: None,
        patience_s: float | None = PATIENCE_S,
    ) -> object:
        """Let `change` write into a draft of its own, commit it, and return its answer.

        What it changed in memory besides, `undo` takes back where nothing was committed. One that
        has not begun after `patience_s` of real time is given up; None waits for ever.

        Raises:
            HubError: what `change` raised, or `UnavailableError` where nothing was committed.
        """
        wish = _Wish(change, asyncio.get_running_loop().create_future(), undo)
        self._wishes.append(wish)
        self._wake.set()
        await asyncio.wait((wish.done,), timeout=patience_s)
        if not wish.done.done() and wish in self._wishes:
            self._wishes.remove(wish)
            message = "the records do not answer; nothing was changed"
            raise UnavailableError(message, retry_after_s=PATIENCE_S)
        return await wish.done

    def hold(self) -> None:
        """Stop taking messages from the broker, and so stop acknowledging."""
        self._flowing.clear()

    def resume(self) -> None:
        self._flowing.set()

    # -- the loop ------------------------------------------------------------------------------

    async def run(self) -> None:
        """Work until cancelled; a message is either committed or not acknowledged."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._receive(), name="receive")
            tasks.create_task(self._work(tasks), name="work")

    async def _receive(self) -> None:
        """Have one batch ready at a time: what arrives meanwhile waits for the next one."""
        while True:
            await self._flowing.wait()
            self._batch = await self._broker.receive()
            self._wake.set()
            await self._batch_taken.wait()
            self._batch_taken.clear()

    async def _work(self, tasks: asyncio.TaskGroup) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            if not self._wishes and not self._mending:
                await self._grow()
            if self._committing is None:
                await self._go_on(tasks)
            # Also where there is more to do at once: commits have to be heard of and acknowledged.
            await asyncio.sleep(0)

    async def _grow(self) -> None:
        """Take a turn's worth of what arrived, and what the hub told itself, into a group."""
        if self._batch is None and not self._told_waiters:
            return
        if self._open is None:
            before = self._committing
            self._open = _Group(_after(before.draft) if before else Draft(self.memory))
        group = self._open
        told, self._told = self._told, []
        group.told += told
        group.waiters += self._told_waiters
        self._told_waiters = []
        for message in told:
            self._run(group.draft, message)
        if self._batch is not None:
            batch = self._turn_of(self._batch)
            group.batches.append(batch)
            await self._take(batch, group.draft)

    def _turn_of(self, batch: Batch) -> Batch:
        """Return the first of the batch, and leave the rest for later turns."""
        rest = batch.deliveries[TURN:]
        if rest:
            self._batch = Batch(batch.connection, rest)
            self._wake.set()
            return Batch(batch.connection, batch.deliveries[:TURN])
        self._batch = None
        self._batch_taken.set()
        return batch

    async def _go_on(self, tasks: asyncio.TaskGroup) -> None:
        """Commit what is open; wishes have their turn when nothing is."""
        if self._open is not None:
            group = self._committing = self._open
            self._open = None
            tasks.create_task(self._finish(group), name="commit")
            return
        wishes = self._take_wishes()
        for wish in wishes:
            await self._fulfil(wish)
            self._wake.set()
        if wishes:
            # However many there are: devices have their turn between two rounds of them.
            await self._grow()

    def _take_wishes(self) -> list[_Wish]:
        wishes, self._wishes = self._wishes, []
        return wishes

    async def _finish(self, group: _Group) -> None:
        """Commit the group, and only then acknowledge it."""
        try:
            await self._commit_for_ever(group.draft)
        except Exception:
            logger.exception("Fault in a commit; going through its messages one by one")
            await self._one_by_one(group)
        self._committing = None
        self._wake.set()
        for batch in group.batches:
            await self._broker.acknowledge(batch)
        if group.batches:
            self._figures.committed(
                messages=sum(len(batch.deliveries) for batch in group.batches),
                samples=len(group.draft.samples),
                seconds=time.perf_counter() - group.started,
            )
        for waiter in group.waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def _one_by_one(self, group: _Group) -> None:
        """Commit each message for itself, so that the one that cannot be holds up no other.

        The group that grew meanwhile stood on this one, so it is gone through as well.
        """
        self._mending = True
        grown, self._open = self._open, None
        for one in (group, grown) if grown is not None else (group,):
            for message in one.told:
                draft = Draft(self.memory)
                self._run(draft, message)
                await self._commit_alone(draft, message)
            for batch in one.batches:
                for delivery in batch.deliveries:
                    draft = Draft(self.memory)
                    await self._take(Batch(batch.connection, (delivery,)), draft)
                    await self._commit_alone(draft, delivery)
        if grown is not None:
            group.batches += grown.batches
            group.waiters += grown.waiters
        self._mending = False

    async def _commit_alone(self, draft: Draft, message: object) -> None:
        """Commit what one message led to, or else its dead letter."""
        try:
            await self._commit_for_ever(draft)
        except Exception:
            logger.exception("Fault in a commit; went on without one %s", type(message).__name__)
            instead = Draft(self.memory)
            instead.dead_letters.append(_faulty(message, self._clock.now_ms()))
            if isinstance(message, TimerFired):
                # It would be due again at once, and for ever.
                instead.timers[message.id] = None
            self._figures.rejected(1)
            await self._commit_for_ever(instead)

    async def _take(self, batch: Batch, draft: Draft) -> None:
        """Run what the batch says, each device's words in their order."""
        refused = len(draft.dead_letters)
        for deliveries in _between_descriptions(batch.deliveries):
            await self._hear(deliveries, draft)
        if len(draft.dead_letters) > refused:
            self._figures.rejected(len(draft.dead_letters) - refused)

    async def _hear(self, deliveries: Sequence[Delivery], draft: Draft) -> None:
        messages = self._heard(deliveries, draft)
        known = await self._known_events(messages, draft)
        for message in messages:
            if isinstance(message, DeviceEvent):
                self._run_once(draft, message, known)
            else:
                self._run(draft, message)

    def _heard(self, deliveries: Sequence[Delivery], draft: Draft) -> Sequence[object]:
        now_ms = self._clock.now_ms()
        messages: list[object] = []
        says = partial(self._speech, draft)
        for delivery in deliveries:
            arrival = Arrival(
                topic=delivery.topic,
                payload=delivery.payload,
                retained=delivery.retained,
                received_ms=now_ms,
            )
            try:
                messages += decode(arrival, topics=self._topics, speech_of=says)
            except Exception:
                logger.exception("Fault at intake; went on without one message")
                draft.dead_letters.append(_faulty(arrival, now_ms))
        return messages

    async def _known_events(self, messages: Sequence[object], draft: Draft) -> set[tuple[str, str]]:
        """Return which (device, event id) among the messages are recorded, or about to be."""
        asked = {(event.device, event.id) for event in messages if isinstance(event, DeviceEvent)}
        if not asked:
            return asked
        # Before asking: what is committed meanwhile is in the answer, or here.
        earlier = [draft]
        if self._committing is not None and not self._mending:
            earlier.append(self._committing.draft)
        known = {(event.device, event.id) for one in earlier for event in one.events}
        known |= set(await self._ask_for_ever(lambda: self._records.known_events(asked)))
        return known

    def _run_once(self, draft: Draft, event: DeviceEvent, known: set[tuple[str, str]]) -> None:
        """Run an event that is not recorded yet; a known one is only receipted again."""
        key = (event.device, event.id)
        if key in known:
            draft.run(ReceiptDue(event.device, None, event.id))
        else:
            known.add(key)
            self._run(draft, event)

    def _run(self, draft: Draft, message: object) -> None:
        """Run one message; a fault of ours must not stop those behind it."""
        try:
            draft.run(message)
        except Exception:
            logger.exception("Fault in the flow; went on without one %s", type(message).__name__)
            draft.dead_letters.append(_faulty(message, self._clock.now_ms()))
            if isinstance(message, TimerFired):
                # It would be due again at once, and for ever.
                draft.timers[message.id] = None

    def _speech(self, draft: Draft, device: str) -> Speech | None:
        state = draft.state(device)
        if state is None:
            return None
        kind = draft.kind(state.device.kind)
        known = self._speeches.get(kind.name)
        if known is None or known[0] is not kind:
            # Not heard before, or it has grown: in this group, in one before, or in one undone.
            known = self._speeches[kind.name] = (kind, speech(kind))
        return known[1]

    async def _fulfil(self, wish: _Wish) -> None:
        draft = Draft(self.memory)
        try:
            answer = await wish.change(draft)
            await self._commit(draft)
        except HubError as error:
            wish.undo()
            if not wish.done.cancelled():
                wish.done.set_exception(error)
        except Exception as error:
            wish.undo()
            # Nothing of it was committed: the asker hears of the fault, the cell lives on.
            logger.exception("Fault in a wish; went on without it")
            if not wish.done.cancelled():
                wish.done.set_exception(error)
        else:
            if not wish.done.cancelled():
                wish.done.set_result(answer)

    def _tell_of(self, draft: Draft) -> None:
        """Let memory, listeners and effects know of a commit: it stands, whatever fails here."""
        committed = Committed(draft=draft, position=self.position)
        for told in (self._publish, self._settle, *self._listeners):
            try:
                told(committed)
            except Exception:
                logger.exception("Fault behind a commit, which stands")

    def _publish(self, committed: Committed) -> None:
        self._feed.publish(committed.draft, now_ms=self._clock.now_ms())

    def _settle(self, committed: Committed) -> None:
        committed.draft.settle()

    async def _commit_for_ever(self, draft: Draft) -> None:
        await self._ask_for_ever(lambda: self._commit(draft))

    async def _ask_for_ever(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask the records until they answer; meanwhile nothing is acknowledged."""
        attempt = 0
        while True:
            try:
                answer = await ask()
            except UnavailableError as error:
                if self._health.is_good("records") or attempt == 0:
                    logger.warning("Records unavailable, not acknowledging: %s", error)
                self._health.bad("records", str(error))
                await asyncio.sleep(RETRY_S[min(attempt, len(RETRY_S) - 1)])
                attempt += 1
            else:
                if attempt:
                    logger.warning("Records are back after %d attempts", attempt)
                self._health.good("records")
                return answer

    async def _commit(self, draft: Draft) -> None:
        group = draft.group()
        position = self.position
        if not group.empty:
            position = await self._records.commit(group)
        self.position = position
        self._tell_of(draft)


def _after(before: Draft) -> Draft:
    """Return a draft that stands on the one that is being committed."""
    return Draft(
        before.memory,
        earlier=before.states,
        earlier_kept=before.things,
        earlier_kinds=before.kinds,
    )


def _between_descriptions(deliveries: Sequence[Delivery]) -> Iterator[Sequence[Delivery]]:
    """Yield the deliveries in parts: what comes after a description is read by it."""
    begin = 0
    for index, delivery in enumerate(deliveries, 1):
        if delivery.topic.endswith(DESCRIPTION):
            yield deliveries[begin:index]
            begin = index
    if begin < len(deliveries):
        yield deliveries[begin:]


def _faulty(message: object, now_ms: int) -> DeadLetter:
    """Return the dead letter of a message that a fault of ours kept from being handled."""
    text = repr(message)[:MAX_EXCERPT]
    digest = hashlib.sha256(text.encode()).hexdigest()
    return DeadLetter(
        id=f"{now_ms:x}-{digest[:16]}",
        device=str(getattr(message, "device", "")),
        source="flow",
        topic=type(message).__name__,
        at_ms=now_ms,
        reason="a fault of the hub; the log has the details",
        payload_hash=digest,
        excerpt=text,
    )
