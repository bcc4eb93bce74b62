"""The cell's worker: receives, runs the flow, commits, acknowledges, and hands out effects.

There is one, and it alone changes what the cell remembers. A group is committed in one
transaction before any of it is acknowledged or has an effect.
"""

import asyncio
import hashlib
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeVar

from hub.errors import HubError, UnavailableError
from hub.flow import Draft, Memory, alert_rules
from hub.model import (
    AcknowledgeRequest,
    CancelRequest,
    Checkpoint,
    CommandRequest,
    DeadLetter,
    DesiredRequest,
    DeviceEvent,
    DeviceKind,
    DeviceState,
    Group,
    Rejected,
    Rule,
    SnoozeRequest,
    Topics,
)
from hub.model.changes import AlarmChanged, ReceiptDue, StateChanged
from hub.ports import Batch, Broker, Clock, RecordStore
from hub.runtime.feed import Feed, Subscription
from hub.runtime.figures import Figures
from hub.runtime.health import Health
from hub.stages.intake import Arrival, Speech, decode, speech
from hub.stages.rules import silence_timer
from hub.stages.twin import RulesChanged

logger = logging.getLogger(__name__)

Request = CommandRequest | CancelRequest | DesiredRequest | AcknowledgeRequest | SnoozeRequest
RETRY_S = (0.05, 0.2, 1.0)
LOAD_PAGE = 1000
MAX_EXCERPT = 200
T = TypeVar("T")


@dataclass(slots=True)
class _Wish:
    """Something to be done between two groups, and who waits for it."""

    change: Callable[[Draft], Awaitable[object]]
    done: asyncio.Future[object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """What the effects are told after each commit."""

    draft: Draft
    position: int
    """The spool position after it."""


class Worker:
    """Runs one cell; give it to `run` of an `asyncio.TaskGroup` of its own."""

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
    ) -> None:
        self._broker = broker
        self._records = records
        self._clock = clock
        self._topics = topics
        self._figures = figures
        self._health = health
        self._speeches = {name: speech(kind) for name, kind in kinds.items()}
        self._feed = Feed()
        self._wake = asyncio.Event()
        self._batch: Batch | None = None
        self._batch_done = asyncio.Event()
        self._told: list[object] = []
        self._told_waiters: list[asyncio.Future[None]] = []
        self._wishes: list[_Wish] = []
        self._listeners: list[Callable[[Committed], None]] = []
        self._flowing = asyncio.Event()
        self._flowing.set()
        self.position = 0
        """The spool position after the newest commit."""
        self.memory = Memory(
            kinds=kinds,
            touch_gap_ms=touch_gap_ms,
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

    async def change(self, change: Callable[[Draft], Awaitable[object]]) -> object:
        """Let `change` write into a draft of its own, commit it, and return its answer.

        Raises:
            HubError: what `change` raised, or `UnavailableError` where nothing was committed.
        """
        wish = _Wish(change, asyncio.get_running_loop().create_future())
        self._wishes.append(wish)
        self._wake.set()
        return await wish.done

    def hold(self) -> None:
        """Stop taking messages from the broker, and so stop acknowledging."""
        self._flowing.clear()

    def resume(self) -> None:
        self._flowing.set()

    # -- for the companion API -----------------------------------------------------------------

    @property
    def rules(self) -> Mapping[str, Rule]:
        return self.memory.rules

    async def state(self, device: str) -> DeviceState | None:
        return self.memory.states.get(device)

    async def submit(self, request: Request) -> object:
        """Return what became of a person's wish: a `Command`, `Twin` or `Alarm`.

        Raises:
            HubError: refused, or nothing was committed.
        """

        async def ask(draft: Draft) -> object:
            if isinstance(request, CommandRequest):
                known = await self._records.command(request.command)
                if known is not None:
                    return known
            draft.run(request)
            match request:
                case CommandRequest() | CancelRequest():
                    return draft.commands[request.command]
                case DesiredRequest():
                    return draft.states[request.device].twin
                case AcknowledgeRequest() | SnoozeRequest():
                    return draft.alarms[request.alarm]

        return await self.change(ask)

    async def put_rule(self, rule: Rule) -> Rule:
        rule = replace(rule, since_ms=self._clock.now_ms())

        async def put(draft: Draft) -> None:
            draft.rules.append(rule)

        await self.change(put)
        await self._follow_rules(self.memory.put_rules([rule]))
        return rule

    async def end_rule(self, rule: str) -> None:
        async def end(draft: Draft) -> None:
            draft.ended_rules.append(rule)

        await self.change(end)
        await self._follow_rules(self.memory.put_rules((), [rule]))

    async def refresh(self, *devices: str) -> None:
        """Load devices anew: the registry says something else of them or of their people."""

        async def reload(_: Draft) -> None:
            found = await self._records.load(devices)
            for device in devices:
                loaded = found.get(device)
                if loaded is None:
                    self.memory.drop_state(device)
                    continue
                known = self.memory.states.get(device)
                if known is not None:
                    loaded = replace(known, device=loaded.device, person=loaded.person)
                self.memory.put_state(loaded)
            current = self.memory.rules
            rules = [rule for rule in await self._records.rules() if current.get(rule.id) != rule]
            self.memory.put_rules(rules)

        await self.change(reload)
        await self._follow_rules(devices)

    async def contacts_changed(self) -> None:
        """Learn anew who agreed to be told of whom."""

        async def reload(_: Draft) -> None:
            await self._load_contacts()

        await self.change(reload)

    async def _load_contacts(self) -> None:
        self.memory.agreed_contacts = frozenset(
            (contact.person, contact.contact)
            for contact in await self._records.contacts()
            if contact.agreed_ms is not None
        )

    async def retry(self, dead_letter: DeadLetter) -> None:
        """Send what was refused at intake through again; it ends if nothing is refused now."""
        arrival = Arrival(
            topic=dead_letter.topic,
            payload=dead_letter.payload,
            retained=False,
            received_ms=dead_letter.at_ms,
        )
        messages = tuple(decode(arrival, topics=self._topics, speech_of=self._speech))
        await self.tell(messages)
        if not any(isinstance(message, Rejected) for message in messages):
            await self._records.end_dead_letter(dead_letter.id)

    def subscribe(self, *, limit: int = 1000) -> AbstractAsyncContextManager[Subscription]:
        return self._feed.subscribe(limit=limit)

    def health(self) -> Mapping[str, object]:
        parts = {
            name: {"ok": part.ok, "since": part.since.isoformat(), "detail": part.detail}
            for name, part in self._health.parts.items()
        }
        return {"ready": all(part.ok for part in self._health.parts.values()), "parts": parts}

    # -- the loop ------------------------------------------------------------------------------

    async def load(self) -> None:
        """Fetch everything the cell remembers.

        Raises:
            UnavailableError: the records do not answer.
        """
        cursor: str | None = None
        while True:
            page = await self._records.devices(limit=LOAD_PAGE, cursor=cursor)
            states = await self._records.load([device.id for device in page.items])
            for state in states.values():
                self.memory.put_state(state)
            cursor = page.next_cursor
            if cursor is None:
                break
        self.memory.put_rules(await self._records.rules())
        await self._load_contacts()
        self.position = await self._records.commit(Group())
        self._health.good("records")

    async def run(self) -> None:
        """Work until cancelled; a message is either committed or not acknowledged."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._receive(), name="receive")
            group.create_task(self._work(), name="work")

    async def _receive(self) -> None:
        """Have one batch ready at a time: what arrives meanwhile waits for the next one."""
        while True:
            await self._flowing.wait()
            self._batch = await self._broker.receive()
            self._wake.set()
            await self._batch_done.wait()
            self._batch_done.clear()

    async def _work(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            if self._batch is not None or self._told_waiters:
                await self._group()
            for wish in self._take_wishes():
                await self._fulfil(wish)

    def _take_wishes(self) -> list[_Wish]:
        wishes, self._wishes = self._wishes, []
        return wishes

    async def _group(self) -> None:
        """Commit what arrived and what the hub told itself, and only then acknowledge it."""
        batch, self._batch = self._batch, None
        told, self._told = self._told, []
        waiters, self._told_waiters = self._told_waiters, []
        started = time.perf_counter()
        draft = Draft(self.memory)
        for message in told:
            self._run(draft, message)
        if batch is not None:
            await self._take(batch, draft)
        await self._commit_for_ever(draft)
        if batch is not None:
            await self._broker.acknowledge(batch)
            self._batch_done.set()
            self._figures.committed(
                messages=len(batch.deliveries),
                samples=len(draft.samples),
                seconds=time.perf_counter() - started,
            )
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def _take(self, batch: Batch, draft: Draft) -> None:
        now_ms = self._clock.now_ms()
        events: list[DeviceEvent] = []
        for delivery in batch.deliveries:
            arrival = Arrival(
                topic=delivery.topic,
                payload=delivery.payload,
                retained=delivery.retained,
                received_ms=now_ms,
            )
            for message in decode(arrival, topics=self._topics, speech_of=self._speech):
                if isinstance(message, DeviceEvent):
                    events.append(message)
                else:
                    self._run(draft, message)
        if events:
            await self._take_events(events, draft)
        if draft.dead_letters:
            self._figures.rejected(len(draft.dead_letters))

    async def _take_events(self, events: Sequence[DeviceEvent], draft: Draft) -> None:
        """Run the events not recorded yet; a known one is only receipted again."""
        keys = {(event.device, event.id) for event in events}
        known = set(await self._ask_for_ever(lambda: self._records.known_events(keys)))
        for event in events:
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
            self._figures.rejected(1)
            draft.dead_letters.append(_faulty(message, self._clock.now_ms()))

    def _speech(self, device: str) -> Speech | None:
        state = self.memory.states.get(device)
        return None if state is None else self._speeches.get(state.device.kind)

    async def _fulfil(self, wish: _Wish) -> None:
        draft = Draft(self.memory)
        try:
            answer = await wish.change(draft)
            await self._commit(draft)
        except HubError as error:
            if not wish.done.cancelled():
                wish.done.set_exception(error)
        except Exception as error:
            # Nothing of it was committed: the asker hears of the fault, the cell lives on.
            logger.exception("Fault in a wish; went on without it")
            if not wish.done.cancelled():
                wish.done.set_exception(error)
        else:
            if not wish.done.cancelled():
                wish.done.set_result(answer)

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
        self._feed.publish(draft, now_ms=self._clock.now_ms())
        self.memory.states.update(draft.states)
        committed = Committed(draft=draft, position=position)
        for listener in self._listeners:
            listener(committed)

    # -- rules that go down and rules that end -----------------------------------------------------

    async def _follow_rules(self, devices: Collection[str]) -> None:
        """After rules or limits changed: devices that alert alone learn it, old alarms end."""

        async def follow(draft: Draft) -> None:
            now_ms = self._clock.now_ms()
            for device in devices:
                state = draft.state(device)
                if state is not None:
                    for message in self._consequences(state, now_ms):
                        draft.run(message)

        await self.change(follow)

    def _consequences(self, state: DeviceState, now_ms: int) -> Iterator[object]:
        thresholds = self.memory.thresholds(state.device.id)
        watched = [threshold for some in thresholds.values() for threshold in some]
        watching = {threshold.rule for threshold in watched}
        for alarm in state.alarms.values():
            if alarm.rule not in watching:
                yield AlarmChanged(replace(alarm, cleared_ms=now_ms))
        kept = {rule: value for rule, value in state.conditions.items() if rule in watching}
        silent = {rule: alarm for rule, alarm in state.silent.items() if rule in watching}
        if len(kept) != len(state.conditions) or len(silent) != len(state.silent):
            yield StateChanged(replace(state, conditions=kept, silent=silent))
        for threshold in watched:
            condition = state.conditions.get(threshold.rule)
            if condition is not None:
                yield Checkpoint(rule=threshold.rule, device=state.device.id, condition=condition)
            if threshold.spec.no_data_s is not None:
                yield silence_timer(threshold, now_ms)
        yield RulesChanged(device=state.device.id, alert_rules=alert_rules(thresholds))

    async def send_rules_down(self) -> None:
        """Make up for rules that changed just before the hub ended."""

        async def send(draft: Draft) -> None:
            for device, state in self.memory.states.items():
                if self.memory.kinds[state.device.kind].alerts_alone:
                    rules = alert_rules(self.memory.thresholds(device))
                    draft.run(RulesChanged(device=device, alert_rules=rules))

        await self.change(send)


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
